/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of a host firewall that an operator wrote about a farm, and that its traffic never meets:
 * the director takes the frames away at the ingress hook. A firewall that drops all that is not
 * allowed is no such rule; nobody wrote it about a farm.
 *
 * Pure.
 */
#ifndef DIRECTOR_DOCTOR_HOST_HIDDEN_H
#define DIRECTOR_DOCTOR_HOST_HIDDEN_H

#include "director/doctor/finding.h"
#include "director/doctor/host_facts.h"

void host_judge_hidden(const struct host_facts *facts, const struct config_farm *farm,
		       struct findings *f);

#endif
