/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two nodes and the wires between them, in virtual time: each node has the machine of the other one,
 * a monotonic clock of its own that may be far from the other's and run at another rate, and one
 * virtual router to speak of. Every change and every word that is news leaves one line: the time in
 * milliseconds, who learnt it, and what.
 */
#ifndef TESTS_HEARTBEAT_WORLD_H
#define TESTS_HEARTBEAT_WORLD_H

#include "ha/heartbeat_session.h"

enum { DELAY_US = 500, INTERVAL_MS = 100 };
enum { WORLD_A, WORLD_B, WORLD_NODES, WORLD_WIRE = 64, WORLD_TEXT = 4096 };

struct world_node {
	struct heartbeat_peer peer; /* what it knows of the other one */
	bool running;
	uint64_t began_us; /* its clock at time 0 */
	int drift_ppm;
	uint64_t stopped_us; /* its clock stood still for so long */
	uint64_t tick_us;    /* the next heartbeat, in the world's time */
	uint64_t deadline_us;
	struct heartbeat_word word;
	int last_says; /* of the other's router; -1: nothing */
	unsigned int rejected[HEARTBEAT_REJECT_COUNT];
	unsigned int unproven;
	bool deaf, mute;   /* nothing comes in, nothing goes out */
	bool unreachable;  /* what is sent to it is lost, without a word about it */
	bool port_refuses; /* whatever is sent to it comes back refused, running or not */
};

struct world_datagram {
	bool used;
	int to;
	uint64_t at_us;
	struct heartbeat_message message;
};

struct world {
	uint64_t now_us, delay_us, interval_us;
	struct world_node nodes[WORLD_NODES];
	struct world_datagram wire[WORLD_WIRE];
	struct heartbeat_message last[WORLD_NODES]; /* the last one that each has sent */
	uint8_t sessions;			    /* drawn so far */
	char text[WORLD_TEXT];
};

/* Nobody runs yet. */
void world_init(struct world *w, uint64_t interval_ms, uint64_t delay_us);
/* A process begins, with a session of its own. */
void world_start(struct world *w, int node, uint8_t state);
/* It ends, without a word. */
void world_kill(struct world *w, int node);
/* The machine's clock, in its own time. */
uint64_t world_clock(const struct world *w, int node);
void world_until(struct world *w, uint64_t ms);
/* A heartbeat now, as when a word has changed. */
void world_send(struct world *w, int node, uint8_t flags);
/* Somebody puts a message on the wire to that node. */
void world_inject(struct world *w, int to, const struct heartbeat_message *m);
/* Both run, believe each other, and nothing is told yet; a is master. At 1 s. */
struct world world_begin(void);
/* Forgets what was told so far. */
void world_silently(struct world *w);
const struct heartbeat_peer *world_seen_by(const struct world *w, int node);
unsigned int world_rejected_by(const struct world *w, int node, enum heartbeat_reject r);

#endif
