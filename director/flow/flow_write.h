/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting chosen elements into the big flow maps of our nft table, and taking them out: the
 * transactions, and what became of each operation by the kernel's answers. flow_write_uv.c sends
 * and receives.
 *
 * A refused transaction changes nothing, and its end takes the kernel 10 to 40 ms (it waits until
 * no packet reads what it takes back). So one bad element must not cost the others, and the usual
 * case must not be refused:
 *
 *	1. Operations of one kind on one set that follow each other are one message: the kernel looks
 *	   a set up by going through all of them (a thousand times among 6,000 sets: 160 ms). Of a
 *	   message it tells no more than that the first bad element was refused.
 *	2. So those of a refused message go again, each by itself: now the kernel tells each that it
 *	   refuses, by the number of its message.
 *	3. Without these, the rest is put together again.
 *
 * Who is refused then was raced by a packet, and 2 begins again; after FLOW_WRITE_ATTEMPTS nothing is
 * done of the rest.
 *
 * What the kernel does (tests in t_flow_write_kernel.c and t_flow_write_packets.c):
 *
 *	An element that is there with the same backend gets the new times (6.12 and newer); with
 *	another one it is refused (EEXIST). Between deleting it and putting it anew in one transaction
 *	no packet misses it, and it needs no room in a full map.
 *	But from then to the end of the transaction a packet neither finds the old element to refresh
 *	nor the new one, and puts its own, with the old backend. When that comes before ours, ours is
 *	refused and tried again, and in the end given up (under a flood of hundreds of thousands of
 *	packets a second of that very flow up to four changes in ten are). When it comes behind, the
 *	key is there twice (seen), and nobody is told: a flow that has packets may keep its backend
 *	although it was changed. The one that packets do not find ends by its time.
 *	In a full map what is new is refused (ENFILE), and takes room all the same until the
 *	transaction ends (6.18.44); what is deleted before it makes room.
 *	Deleting what is not there fails (ENOENT) but for NFT_MSG_DESTROYSETELEM (6.3 and newer).
 *	An element without a timeout of its own is never refreshed by a packet: the sets have none.
 *
 * Older kernels: an element that is there is deleted and put again, behind a put that proves that
 * its backend is the same; a deletion that is refused is left out of the next attempt.
 *
 * Pure: bytes and structs.
 */
#ifndef DIRECTOR_FLOW_FLOW_WRITE_H
#define DIRECTOR_FLOW_FLOW_WRITE_H

#include "director/flow/flow_ask.h"

enum {
	FLOW_WRITE_OPS = 1000,	 /* of one transaction: 3 to 5 ms in the kernel */
	FLOW_WRITE_STEPS = 5,	 /* messages of one operation, at most */
	FLOW_WRITE_ATTEMPTS = 5, /* transactions of one call: two rounds of the above */
	/* One element: four nests or values of a key, three of data, two times. */
	FLOW_WRITE_ELEMENT_MAX = 3 * 4 + FLOW_ASK_FLOW_KEY + 3 * 4 + 2 * (4 + 8),
	/* A message without elements: headers, two names, the nest. */
	FLOW_WRITE_MESSAGE_MAX = 20 + 2 * (4 + FLOW_ASK_NAME) + 4,
	/* The longest transaction: each operation by itself, begin and end. */
	FLOW_WRITE_BYTES = FLOW_WRITE_STEPS * FLOW_WRITE_OPS *
				   (FLOW_WRITE_MESSAGE_MAX + FLOW_WRITE_ELEMENT_MAX) +
			   2 * 20,
};

enum flow_write_kind {
	FLOW_WRITE_PUT,	   /* there with that backend and these times; another backend stays */
	FLOW_WRITE_CHANGE, /* the same, whatever backend it had */
	FLOW_WRITE_DELETE, /* not there */
};

/*
 * Operations are done in their order; those of one set are together best, and share its struct. Where
 * a map may be full, deletions go first: what is refused for want of room makes the kernel refuse
 * more behind it, also where a deletion has made room meanwhile, which takes another attempt.
 */
struct flow_write_op {
	enum flow_write_kind kind;
	const struct flow_ask_set *set;
	uint8_t key[FLOW_ASK_FLOW_KEY]; /* flow_ask_key(), flow_ask_pin_key() */
	uint32_t mark; /* the backend's id, as `meta mark` is: in the machine's order */
	/*
	 * What a packet's refresh gives it is the rule's; this is what a listing shows, and must be
	 * there for a packet to refresh the element at all: the timeout of the farm.
	 */
	uint64_t timeout_ms;
	uint64_t left_ms; /* until it ends, at least 1 and at most timeout_ms */
};

/* What became of an operation; "the flow …". */
#define FLOW_WRITE_RESULT_LIST(X)                                                                  \
	X(DONE, "done", "is as it was asked for")                                                  \
	X(OTHER, "other", "is there with another backend")                                         \
	X(FULL, "full", "has no room in the map")                                                  \
	X(NO_SET, "no-set", "has no map")                                                          \
	X(REFUSED, "refused", "is refused by the kernel, or has times that cannot be")             \
	X(LEFT, "left", "was not reached: packets were faster")

enum flow_write_result {
#define X(id, name, text) FLOW_WRITE_##id,
	FLOW_WRITE_RESULT_LIST(X)
#undef X
		FLOW_WRITE_RESULT_COUNT
};

const char *flow_write_result_name(enum flow_write_result r);
const char *flow_write_result_text(enum flow_write_result r); /* "the flow …" */

/* What this kernel has. */
struct flow_write_kernel {
	bool destroys; /* 6.3: NFT_MSG_DESTROYSETELEM */
	bool end_acks; /* 6.10: the end of a batch is acknowledged */
	bool updates;  /* 6.12: a put gives an element that is there new times */
};

/* By its release ("6.18.44-…"); one that cannot be read is an old one, which works anywhere. */
struct flow_write_kernel flow_write_kernel(const char *release);

/* A message of the transaction. */
struct flow_write_message {
	uint16_t first, end; /* operations, those that are settled left out */
	uint16_t group;	     /* how many of them: their steps are taken together */
	uint16_t n;	     /* elements in it */
	uint16_t type;	     /* NFT_MSG_… */
	uint8_t step;	     /* of the operations */
};

/* One call. */
struct flow_write {
	struct flow_write_kernel kernel;
	const struct flow_write_op *ops;
	enum flow_write_result *results;
	size_t n, unsettled;
	unsigned int attempts;
	uint8_t state[FLOW_WRITE_OPS];
	struct flow_write_message messages[FLOW_WRITE_STEPS * FLOW_WRITE_OPS];
	/* The transaction under way. */
	size_t n_messages;
	uint32_t first_seq;
	bool refused, committed;
	bool cut;     /* a message was refused that has more than one operation */
	bool doubted; /* … or one for a reason that may not be one */
	int failed;   /* negative errno: of the transaction as a whole */
};

/* results has n places, and is good when flow_write_end() returns 0. -EINVAL: n is out of bounds. */
int flow_write_begin(struct flow_write *w, const struct flow_write_kernel *kernel,
		     const struct flow_write_op *ops, size_t n, enum flow_write_result *results);
/* There is (or was) nothing to do. */
bool flow_write_is_settled(const struct flow_write *w);
/*
 * The next transaction, with the sequence numbers seq, seq + 1, … (flow_write_numbers() of them).
 * Its octets; 0: it does not fit, or a name is out of bounds.
 */
size_t flow_write_build(struct flow_write *w, uint32_t seq, uint8_t *bytes, size_t size);
uint32_t flow_write_numbers(const struct flow_write *w);
/*
 * Behind flow_write_build(): it changes the ruleset unless it is refused. One that only takes out
 * elements may find none of them, and then the kernel makes no new generation.
 */
bool flow_write_changes(const struct flow_write *w);

/* What a message from the kernel is refused for; "the answer …". */
#define FLOW_WRITE_REJECT_LIST(X)                                                                  \
	X(TRUNCATED, "truncated", "is shorter than its headers say")                               \
	X(TYPE, "type", "is no acknowledgement")                                                   \
	X(ERROR, "error", "tells an error that is none")

enum flow_write_reject {
	FLOW_WRITE_REJECT_NONE,
#define X(id, name, text) FLOW_WRITE_REJECT_##id,
	FLOW_WRITE_REJECT_LIST(X)
#undef X
		FLOW_WRITE_REJECT_COUNT
};

struct flow_write_answer {
	uint32_t seq;
	int error; /* negative errno; 0: acknowledged */
};

/* One whole netlink message. FLOW_WRITE_REJECT_NONE with *ret filled, or the reason. */
enum flow_write_reject flow_write_parse(const uint8_t *bytes, size_t len,
					struct flow_write_answer *ret);
const char *flow_write_reject_name(enum flow_write_reject r);
const char *flow_write_reject_text(enum flow_write_reject r); /* "the answer …" */

/* An answer to the transaction; one to an earlier one is passed over. */
void flow_write_hear(struct flow_write *w, const struct flow_write_answer *a);
/* Another transaction is needed. */
#define FLOW_WRITE_AGAIN 1
/*
 * All answers are heard. 0: every operation has its result. Negative: the transaction as a whole was
 * refused, and results mean nothing; -EIO: it has no verdict.
 */
int flow_write_end(struct flow_write *w);

#endif
