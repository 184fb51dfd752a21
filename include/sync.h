/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one director tells the other on the sync channel. Plain values: proto/codec_sync.c makes
 * bytes of them, ha/sync.c decides when.
 *
 * Backends travel by number: NAME gives one to a backend of a farm, and it holds for the sender and
 * this connection until another NAME gives it to somebody else. Everything that changes a table of
 * the other one carries a sequence number, which it acknowledges when its kernel has it.
 */
#ifndef INCLUDE_SYNC_H
#define INCLUDE_SYNC_H

#include "include/flow.h"

#include <stddef.h>

/* Limits, each with its reason. */
enum {
	SYNC_NAME_LEN = 32,	 /* of a farm, backend or node, with its NUL (CONFIG_NAME_MAX) */
	SYNC_SESSION_LEN = 16,	 /* HEARTBEAT_SESSION_LEN */
	SYNC_DIGEST_LEN = 32,	 /* of a configuration */
	SYNC_FLOWS_MAX = 1000,	 /* of one message: one transaction of the receiver, 2 ms */
	SYNC_SERVICES_MAX = 256, /* of one message of flows: an index of one octet */
	SYNC_LIFE_MAX_S = 32767, /* 15 bits; who lives longer is told anew before that has passed */
	SYNC_ROUTERS_MAX = 2 * 255,	 /* virtual routers: one of each section and family */
	SYNC_FACTS_MAX = 1000,		 /* CONFIG_BACKENDS_MAX */
	SYNC_PHASE_LAST = 5,		 /* TRANSITION_FORGETTING */
	SYNC_TABLE_MAX = 16144,		 /* BUCKET_TABLE_MAX */
	SYNC_BUCKETS_MAX = 4036,	 /* of one message: a table comes in at most four */
	SYNC_WHY_MAX = 128,		 /* of a sentence, with its NUL */
	SYNC_ABOUT_MAX = 36,		 /* of a version or a digest, with its NUL */
	SYNC_MOMENTS_MAX = 16,		 /* of a drill, on one node */
	SYNC_SPANS_MAX = 16,		 /* of its probe: a gap is three, and lost frames are few */
	SYNC_PART_NAME = 64,		 /* of a part of a configuration, with its NUL */
	SYNC_PART_TEXT = 32768,		 /* its lines, with a NUL */
	SYNC_COPY_MAX = 4 * 1024 * 1024, /* octets of a whole configuration: 128 pieces */
	SYNC_COPY_OCTETS = 32767,	 /* of them in one message */
};

/* The numbers on the wire: they stay. */
enum sync_type {
	SYNC_HELLO = 1,
	SYNC_NAME,
	SYNC_FLOWS,
	SYNC_BUCKETS,
	SYNC_ACK,
	SYNC_SNAPSHOT,
	SYNC_DIGEST,
	SYNC_ORDER,
	SYNC_FACTS,
	SYNC_BYE,
	SYNC_DRILL,
	SYNC_CONFIG,
	SYNC_VIEWS,
	SYNC_PROVISIONAL,
	SYNC_COPY,
	SYNC_TYPE_LAST = SYNC_COPY,
};

/* The first message of each side, said again when its configuration is another one. That it is authentic is the handshake's matter. */
struct sync_hello {
	char node[SYNC_NAME_LEN];
	uint8_t session[SYNC_SESSION_LEN]; /* the run of the process, the same as in heartbeats */
	uint8_t config_digest[SYNC_DIGEST_LEN];
	uint64_t epoch; /* of the sender's tables, never 0: another one after they were lost */
	/* The receiver's tables as the sender last had them in sync, and up to where; 0, 0: never. */
	uint64_t known_epoch, known_sequence;
};

struct sync_name {
	uint16_t number;
	char farm[SYNC_NAME_LEN], backend[SYNC_NAME_LEN];
};

struct sync_flow {
	struct flow_key key;
	uint16_t backend; /* its number */
	uint16_t life_s;  /* from now, when no packet of it comes; 0: it ended */
	bool closing;	  /* FIN or RST was seen */
};

/*
 * Flows of one family and of at most SYNC_SERVICES_MAX services: an address, a port and a protocol.
 * proto/sync_batch.h fills one.
 */
struct sync_flows {
	uint64_t sequence;
	uint32_t snapshot; /* it is a piece of that one; 0: news */
	size_t n;	   /* 1..SYNC_FLOWS_MAX */
	struct sync_flow flows[SYNC_FLOWS_MAX];
};

/* Everything up to this sequence number is in the sender's kernel; facts, as far as they can be followed at once. */
struct sync_ack {
	uint64_t sequence;
	bool current; /* its tables are the receiver's twin */
	/* Entries since the last snapshot began that it cannot hold: it does not have their backend, or table. */
	uint64_t unknown;
};

/* The numbers on the wire. */
enum sync_snapshot_step {
	SYNC_SNAPSHOT_WANTED = 1, /* the sender's tables are not what they should be */
	SYNC_SNAPSHOT_BEGIN,
	SYNC_SNAPSHOT_END,
};

/*
 * The virtual routers that the sender is master of: it is their addresses whose entries it tells. What
 * the receiver holds of others is not spoken of.
 */
struct sync_domain {
	size_t n;
	struct sync_router {
		uint32_t section; /* heartbeat_tag() of its name */
		uint8_t family;	  /* AF_INET or AF_INET6 */
	} routers[SYNC_ROUTERS_MAX];
};

struct sync_snapshot {
	uint8_t step;	   /* enum sync_snapshot_step */
	uint32_t id;	   /* never 0; WANTED: 0 */
	uint64_t sequence; /* END: its own; else 0 */
	uint64_t total;	   /* entries; BEGIN: about, without pins, END: exactly, WANTED: 0 */
	struct sync_domain domain; /* BEGIN: what it is of; else none */
};

/* What the sender holds of what it tells, when everything up to the sequence number is counted. */
struct sync_digest {
	uint64_t sequence;
	uint64_t flows, pins;
	uint64_t flows_sum, pins_sum; /* of a keyed hash of each */
	uint64_t wall_ms;	      /* since 1970, as the sender's clock had it; 0: not told */
	struct sync_domain domain;
};

/* The numbers on the wire. */
enum sync_admin { SYNC_ENABLED = 1, SYNC_DRAINING, SYNC_DISABLED };
enum sync_health { SYNC_UP = 1, SYNC_DOWN, SYNC_UNRESOLVED };

/*
 * The operator's word about a backend, or that it counts no more. Each node has all of them; of two about
 * one backend the one with the higher epoch counts.
 */
struct sync_order {
	uint64_t
		epoch; /* 1..SYNC_EPOCH_MAX, in the order in which words were given, as far as known */
	char farm[SYNC_NAME_LEN], backend[SYNC_NAME_LEN];
	bool has_state, has_weight;
	/* What the configuration said when it was given: for another one the word is void. */
	uint8_t state, configured_state;    /* enum sync_admin; 0 without */
	uint16_t weight, configured_weight; /* 0 without */
	uint64_t left_ms;  /* of a drain with a deadline: until the backend is disabled */
	uint64_t drain_ms; /* when it was given; 0: none */
};

struct sync_fact {
	char backend[SYNC_NAME_LEN];
	uint16_t weight; /* as it counts now: 0 for one that drains, or that is a backup */
	uint8_t admin;	 /* enum sync_admin: what counts, by the operator or the configuration */
	uint8_t health;	 /* enum sync_health: as the sender sees it */
	uint8_t percent; /* of its weight, while it starts slowly: 1..99; 0: all */
};

#define SYNC_AGO_NEVER UINT64_MAX

/*
 * What a bucket table is made of, and how far it is with its transition: of a farm whose virtual address
 * the sender is master of. Buckets that move are told of before it (sync_buckets); without those every
 * bucket is as the facts want it.
 */
struct sync_facts {
	uint64_t sequence;
	uint64_t epoch; /* rises with every change of them */
	char farm[SYNC_NAME_LEN];
	uint8_t phase;	  /* enum transition_phase */
	uint32_t buckets; /* how many: 1..SYNC_TABLE_MAX */
	bool learned, relearns;
	/* How long ago these were (struct transition), in ms; SYNC_AGO_NEVER: never, of the last two. */
	uint64_t since_ms, unlearned_ms, accepted_ms;
	size_t n; /* 1..SYNC_FACTS_MAX */
	struct sync_fact facts[SYNC_FACTS_MAX];
};

/* Part of a table. Backends are numbers of the facts that follow, or SYNC_NOBODY. */
struct sync_buckets {
	char farm[SYNC_NAME_LEN];
	uint32_t first;
	size_t n; /* 1..SYNC_BUCKETS_MAX */
	struct sync_bucket {
		uint16_t owner, home, moved;
	} buckets[SYNC_BUCKETS_MAX];
};

enum { SYNC_NOBODY = 0xffff };

#define SYNC_EPOCH_MAX 999999999999999 /* of an order: milliseconds of thirty thousand years */

/* The numbers on the wire. */
enum sync_drill_step {
	SYNC_DRILL_ASK = 1, /* the sender wants to begin */
	SYNC_DRILL_READY,   /* it may; the sender of this keeps a record from now on */
	SYNC_DRILL_REFUSED, /* it may not, and why */
	SYNC_DRILL_BEGIN,   /* of who asked: now */
	SYNC_DRILL_REPORT,  /* what the sender saw; its part is over */
};
enum sync_drill_kind {
	SYNC_DRILL_GRACEFUL = 1,
	SYNC_DRILL_CRASH,
	SYNC_DRILL_LINK,
	SYNC_DRILL_DAEMON_KILL,
	SYNC_DRILL_SPLIT,
};
/* What happened, on the node that lets go or on the one that takes over. */
enum sync_moment_kind {
	SYNC_MOMENT_LET_GO = 1, /* the first of its addresses */
	SYNC_MOMENT_LAST_ADVERT,
	SYNC_MOMENT_DETECTED, /* that the master has gone */
	SYNC_MOMENT_MASTER,   /* of the last of the addresses */
	SYNC_MOMENT_ANNOUNCED,
	SYNC_MOMENT_RESTORED,  /* all is as before */
	SYNC_MOMENT_ADDRESSES, /* all of them are on their interfaces */
	SYNC_MOMENT_LAST = SYNC_MOMENT_ADDRESSES,
};

/* What a node saw of frames to virtual addresses that it forwarded, or why nothing. */
enum sync_sight {
	SYNC_SIGHT_UNTOLD, /* it does not look, and tells nothing of flows either */
	SYNC_SIGHT_FRAME,
	SYNC_SIGHT_NONE,    /* there was no such frame */
	SYNC_SIGHT_REFUSED, /* by its kernel */
	SYNC_SIGHT_CLOCK,   /* its date was set meanwhile */
	SYNC_SIGHT_FULL,    /* there was more than it notes */
	SYNC_SIGHT_LAST = SYNC_SIGHT_FULL,
};

#define SYNC_TALLY_UNKNOWN UINT64_MAX

/* Of a node in a drill; zeroed: it tells nothing. */
struct sync_tally {
	uint8_t sight; /* enum sync_sight */
	uint64_t
		frame_us; /* FRAME: the last one of who lets go, the first one of the new master; else 0 */
	uint64_t
		stragglers; /* frames that came to who lets go when they should not any more; else 0 */
	/* SYNC_TALLY_UNKNOWN: not known, as the next ones. */
	uint64_t flows_before, flows_after; /* that it knew, as it let go or began; at its end */
	uint64_t
		lag_us; /* as it let go: since the oldest is known that the other one may not know */
};

/*
 * A rehearsed failure: who of both asks says what shall happen. Times are of the sender's own clock, in
 * microseconds; those of an ASK and its READY, of a READY and its BEGIN tell either node how far the two
 * clocks are apart (RFC 5905, 8).
 */
struct sync_drill {
	uint64_t id; /* of who asks, never 0; the same in all messages about it */
	uint8_t step, kind;
	bool force;	   /* ASK: whatever speaks against it */
	bool asker_yields; /* ASK: who lets go is who asks */
	uint32_t limit_ms; /* ASK: then all is as before, whatever has happened; not 0. Else 0 */
	uint64_t at_us;	   /* when it was sent */
	uint64_t heard_us; /* when that came which this answers; ASK, REPORT: 0 */
	uint64_t lost;	   /* REPORT: connections that the other one was not told of; else 0 */
	size_t n;	   /* REPORT; else 0 */
	struct sync_moment {
		uint8_t kind;
		uint64_t at_us;
	} moments[SYNC_MOMENTS_MAX];
	struct addr vip; /* ASK: what both probe meanwhile; family 0: nothing. Else 0 */
	uint16_t port;	 /* with vip, not 0 */
	struct mac mac;	 /* ASK with vip, READY: whose frames to the address are for the sender */
	size_t n_spans;	 /* REPORT; else 0 */
	/* In order: attempts of the probe, one after the other, that went alike. */
	struct sync_span {
		bool good;
		uint64_t first_us, last_us; /* when the first of them was sent, and the last */
	} spans[SYNC_SPANS_MAX];
	struct sync_tally tally; /* REPORT; else it tells nothing */
	char why[SYNC_WHY_MAX];	 /* REFUSED: printable ASCII, never ""; else "" */
	/* ASK, READY: of the sender, printable ASCII, "" when it does not tell; else "" */
	char version[SYNC_ABOUT_MAX];
	char config[SYNC_ABOUT_MAX]; /* the digest of its configuration */
};

/* The numbers on the wire. */
enum sync_config_step {
	SYNC_CONFIG_PART = 1, /* the sender has this part */
	SYNC_CONFIG_LINES,    /* what stands in one that the receiver has as well, and otherwise */
};

/*
 * Where two configurations differ, when their digests do (director/config/outline.h): each tells of its
 * parts, and then of the lines of those that are not alike.
 */
struct sync_config {
	uint8_t step;
	bool last;		    /* PART: that was all of them; else false */
	uint64_t sum;		    /* PART: of its lines; else 0 */
	char name[SYNC_PART_NAME];  /* printable ASCII, never "" */
	char lines[SYNC_PART_TEXT]; /* LINES: printable ASCII and newlines, never ""; else "" */
};

/* The numbers on the wire. */
enum sync_copy_step {
	SYNC_COPY_ASK = 1, /* for the piece that begins there; 0: of a new copy */
	SYNC_COPY_PIECE,
	SYNC_COPY_REFUSED, /* and why: the copy ends here */
};

/*
 * The sender's configuration in the words of director/config/outline.h, also what is of its node alone, piece
 * by piece: each one is asked for.
 */
struct sync_copy {
	uint64_t id; /* of who asks, never 0; the same in all messages about one copy */
	uint8_t step;
	bool last;   /* PIECE: that was all of it; else false */
	uint32_t at; /* where it begins; REFUSED: 0 */
	char text[SYNC_COPY_OCTETS +
		  1];		/* PIECE: printable ASCII and newlines, never ""; else "" */
	char why[SYNC_WHY_MAX]; /* REFUSED: printable ASCII, never ""; else "" */
};

/* Bits of the handshake. */
enum {
	SYNC_FEATURE_VIEWS = 1 << 0,
	SYNC_FEATURE_COPY = 1 << 1,
	SYNC_FEATURE_PROVISIONAL = 1 << 2,
};

/* The numbers on the wire. */
enum sync_view_state {
	SYNC_VIEW_WELL = 1,
	SYNC_VIEW_DOUBTED, /* well, and the last attempt says otherwise */
	SYNC_VIEW_AILING,  /* these two as in director/health/outcome.h */
	SYNC_VIEW_DEAD,
	SYNC_VIEW_UNKNOWN, /* was not tried, or cannot be checked from there */
};

/* What the checks of the sender itself find of the backends of a farm. */
struct sync_views {
	char farm[SYNC_NAME_LEN];
	size_t n; /* 1..SYNC_FACTS_MAX */
	struct sync_view {
		char backend[SYNC_NAME_LEN];
		uint8_t state;	  /* enum sync_view_state */
		uint8_t outcome;  /* 1 more than the code of the outcome that led to it; 0: none */
		uint32_t since_s; /* for so long */
	} views[SYNC_FACTS_MAX];
};

/* The numbers on the wire. */
enum sync_provisional_step {
	SYNC_PROVISIONAL_ASK =
		1, /* the sender wants both to go over to their files, each to its own */
	SYNC_PROVISIONAL_READY,	  /* the sender could */
	SYNC_PROVISIONAL_REFUSED, /* it cannot, or could not, or does not know of it; and why */
	SYNC_PROVISIONAL_BEGIN,	  /* of who asked: now */
	SYNC_PROVISIONAL_RUNS,	  /* the sender has gone over */
	SYNC_PROVISIONAL_CONFIRM, /* the operator wants to stay */
	SYNC_PROVISIONAL_CONFIRMED,
	SYNC_PROVISIONAL_BACK, /* the sender goes back */
	SYNC_PROVISIONAL_LAST = SYNC_PROVISIONAL_BACK,
};

enum {
	SYNC_PROVISIONAL_MIN_MS = 1000,
	SYNC_PROVISIONAL_MAX_MS = 24 * 3600 * 1000,
};

/*
 * A reload of both that lasts until it is confirmed, or for a time. Nothing of a configuration travels: each
 * node reads its own file, and goes back to what ran there before.
 */
struct sync_provisional {
	uint64_t id; /* of who asks, never 0; the same in all messages about it */
	uint8_t step;
	uint32_t limit_ms;		 /* ASK: SYNC_PROVISIONAL_MIN_MS to …_MAX_MS; else 0 */
	uint8_t digest[SYNC_DIGEST_LEN]; /* ASK: of what the file comes to; else zero */
	char why[SYNC_WHY_MAX];		 /* REFUSED: printable ASCII, never ""; else "" */
};

/* The sender closes the connection, and why. */
struct sync_bye {
	char why[SYNC_WHY_MAX]; /* printable ASCII, never "" */
};

struct sync_message {
	enum sync_type type;
	union {
		struct sync_hello hello;
		struct sync_name name;
		struct sync_flows flows;
		struct sync_ack ack;
		struct sync_snapshot snapshot;
		struct sync_digest digest;
		struct sync_order order;
		struct sync_facts facts;
		struct sync_buckets buckets;
		struct sync_bye bye;
		struct sync_drill drill;
		struct sync_config config;
		struct sync_views views;
		struct sync_provisional provisional;
		struct sync_copy copy;
	};
};

#endif
