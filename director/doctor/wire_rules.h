/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong on the wire, judged by what was seen there (wire_facts.h).
 *
 * One fault is one finding: a backend that is not there has none that follow from it, and the ports of
 * a virtual address that a backend does not have are not judged.
 *
 * Pure.
 */
#ifndef DIRECTOR_DOCTOR_WIRE_RULES_H
#define DIRECTOR_DOCTOR_WIRE_RULES_H

#include "director/doctor/finding.h"
#include "director/doctor/wire_facts.h"

/* Who answers for the address was asked, and whoever did is known. */
bool wire_vip_is_judged(const struct wire_facts *w, const struct wire_vip *vip);
void wire_judge(const struct wire_facts *w, struct findings *f);

#endif
