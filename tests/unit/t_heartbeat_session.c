/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two nodes that hear each other, or not, told as stories in virtual time. */
#include "tests/unit/heartbeat_sample.h"
#include "tests/unit/heartbeat_world.h"
#include "tests/unit/unit.h"

#include <stdio.h>

enum { DELAY_US = 500, INTERVAL_MS = 100 };

/* Both run, believe each other, and nothing is told yet; a is master. At 1 s. */
static struct world begin(void)
{
	struct world w;

	world_init(&w, INTERVAL_MS, DELAY_US);
	world_start(&w, WORLD_A, HEARTBEAT_MASTER);
	world_start(&w, WORLD_B, HEARTBEAT_BACKUP);
	world_until(&w, 1000);
	world_silently(&w);
	return w;
}

static const struct heartbeat_peer *seen_by(const struct world *w, int node)
{
	return &w->nodes[node].peer;
}

static unsigned int rejected_by(const struct world *w, int node, enum heartbeat_reject r)
{
	return w->nodes[node].rejected[r];
}

/* --- meeting ---------------------------------------------------------------------------------- */

static void they_meet(void)
{
	struct world w;

	world_init(&w, INTERVAL_MS, DELAY_US);
	world_start(&w, WORLD_A, HEARTBEAT_MASTER);
	world_until(&w, 350);
	world_start(&w, WORLD_B, HEARTBEAT_BACKUP);
	world_until(&w, 1000);
	/* b's first word, a's answer, b's answer to that: each believes what echoes its session. */
	EXPECT_TEXT(w.text, "[ 351.0] b up: heard\n"
			    "[ 351.0] b hears master, at most 1.0 ms old\n"
			    "[ 351.5] a up: heard\n"
			    "[ 351.5] a hears not-master, at most 1.0 ms old\n");
}

static void one_that_was_never_there(void)
{
	struct world w;

	world_init(&w, INTERVAL_MS, DELAY_US);
	world_start(&w, WORLD_A, HEARTBEAT_MASTER);
	world_until(&w, 5000);
	EXPECT_TEXT(w.text, ""); /* refused all the time, and no news */
	EXPECT_INT(seen_by(&w, WORLD_A)->state, HEARTBEAT_DOWN);
}

/* Who hears without being heard has no proof that it hears no recording. */
static void heard_one_way_only(void)
{
	struct world w;

	world_init(&w, INTERVAL_MS, DELAY_US);
	w.nodes[WORLD_B].mute = true;
	world_start(&w, WORLD_A, HEARTBEAT_MASTER);
	world_start(&w, WORLD_B, HEARTBEAT_BACKUP);
	world_until(&w, 1000);
	EXPECT_TEXT(w.text, "");
	CU_ASSERT(w.nodes[WORLD_B].unproven >= 10);
	w.nodes[WORLD_B].mute = false;
	world_until(&w, 1200);
	EXPECT_TEXT(w.text, "[1000.5] a up: heard\n"
			    "[1000.5] a hears not-master, at most 1.1 ms old\n"
			    "[1001.0] b up: heard\n"
			    "[1001.0] b hears master, at most 1.0 ms old\n");
}

/* --- endings ---------------------------------------------------------------------------------- */

static void its_process_is_killed(void)
{
	struct world w = begin();

	world_until(&w, 1050);
	world_kill(&w, WORLD_A);
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "[1150.5] b gone: its process has ended: nobody is at its port\n"
			    "[1150.5] b hears gone, at most 151.1 ms old\n");
}

static void its_machine_is_gone(void)
{
	struct world w = begin();

	world_until(&w, 1050);
	world_kill(&w, WORLD_A);
	w.nodes[WORLD_A].unreachable = true;
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "[1150.5] b overdue: its next heartbeat did not come\n"
			    "[1300.5] b down: no heartbeat for three intervals\n");
	/* It is switched on again and its daemon is not started: refused. */
	world_silently(&w);
	w.nodes[WORLD_A].unreachable = false;
	world_until(&w, 3000);
	EXPECT_TEXT(w.text, "[2000.5] b gone: its process has ended: nobody is at its port\n"
			    "[2000.5] b hears gone, at most 1001.1 ms old\n");
}

static void it_says_goodbye(void)
{
	struct world w = begin();

	world_until(&w, 1050);
	w.nodes[WORLD_A].word.state = HEARTBEAT_INIT;
	w.nodes[WORLD_A].word.flags |= HEARTBEAT_GOODBYE | HEARTBEAT_SUCCESSOR;
	world_send(&w, WORLD_A, HEARTBEAT_LEAVING);
	world_send(&w, WORLD_A, HEARTBEAT_LEAVING);
	world_kill(&w, WORLD_A);
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "[1050.5] b gone: its process ends, it said goodbye\n"
			    "[1050.5] b hears gone, at most 1.0 ms old\n"
			    "[1050.5] b hears not-master, at most 1.0 ms old\n");
}

/* A master that loses its link, or hands over, and lives on: said once, for one successor. */
static void it_lets_go(void)
{
	struct world w = begin();

	world_until(&w, 1050);
	w.nodes[WORLD_A].word.state = HEARTBEAT_FAULT;
	w.nodes[WORLD_A].word.flags = HEARTBEAT_SUCCESSOR;
	w.last[WORLD_A] = (struct heartbeat_message){0};
	world_send(&w, WORLD_A, 0);
	w.wire[0].used = w.wire[1].used = false; /* the first one is lost */
	world_send(&w, WORLD_A, 0);
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "[1050.5] b hears gone, at most 1.0 ms old\n"
			    "[1100.5] b hears not-master, at most 1.1 ms old\n");
}

/* A goodbye that was held up longer than adverts may be missing is none. */
static void an_old_goodbye(void)
{
	struct world w = begin();
	struct heartbeat_message old;

	w.nodes[WORLD_A].mute = true;
	w.nodes[WORLD_A].word.state = HEARTBEAT_BACKUP;
	w.nodes[WORLD_A].word.flags |= HEARTBEAT_GOODBYE | HEARTBEAT_SUCCESSOR;
	world_send(&w, WORLD_A, 0);
	old = w.last[WORLD_A];
	world_until(&w, 1450);
	world_inject(&w, WORLD_B, &old);
	world_until(&w, 1500);
	EXPECT_TEXT(w.text, "[1050.5] b overdue: its next heartbeat did not come\n"
			    "[1200.5] b down: no heartbeat for three intervals\n"
			    "[1450.5] b up: heard\n"
			    "[1450.5] b hears not-master, at most 451.1 ms old\n");
}

static void it_restarts_at_once(void)
{
	struct world w = begin();

	world_until(&w, 1050);
	world_kill(&w, WORLD_A);
	world_until(&w, 1070);
	world_start(&w, WORLD_A, HEARTBEAT_BACKUP);
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "[1071.5] b gone: its process has ended, another one has begun\n"
			    "[1071.5] b hears gone, at most 72.1 ms old\n"
			    "[1071.5] b up: heard\n"
			    "[1071.5] b hears not-master, at most 1.0 ms old\n"
			    "[1072.0] a up: heard\n"
			    "[1072.0] a hears not-master, at most 1.0 ms old\n");
}

/* --- half a path ------------------------------------------------------------------------------ */

/* b sends and is not heard: what it hears stays fresh, because a tells how old its echo is. */
static void b_is_not_heard(void)
{
	struct world w = begin();
	uint64_t age_us;

	w.nodes[WORLD_B].mute = true;
	world_until(&w, 11000);
	age_us = world_clock(&w, WORLD_B) - seen_by(&w, WORLD_B)->sent_us;
	EXPECT_TEXT(w.text, "[1050.5] a overdue: its next heartbeat did not come\n"
			    "[1200.5] a down: no heartbeat for three intervals\n");
	/* One interval, the delay both ways, and 1/1024 of ten seconds. */
	CU_ASSERT(age_us <= (INTERVAL_MS * 1000) + 2 * DELAY_US + 10000000 / 1024 + 1000);
}

/* A firewall that refuses what a sends: one lost heartbeat of b must not look like its end. */
static void a_firewall_refuses(void)
{
	struct world w = begin();

	w.nodes[WORLD_B].port_refuses = true;
	world_until(&w, 2000);
	world_silently(&w);
	w.nodes[WORLD_B].mute = true;
	world_until(&w, 2170);
	w.nodes[WORLD_B].mute = false;
	world_until(&w, 3000);
	EXPECT_TEXT(w.text, "[2050.5] a overdue: its next heartbeat did not come\n"
			    "[2200.5] a down: no heartbeat for three intervals\n"
			    "[2200.5] a up: heard\n");
}

/* Refused once, by an error or a liar, while its heartbeats come: no news. */
static void a_lie_about_the_port(void)
{
	struct world w = begin();
	struct heartbeat_event ev = {.type = HEARTBEAT_EVENT_REFUSED};

	for (int i = 0; i < 10; i++) {
		struct heartbeat_update u;

		world_until(&w, 1000 + (uint64_t)i * 37);
		ev.now_us = world_clock(&w, WORLD_B);
		u = heartbeat_step(&w.nodes[WORLD_B].peer, &ev);
		EXPECT_INT(u.flags, 0);
	}
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "");
}

static void one_is_lost(void)
{
	struct world w = begin();

	w.nodes[WORLD_A].mute = true;
	world_until(&w, 1080);
	w.nodes[WORLD_A].mute = false;
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "[1050.5] b overdue: its next heartbeat did not come\n"
			    "[1100.5] b up: heard\n");
}

/* Held up on the way: the freshness is that of the sending, not that of the arrival. */
static void held_up(void)
{
	struct world w = begin();
	struct heartbeat_message m;

	w.nodes[WORLD_A].mute = true;
	world_until(&w, 1050);
	world_send(&w, WORLD_A, 0);
	m = w.last[WORLD_A];
	world_until(&w, 1800);
	world_inject(&w, WORLD_B, &m);
	world_until(&w, 1801);
	EXPECT_INT(seen_by(&w, WORLD_B)->state, HEARTBEAT_UP);
	CU_ASSERT(world_clock(&w, WORLD_B) - seen_by(&w, WORLD_B)->sent_us >= 750000);
}

/* --- attacks ---------------------------------------------------------------------------------- */

static void heard_before(void)
{
	struct world w = begin();
	struct heartbeat_message m = w.last[WORLD_A];

	world_inject(&w, WORLD_B, &m); /* once more */
	m.sequence--;
	world_inject(&w, WORLD_B, &m); /* or late */
	world_until(&w, 1050);
	EXPECT_INT(rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_SEQUENCE), 2);
	EXPECT_TEXT(w.text, "");
}

static void sent_back_to_its_sender(void)
{
	struct world w = begin();

	world_inject(&w, WORLD_A, &w.last[WORLD_A]);
	world_until(&w, 1050);
	EXPECT_INT(rejected_by(&w, WORLD_A, HEARTBEAT_REJECT_REFLECTED), 1);
	EXPECT_TEXT(w.text, "");
}

/* All that a sent until it was killed, played to b again and again when a runs anew, and when b
 * does. */
static void a_recorded_conversation(void)
{
	struct heartbeat_message tape[40];
	struct world w = begin();
	unsigned int strangers;
	size_t n = 0;

	for (; n < 40; n++) {
		world_until(&w, 1000 + n * 25 + 25);
		tape[n] = w.last[WORLD_A];
	}
	world_kill(&w, WORLD_A);
	world_until(&w, 3000);
	for (size_t i = 0; i < n; i++)
		world_inject(&w, WORLD_B, &tape[i]);
	world_until(&w, 3010);
	EXPECT_INT(rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_SEQUENCE), n);
	world_start(&w, WORLD_A, HEARTBEAT_BACKUP);
	world_until(&w, 4000);
	world_silently(&w);
	for (size_t i = 0; i < n; i++)
		world_inject(&w, WORLD_B, &tape[i]);
	world_until(&w, 4010);
	EXPECT_INT(rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_ENDED), n);
	EXPECT_TEXT(w.text, "");
	/* b anew: strangers, until a has answered; then not even that. */
	world_start(&w, WORLD_B, HEARTBEAT_BACKUP);
	w.nodes[WORLD_A].mute = true;
	for (size_t i = 0; i < n; i++)
		world_inject(&w, WORLD_B, &tape[i]);
	world_until(&w, 4050);
	EXPECT_INT(seen_by(&w, WORLD_B)->state, HEARTBEAT_DOWN);
	w.nodes[WORLD_A].mute = false;
	world_until(&w, 4500);
	EXPECT_INT(seen_by(&w, WORLD_B)->state, HEARTBEAT_UP);
	strangers = rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_STRANGER);
	for (size_t i = 0; i < n; i++)
		world_inject(&w, WORLD_B, &tape[i]);
	world_until(&w, 5000);
	EXPECT_INT(rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_STRANGER) - strangers, n);
	EXPECT_INT(seen_by(&w, WORLD_B)->state, HEARTBEAT_UP);
}

/* A flood of strangers is answered ten times a second. */
static void a_flood_of_strangers(void)
{
	struct world w = begin();
	uint64_t before = w.nodes[WORLD_B].peer.sequence;

	for (uint64_t i = 0; i < 1000; i++) {
		struct heartbeat_message m = {
			.session = {{99}}, .sequence = i + 1, .interval_us = 1};

		world_inject(&w, WORLD_B, &m);
		world_until(&w, 1001 + i);
	}
	EXPECT_INT(rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_STRANGER), 1000);
	CU_ASSERT(w.nodes[WORLD_B].peer.sequence - before <= 10 + 11);
	EXPECT_TEXT(w.text, "");
}

static void an_echo_of_the_future(void)
{
	struct world w = begin();
	struct heartbeat_message m = w.last[WORLD_A];

	m.sequence++;
	m.echo.sent_us = world_clock(&w, WORLD_B) + 10 * 1000000;
	world_inject(&w, WORLD_B, &m);
	world_until(&w, 1050);
	EXPECT_INT(rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_FUTURE), 1);
	/* The heartbeat that bears this number comes late then. */
	m.sequence++;
	m.echo.sent_us = 0;
	m.echo.dwell_us = UINT64_MAX;
	world_inject(&w, WORLD_B, &m);
	world_until(&w, 1060);
	EXPECT_INT(seen_by(&w, WORLD_B)->sent_us, 0); /* sent after the beginning of time */
}

/* --- clocks ----------------------------------------------------------------------------------- */

/* `sent` is never later than it was, whatever the clocks do: seen in the world's own time. */
static void bound_is_safe(int drift_a, int drift_b)
{
	struct world w;

	world_init(&w, INTERVAL_MS, DELAY_US);
	w.nodes[WORLD_A].drift_ppm = drift_a;
	w.nodes[WORLD_B].drift_ppm = drift_b;
	world_start(&w, WORLD_A, HEARTBEAT_MASTER);
	world_start(&w, WORLD_B, HEARTBEAT_BACKUP);
	world_until(&w, 1000);
	w.nodes[WORLD_B].mute = true; /* the echo grows old, so the rates count */
	for (uint64_t ms = 1020; ms < 61000; ms += 100) {
		world_until(&w, ms); /* a has sent 20 ms ago */
		CU_ASSERT(world_clock(&w, WORLD_B) - seen_by(&w, WORLD_B)->sent_us >= 19900);
	}
	CU_ASSERT(world_clock(&w, WORLD_B) - seen_by(&w, WORLD_B)->sent_us < 300000);
}

static void clocks_that_run_apart(void)
{
	bound_is_safe(0, 0);
	bound_is_safe(500, 0);
	bound_is_safe(0, 500);
	bound_is_safe(400, -400);
	bound_is_safe(-400, 400);
}

/* b's machine was halted for five seconds, and what a sent meanwhile waits for it. */
static void a_clock_that_stood_still(void)
{
	struct world w = begin();
	struct heartbeat_message m;

	w.nodes[WORLD_B].deaf = true;
	w.nodes[WORLD_B].mute = true;
	w.nodes[WORLD_B].tick_us = w.nodes[WORLD_B].deadline_us = UINT64_MAX;
	world_until(&w, 4000);
	m = w.last[WORLD_A];
	world_until(&w, 6000);
	w.nodes[WORLD_B].stopped_us = 5000000;
	w.nodes[WORLD_B].deaf = false;
	for (size_t i = 0; i < WORLD_WIRE; i++)
		w.wire[i].used = false;
	world_inject(&w, WORLD_B, &m);
	w.nodes[WORLD_A].mute = true;
	world_until(&w, 6001);
	/* By b's clock it was sent three seconds later than now; nothing later than the echo counts. */
	EXPECT_INT(seen_by(&w, WORLD_B)->sent_us, m.echo.sent_us);
	CU_ASSERT(m.echo.sent_us + m.echo.dwell_us > world_clock(&w, WORLD_B));
}

UNIT_TESTS(heartbeat_session) = {
	{"they meet", they_meet},
	{"one that was never there", one_that_was_never_there},
	{"heard one way only", heard_one_way_only},
	{"its process is killed", its_process_is_killed},
	{"its machine is gone", its_machine_is_gone},
	{"it says goodbye", it_says_goodbye},
	{"it lets go", it_lets_go},
	{"an old goodbye", an_old_goodbye},
	{"it restarts at once", it_restarts_at_once},
	{"b is not heard", b_is_not_heard},
	{"a firewall refuses", a_firewall_refuses},
	{"a lie about the port", a_lie_about_the_port},
	{"one is lost", one_is_lost},
	{"held up", held_up},
	{"heard before", heard_before},
	{"sent back to its sender", sent_back_to_its_sender},
	{"a recorded conversation", a_recorded_conversation},
	{"a flood of strangers", a_flood_of_strangers},
	{"an echo of the future", an_echo_of_the_future},
	{"clocks that run apart", clocks_that_run_apart},
	{"a clock that stood still", a_clock_that_stood_still},
	UNIT_TESTS_END,
};
