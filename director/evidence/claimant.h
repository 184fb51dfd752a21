/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The book of claimants: backends that claim a virtual address, as the kernel has noted them
 * (ruleset/plan_claim.c), since when and how often.
 *
 * Pure: is told what the kernel's sets hold, and the time. Whose MAC address it is, is asked by the
 * shell (claimant_uv.c).
 */
#ifndef DIRECTOR_EVIDENCE_CLAIMANT_H
#define DIRECTOR_EVIDENCE_CLAIMANT_H

#include "include/addr.h"
#include "include/status.h"

enum {
	CLAIMANTS_MAX = STATUS_CLAIMS_MAX,
	CLAIMANT_TELL_MS = 3600 * 1000, /* one that goes on is told again */
};

/* What is to be said of one that was seen. */
enum claimant_news { CLAIMANT_OLD, CLAIMANT_NEW, CLAIMANT_STILL };

struct claimant {
	struct addr address; /* virtual */
	struct mac mac;
	char farm[STATUS_NAME], backend[STATUS_NAME]; /* "": nobody's that is known */
	uint64_t count;				      /* its frames so far */
	uint64_t counted;			      /* of them in the kernel's counter */
	uint64_t first_ms, last_ms;		      /* since it began, and its last frame */
	uint64_t told_ms;
	enum claimant_news news; /* not said yet; the shell sets it back */
	bool goes_on;		 /* the kernel remembers it */
	bool seen;		 /* in this reading */
};

struct claimant_book {
	struct claimant list[CLAIMANTS_MAX];
	size_t n;
	size_t left_out; /* of the last reading: there was no place for so many */
	size_t leaving_out;
};

/* A reading: begin, each one, end. */
void claimant_book_begin(struct claimant_book *b);
/*
 * key as in kernel_sender, with the kernel's counter and the time of the last frame. *ret is its entry;
 * NULL: the book is full of others that go on.
 */
enum claimant_news claimant_book_see(struct claimant_book *b, bool ipv6, const uint8_t *key,
				     uint64_t packets, uint64_t last_ms, uint64_t now_ms,
				     struct claimant **ret);
/* Who was not seen has stopped; ended (may be NULL) is told of each. */
void claimant_book_end(struct claimant_book *b, void (*ended)(const struct claimant *c));

#endif
