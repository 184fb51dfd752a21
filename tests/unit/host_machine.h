/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A director's machine for tests of what the doctor sees of it: node "a" is 10.77.0.4, its peer "b"
 * 10.77.0.3; the farm "www" is 10.77.0.100, TCP 80, at eth0. What is found in files of the machine
 * that the test runs on is passed over.
 */
#ifndef TESTS_HOST_MACHINE_H
#define TESTS_HOST_MACHINE_H

#include "director/doctor/finding.h"

struct host_machine {
	struct addr address;
	struct config_ports port;
	struct config_farm farm;
	struct prefix held; /* by vrrp */
	struct config_vrrp vrrp;
	struct config config;
	struct findings found;
};

void host_machine_init(struct host_machine *m);
void host_machine_look(struct host_machine *m);
/* How many of that kind. */
size_t host_machine_count(const struct host_machine *m, enum finding_code code);
/* Looks: nothing may be found. */
void host_machine_none(struct host_machine *m);
/* Looks: one of that kind and none of another, with this sentence. */
void host_machine_one(struct host_machine *m, enum finding_code code, const char *sentence);
/* A command; that it succeeds is expected. */
void host_machine_run(const char *command);

#endif
