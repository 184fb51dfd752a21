/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two loops of the running director: the thread of the election is started and ended, and both
 * are asked how late they are.
 *
 * Shell.
 */
#include "director/director.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <string.h>

/* Often enough to see a loop that somebody keeps busy, seldom enough to cost nothing. */
enum { PULSE_US = 100000 };

static void woken(void *owner)
{
	log_flush();
	director_track(owner); /* what is known of the other director may be new */
	director_tell_roles(owner);
	director_tell_moves(owner);
}

/* What was missed is no pulse: a loop that was busy for a second was late once. */
static void on_pulse(void *owner, uint64_t late_us)
{
	struct director *d = owner;

	latency_note(&d->late, late_us);
	deadline_arm(&d->pulse, clock_us() + PULSE_US);
}

/* On the election thread. */
static void late(void *owner, uint64_t late_us)
{
	struct director *d = owner;

	election_late(d->election, late_us);
}

/* On the election thread. */
static void changed(void *owner)
{
	struct director *d = owner;

	election_wake(d->election);
}

struct pair_call {
	struct director *d;
	struct err *err;
	int code;
};

static void make_pair_here(void *arg)
{
	static const struct pair_ops ops = {
		.changed = changed, .moved = director_router_moved, .late = late};
	struct pair_call *call = arg;

	call->code = pair_new(election_loop(call->d->election), &ops, call->d, &call->d->pair,
			      call->err);
}

static int make_pair(struct director *d, struct err *err)
{
	struct pair_call call = {.d = d, .err = err};

	election_call(d->election, make_pair_here, &call);
	return call.code;
}

int director_open_election(struct director *d, struct err *err)
{
	int code = deadline_init(&d->pulse, d->loop, on_pulse, d, err);

	if (code < 0)
		return code;
	d->pulses = true;
	d->references++;
	code = election_new(d->loop, woken, d, &d->election, err);
	if (code == 0)
		code = make_pair(d, err);
	if (code == 0) /* not before the loop runs: a start is no delay */
		deadline_arm(&d->pulse, clock_us() + PULSE_US);
	return code;
}

static void pulse_closed(void *owner)
{
	director_unref(owner);
}

void director_close_election(struct director *d)
{
	election_close(d->election);
	d->election = NULL;
	log_flush();
	if (d->pulses)
		deadline_close(&d->pulse, pulse_closed);
}

void director_set_realtime(struct director *d, const struct config *c)
{
	const char *wanted = NULL;
	int code;

	for (size_t i = 0; i < c->n_vrrps; i++)
		if (c->vrrps[i].realtime)
			wanted = c->vrrps[i].name;
	code = election_set_realtime(d->election, wanted != NULL);
	if (code < 0 && !d->realtime_refused)
		log_warning("vrrp \"%s\": no real-time priority: %s; the election goes on without",
			    wanted ? wanted : "", strerror(-code));
	d->realtime_refused = code < 0;
}
