/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transition of a bucket table; phases, transitions and reasons are in transition.h. */
#include "director/ruleset/transition.h"

#include "director/ruleset/bucket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const phase_names[] = {
	[TRANSITION_STEADY] = "steady",		[TRANSITION_MOVING] = "moving",
	[TRANSITION_SWITCHED] = "switched",	[TRANSITION_SETTLING] = "settling",
	[TRANSITION_EXCEPTIONS] = "exceptions", [TRANSITION_FORGETTING] = "forgetting",
};

const char *transition_phase_name(enum transition_phase phase)
{
	return phase_names[phase];
}

static const struct transition_shape shapes[] = {
	[TRANSITION_STEADY] = {TRANSITION_RULES_HASH, false, false},
	[TRANSITION_MOVING] = {TRANSITION_RULES_MOVING, true, true},
	[TRANSITION_SWITCHED] = {TRANSITION_RULES_MOVING, true, true},
	[TRANSITION_SETTLING] = {TRANSITION_RULES_EXCEPTIONS, true, true},
	[TRANSITION_EXCEPTIONS] = {TRANSITION_RULES_EXCEPTIONS, false, true},
	[TRANSITION_FORGETTING] = {TRANSITION_RULES_HASH, false, true},
};

struct transition_shape transition_shape(enum transition_phase phase)
{
	return shapes[phase];
}

static void clear(uint16_t *owners, uint32_t size)
{
	for (uint32_t b = 0; b < size; b++)
		owners[b] = BUCKET_NONE;
}

int transition_init(struct transition *t, uint32_t size)
{
	*t = (struct transition){
		.phase = TRANSITION_STEADY,
		.size = size,
		.told_size = size,
		.buckets = calloc(size, sizeof(*t->buckets)),
	};
	if (!t->buckets || transition_wake(t) < 0) {
		transition_close(t);
		return -ENOMEM;
	}
	clear(t->buckets, size);
	return 0;
}

void transition_close(struct transition *t)
{
	free(t->buckets);
	free(t->home);
	*t = (struct transition){0};
}

/* --- one bucket ------------------------------------------------------------------------------- */

static bool moves(const struct transition *t, uint32_t b)
{
	return t->home[b] != BUCKET_NONE;
}

static bool lives(const struct transition_event *ev, uint16_t backend)
{
	return backend < ev->n_backends && ev->alive[backend];
}

/* A bucket of the plan may stand for several. */
static uint16_t desired(const struct transition *t, const struct transition_event *ev, uint32_t b)
{
	uint16_t owner = ev->table[b / (t->size / ev->size)];

	return lives(ev, owner) ? owner : BUCKET_NONE;
}

static void stop_moving(struct transition *t, uint32_t b, uint16_t owner)
{
	t->buckets[b] = owner;
	t->home[b] = BUCKET_NONE;
	t->moved[b] = BUCKET_NONE;
	t->moving--;
}

/* buckets = moved already: switched or settling. */
static bool has_switched(const struct transition *t)
{
	return t->phase == TRANSITION_SWITCHED || t->phase == TRANSITION_SETTLING;
}

/* --- owners that died ------------------------------------------------------------------------- */

static bool replace_dead_mover(struct transition *t, const struct transition_event *ev, uint32_t b)
{
	uint16_t want = desired(t, ev, b);

	if (!lives(ev, t->home[b])) {
		stop_moving(t, b, lives(ev, t->moved[b]) ? t->moved[b] : want);
		return true;
	}
	if (lives(ev, t->moved[b]) || t->moved[b] == want)
		return false;
	/*
	 * Nobody was to take it. Moving: retarget(). Switched: it waits, since a SYN that has just
	 * missed moved must not find buckets; its next packet would go home.
	 */
	if (t->moved[b] == BUCKET_NONE && t->phase != TRANSITION_SETTLING)
		return false;
	if (want == t->home[b]) {
		stop_moving(t, b, want);
		return true;
	}
	t->moved[b] = want;
	if (has_switched(t))
		t->buckets[b] = want;
	return true;
}

static bool replace_dead_owner(struct transition *t, const struct transition_event *ev, uint32_t b)
{
	uint16_t want = desired(t, ev, b);

	if (lives(ev, t->buckets[b]) || t->buckets[b] == want)
		return false;
	t->buckets[b] = want;
	return true;
}

static void replace_dead(struct transition *t, const struct transition_event *ev,
			 struct transition_update *u)
{
	for (uint32_t b = 0; b < t->size; b++)
		u->orphaned +=
			moves(t, b) ? replace_dead_mover(t, ev, b) : replace_dead_owner(t, ev, b);
}

/* --- buckets that move ------------------------------------------------------------------------ */

static bool may_join(const struct transition *t, const struct transition_event *ev, uint32_t b)
{
	return !moves(t, b) && lives(ev, t->buckets[b]) && t->buckets[b] != desired(t, ev, b);
}

static bool somebody_may_join(const struct transition *t, const struct transition_event *ev)
{
	for (uint32_t b = 0; b < t->size; b++)
		if (may_join(t, ev, b))
			return true;
	return false;
}

/* Returns whether any bucket joined; the time of moving restarts then. */
static bool join(struct transition *t, const struct transition_event *ev,
		 struct transition_update *u)
{
	for (uint32_t b = 0; b < t->size; b++) {
		if (!may_join(t, ev, b))
			continue;
		t->home[b] = t->buckets[b];
		t->moved[b] = desired(t, ev, b);
		t->moving++;
		u->joined++;
	}
	if (u->joined)
		t->since_ms = ev->now_ms;
	return u->joined;
}

static void retarget(struct transition *t, const struct transition_event *ev,
		     struct transition_update *u)
{
	for (uint32_t b = 0; b < t->size; b++) {
		uint16_t want = desired(t, ev, b);

		if (!moves(t, b) || t->moved[b] == want)
			continue;
		if (want == t->home[b]) {
			stop_moving(t, b, want);
			u->stopped++;
		} else {
			if (t->moved[b] == BUCKET_NONE)
				t->accepted_ms = ev->now_ms;
			t->moved[b] = want;
			u->retargeted++;
		}
	}
}

static void go(struct transition *t, struct transition_update *u, enum transition_phase to,
	       uint64_t now_ms)
{
	u->phase_changed = true;
	t->phase = to;
	t->since_ms = now_ms;
}

/* Returns whether any bucket begins to move. */
static bool begin_moving(struct transition *t, const struct transition_event *ev,
			 struct transition_update *u)
{
	if (!join(t, ev, u))
		return false;
	t->udp_learned = t->relearns = false;
	t->unlearned_ms = t->accepted_ms = 0;
	go(t, u, TRANSITION_MOVING, ev->now_ms);
	return true;
}

static uint64_t max_ms(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_ms(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Not so soon after moved got elements that a packet in flight may have missed. */
static uint64_t moving_ends_ms(const struct transition *t)
{
	uint64_t end = t->since_ms + max_ms(t->tcp_ms, t->udp_ms);

	return t->accepted_ms ? max_ms(end, t->accepted_ms + TRANSITION_SETTLE_MS) : end;
}

static uint64_t learned_ms(const struct transition *t)
{
	return t->since_ms + t->udp_ms + TRANSITION_SETTLE_MS;
}

/* Lets buckets join, but not while the rules of udp_learned may still run. */
static void join_when_safe(struct transition *t, const struct transition_event *ev,
			   struct transition_update *u)
{
	if (!somebody_may_join(t, ev)) {
		t->relearns = false;
		return;
	}
	if (t->udp_learned) {
		t->udp_learned = false;
		t->unlearned_ms = ev->now_ms;
	}
	t->relearns = t->unlearned_ms && ev->now_ms < t->unlearned_ms + TRANSITION_SETTLE_MS;
	if (!t->relearns)
		join(t, ev, u);
}

static bool is_refused_late(const struct transition *t, uint32_t b)
{
	return moves(t, b) && t->moved[b] == BUCKET_NONE && t->buckets[b] != BUCKET_NONE;
}

/* Nobody may take their new connections: the hash rule is not to give them to the old owner. */
static bool refuse_new(struct transition *t)
{
	bool any = false;

	for (uint32_t b = 0; b < t->size; b++)
		if (is_refused_late(t, b)) {
			t->buckets[b] = BUCKET_NONE;
			any = true;
		}
	return any;
}

static void switch_over(struct transition *t)
{
	for (uint32_t b = 0; b < t->size; b++)
		if (moves(t, b))
			t->buckets[b] = t->moved[b];
}

/* --- phases ----------------------------------------------------------------------------------- */

static bool has_settled(const struct transition *t, uint64_t now_ms)
{
	return now_ms >= t->since_ms + TRANSITION_SETTLE_MS;
}

static void step_moving(struct transition *t, const struct transition_event *ev,
			struct transition_update *u)
{
	retarget(t, ev, u);
	if (has_settled(t, ev->now_ms) && refuse_new(t))
		u->tables_changed = true;
	join_when_safe(t, ev, u);
	if (t->moving == 0 && !t->relearns) {
		go(t, u, TRANSITION_SETTLING, ev->now_ms);
		return;
	}
	if (t->relearns)
		return;
	if (ev->now_ms >= moving_ends_ms(t)) {
		switch_over(t);
		u->tables_changed = true;
		go(t, u, TRANSITION_SWITCHED, ev->now_ms);
	} else if (t->udp_ms && ev->now_ms >= learned_ms(t)) {
		t->udp_learned = true;
	}
}

static void step_switched(struct transition *t, const struct transition_event *ev,
			  struct transition_update *u)
{
	if (!has_settled(t, ev->now_ms))
		return;
	go(t, u, TRANSITION_SETTLING, ev->now_ms);
	replace_dead(t, ev, u); /* those that waited */
}

/* A change that waited begins at once: nobody reads home and moved any more. */
static void step_settling(struct transition *t, const struct transition_event *ev,
			  struct transition_update *u)
{
	if (!has_settled(t, ev->now_ms))
		return;
	clear(t->home, t->size);
	clear(t->moved, t->size);
	t->moving = 0;
	go(t, u, TRANSITION_EXCEPTIONS, ev->now_ms);
	begin_moving(t, ev, u);
}

static void step_exceptions(struct transition *t, const struct transition_event *ev,
			    struct transition_update *u)
{
	if (!begin_moving(t, ev, u) && ev->remembered == 0)
		go(t, u, TRANSITION_FORGETTING, ev->now_ms);
}

static void step_forgetting(struct transition *t, const struct transition_event *ev,
			    struct transition_update *u)
{
	if (!begin_moving(t, ev, u) && has_settled(t, ev->now_ms))
		go(t, u, TRANSITION_STEADY, ev->now_ms);
}

static uint64_t next_of_moving(const struct transition *t)
{
	uint64_t next = moving_ends_ms(t);

	if (t->relearns)
		next = t->unlearned_ms + TRANSITION_SETTLE_MS;
	else if (t->udp_ms && !t->udp_learned)
		next = min_ms(next, learned_ms(t));
	for (uint32_t b = 0; b < t->size; b++)
		if (is_refused_late(t, b))
			return min_ms(next, t->since_ms + TRANSITION_SETTLE_MS);
	return next;
}

uint64_t transition_next_ms(const struct transition *t)
{
	switch (t->phase) {
	case TRANSITION_STEADY:
	case TRANSITION_EXCEPTIONS: return TRANSITION_NEVER;
	case TRANSITION_MOVING: return next_of_moving(t);
	case TRANSITION_SWITCHED:
	case TRANSITION_SETTLING:
	case TRANSITION_FORGETTING: return t->since_ms + TRANSITION_SETTLE_MS;
	}
	abort();
}

static void step_phase(struct transition *t, const struct transition_event *ev,
		       struct transition_update *u)
{
	switch (t->phase) {
	case TRANSITION_STEADY: begin_moving(t, ev, u); return;
	case TRANSITION_MOVING: step_moving(t, ev, u); return;
	case TRANSITION_SWITCHED: step_switched(t, ev, u); return;
	case TRANSITION_SETTLING: step_settling(t, ev, u); return;
	case TRANSITION_EXCEPTIONS: step_exceptions(t, ev, u); return;
	case TRANSITION_FORGETTING: step_forgetting(t, ev, u); return;
	}
	abort();
}

struct transition_update transition_step(struct transition *t, const struct transition_event *ev)
{
	struct transition_update u = {.from = t->phase};
	struct transition_shape before = transition_shape(t->phase), after;
	bool had_learned = t->udp_learned;

	t->stepped_ms = ev->now_ms;
	t->tcp_ms = ev->tcp_ms;
	t->udp_ms = ev->udp_ms;
	replace_dead(t, ev, &u);
	step_phase(t, ev, &u);
	if (t->size > ev->size)
		transition_shrink(t, ev->size);
	u.resized = t->size != t->told_size ? t->told_size : 0;
	t->told_size = t->size;
	after = transition_shape(t->phase);
	u.phase_changed = u.from != t->phase;
	u.rules_changed = before.rules != after.rules || had_learned != t->udp_learned;
	u.tables_changed |= before.maps != after.maps || before.flows != after.flows || u.joined ||
			    u.retargeted || u.stopped || u.orphaned;
	if (t->unreported || u.resized) {
		t->unreported = false;
		u.rules_changed = u.tables_changed = true;
	}
	t->version += u.rules_changed || u.tables_changed || u.phase_changed;
	u.next_ms = transition_next_ms(t);
	return u;
}

void transition_committed(struct transition *t, uint64_t now_ms)
{
	if (t->since_ms == t->stepped_ms)
		t->since_ms = now_ms;
	if (t->unlearned_ms && t->unlearned_ms == t->stepped_ms)
		t->unlearned_ms = now_ms;
	if (t->accepted_ms && t->accepted_ms == t->stepped_ms)
		t->accepted_ms = now_ms;
}

/* --- restarts --------------------------------------------------------------------------------- */

/*
 * Before the switch the new owner of a moving bucket is not in buckets, after it is. Where nobody
 * may take new connections both look alike, but going back does no harm there: no flow began since.
 */
static bool had_switched(const struct transition *t)
{
	for (uint32_t b = 0; b < t->size; b++)
		if (moves(t, b) && t->moved[b] != BUCKET_NONE && t->moved[b] == t->buckets[b])
			return true;
	return false;
}

void transition_adopt(struct transition *t, const uint16_t *buckets, const uint16_t *home,
		      const uint16_t *moved, bool has_flow_maps, uint64_t now_ms)
{
	memcpy(t->buckets, buckets, t->size * sizeof(*buckets));
	clear(t->home, t->size);
	clear(t->moved, t->size);
	t->moving = 0;
	for (uint32_t b = 0; home && b < t->size; b++) {
		if (home[b] == BUCKET_NONE)
			continue;
		t->home[b] = home[b];
		t->moved[b] = moved ? moved[b] : BUCKET_NONE;
		t->moving++;
	}
	if (home || moved)
		t->phase = t->moving && !had_switched(t) ? TRANSITION_MOVING : TRANSITION_SETTLING;
	else
		t->phase = has_flow_maps ? TRANSITION_EXCEPTIONS : TRANSITION_STEADY;
	t->since_ms = now_ms;
	t->udp_learned = false;
	t->relearns = false;
	t->unlearned_ms = t->accepted_ms = now_ms;
	t->unreported = true;
}

bool transition_waits(const struct transition *t)
{
	return t->relearns || t->phase == TRANSITION_SWITCHED || t->phase == TRANSITION_SETTLING;
}

/* --- for people ------------------------------------------------------------------------------- */

static uint64_t phase_ends_ms(const struct transition *t)
{
	return t->phase == TRANSITION_MOVING ? moving_ends_ms(t) : transition_next_ms(t);
}

struct transition_view transition_view(const struct transition *t, uint64_t now_ms)
{
	uint64_t end = phase_ends_ms(t);

	return (struct transition_view){
		.phase = t->phase,
		.name = transition_phase_name(t->phase),
		.moving = t->moving,
		.total = t->size,
		.remaining_ms = end == TRANSITION_NEVER ? TRANSITION_NEVER
				: end > now_ms		? end - now_ms
							: 0,
	};
}
