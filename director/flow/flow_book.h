/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is meant by what the packet path announces: a farm's name and a backend's id -> the farm and
 * backend of the present configuration, their number in the index, and how many flows they began.
 *
 * Pure; allocates in flow_book_configure() alone.
 */
#ifndef DIRECTOR_FLOW_FLOW_BOOK_H
#define DIRECTOR_FLOW_FLOW_BOOK_H

#include "director/flow/flow_region.h"
#include "include/config.h"
#include "include/pool.h"

struct flow_book_backend {
	const char *name;
	uint64_t begun;	 /* flows since the daemon started */
	uint32_t id;	 /* the mark */
	uint16_t number; /* in the index; FLOW_ANY: it has none yet */
};

struct flow_book_farm {
	const char *name;
	uint32_t tcp_s, udp_s, close_s;	    /* how long a flow lives without a packet */
	struct flow_book_backend *backends; /* sorted by id */
	size_t n_backends;
	uint64_t begun;
	bool sync; /* the other director is told of its flows */
	/* With persistence: how long a client keeps its backend without a packet; 0: it has none. */
	uint32_t pin_s;
	uint8_t prefixes[2]; /* of clients: IPv4, IPv6 */
	struct addr vips[2]; /* the first of that family; of family 0: none */
};

struct flow_book {
	struct flow_book_farm *farms; /* sorted by name */
	size_t n_farms;
	struct pool pool; /* holds all of it */
};

/* Counts of farms and backends that keep their names stay. 0, or -ENOMEM and nothing is changed. */
int flow_book_configure(struct flow_book *b, const struct config *c);
/* Numbers are asked for anew. */
void flow_book_forget_numbers(struct flow_book *b);
void flow_book_clear(struct flow_book *b);
/* NULL: nobody of that name or id. */
struct flow_book_farm *flow_book_farm(const struct flow_book *b, const char *name);
struct flow_book_backend *flow_book_backend(const struct flow_book_farm *f, uint32_t id);
struct flow_book_backend *flow_book_named(const struct flow_book_farm *f, const char *name);
/* The pin of a client of that farm; false: its clients have none. */
bool flow_book_pin(const struct flow_book_farm *f, const struct addr *client, struct flow_key *ret);
/* Seconds that a flow stays when nothing more is heard of it. */
uint32_t flow_book_life_s(const struct flow_book_farm *f, uint8_t protocol, bool closing);

#endif
