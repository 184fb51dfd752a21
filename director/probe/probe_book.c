/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US UINT64_C(1000000)

enum {
	WINDOW_SPARE_S = 2, /* a prober that was late itself must not lose attempts by it */
	/* Times below 64 us have a bucket each; above, 32 for every power of two, up to two minutes. */
	EXACT = 64,
	EXACT_BITS = 6,
	PART_BITS = 5,
	TOP_BIT = 27,
};

_Static_assert(EXACT + (TOP_BIT - EXACT_BITS) * (1 << PART_BITS) == PROBE_TIMES, "all have one");

struct probe_mark {
	uint64_t answered_us;
	uint8_t state; /* enum mark_state */
	uint8_t loss;  /* enum probe_loss */
};

enum mark_state { MARK_UNDER_WAY, MARK_GOOD, MARK_LOST };

const char *probe_loss_name(enum probe_loss loss)
{
	static const char *const names[PROBE_LOSSES] = {
		[PROBE_SILENT] = "silent",   [PROBE_REFUSED] = "refused",
		[PROBE_CLOSED] = "closed",   [PROBE_UNREACHABLE] = "unreachable",
		[PROBE_NO_ROOM] = "no-room", [PROBE_CANNOT] = "cannot-run",
	};

	return names[loss];
}

int probe_book_init(struct probe_book *b, uint64_t rate, uint64_t limit, uint64_t timeout_us,
		    uint64_t slot_us, uint64_t start_us)
{
	*b = (struct probe_book){
		.start_us = start_us,
		.rate = rate,
		.limit = limit,
		.slot_us = slot_us,
		.window = (size_t)(rate * (timeout_us + WINDOW_SPARE_S * SECOND_US) / SECOND_US),
		.last_heard_us = start_us,
	};
	b->marks = calloc(b->window, sizeof(*b->marks));
	b->gaps = calloc(PROBE_GAPS, sizeof(*b->gaps));
	return b->marks && b->gaps ? 0 : -ENOMEM;
}

void probe_book_clear(struct probe_book *b)
{
	free(b->marks);
	free(b->gaps);
	b->marks = NULL;
	b->gaps = NULL;
}

/* --- the schedule ------------------------------------------------------------------------------- */

uint64_t probe_book_due_at(const struct probe_book *b, uint64_t attempt)
{
	/* In two parts, so that nothing is rounded twice and nothing overflows. */
	return b->start_us + attempt / b->rate * SECOND_US +
	       attempt % b->rate * SECOND_US / b->rate;
}

uint64_t probe_book_due(const struct probe_book *b, uint64_t now_us)
{
	uint64_t room = b->window - (b->begun - b->judged), due = 0;

	while (!b->stopped && due < room && b->begun + due < b->limit &&
	       probe_book_due_at(b, b->begun + due) <= now_us)
		due++;
	return due;
}

bool probe_book_is_done(const struct probe_book *b)
{
	return (b->stopped || b->begun == b->limit) && b->judged == b->begun;
}

/* --- times -------------------------------------------------------------------------------------- */

static size_t bucket_of(uint64_t us)
{
	int top;

	if (us < EXACT)
		return (size_t)us;
	top = 63 - __builtin_clzll(us);
	if (top >= TOP_BIT)
		return PROBE_TIMES - 1;
	return (size_t)(EXACT + (top - EXACT_BITS) * (1 << PART_BITS)) +
	       ((us >> (top - PART_BITS)) & ((1 << PART_BITS) - 1));
}

/* The largest time in it. */
static uint64_t bucket_end(size_t bucket)
{
	size_t power, part;

	if (bucket < EXACT)
		return bucket;
	power = (bucket - EXACT) >> PART_BITS;
	part = (bucket - EXACT) & ((1 << PART_BITS) - 1);
	return (((uint64_t)(1 << PART_BITS) + part + 1) << (power + EXACT_BITS - PART_BITS)) - 1;
}

uint64_t probe_book_quantile(const struct probe_book *b, unsigned int thousandths)
{
	uint64_t wanted = (b->good * thousandths + 999) / 1000, seen = 0;

	for (size_t i = 0; i < PROBE_TIMES && b->good; i++) {
		seen += b->times[i];
		if (seen >= wanted && seen)
			return bucket_end(i) < b->worst_us ? bucket_end(i) : b->worst_us;
	}
	return b->worst_us;
}

/* --- judging, by number ------------------------------------------------------------------------- */

static struct probe_slot *slot_of(struct probe_book *b, uint64_t due_us)
{
	uint64_t n = (due_us - b->start_us) / b->slot_us;

	/* After so long a silence of a slow schedule none of the old ones is left. */
	if (n >= b->n_slots + PROBE_SLOTS)
		b->n_slots = n - PROBE_SLOTS + 1;
	for (; b->n_slots <= n; b->n_slots++)
		b->slots[b->n_slots % PROBE_SLOTS] = (struct probe_slot){0};
	return &b->slots[n % PROBE_SLOTS];
}

static void end_gap(struct probe_book *b, uint64_t end_us, bool open)
{
	struct probe_gap *g = &b->gap;
	uint64_t length;

	/* An answer to a later attempt may be the earlier one. */
	g->end_us = end_us > g->start_us ? end_us : g->start_us;
	g->open = open;
	length = g->end_us - g->start_us;
	if (length > b->longest_us)
		b->longest_us = length;
	if (b->n_gaps < PROBE_GAPS)
		b->gaps[b->n_gaps] = *g;
	b->n_gaps++;
	b->in_gap = false;
}

static void judge_good(struct probe_book *b, uint64_t due_us, uint64_t answered_us)
{
	uint64_t took = answered_us > due_us ? answered_us - due_us : 0;
	struct probe_slot *slot = slot_of(b, due_us);

	if (b->in_gap)
		end_gap(b, answered_us, false);
	b->good++;
	b->last_good_us = answered_us;
	b->times[bucket_of(took)]++;
	if (took > b->worst_us)
		b->worst_us = took;
	if (took > slot->worst_us)
		slot->worst_us = took;
	slot->judged++;
}

static void judge_lost(struct probe_book *b, uint64_t due_us, enum probe_loss loss)
{
	struct probe_slot *slot = slot_of(b, due_us);

	if (!b->in_gap) {
		b->in_gap = true;
		b->gap = (struct probe_gap){
			.start_us = b->good ? b->last_good_us : due_us,
			.loss = loss,
			.from_start = !b->good,
		};
	}
	b->gap.lost++;
	b->lost[loss]++;
	slot->lost++;
	slot->judged++;
}

static void judge_ended(struct probe_book *b)
{
	while (b->judged < b->begun) {
		const struct probe_mark *m = &b->marks[b->judged % b->window];
		uint64_t due_us = probe_book_due_at(b, b->judged);

		if (m->state == MARK_UNDER_WAY)
			return;
		if (m->state == MARK_GOOD)
			judge_good(b, due_us, m->answered_us);
		else
			judge_lost(b, due_us, m->loss);
		b->judged++;
	}
}

static struct probe_mark *mark_of(struct probe_book *b, uint64_t attempt)
{
	struct probe_mark *m = &b->marks[attempt % b->window];

	if (attempt < b->judged || attempt >= b->begun || m->state != MARK_UNDER_WAY)
		return NULL;
	return m;
}

/* --- events ------------------------------------------------------------------------------------- */

static void heard(struct probe_book *b, uint64_t now_us)
{
	if (now_us > b->last_heard_us && now_us - b->last_heard_us > b->silence_us)
		b->silence_us = now_us - b->last_heard_us;
	b->last_heard_us = now_us;
}

static void begin(struct probe_book *b, uint64_t now_us)
{
	uint64_t due_us = probe_book_due_at(b, b->begun);

	if (now_us > due_us && now_us - due_us > b->late_us)
		b->late_us = now_us - due_us;
	b->marks[b->begun % b->window] = (struct probe_mark){.state = MARK_UNDER_WAY};
	b->begun++;
}

/* The schedule may have ended by itself before. */
static void stop(struct probe_book *b, uint64_t now_us)
{
	uint64_t end_us = b->limit == PROBE_ENDLESS ? now_us : probe_book_due_at(b, b->limit);

	if (b->stopped)
		return;
	b->stopped = true;
	b->stopped_us = end_us < now_us ? end_us : now_us;
}

static void finish(struct probe_book *b, uint64_t now_us)
{
	stop(b, now_us);
	for (uint64_t n = b->judged; n < b->begun; n++) {
		struct probe_mark *m = mark_of(b, n);

		/* Those that have ended are judged, as if what was under way before them had never been. */
		if (!m && b->marks[n % b->window].state == MARK_GOOD)
			judge_good(b, probe_book_due_at(b, n), b->marks[n % b->window].answered_us);
		else if (!m)
			judge_lost(b, probe_book_due_at(b, n), b->marks[n % b->window].loss);
	}
	b->judged = b->begun;
	if (b->in_gap)
		end_gap(b, b->stopped_us, true);
	if (b->stopped_us > b->last_heard_us)
		heard(b, b->stopped_us);
}

void probe_book_step(struct probe_book *b, const struct probe_event *ev)
{
	struct probe_mark *m;

	switch (ev->kind) {
	case PROBE_BEGIN: begin(b, ev->now_us); return;
	case PROBE_ANSWER:
		m = mark_of(b, ev->attempt);
		if (!m)
			return;
		*m = (struct probe_mark){.answered_us = ev->now_us, .state = MARK_GOOD};
		heard(b, ev->now_us);
		judge_ended(b);
		return;
	case PROBE_LOSS:
		m = mark_of(b, ev->attempt);
		if (!m)
			return;
		*m = (struct probe_mark){.state = MARK_LOST, .loss = (uint8_t)ev->loss};
		judge_ended(b);
		return;
	case PROBE_STOP: stop(b, ev->now_us); return;
	case PROBE_END: finish(b, ev->now_us); return;
	}
	abort();
}

uint64_t probe_book_lost(const struct probe_book *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < PROBE_LOSSES; i++)
		n += b->lost[i];
	return n;
}
