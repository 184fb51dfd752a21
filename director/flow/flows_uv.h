/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which flows the packet path remembers: hears of each when it begins and when it closes, and
 * asks the kernel again when one should have ended. A director without it forwards as well; it only
 * knows less.
 *
 * Shell: owns the index, the log group and a socket for questions. Every piece of work is bounded;
 * no table is read as a whole.
 */
#ifndef DIRECTOR_FLOW_FLOWS_UV_H
#define DIRECTOR_FLOW_FLOWS_UV_H

#include "director/flow/flow_index.h"
#include "director/ruleset/ruleset.h"
#include "include/config.h"
#include "include/err.h"

#include <uv.h>

struct flows;

struct flows_source {
	/* The ruleset that the kernel should hold. */
	const struct ruleset *(*planned)(void *owner);
	void *owner;
};

struct flows_state {
	bool hears;	    /* of new flows, and has an index for them */
	uint64_t held;	    /* flows of the index */
	uint64_t events;    /* announced since the start */
	uint64_t missed;    /* announced, but lost on the way */
	uint64_t unindexed; /* heard of, but the index had no room or nobody of that name */
};

struct flow_entry {
	struct flow_key key;
	char farm[FLOW_NAME], backend[FLOW_NAME];
	uint8_t prefix;	     /* of a pin: bits of the client that count; else 0 */
	uint64_t expires_ms; /* from now; as the kernel says */
};

struct flow_query {
	bool pins;		    /* clients that keep their backend, in place of flows */
	const char *farm, *backend; /* "": any; a backend only with its farm */
	struct addr client;	    /* family 0: any; of pins whoever is within the prefix */
};

/* -ENOMEM with *err filled; an index or a group that cannot be had is a line in the log. */
int flows_new(uv_loop_t *loop, const char *runtime_dir, const struct flows_source *source,
	      struct flows **ret, struct err *err);
/* Names, ids and timeouts of a configuration. 0, or -ENOMEM and nothing is changed. */
int flows_configure(struct flows *f, const struct config *c);
/* Asynchronous; the index stays for the next daemon. Accepts NULL. */
void flows_close(struct flows *f);

void flows_state(const struct flows *f, struct flows_state *ret);
/* Flows of a farm, or of one backend of it. */
uint64_t flows_held(const struct flows *f, const char *farm, const char *backend);
/* Heard of since the start: of the farm, and in ret_each of each of its backends. */
uint64_t flows_begun(const struct flows *f, const struct config_farm *farm, uint64_t *ret_each);
/* Puts in what was read from a flow table, which the index does not know yet. */
void flows_learn(struct flows *f, const char *farm, const struct flow_key *key, uint32_t id,
		 uint64_t expires_ms);
/*
 * The next flows, or pins, that the index has and the kernel confirms, at most room; how many. To be called
 * until cursor->done; a piece may be empty. Those that ended are forgotten on the way.
 */
size_t flows_list(struct flows *f, const struct flow_query *query, struct flow_cursor *cursor,
		  struct flow_entry *out, size_t room);

#endif
