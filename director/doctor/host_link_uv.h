/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sees frames of an interface first, and whether the kernel takes packets of the other node
 * there. Shell: asks the kernel.
 */
#ifndef DIRECTOR_DOCTOR_HOST_LINK_UV_H
#define DIRECTOR_DOCTOR_HOST_LINK_UV_H

#include "director/doctor/host_facts.h"

/* in->name is given. 0 or negative errno (-ENODEV: there is none of that name). */
int host_link_look(struct host_interface *in);
/*
 * p->interface and p->address (IPv4) are given: would the kernel take a packet from there, to the
 * address own, that arrives at the interface? 0 or negative errno.
 */
int host_link_ask_peer(struct host_peer *p, const struct addr *own);
/* True when it is an address of this machine. */
bool host_link_is_own(const struct addr *address);

#endif
