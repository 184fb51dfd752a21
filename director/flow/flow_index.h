/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compact index of flows: which flows the packet path remembers, whose they are and until when,
 * in memory that may be a file, so that a restarted daemon has it again (design 2.6). About 30
 * octets of memory an IPv4 flow, 60 an IPv6 flow; a million IPv4 flows stay below 43 MiB.
 *
 * An owner of flows is a backend of a farm. Both have numbers, which stay as long as there are flows
 * of theirs, across restarts and whatever becomes of the configuration; numbers and names are kept
 * beside the flows. Flows are counted per backend and per farm; and pins, which lie among the flows
 * (flow.h), apart from them.
 *
 * The index grows by moving into a bigger region, some slots at a time; meanwhile there are two, and
 * everything here looks into both. flow_index_file_uv.c gives the regions and keeps the pace.
 *
 * Pure: no clock, no allocation; works on the memory that it is given. Times are seconds of a clock
 * that runs on across a restart of the daemon (CLOCK_BOOTTIME). A flow that expired stays, and
 * counts, until it is removed: flow_index_walk() finds it.
 *
 * A process may be killed at any moment: what it leaves opens as what it held, but for the one flow
 * that it was changing (flow_table.h).
 */
#ifndef DIRECTOR_FLOW_FLOW_INDEX_H
#define DIRECTOR_FLOW_FLOW_INDEX_H

#include "director/flow/flow_region.h"

struct flow_index {
	struct flow_region now;
	struct flow_region old; /* that is being moved away from; header NULL: none */
	uint32_t move_slot;
	uint8_t move_table;
};

/* An empty index in a new region (flow_region_create, flow_region_publish). */
void flow_index_init(struct flow_index *x, const struct flow_region *region);

/* --- names ------------------------------------------------------------------------------------- */

/* The number of a backend, made if it is new. -EINVAL: an empty or too long name; -ENOSPC: no row left. */
int flow_index_name(struct flow_index *x, const char *farm, const char *backend, uint16_t *ret);
/* Numbers that are known, or FLOW_ANY. */
uint16_t flow_index_find_farm(const struct flow_index *x, const char *farm);
uint16_t flow_index_find_backend(const struct flow_index *x, uint16_t farm, const char *backend);
/* False while the backend has flows. The farm's number goes with that of its last backend. */
bool flow_index_forget(struct flow_index *x, uint16_t backend);
/* Names of numbers, "" of a number that nobody has. */
const char *flow_index_farm_name(const struct flow_index *x, uint16_t farm);
const char *flow_index_backend_name(const struct flow_index *x, uint16_t backend);
/* The farm of a backend, or FLOW_ANY. */
uint16_t flow_index_farm_of(const struct flow_index *x, uint16_t backend);
/* Flows now. */
uint32_t flow_index_count(const struct flow_index *x, uint16_t backend);
uint32_t flow_index_farm_count(const struct flow_index *x, uint16_t farm);
/* Pins now. */
uint32_t flow_index_all_pins(const struct flow_index *x);
/* Flows and pins. */
uint32_t flow_index_total(const struct flow_index *x, int table); /* FLOW_IPV4, FLOW_IPV6 */

/* --- flows ------------------------------------------------------------------------------------- */

enum flow_put {
	FLOW_PUT_NEW,
	FLOW_PUT_KNOWN,	  /* was there: has this backend, expiry and flags now */
	FLOW_PUT_FULL,	  /* is not there and was not put in */
	FLOW_PUT_REFUSED, /* a number that nobody has, or a key that is no flow */
};

/*
 * Puts a flow in, or changes all but the key of one that is there; an expiry beyond FLOW_EXPIRES_MAX
 * becomes that one. *ret_old (may be NULL) is what was there, and untouched unless FLOW_PUT_KNOWN.
 */
enum flow_put flow_index_put(struct flow_index *x, const struct flow_key *key, uint16_t backend,
			     uint32_t expires_s, uint8_t flags, struct flow_record *ret_old);
/*
 * The flow will be put, found or removed soon, behind some others. Its key is hashed once more for that,
 * which takes less time than the wait for its place.
 */
void flow_index_expect(const struct flow_index *x, const struct flow_key *key);
bool flow_index_find(const struct flow_index *x, const struct flow_key *key,
		     struct flow_record *ret);
/* False when it was not there. *ret (may be NULL) is what was. */
bool flow_index_remove(struct flow_index *x, const struct flow_key *key, struct flow_record *ret);

/* Zero-initialised: from the beginning. */
struct flow_cursor {
	uint64_t epoch;
	uint32_t slot;
	uint8_t table;
	bool started, done;
};

enum flow_kinds { FLOW_BOTH, FLOW_NO_PINS, FLOW_PINS_ONLY };

struct flow_filter {
	uint16_t farm, backend; /* or FLOW_ANY */
	struct addr client;	/* family 0: any */
	bool expired;		/* only those that expired at now_s or before */
	uint32_t now_s;
	enum flow_kinds kinds;
	uint8_t mask, flags; /* only those whose flags within the mask are these; 0, 0: any */
};

/*
 * Looks at no more than `slots` slots (about 2 ns each) and writes the flows that pass the filter to
 * out, no more than room; returns how many. c->done: the end was reached. Between two calls flows
 * may be put and removed and regions moved: one that is there all the time is met at least once.
 */
size_t flow_index_walk(const struct flow_index *x, struct flow_cursor *c,
		       const struct flow_filter *f, uint32_t slots, struct flow_record *out,
		       size_t room);

/* --- regions ----------------------------------------------------------------------------------- */

/*
 * Whether the index should move, to what size: bigger when a table is 13/16 full, smaller when both
 * are nearly empty, more rows when names run short. Tables and rows never get smaller than *least.
 */
bool flow_index_wants(const struct flow_index *x, const struct flow_geometry *least,
		      struct flow_geometry *ret);
/*
 * Starts moving into zeroed memory of flow_region_size(g), which it makes a region of. Not while it
 * moves. The old memory is used until flow_index_move() says that it is done.
 */
void flow_index_start_move(struct flow_index *x, void *memory, const struct flow_geometry *g);
bool flow_index_moving(const struct flow_index *x);
/* Moves on by that many slots (about 50 ns each). True when done: the old memory is not used any more. */
bool flow_index_move(struct flow_index *x, uint32_t slots);

/*
 * Puts in what another region of the same hash key holds (flow_region_open), from *slot on (0 at
 * first), no more than `slots` slots; true when it was all. Left out: what expired and what is there
 * already; and, counted in *torn, what fails its check or has no name in this index under the same
 * number (flow_region_copy_names).
 */
bool flow_index_import(struct flow_index *x, const struct flow_region *from, uint64_t *slot,
		       uint32_t slots, uint32_t now_s, uint32_t *torn);

#endif
