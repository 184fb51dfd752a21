/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of connections that only the other director's kernel knows; plan_relay.c says what they
 * are for.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_RELAY_H
#define DIRECTOR_RULESET_PLAN_RELAY_H

#include "director/ruleset/ruleset.h"

/* Such a table, of any farm: shaped as one of flows, but it knows no backends. */
bool plan_is_relayed(const struct ruleset_set *set);

#endif
