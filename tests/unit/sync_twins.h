/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two directors, their tables, and the wire between them: the world of sync_sim.h. Private to
 * sync_sim.c and sync_twins.c.
 */
#ifndef TESTS_SYNC_TWINS_H
#define TESTS_SYNC_TWINS_H

#include "ha/sync.h"
#include "tests/unit/sync_sim.h"

enum {
	TWINS_KEYS = 48,
	TWINS_DOMAINS = 2, /* virtual addresses; key k belongs to k % TWINS_DOMAINS */
	TWINS_QUEUE = 24,
	TWINS_WIRE = 512, /* more than two windows and all else */
	TWINS_BATCH = 4,
	TWINS_MS = 1000,
};

struct twins_entry {
	uint8_t key, owner; /* 0: it ended */
};

struct twins_message {
	struct sync_heard heard;
	struct twins_entry entries[TWINS_BATCH];
	size_t n;
	unsigned int domains; /* SNAPSHOT: begin; DIGEST */
	uint64_t digest, sent_us;
	uint8_t told[TWINS_KEYS]; /* what its sender has told with it */
	uint64_t due_us;
};

struct twins_node {
	struct sync sync;
	uint8_t table[TWINS_KEYS];
	bool marked[TWINS_KEYS];
	unsigned int masters; /* domains that it is master of */
	unsigned int theirs;  /* domains of the other one's, by its last word */
	struct twins_entry queue[TWINS_QUEUE];
	size_t n_queue;
	uint8_t told[TWINS_KEYS];
	size_t cursor; /* of the snapshot; TWINS_KEYS: at its end */
	bool fails;    /* its kernel refuses */
	/* Its table is not what it should be and nobody knows, until a snapshot that began later. */
	bool tampered;
	uint64_t tampered_us, filled_us;
	uint64_t doubt_us; /* when it last had reason to call the other one its twin, or did not */
	bool reads;	   /* its process takes what arrives */
	struct twins_message wire[TWINS_WIRE]; /* on the way to it */
	size_t first, n_wire;
};

struct twins {
	struct twins_node nodes[2];
	uint64_t now_us, random;
	bool open;
	uint64_t reopen_us;
	enum sync_mutant mutant;
	bool trace;
	unsigned int taken;
	const char *wrong;
	char text[160];
};

uint64_t twins_draw(struct twins *s);
bool twins_once_in(struct twins *s, uint64_t n);
void twins_wrong(struct twins *s, int who, const char *what);
bool twins_in_domains(unsigned int domains, size_t key);
bool twins_alike(const uint8_t a[static TWINS_KEYS], const uint8_t b[static TWINS_KEYS],
		 unsigned int domains);
void twins_step_with(struct twins *s, int who, struct sync_event *ev,
		     const struct twins_message *m);
void twins_step(struct twins *s, int who, struct sync_event *ev);
/* It ends to mark or to sweep, when that is what it does. */
void twins_work(struct twins *s, int who);
void twins_cut(struct twins *s);
void twins_tell(struct twins *s, int who, size_t key);
void twins_send_pieces(struct twins *s, int who);

#endif
