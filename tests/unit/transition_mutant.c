/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mistakes of the simulated transition that show in its state. */
#include "tests/unit/transition_flows.h"

#include <string.h>

static void halve(uint16_t *owners, uint32_t size)
{
	for (uint32_t b = 0; b < size; b++)
		owners[b] = owners[2 * b];
}

static void shrink_early(struct transition *t)
{
	t->size /= 2;
	halve(t->buckets, t->size);
	halve(t->home, t->size);
	halve(t->moved, t->size);
	t->moving = 0;
	for (uint32_t b = 0; b < t->size; b++)
		t->moving += t->home[b] != BUCKET_NONE;
}

/* Mistakes that show in the state after a step. */
void sim_spoil(struct sim *s, const struct transition *before, const uint16_t *table)
{
	bool was_moving = before->phase == TRANSITION_MOVING && s->t.phase == TRANSITION_MOVING &&
			  before->size == s->t.size;

	if (s->mutant == SIM_JOIN_KEEPS_TIME && was_moving)
		s->t.since_ms = before->since_ms;
	if (s->mutant == SIM_HOME_FOLLOWS && was_moving)
		for (uint32_t b = 0; b < s->t.size; b++)
			if (s->t.home[b] != BUCKET_NONE && before->home[b] == s->t.home[b] &&
			    before->moved[b] != s->t.moved[b] && before->moved[b] != BUCKET_NONE)
				s->t.home[b] = before->moved[b];
	if (s->mutant == SIM_NO_TRANSITION) {
		for (uint32_t b = 0; b < s->t.size; b++)
			s->t.buckets[b] = table[b / (s->t.size / s->wanted)];
		memset(s->t.home, 0xff, s->t.size * sizeof(*table));
		s->t.moving = 0;
		s->t.phase = TRANSITION_STEADY;
	}
	if (s->mutant == SIM_SHRINK_EARLY && s->t.size > s->wanted)
		shrink_early(&s->t);
}
