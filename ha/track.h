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

/* What a node knows of the farms that one of its routers depends on, summed up. */
struct track_farms {
	uint32_t healthy;  /* backends that serve */
	uint32_t lacking;  /* and those that do not */
	uint32_t backends; /* a digest of which they are */
};

/*
 * The farms are well unless the other node is known to see more of the same backends healthy, and to
 * lack fewer: when they are all down, or both see the same, a failover would help nobody. An operator
 * changes one configuration after the other, and as long as they name other backends the numbers
 * prove nothing: {a, e down} here and {a, b, c} there, where b and c will go and e will come, are the
 * numbers of a node that has lost one of three.
 *
 *     healthy/lacking, of three backends           here       there      well
 *     all serve                                    3/0        3/0        yes
 *     one is down here only                        2/1        3/0        no
 *     more are down here than there                1/2        2/1        no
 *     one is down there only                       3/0        2/1        yes
 *     one is down on both                          2/1        2/1        yes
 *     one is down here, another one there          2/1        2/1        yes
 *     all are down on both                         0/3        0/3        yes
 *     disabled by the operator here, or there      3/0        3/0        yes
 *     added, removed, replaced on one of them      any        any        yes, until both have it
 *     the other node is not known                  any        -          yes
 *
 * peer: NULL when it is not known.
 */
bool track_farms_are_well(const struct track_farms *own, const struct track_farms *peer);

#endif
