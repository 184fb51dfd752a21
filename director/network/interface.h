/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which interfaces a director can work on: those at which frames arrive with an Ethernet header,
 * at the ingress hook, and leave in the same form. director(7) lists what was tried.
 *
 * Pure.
 */
#ifndef DIRECTOR_NETWORK_INTERFACE_H
#define DIRECTOR_NETWORK_INTERFACE_H

#include "include/addr.h"

enum {
	INTERFACE_NAME = 16,
	INTERFACE_TEXT = 128, /* with the name in front it is a reason of status.h */
};

/* An interface as the kernel describes it. */
struct interface_traits {
	uint16_t type;			/* ARPHRD_… */
	struct mac mac;			/* all zero: none, or none of six octets */
	char kind[INTERFACE_NAME];	/* "veth", "bridge", …; "" for hardware */
	char port_kind[INTERFACE_NAME]; /* what it is a port of: "bridge", "bond", …; "" */
	char master[INTERFACE_NAME];	/* the name of that; "" when it is not known */
};

/*
 * Why a director cannot use it, to follow the interface's name and to end with what can be used
 * instead. Returns buf, which is "" when it can.
 */
const char *interface_trouble(const struct interface_traits *t, char buf[static INTERFACE_TEXT]);

/* Large receive offload. */
enum interface_lro { LRO_UNKNOWN, LRO_OFF, LRO_ON };

/*
 * True when the operator has to be warned now: once, and again when it was off in between. *said
 * is remembered by the caller, false at first.
 */
bool interface_lro_warns(enum interface_lro now, bool *said);

#endif
