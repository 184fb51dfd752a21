/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtual router's priority is, given what it depends on: interfaces, commands, farms.
 *
 *   weight  while it is well        while it is not
 *   > 0     the weight is added     -
 *   < 0     -                       the weight is subtracted
 *   0       -                       the router is in fault
 *
 * The sum stays within 1 to 254: 0 and 255 have a meaning of their own (RFC 9568, 5.2.4). The
 * address owner's priority is 255 whatever happens, but it can be in fault.
 */
#ifndef HA_TRACK_H
#define HA_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct track_item {
	int weight; /* -254 to 254 */
	bool well;
};

struct track_result {
	uint8_t priority; /* for vrrp_settings, as VRRP_EVENT_RECONFIGURE */
	bool fault;	  /* VRRP_REASON_TRACKED */
	size_t culprit;	  /* fault: the first item to blame */
};

struct track_result track_judge(uint8_t base, const struct track_item *items, size_t n);

/*
 * A farm is well unless the other node is known to see more healthy backends: when they are all
 * down, or both see the same, a failover would help nobody.
 */
bool track_farm_is_well(unsigned int healthy, bool peer_known, unsigned int peer_healthy);

#endif
