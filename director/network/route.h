/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By which interface one address is reached, as the kernel's routing tables say.
 *
 * Direct server return writes the backend's own Ethernet address, so only an address that is on the
 * other end of an interface will do: one behind a router has none that could be written. A route
 * that is gone says little while its interface is down, and little in the moment after it came up,
 * when the kernel has not put the route back yet: what was known stays good meanwhile, as it does
 * for neighbours (neighbour.h).
 *
 * Pure: time is an argument.
 */
#ifndef DIRECTOR_NETWORK_ROUTE_H
#define DIRECTOR_NETWORK_ROUTE_H

#include "include/addr.h"

enum {
	ROUTE_DOUBT_MS = 1000, /* a lost route counts after this time with its link up */
	ROUTE_TEXT = 192,
};

enum route_kind {
	ROUTE_NONE,    /* no route */
	ROUTE_DIRECT,  /* on the network of ifindex */
	ROUTE_GATEWAY, /* behind a router on ifindex */
	ROUTE_LOCAL,   /* an address of this host */
};

/* An answer of the kernel. */
struct route {
	enum route_kind kind;
	uint32_t ifindex;    /* 0 with ROUTE_NONE */
	struct addr gateway; /* ROUTE_GATEWAY */
};

/*
 * What is known of one address: 32 octets, for there is one of these for each backend. Of a router
 * that is in the way no more is kept than tells it from another one.
 */
struct route_target {
	uint32_t doubted_ms; /* the last answers were worse than this since then, … */
	uint32_t ifindex;
	uint32_t gateway_hash;
	uint8_t kind; /* enum route_kind */
	bool known;   /* there was an answer */
	bool doubted; /* … or since its link came up */
	struct addr addr;
};

/*
 * Takes an answer of the kernel in. link_down: the interface of the present route is there, but
 * down. True when the route changed.
 */
bool route_answer(struct route_target *t, const struct route *answer, bool link_down,
		  uint64_t now_ms);
/*
 * Why an address that is reached so cannot be a backend's, as a sentence about it; interface is the
 * name of the route's, "" when it has none. Returns buf, which is "" for a direct route.
 */
const char *route_trouble(const struct addr *addr, const struct route *route, const char *interface,
			  char buf[static ROUTE_TEXT]);

#endif
