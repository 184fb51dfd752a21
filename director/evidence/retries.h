/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passive evidence: clients of a backend that send their SYNs again, as the packet path has counted them in
 * a sample of the new connections (ruleset/plan_syn.c). The answers of a backend go past the director, and
 * its checks ask from its own segment: that the answers do not reach the clients shows in nothing else. And
 * of a backend that has died it shows before the next check does.
 *
 *     2 within 2 s, a quarter of what was tried  -> it is looked at: its checks are due at once
 *     8 within 10 s, half of what was tried,
 *       for 3 s, where the farm asks for it      -> no new connections, for 10 s
 *     the same soon after that                   -> twice as long, up to 5 min
 *     of more than half of a farm's backends     -> nobody is inhibited: the fault is not theirs
 *     10 s without one                           -> it is over
 *
 * Whoever can send SYNs can send them twice: a look is cheap, and to inhibit is for the farm to ask for.
 *
 * Pure; the time is an argument; allocates in retries_configure() alone.
 */
#ifndef DIRECTOR_EVIDENCE_RETRIES_H
#define DIRECTOR_EVIDENCE_RETRIES_H

#include "director/config/places.h"
#include "director/ruleset/plan.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RETRY_READINGS = 12, /* one each second: more than the longest of the times below */
	RETRY_LOOK = 2,
	RETRY_LOOK_MS = 2000,
	RETRY_LOOK_SHARE = 4, /* one of so many of those tried */
	RETRY_INHIBIT = 8,
	RETRY_WINDOW_MS = 10000,
	RETRY_INHIBIT_SHARE = 2,
	RETRY_LASTING_MS = 3000,
	RETRY_HOLD_MS = 10000,
	RETRY_HOLD_MOST_MS = 300000,
	RETRY_CALM_MS = 60000, /* after a hold: what comes later than that is new */
	RETRY_OVER_MS = 10000,
	RETRY_TELL_MS = 3600 * 1000, /* what goes on is told again */
	RETRY_KEYS_MAX = 512,	     /* services of backends with repetitions at a time */
};

/* What is to be done, or said, of a backend. */
enum {
	RETRY_LOOKS = 1,
	RETRY_BEGINS = 2,
	RETRY_STILL = 4,
	RETRY_ENDS = 8,
	RETRY_INHIBITS = 16,
	RETRY_RELEASES = 32,
};

struct retry_share {
	uint32_t repeated, tried;
};

/* Of one backend. Zeroed: nothing was seen. */
struct retry {
	uint64_t count;		    /* repetitions so far */
	struct retry_share pending; /* of this reading */
	struct retry_reading {
		uint64_t at_ms;
		struct retry_share share;
	} readings[RETRY_READINGS];
	size_t next;
	uint64_t first_ms, last_ms; /* of those that go on; 0: none do */
	uint64_t told_ms;	    /* that they do; 0: it was not told */
	uint64_t until_ms;	    /* it gets no new connections; 0: it does */
	uint64_t released_ms;
	uint32_t hold_ms;	/* of the last time; 0: none */
	struct retry_share why; /* it was inhibited */
	bool calls;		/* the evidence is enough for that */
};

/* What the kernel counts for a service and a backend. */
struct retry_key {
	bool ipv6, seen, knows_tried;
	uint8_t key[RULESET_KEY_MAX];
	size_t place;
	uint64_t repeated, tried; /* counted so far */
};

struct retries {
	struct places places;
	struct retry *backends; /* NULL: of none */
	struct retry_key keys[RETRY_KEYS_MAX];
	size_t n_keys;
	bool began; /* one reading is over: what is new in the next one is new */
};

/*
 * Backends that stay go on; the counters are read anew. 0, or -ENOMEM and nothing is changed. The
 * configuration is borrowed.
 */
int retries_configure(struct retries *r, const struct config *c);
void retries_clear(struct retries *r);

/* A reading: begin, each key of those sent again, the same of those tried, end. */
void retries_begin(struct retries *r);
/* NULL: it is not known, and retries_add() wants to know whose it is. */
struct retry_key *retries_find(struct retries *r, bool ipv6, const uint8_t *key);
/* NULL: there is no room. */
struct retry_key *retries_add(struct retries *r, bool ipv6, const uint8_t *key, size_t place);
void retries_count_repeated(struct retries *r, struct retry_key *k, uint64_t packets);
void retries_count_tried(struct retries *r, struct retry_key *k, uint64_t packets);
/*
 * done is told of each backend with something to do or to say. known: the backends as the plan has them,
 * [farm][backend].
 */
void retries_end(struct retries *r, const struct plan_backend *const *known, uint64_t now_ms,
		 void (*done)(void *owner, size_t farm, size_t backend, unsigned int what),
		 void *owner);

/* It is to get no new connections. */
bool retries_inhibit(const struct retries *r, size_t farm, size_t backend);
/* NULL: nothing is known. */
const struct retry *retries_of(const struct retries *r, size_t farm, size_t backend);
struct retry_share retry_share(const struct retry *t, uint32_t within_ms, uint64_t now_ms);
/* Enough of what was tried within the last seconds for a look; the doctor's word, too. */
bool retry_share_is_odd(struct retry_share s);

enum { RETRY_TEXT = 128 };
/* "clients repeat their SYNs (12 of 14 within 10 s): its answers do not reach them". Returns buf. */
const char *retry_text(const struct retry *t, char buf[static RETRY_TEXT]);

#endif
