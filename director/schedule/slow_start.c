/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/schedule/slow_start.h"

#include <errno.h>
#include <stdlib.h>

enum { WHOLE = 100 };

static uint32_t steps_of(uint32_t total_ms)
{
	uint32_t n = total_ms / SLOW_START_STEP_MIN_MS;

	if (n < 1)
		return 1;
	return n < SLOW_START_STEPS ? n : SLOW_START_STEPS;
}

static uint64_t steps_done(uint64_t elapsed_ms, uint32_t total_ms)
{
	uint64_t elapsed = elapsed_ms < total_ms ? elapsed_ms : total_ms;

	return elapsed * steps_of(total_ms) / total_ms;
}

/* The first moment of that step. */
static uint64_t step_begins(uint64_t step, uint32_t total_ms)
{
	uint32_t n = steps_of(total_ms);

	return (step * total_ms + n - 1) / n;
}

uint8_t slow_start_percent(uint64_t elapsed_ms, uint32_t total_ms)
{
	if (elapsed_ms >= total_ms)
		return 0;
	return (uint8_t)(SLOW_START_FIRST + (WHOLE - SLOW_START_FIRST) *
						    steps_done(elapsed_ms, total_ms) /
						    steps_of(total_ms));
}

/* The first moment with so many per cent, or more. */
static uint64_t percent_begins(uint8_t percent, uint32_t total_ms)
{
	const uint64_t span = WHOLE - SLOW_START_FIRST;

	if (percent <= SLOW_START_FIRST || !total_ms)
		return 0;
	return step_begins(
		((uint64_t)(percent - SLOW_START_FIRST) * steps_of(total_ms) + span - 1) / span,
		total_ms);
}

static uint64_t elapsed_ms(const struct slow_start *s, uint64_t now_ms)
{
	return now_ms > s->since_ms ? now_ms - s->since_ms : 0;
}

/* What it was given it keeps, also when a new configuration has a longer time. */
static void advance(struct slow_start *s, uint32_t total_ms, uint64_t now_ms)
{
	uint8_t percent = slow_start_percent(elapsed_ms(s, now_ms), total_ms);

	if (!percent || percent > s->percent)
		s->percent = percent;
}

/* True when it comes back. */
static bool see(struct slow_start *s, enum backend_state state)
{
	bool comes = false;

	switch (state) {
	case BACKEND_UP:
	case BACKEND_SLOW_START:
		comes = s->away;
		s->away = false;
		break;
	case BACKEND_DOWN:
	case BACKEND_DISABLED:
		s->away = true;
		s->percent = 0;
		break;
	case BACKEND_UNRESOLVED:
		s->away = s->known;
		s->percent = 0;
		break;
	case BACKEND_DRAINING:
	case BACKEND_STATES: break;
	}
	s->known |= state != BACKEND_UNRESOLVED;
	return comes;
}

uint8_t slow_start_step(struct slow_start *s, enum backend_state state, uint32_t total_ms,
			uint64_t now_ms)
{
	if (see(s, state) && total_ms) {
		s->since_ms = now_ms;
		s->percent = SLOW_START_FIRST;
	}
	if (s->percent)
		advance(s, total_ms, now_ms);
	return s->percent;
}

void slow_start_follow(struct slow_start *s, enum backend_state state, uint8_t percent,
		       uint32_t total_ms, uint64_t now_ms)
{
	uint64_t begun = percent_begins(percent, total_ms);

	see(s, state);
	if (percent == s->percent)
		return;
	s->percent = percent;
	s->since_ms = begun < now_ms ? now_ms - begun : 0;
}

/* At whole seconds of the clock: those who come one after the other share their plans. */
static uint64_t on_grid(uint64_t at_ms)
{
	return (at_ms + SLOW_START_GRID_MS - 1) / SLOW_START_GRID_MS * SLOW_START_GRID_MS;
}

uint64_t slow_start_next_ms(const struct slow_start *s, uint32_t total_ms, uint64_t now_ms)
{
	if (!s->percent || !total_ms)
		return SLOW_START_NEVER;
	return on_grid(s->since_ms +
		       step_begins(steps_done(elapsed_ms(s, now_ms), total_ms) + 1, total_ms));
}

uint64_t slow_start_left_ms(const struct slow_start *s, uint32_t total_ms, uint64_t now_ms)
{
	uint64_t elapsed = elapsed_ms(s, now_ms);

	return s->percent && elapsed < total_ms ? total_ms - elapsed : 0;
}

int slow_starts_configure(struct slow_starts *s, const struct config *c)
{
	struct slow_starts next = {.next_ms = SLOW_START_NEVER};

	next.backends = places_make_items(&next.places, c, sizeof(*next.backends));
	if (!next.backends)
		return -ENOMEM;
	for (size_t i = 0; i < places_count(&next.places); i++) {
		ptrdiff_t before = places_before(&s->places, &next.places, i);

		/* Nobody would step one without slow start: it would keep its part for ever. */
		if (before != PLACE_NONE && places_farm(&next.places, i)->slow_start_ms)
			next.backends[i] = s->backends[before];
	}
	slow_starts_clear(s);
	*s = next;
	return 0;
}

void slow_starts_clear(struct slow_starts *s)
{
	free(s->backends);
	places_clear(&s->places);
	*s = (struct slow_starts){.next_ms = SLOW_START_NEVER};
}
