/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of one frame through a planned ruleset, statement by statement, as the kernel would run it: so
 * whatever the plan is, what is said of a frame is what the rules say of it.
 *
 * What is taken for granted: the frame is whole, comes from a client and is addressed to this director;
 * no rate is exceeded, no table is full, and a SYN is not one that is sent again. What the packet path
 * remembers is asked for.
 *
 * Pure. The plan is not changed by the frame: nothing is remembered.
 */
#ifndef DIRECTOR_RULESET_WALK_H
#define DIRECTOR_RULESET_WALK_H

#include "director/ruleset/ruleset.h"

struct walk_frame {
	struct addr client, vip; /* of one family */
	uint16_t client_port;	 /* 0: not given */
	uint16_t port;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint8_t flags;	  /* TCP_… */
	char device
		[RULESET_IFNAME]; /* where it comes in; "" or unknown: the first one with rules */
};

enum walk_known {
	WALK_UNKNOWN, /* nobody can say */
	WALK_ABSENT,
	WALK_PRESENT,
};

struct walk_answer {
	uint8_t data[RULESET_DATA_MAX];
	size_t data_len;
	uint64_t expires_ms; /* 0: never */
};

enum walk_end {
	WALK_SENT, /* out of an interface, to a backend or to the other director */
	WALK_DROPPED,
	WALK_ANSWERED, /* refused with an answer */
	WALK_HOST,     /* to the host's own stack */
	WALK_TURN,     /* the next slot in turn: not to be foretold */
	WALK_CHANCE,   /* a slot by chance */
	WALK_PORT,     /* it depends on the client's port, which is not given */
	WALK_LOST,     /* no end is found: the plan has none for such a frame */
};

/* One statement that was run. */
struct walk_step {
	const struct ruleset *r;
	const struct ruleset_chain *chain;
	size_t rule; /* from 1 */
	const struct ruleset_statement *statement;
	bool holds;		       /* the rule goes on behind it */
	const struct ruleset_set *set; /* that was asked; NULL: none was */
	bool needs_port;	       /* it could not be asked: the port is not given */
	enum walk_known known;	       /* of a set that the packet path fills */
	uint64_t expires_ms;	       /* … and for how long */
	uint32_t hash, bucket;	       /* BY_HASH */
	const char *backend;	       /* found; NULL: none, or it has no name here */
	/* What the kernel has for that key in a set that we fill; WALK_UNKNOWN: it was not asked. */
	enum walk_known kernel;
	bool kernel_differs;
	const char *kernel_backend; /* then; NULL: nothing, or nobody of that address */
};

struct walk_ops {
	/* What the kernel's set has for that key. NULL: nobody can be asked. */
	enum walk_known (*ask)(void *owner, const struct ruleset_set *set, const uint8_t *key,
			       size_t len, struct walk_answer *ret);
	void *owner;
	void (*tell)(void *listener,
		     const struct walk_step *step); /* of every statement; or NULL */
	void *listener;
};

struct walk_result {
	enum walk_end end;
	const char *backend;		/* NULL: none, or nobody can say */
	const char *farm;		/* of the last chain that is a farm's; "": there was none */
	const char *reason;		/* the last rule's comment, or NULL */
	struct mac to, from;		/* WALK_SENT */
	char interface[RULESET_IFNAME]; /* … "": the map of outputs tells */
	const struct ruleset_set
		*chooser;      /* WALK_TURN, WALK_CHANCE; of a hash: its buckets; or NULL */
	uint32_t hash, bucket; /* of the last hash */
	bool hashed;
	bool remembered;    /* a table of connections knows it */
	bool pinned;	    /* its client is kept with a backend */
	bool unsure;	    /* a table could not be asked: taken for one that does not know it */
	size_t differences; /* from the kernel's sets */
};

struct walk_result walk(const struct ruleset *r, const struct walk_frame *frame,
			const struct walk_ops *ops);

#endif
