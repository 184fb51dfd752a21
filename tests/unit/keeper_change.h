/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of a keeper, to their end. */
#ifndef TESTS_KEEPER_CHANGE_H
#define TESTS_KEEPER_CHANGE_H

#include "director/ruleset/keeper_uv.h"

/* After keeper_set() has returned code: until the kernel holds the plan and nothing else. */
void unit_end_change(struct keeper *k, int code);
/* keeper_check(), likewise. */
void unit_keeper_check(struct keeper *k);

#endif
