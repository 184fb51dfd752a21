/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill_frames_uv.h"

#include "director/director.h"
#include "director/drill/drill_mute.h"

#include "ha/clock_uv.h"

#include <errno.h>
#include <stdlib.h>

/* Of a split there is nothing to count: nobody lets go. */
static bool is_wanted(const struct drill *drill)
{
	return drill->state == DRILL_RUNNING && !drill->here.complete &&
	       drill->kind != SYNC_DRILL_SPLIT;
}

/* One that is not there just now would have the kernel refuse them all. */
static bool add(struct director *d, struct drill_tap_devices *ret, const char *name)
{
	return !links_find(d->links, name) || drill_tap_add_device(ret, name);
}

/* Where the ruleset forwards to. */
static bool find_devices(struct director *d, struct drill_tap_devices *ret)
{
	const struct config *c = d->config;
	char by_route[RULESET_IFNAME];
	bool fits = true;

	for (size_t i = 0; i < c->n_farms && fits; i++) {
		const struct config_farm *farm = &c->farms[i];

		fits = add(d, ret, farm->interface);
		for (size_t k = 0; k < farm->n_backends && fits; k++) {
			const struct config_backend *b = &farm->backends[k];

			if (b->interface[0])
				fits = add(d, ret, b->interface);
			else if (director_route(d, &b->address, by_route))
				fits = add(d, ret, by_route);
		}
	}
	return fits;
}

static uint64_t flows_now(struct director *d)
{
	struct twin_view v;

	twin_view(d->twin, &v);
	return v.enabled ? v.held : SYNC_TALLY_UNKNOWN;
}

static void begin(struct director *d)
{
	struct rehearsal *r = &d->rehearsal;
	struct sync_tally *tally = &r->drill.here.tally;
	struct drill_tap_devices devices = {0};
	struct err err = {0};
	int code;

	r->tapped_id = r->drill.id;
	r->quiet_us = DRILL_TAP_NEVER;
	*tally = (struct sync_tally){.sight = SYNC_SIGHT_REFUSED,
				     .flows_before = flows_now(d),
				     .flows_after = SYNC_TALLY_UNKNOWN,
				     .lag_us = SYNC_TALLY_UNKNOWN};
	if (r->drill.kind == SYNC_DRILL_DAEMON_KILL && r->drill.yields_here) {
		tally->sight = SYNC_SIGHT_KILLED; /* nobody would be there to look */
		return;
	}
	if (!find_devices(d, &devices))
		code = err_set(&err, -E2BIG, "backends are behind too many interfaces");
	else
		code = drill_tap_begin(&r->tap, d->config, &devices, r->drill.limit_ms, &err);
	if (code < 0)
		log_warning("drill %s: forwarded frames are not counted: %s",
			    drill_kind_name(r->drill.kind), err.text);
}

static enum sync_sight blind(int code)
{
	return code == -ESTALE	? SYNC_SIGHT_CLOCK
	       : code == -E2BIG ? SYNC_SIGHT_FULL
				: SYNC_SIGHT_REFUSED;
}

/* By the master that this node is since then; or, when it yields, as one that should get no more. */
static int look(struct rehearsal *r, uint64_t after_us, struct sync_tally *ret)
{
	struct tap_slot *slots;
	size_t n;
	int code = drill_tap_read(&r->tap, &slots, &n);

	if (code < 0)
		return code;
	drill_tap_tally(slots, n, r->drill.yields_here, after_us, ret);
	free(slots);
	return 0;
}

static uint64_t after_what_us(const struct rehearsal *r, const struct drill_event *ev)
{
	if (!r->drill.yields_here)
		return ev->type == DRILL_EVENT_MOMENT ? ev->moment.at_us : DRILL_TAP_NEVER;
	return mute_silences(r->drill.kind) ? r->quiet_us
					    : drill_tap_settled_us(&r->drill, ev->heard);
}

void director_frames_see(struct director *d, const struct drill_event *ev)
{
	struct rehearsal *r = &d->rehearsal;
	struct sync_tally *tally = &r->drill.here.tally;
	int code;

	if (r->tapped_id != r->drill.id || !drill_tap_is_last_look(&r->drill, ev, ev->now_us))
		return;
	tally->flows_after = flows_now(d);
	if (!r->tap.on)
		return;
	code = look(r, after_what_us(r, ev), tally);
	if (code < 0)
		tally->sight = blind(code);
}

bool director_frames_wait(struct director *d, uint64_t master_us)
{
	struct rehearsal *r = &d->rehearsal;
	struct sync_tally tally = {0};
	uint64_t now_us = clock_us();

	return r->tap.on && now_us < master_us + DRILL_TAP_WAIT_US &&
	       now_us + DRILL_TAP_SPARE_US < drill_deadline_us(&r->drill) &&
	       look(r, master_us, &tally) == 0 && tally.sight == SYNC_SIGHT_NONE;
}

void director_frames_let_go(struct director *d)
{
	struct sync_tally *tally = &d->rehearsal.drill.here.tally;
	struct twin_view v;

	if (tally->sight == SYNC_SIGHT_UNTOLD)
		return;
	twin_view(d->twin, &v);
	tally->flows_before = flows_now(d);
	if (v.link.connected)
		tally->lag_us = v.lag_us;
}

void director_frames_show(const struct rehearsal *r, struct control_drill *ret)
{
	const struct drill *drill = &r->drill;

	ret->from_seen = drill->yields_here ? drill->here.tally : drill->there.tally;
	ret->to_seen = drill->yields_here ? drill->there.tally : drill->here.tally;
	ret->from_seen.frame_us = ret->to_seen.frame_us = 0;
}

void director_frames_follow(struct director *d)
{
	struct rehearsal *r = &d->rehearsal;
	bool wanted = is_wanted(&r->drill);

	if (r->tap.on && (!wanted || r->tapped_id != r->drill.id))
		drill_tap_end(&r->tap);
	if (wanted && r->tapped_id != r->drill.id)
		begin(d);
}
