/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with the director's own machine. Only what hurts is a finding: a host firewall that
 * protects the host is none, and neither is hardware GRO, whose frames are cut again when they
 * leave.
 *
 * Pure.
 */
#ifndef DIRECTOR_DOCTOR_HOST_RULES_H
#define DIRECTOR_DOCTOR_HOST_RULES_H

#include "director/doctor/finding.h"
#include "director/doctor/host_facts.h"

/* only: of this farm alone, with what all farms share; NULL: of all. */
void host_judge(const struct host_facts *facts, const struct config *c,
		const struct config_farm *only, struct findings *f);

#endif
