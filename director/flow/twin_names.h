/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which backend a number stands for on one connection of the sync channel: those that were told, and
 * those that were heard.
 *
 * Pure; grows with the highest number, 64 octets each.
 */
#ifndef DIRECTOR_FLOW_TWIN_NAMES_H
#define DIRECTOR_FLOW_TWIN_NAMES_H

#include "include/sync.h"

struct twin_name {
	char farm[SYNC_NAME_LEN], backend[SYNC_NAME_LEN]; /* "": the number stands for nobody */
};

struct twin_names {
	struct twin_name *list;
	size_t n;
};

/* 0, or -ENOMEM. */
int twin_names_set(struct twin_names *t, uint16_t number, const char *farm, const char *backend);
/* NULL: nobody. */
const struct twin_name *twin_names_get(const struct twin_names *t, uint16_t number);
bool twin_names_has(const struct twin_names *t, uint16_t number, const char *farm,
		    const char *backend);
void twin_names_clear(struct twin_names *t);

#endif
