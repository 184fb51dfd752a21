/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One director's process in the simulation of vrrp_sim.h: it does what ha/vrrp_router_uv.c and
 * ha/announce_uv.c do, with the world's time, link and interface.
 */
#include "tests/unit/vrrp_world.h"

#include <string.h>

uint64_t process_now_us(const struct world *w, const struct process *p)
{
	return w->now_us + p->ahead_us;
}

/* An advert of a master, or an announcement. */
static void check_not_stalled(struct world *w, const struct process *p)
{
	world_expect(w,
		     p->core.settings.priority == VRRP_PRIORITY_OWNER ||
			     process_now_us(w, p) - p->spoke_us <= 3 * p->spoke_interval_us,
		     "a master that was late for longer than a takeover spoke");
}

/* --- timers ----------------------------------------------------------------------------------- */

/* libuv counts milliseconds, rounded up, and fires late; now and then something wakes it early. */
uint64_t process_when_fires(struct world *w, uint64_t deadline_us)
{
	if (deadline_us == VRRP_NEVER)
		return VRRP_NEVER;
	if (world_any(w, 64) == 0 && deadline_us > LATE_US)
		return deadline_us - 1 - world_any(w, LATE_US);
	return (deadline_us + 999) / 1000 * 1000 + world_any(w, LATE_US - 1000);
}

static void run_announcer(struct world *w, int node)
{
	struct process *p = &w->nodes[node];
	size_t first = 0, n;

	if (vrrp_stalled(&p->core, process_now_us(w, p)) &&
	    w->options.mutant != MUTANT_ANNOUNCES_LATE) {
		process_step(w, node, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
		return;
	}
	n = announce_step(&p->announce, process_now_us(w, p), &first);
	if (n > 0)
		check_not_stalled(w, p);
	world_expect(w, n == 0 || p->holds, "announced without the addresses");
	if (n > 0)
		world_say(w, node, "announces %zu from %zu", n, first);
	for (size_t i = first; i < first + n; i++)
		world_send_announcement(w, node, i);
	w->out.counters[SIM_ANNOUNCED] += (unsigned int)n;
	p->announcer_us = process_when_fires(w, announce_due(&p->announce));
}

uint64_t process_due_us(const struct world *w, int node)
{
	const struct process *p = &w->nodes[node];
	uint64_t due_us = p->timer_us < p->announcer_us ? p->timer_us : p->announcer_us;

	if (p->beat_us < due_us)
		due_us = p->beat_us;
	if (!p->runs || p->paused || due_us == VRRP_NEVER)
		return VRRP_NEVER;
	return due_us > process_now_us(w, p) ? due_us - p->ahead_us : w->now_us;
}

static void read_socket(struct world *w, int node, size_t at_most)
{
	struct process *p = &w->nodes[node];

	for (size_t n = 0; n < at_most && p->n_socket > 0; n++) {
		struct frame frame = p->socket[0];

		if (!p->linked && frame.kind == FRAME_ADVERT)
			return;

		memmove(p->socket, p->socket + 1, --p->n_socket * sizeof(frame));
		w->out.counters[SIM_STALE]++;
		process_hear(w, node, &frame);
	}
}

/* The timer that is due first. The router's reads its socket before anything else. */
void process_fire(struct world *w, int node)
{
	struct process *p = &w->nodes[node];

	if (p->beat_us < p->timer_us && p->beat_us < p->announcer_us) {
		beats_fire(w, node);
		return;
	}
	if (p->announcer_us < p->timer_us) {
		run_announcer(w, node);
		return;
	}
	p->timer_us = VRRP_NEVER;
	read_socket(w, node, READ_AT_ONCE);
	process_step(w, node, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
}

/* --- effects ---------------------------------------------------------------------------------- */

static void release(struct world *w, struct process *p)
{
	world_expect(w, p->holds, "addresses released that were not held");
	announce_stop(&p->announce);
	p->announcer_us = VRRP_NEVER;
	p->holds = false;
}

static void send_advert(struct world *w, int node, uint8_t priority)
{
	struct process *p = &w->nodes[node];
	enum vrrp_state state = p->core.state;

	world_expect(w, priority > 0 || !p->holds, "priority 0 before the addresses are gone");
	world_expect(w, priority == 0 || state == VRRP_BACKUP || state == VRRP_MASTER,
		     "an advert of one that takes no part");
	if (priority > 0 && p->holds)
		check_not_stalled(w, p);
	if (priority > 0 && state == VRRP_MASTER) {
		p->spoke_us = process_now_us(w, p);
		p->spoke_interval_us = p->core.settings.interval_us;
	}
	world_send_advert(w, node, priority);
}

static void announce(struct world *w, int node)
{
	struct process *p = &w->nodes[node];

	announce_start(&p->announce, w->n_vips, w->repeat, process_now_us(w, p));
	run_announcer(w, node);
}

/* The order of ha/vrrp.h, as in the shell; two mistakes are mistakes of this order. */
static void apply(struct world *w, int node, const struct vrrp_update *u)
{
	struct process *p = &w->nodes[node];
	bool release_last = w->options.mutant == MUTANT_RELEASE_LAST;
	bool take_last = w->options.mutant == MUTANT_TAKE_LAST;

	if (u->flags & VRRP_RELEASE_VIP && !release_last)
		release(w, p);
	if (u->flags & VRRP_ADVERT)
		send_advert(w, node, u->send_priority);
	if (u->flags & VRRP_GOODBYE)
		p->goodbye_us = process_now_us(w, p) + 3 * p->core.settings.interval_us;
	for (int i = 0; i < 2 && u->flags & VRRP_GOODBYE; i++)
		beats_send(w, node);
	if (u->flags & VRRP_STATE)
		beats_send(w, node);
	if (u->flags & VRRP_RELEASE_VIP && release_last)
		release(w, p);
	if (u->flags & VRRP_TAKE_VIP && !take_last) {
		world_expect(w, !p->holds, "addresses taken twice");
		p->holds = true;
	}
	if (u->flags & VRRP_ANNOUNCE)
		announce(w, node);
	if (u->flags & VRRP_TAKE_VIP && take_last)
		p->holds = true;
	if (u->flags & VRRP_HELD)
		w->out.counters[SIM_HELD]++;
	if (u->flags & VRRP_TIMER)
		p->timer_us = process_when_fires(w, u->deadline_us);
}

/* --- steps ------------------------------------------------------------------------------------ */

static const char *const event_names[] = {
	[VRRP_EVENT_STARTUP] = "startup",
	[VRRP_EVENT_SHUTDOWN] = "shutdown",
	[VRRP_EVENT_TIMER] = "timer",
	[VRRP_EVENT_ADVERT] = "advert",
	[VRRP_EVENT_FAULT] = "fault",
	[VRRP_EVENT_CLEAR] = "clear",
	[VRRP_EVENT_YIELD] = "yield",
	[VRRP_EVENT_RECONFIGURE] = "reconfigure",
	[VRRP_EVENT_PEER] = "peer",
	[VRRP_EVENT_GATE] = "gate",
	[VRRP_EVENT_MAINTENANCE] = "maintenance",
	[VRRP_EVENT_RESUME] = "resume",
	[VRRP_EVENT_GROUP] = "group",
};

static const char *const peer_words[] = {
	[VRRP_PEER_OTHER] = "is well",
	[VRRP_PEER_MASTER] = "is master",
	[VRRP_PEER_GONE] = "is gone",
};

static void say_step(const struct world *w, int node, const struct vrrp_event *ev,
		     const struct vrrp_update *u)
{
	const struct vrrp *core = &w->nodes[node].core;
	char peer[ADDR_TEXT], what[96] = "", effects[96] = "", cause[VRRP_CAUSE_TEXT] = "";

	if (!w->options.trace || (ev->type == VRRP_EVENT_PEER && !u->flags))
		return;
	if (ev->type == VRRP_EVENT_ADVERT)
		snprintf(what, sizeof(what), " of %s, priority %u, %llu ms",
			 addr_format(&ev->advert.source, peer), ev->advert.priority,
			 (unsigned long long)ev->advert.interval_us / 1000);
	if (ev->type == VRRP_EVENT_RECONFIGURE)
		snprintf(what, sizeof(what), ": priority %u, %llu ms, preempt %s",
			 ev->settings.priority, (unsigned long long)ev->settings.interval_us / 1000,
			 ev->settings.preempt ? "on" : "off");
	if (ev->type == VRRP_EVENT_PEER)
		snprintf(what, sizeof(what), " %s %s, priority %u, sent %lld us ago",
			 addr_format(&ev->peer.source, peer), peer_words[ev->peer.says],
			 ev->peer.priority, (long long)(ev->now_us - ev->peer.sent_us));
	if (ev->type == VRRP_EVENT_GROUP)
		snprintf(what, sizeof(what), " %d", (int)ev->group);
	if (ev->type == VRRP_EVENT_GATE)
		snprintf(what, sizeof(what), " %s", vrrp_reason_name(ev->gate));
	if (u->flags & VRRP_ADVERT)
		snprintf(effects, sizeof(effects), " adv%u", u->send_priority);
	if (u->flags & VRRP_TIMER && u->deadline_us != VRRP_NEVER)
		snprintf(effects + strlen(effects), sizeof(effects) - strlen(effects),
			 " timer+%lld", (long long)(u->deadline_us - ev->now_us));
	if (u->flags & VRRP_STATE)
		vrrp_cause_format(&u->cause, cause);
	world_say(w, node, "%s%s -> %s%s%s%s%s%s%s%s%s", event_names[ev->type], what,
		  vrrp_state_name(core->state), u->flags & VRRP_RELEASE_VIP ? " release" : "",
		  u->flags & VRRP_TAKE_VIP ? " take" : "",
		  u->flags & VRRP_ANNOUNCE ? " announce" : "",
		  u->flags & VRRP_GOODBYE ? " goodbye" : "", u->flags & VRRP_HELD ? " held" : "",
		  effects, cause[0] ? ": " : "", cause);
}

/* Invariants 6 and 8, of one step. */
static void judge(struct world *w, int node, enum vrrp_state from, const struct vrrp_event *ev,
		  const struct vrrp_update *u)
{
	struct process *p = &w->nodes[node];
	enum rules_row row;
	const char *wrong;

	wrong = rules_judge(&p->rules, from, ev, &p->core, u, &row);
	w->out.rows[row]++;
	if (w->options.from_outside)
		return;
	world_expect(w, row != ROW_BACKUP_EARLY || p->core.state != VRRP_MASTER,
		     "took over before its wait was over");
	world_expect(w, !wrong, wrong);
}

void process_step(struct world *w, int node, struct vrrp_event ev)
{
	struct process *p = &w->nodes[node];
	enum vrrp_state from = p->core.state;
	struct vrrp_update u;

	ev.now_us = process_now_us(w, p);
	u = mutant_step(w->options.mutant, &p->core, &ev);
	say_step(w, node, &ev, &u);
	judge(w, node, from, &ev, &u);
	if (from != VRRP_MASTER && p->core.state == VRRP_MASTER) {
		p->spoke_us = ev.now_us;
		p->spoke_interval_us = p->core.settings.interval_us;
		p->master_us = w->now_us;
	}
	apply(w, node, &u);
	world_expect(w, p->holds == (p->core.state == VRRP_MASTER),
		     p->holds ? "addresses without being master" : "master without addresses");
	if (p->core.state != from)
		world_state_changed(w, node, from, &u.cause);
}

/* --- life ------------------------------------------------------------------------------------- */

/* What an earlier run left on the interface goes first, as the program does it. */
void process_boot(struct world *w, int node, struct vrrp_settings settings)
{
	struct process *p = &w->nodes[node];
	bool linked = p->linked;

	*p = (struct process){
		.runs = true,
		.linked = true,
		.ahead_us = p->ahead_us,
		.timer_us = VRRP_NEVER,
		.announcer_us = VRRP_NEVER,
	};
	for (int i = 0; i < NODES_MAX; i++)
		p->known[i].heard_us = process_now_us(w, p);
	vrrp_init(&p->core, &settings);
	beats_boot(w, node);
	announce_init(&p->announce);
	rules_init(&p->rules, &settings);
	if (!linked) {
		p->linked = false;
		process_step(w, node,
			     (struct vrrp_event){.type = VRRP_EVENT_FAULT,
						 .fault = VRRP_REASON_NO_LINK});
	}
	process_step(w, node, (struct vrrp_event){.type = VRRP_EVENT_STARTUP});
}

void process_pause(struct world *w, int node, bool stands)
{
	struct process *p = &w->nodes[node];

	p->paused = true;
	p->stands = stands;
	p->paused_us = w->now_us;
}

void process_resume(struct world *w, int node)
{
	struct process *p = &w->nodes[node];

	if (p->stands)
		p->ahead_us -= w->now_us - p->paused_us;
	p->paused = p->stands = false;
	/* timers before sockets, as in a turn of libuv's loop */
	for (int i = 0; i < 3 && process_due_us(w, node) <= w->now_us; i++)
		process_fire(w, node);
	read_socket(w, node, SOCKET_MAX);
}

void process_crash(struct world *w, int node)
{
	struct process *p = &w->nodes[node];

	p->runs = p->paused = p->stands = false;
	p->n_socket = 0;
}
