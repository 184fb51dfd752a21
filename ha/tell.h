/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often hosts are told one by one where an address is: each of them, and all together.
 *
 * The old master names those who still send to it again and again, so nothing is queued here: who was
 * told within TELL_EVERY_US has to hear it first, and beyond TELL_MAX in that time nobody is told, for
 * switches limit the rate of ARP. It is his turn when the others have heard.
 *
 * Pure: time is an argument.
 */
#ifndef HA_TELL_H
#define HA_TELL_H

#include "include/addr.h"

enum {
	TELL_MAX = 64, /* frames in … */
	TELL_EVERY_US = 1000 * 1000,
};

/* Zeroed: nobody was told. */
struct tell {
	struct told {
		struct mac to;
		struct addr address; /* family 0: a free place */
		uint64_t at_us;
	} told[TELL_MAX];
};

/* Whether this host may be told now; then it counts as told. */
bool tell_pass(struct tell *t, const struct mac *to, const struct addr *address, uint64_t now_us);

#endif
