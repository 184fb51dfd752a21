/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The book of stragglers: which virtual addresses are looked for, and who still sends frames for them
 * to this director.
 *
 * Pure: is told what the kernel's sets hold, and the time. ruleset/plan_straggler.h has the table.
 */
#ifndef DIRECTOR_EVIDENCE_STRAGGLER_H
#define DIRECTOR_EVIDENCE_STRAGGLER_H

#include "director/ruleset/plan_straggler.h"

enum {
	STRAGGLERS_MAX = 1024, /* that are listed */
	/* After an address was given up, or its last straggler: common routers keep an ARP entry for
	 * four hours. */
	STRAGGLER_WATCH_MS = 4 * 3600 * 1000 + 60 * 1000,
};

struct straggler {
	struct addr address; /* virtual */
	struct mac mac;
	char interface[RULESET_IFNAME];
	uint64_t sent_ms; /* its last frame */
};

struct straggler_watch {
	struct straggler_place place;
	uint64_t until_ms;
};

struct straggler_book {
	struct straggler_watch *watched; /* sorted by interface and address */
	size_t n_watched;
	struct straggler *list, *last; /* of this reading and of the one before, sorted */
	size_t n, n_last;
};

/* 0 or -ENOMEM. */
int straggler_book_init(struct straggler_book *b);
void straggler_book_clear(struct straggler_book *b);
/*
 * The addresses that the other director owns now. Those that were not among them are looked for from
 * now on; those that are not any more are forgotten, with their stragglers. 0, or -ENOMEM and nothing
 * has changed.
 */
int straggler_book_places(struct straggler_book *b, const struct straggler_place *places, size_t n,
			  uint64_t now_ms);
/* The places that are still looked for, in ret, which has room for n_watched. Returns how many. */
size_t straggler_book_active(const struct straggler_book *b, uint64_t now_ms,
			     struct straggler_place *ret);

/* A reading: begin, each sender, end. The list is that of the last reading which has ended. */
void straggler_book_begin(struct straggler_book *b);
/* key as in kernel_sender. Frames of the other director are no stragglers', nor is what no host sends. */
void straggler_book_see(struct straggler_book *b, const char *interface, bool ipv6,
			const uint8_t *key, uint64_t sent_ms);
void straggler_book_end(struct straggler_book *b);
/* It was broken off: as if it had not begun. */
void straggler_book_undo(struct straggler_book *b);
/* True when the reading before had not seen it. */
bool straggler_book_is_new(const struct straggler_book *b, const struct straggler *s);

#endif
