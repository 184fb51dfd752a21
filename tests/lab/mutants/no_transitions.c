/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The director without transitions: buckets go to their new owners at once. The linker puts this in
 * the place of transition_step(); all else is the product. Lab tests run it to prove that they would
 * see what transitions prevent. It is built for tests only and never installed.
 */
#include "director/ruleset/bucket.h"
#include "director/ruleset/transition.h"

struct transition_update __wrap_transition_step(struct transition *t,
						const struct transition_event *ev);

struct transition_update __wrap_transition_step(struct transition *t,
						const struct transition_event *ev)
{
	struct transition_update u = {.from = t->phase, .next_ms = TRANSITION_NEVER};

	for (uint32_t b = 0; b < t->size; b++) {
		uint16_t owner = ev->table[b];

		if (owner >= ev->n_backends || !ev->alive[owner])
			owner = BUCKET_NONE;
		u.orphaned += t->buckets[b] != owner;
		t->buckets[b] = owner;
	}
	u.tables_changed = u.orphaned > 0;
	return u;
}
