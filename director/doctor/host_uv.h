/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at the director's own machine: its kernel, its interfaces, its firewall, its files. Works
 * with and without a running daemon, and changes nothing.
 *
 * Shell: gathers struct host_facts; host_rules.c judges them.
 */
#ifndef DIRECTOR_DOCTOR_HOST_UV_H
#define DIRECTOR_DOCTOR_HOST_UV_H

#include "director/doctor/finding.h"

/* only: what concerns this farm; NULL: all. What cannot be seen is in f->skipped. */
void doctor_host(const struct config *c, const struct config_farm *only, struct findings *f);

#endif
