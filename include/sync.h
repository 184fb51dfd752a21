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
	SYNC_PINS_MAX = 1000,	 /* likewise */
	SYNC_SERVICES_MAX = 256, /* of one message of flows: an index of one octet */
	SYNC_LIFE_MAX_S = 32767, /* 15 bits; who lives longer is told anew before that has passed */
	SYNC_STATES_MAX = 2 * 255, /* virtual routers: one of each section and family */
	SYNC_STATE_LAST = 4,	   /* HEARTBEAT_MAINTENANCE */
	SYNC_FACTS_MAX = 1000,	   /* CONFIG_BACKENDS_MAX */
	SYNC_WHY_MAX = 128,	   /* of a sentence, with its NUL */
};

/* The numbers on the wire: they stay. */
enum sync_type {
	SYNC_HELLO = 1,
	SYNC_NAME,
	SYNC_FLOWS,
	SYNC_PINS,
	SYNC_ACK,
	SYNC_SNAPSHOT,
	SYNC_DIGEST,
	SYNC_STATES,
	SYNC_FACTS,
	SYNC_BYE,
	SYNC_TYPE_LAST = SYNC_BYE,
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

/* A client that has a backend of a farm, whatever its flows. */
struct sync_pin {
	struct addr client; /* the address of its prefix */
	uint16_t backend;   /* its number */
	uint16_t life_s;    /* as of a flow */
};

/* Pins of one family. */
struct sync_pins {
	uint64_t sequence;
	uint32_t snapshot; /* as of flows */
	size_t n;	   /* 1..SYNC_PINS_MAX */
	struct sync_pin pins[SYNC_PINS_MAX];
};

/* Everything up to this sequence number is in the sender's kernel. */
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
	} routers[SYNC_STATES_MAX];
};

struct sync_snapshot {
	uint8_t step;		   /* enum sync_snapshot_step */
	uint32_t id;		   /* never 0; WANTED: 0 */
	uint64_t sequence;	   /* END: its own; else 0 */
	uint64_t total;		   /* entries; BEGIN: about, END: exactly, WANTED: 0 */
	struct sync_domain domain; /* BEGIN: what it is of; else none */
};

/* What the sender holds of what it tells, when everything up to the sequence number is counted. */
struct sync_digest {
	uint64_t sequence;
	uint64_t flows, pins;
	uint64_t flows_sum, pins_sum; /* of a keyed hash of each */
	struct sync_domain domain;
};

struct sync_state {
	uint32_t section; /* heartbeat_tag() of its name */
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t state;	  /* enum heartbeat_router */
	uint8_t priority; /* never 0 */
	bool link_up;
};

/* All virtual routers of the sender. */
struct sync_states {
	uint64_t sequence; /* in the order of everything else that is told */
	size_t n;	   /* 0 when its configuration has none any more */
	struct sync_state states[SYNC_STATES_MAX];
};

/* The numbers on the wire. */
enum sync_admin { SYNC_ENABLED = 1, SYNC_DRAINING, SYNC_DISABLED };
enum sync_health { SYNC_UP = 1, SYNC_DOWN, SYNC_UNRESOLVED };

struct sync_fact {
	uint16_t backend; /* its number */
	uint16_t weight;
	uint8_t admin;	/* enum sync_admin: what counts, by the operator or the configuration */
	uint8_t health; /* enum sync_health: as the sender sees it */
};

/* All backends of one farm, of which a bucket table is made. */
struct sync_facts {
	uint64_t sequence;
	uint64_t epoch; /* rises with every change of them */
	char farm[SYNC_NAME_LEN];
	size_t n; /* 1..SYNC_FACTS_MAX */
	struct sync_fact facts[SYNC_FACTS_MAX];
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
		struct sync_pins pins;
		struct sync_ack ack;
		struct sync_snapshot snapshot;
		struct sync_digest digest;
		struct sync_states states;
		struct sync_facts facts;
		struct sync_bye bye;
	};
};

#endif
