/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the kernel is to keep the virtual addresses without being told again.
 *
 * A master holds its addresses with a lifetime and renews it: a daemon that was killed or hangs
 * loses them by the kernel's own clock, and never owns them beside the router that took over. One
 * that is alone must not lose its only director with its daemon: while nothing is heard of the other
 * one on any path, and the own link works, the lifetime is long. It is never for ever.
 *
 * Owns when to renew. Pure: time is an argument, the kernel is asked by whoever holds it.
 */
#ifndef HA_LEASE_H
#define HA_LEASE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LEASE_MS = 2000,		/* the default; the kernel takes up to 0.6 s more */
	LEASE_LONE_MS = 10 * 60 * 1000, /* the default of a director that is alone */
	LEASE_RENEWALS = 4,		/* in a lifetime: three may come late */
	LEASE_RENEW_MAX_MS = 10000,	/* of a long lease most must be left when the daemon dies */
	LEASE_RESTORE_US = 50 * 1000, /* between two restorations: whoever removes them in turn must
					 not keep us busy */
};

#define LEASE_NEVER UINT64_MAX

struct lease_settings {
	bool pair; /* there is another director */
	uint32_t short_ms, lone_ms;
};

/* What is known now. The lone lease needs all of it. */
struct lease_facts {
	bool peer_silent; /* no advert, no heartbeat of the other director, on no path */
	bool link_up;	  /* our own */
	bool lan_answers; /* a backend behind the link does: it is not us who are cut off */
};

struct lease {
	struct lease_settings settings;
	struct lease_facts facts;
	bool held;
	uint32_t valid_s;     /* of the last renewal */
	uint64_t renewed_us;  /* the last one */
	uint64_t restored_us; /* the last time that a lost address was put back, or LEASE_NEVER */
	uint64_t due_us;      /* the next renewal, or LEASE_NEVER */
};

void lease_init(struct lease *l, const struct lease_settings *settings);
/* Other settings, other facts: a lease that is held is renewed at once when its length changes. */
void lease_set(struct lease *l, const struct lease_settings *settings, uint64_t now_us);
void lease_learn(struct lease *l, const struct lease_facts *facts, uint64_t now_us);
/* The valid lifetime to ask for, in the kernel's whole seconds, rounded up. */
uint32_t lease_valid_s(const struct lease *l);
/* The addresses were put, or renewed, with that lifetime just now. */
void lease_renewed(struct lease *l, uint64_t now_us);
/* One of them is gone though it is ours: it is due at once, but not time and again. */
void lease_lost(struct lease *l, uint64_t now_us);
/* It was put back. */
void lease_restored(struct lease *l, uint64_t now_us);
/* They were given up. */
void lease_end(struct lease *l);
/* When to renew, or LEASE_NEVER. */
uint64_t lease_due(const struct lease *l);
/* The kernel may have let them go already: we were stopped for longer than the lifetime. */
bool lease_lapsed(const struct lease *l, uint64_t now_us);

#endif
