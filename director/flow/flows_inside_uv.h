/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of flows_uv.h share. */
#ifndef DIRECTOR_FLOW_FLOWS_INSIDE_UV_H
#define DIRECTOR_FLOW_FLOWS_INSIDE_UV_H

#include "director/flow/flow_ask_uv.h"
#include "director/flow/flow_book.h"
#include "director/flow/flow_index_file_uv.h"
#include "director/flow/flow_log_uv.h"
#include "director/flow/flow_strays.h"
#include "director/flow/flows_twin_uv.h"
#include "director/flow/flows_uv.h"

enum {
	FLOWS_PIECE = 200,	  /* keys that are asked for together: 1 ms in the kernel */
	FLOWS_WALK_SLOTS = 65536, /* of one piece: 0.15 ms */
};

/* With another director there are two who remember. */
struct flows_twin {
	struct flows_observer observer; /* told NULL: there is no channel */
	struct twin_roles *roles;	/* NULL: nobody else */
	struct flow_writer *writer;
	uint8_t mark;	/* FLOW_MARK or 0: what belongs to the snapshot has it */
	bool connected; /* the other director tells of its flows ... */
	bool follows;	/* ... and all that it has is here */
};

enum flows_told { FLOWS_TOLD_UNKNOWN, FLOWS_TOLD, FLOWS_UNTOLD };

struct flows {
	uv_loop_t *loop;
	struct flows_source source;
	uv_timer_t tick;
	struct flow_log *log;
	struct flow_file *file; /* NULL: no index */
	struct flow_asker *asker;
	struct flow_book book;
	struct flow_cursor due, audit;
	uint64_t retry_ms, forget_ms;
	uint64_t unindexed;
	uint32_t put; /* since the index was tended */
	bool tending; /* it has more to do */
	struct flows_twin twin;
	uint8_t told[FLOW_ROWS_MAX]; /* enum flows_told, by the backend's number */
	struct flow_strays strays;
	struct flow_record records[FLOWS_PIECE];
	uint8_t keys[FLOWS_PIECE * FLOW_ASK_FLOW_KEY];
	struct flow_answer answers[FLOWS_PIECE], closing[FLOWS_PIECE];
};

/* NULL: there is none. */
struct flow_index *flows_index(const struct flows *f);
/* A farm of the index's as it is configured; NULL: it is not any more. */
struct flow_book_farm *flows_farm(const struct flows *f, uint16_t farm);
/* The backend has a number in the index. */
bool flows_number(struct flows *f, const struct flow_book_farm *farm, struct flow_book_backend *b);
/* The sets of a farm for flows like that one; false when the ruleset has none of them. */
bool flows_set(const struct flows *f, const char *farm, const struct flow_key *key,
	       const char *which, struct flow_ask_set *ret);

/*
 * The index holds the flow from now on, whose kernel keeps it for that long; tells the other
 * director, when the flow is ours. flags: FLOW_CLOSING, FLOW_MARK. ret_old, when it is not NULL, gets
 * what was held of one that is FLOW_PUT_KNOWN.
 */
enum flow_put flows_keep(struct flows *f, const struct flow_key *key, uint16_t number,
			 uint64_t life_s, uint8_t flags, struct flow_record *ret_old);
/*
 * Asks the kernel for the first n of f->records, which it sorts: f->answers says of each what it is, and the
 * index follows. looks: nobody is told of its times. False when the kernel did not answer.
 */
bool flows_confirm(struct flows *f, size_t n, bool looks);
/* It still lives, with its backend, as the kernel says who was asked because it was due. */
void flows_live(struct flows *f, const struct flow_record *r, uint64_t life_s);
/* … and no more. */
void flows_drop(struct flows *f, const struct flow_key *key);
/*
 * Of the first n of f->records, which are due, those that are to be asked for, which come to the front; how
 * many. The others are the other director's to ask for.
 */
size_t flows_leave_theirs(struct flows *f, size_t n);
/* The farm and backend of that number are configured, and directors tell each other of them. */
bool flows_are_told(struct flows *f, uint16_t number);
/* Farms, backends or their numbers may be others than before. */
void flows_forget_told(struct flows *f);
/* The virtual router of its address; NULL: nobody's. */
struct twin_router *flows_router(const struct flows *f, const struct flow_key *key);
/* This node is not its master, and another one is. */
bool flows_is_theirs(const struct flows *f, const struct flow_key *key);
/* It is the other director's to say when that flow ends. */
bool flows_follow(const struct flows *f, const struct flow_key *key);

#endif
