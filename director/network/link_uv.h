/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's interfaces, as the kernel tells: which exist, under which index, with which MAC
 * address, and whether they carry traffic.
 *
 * Shell around one netlink subscription; decides nothing.
 */
#ifndef DIRECTOR_NETWORK_LINK_UV_H
#define DIRECTOR_NETWORK_LINK_UV_H

#include "director/network/interface.h"
#include "director/ruleset/plan.h"
#include "include/addr.h"
#include "include/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* A link that is down for so long is not only being plugged in anew (compare neighbour.h). */
enum { LINK_DEAD_MS = 2500 };

struct link {
	char name[16];
	uint32_t ifindex;
	struct mac mac;
	uint32_t master;		/* ifindex of what it is a port of, 0: of nothing */
	struct interface_traits traits; /* traits.master is filled by links_trouble() */
	bool up;			/* administratively up and with carrier */
	uint64_t up_since_ms;		/* loop time at which it came up */
	uint64_t down_since_ms;		/* … and went down */
	bool dead;			/* links_next_dead() has told of it since */
	bool settled;			/* links_settle() was called since */
	bool lro_said;			/* links_lro_warns() has said true */
};

struct links;

/* changed() is called after one or more links changed in any of the above. */
int links_new(uv_loop_t *loop, void (*changed)(void *owner), void *owner, struct links **ret,
	      struct err *err);
/* Asynchronous; accepts NULL. */
void links_close(struct links *links);
/* The link of that name, good until the loop runs again; NULL when there is none. */
const struct link *links_find(const struct links *links, const char *name);
/* The link of that index, good until the loop runs again; NULL when there is none. */
const struct link *links_find_index(const struct links *links, uint32_t ifindex);
/*
 * Why the link cannot be used, to follow its name (interface.h). Returns buf, "" when it can.
 */
const char *links_trouble(const struct links *links, const struct link *link,
			  char buf[static INTERFACE_TEXT]);
/*
 * The same as the plan wants it. False when there is none, or when it is of a kind that cannot be
 * used.
 */
bool links_find_interface(const struct links *links, const char *name, struct plan_interface *ret);
/* The user found this link to be of use; remembered until it goes down. */
void links_settle(struct links *links, uint32_t ifindex);
/*
 * A link that is down for LINK_DEAD_MS by now and was not told of yet; NULL when there is none, or
 * no other one.
 */
const struct link *links_next_dead(struct links *links);
/* Takes in whether large receive offload is on. True when that is to be said (interface.h). */
bool links_lro_warns(struct links *links, const char *name, enum interface_lro lro);

#endif
