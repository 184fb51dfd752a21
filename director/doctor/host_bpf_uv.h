/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BPF programs by name. Shell: asks the kernel; what it refuses is taken for "none". */
#ifndef DIRECTOR_DOCTOR_HOST_BPF_UV_H
#define DIRECTOR_DOCTOR_HOST_BPF_UV_H

#include "director/doctor/host_facts.h"

/* The name of a program; "" when it has none or the kernel does not tell. */
void host_bpf_name(uint32_t id, char ret[static HOST_KIND]);
/* How many programs of tcx are at the ingress of an interface, and the name of the first. */
size_t host_bpf_at_ingress(unsigned int ifindex, char ret[static HOST_KIND]);

#endif
