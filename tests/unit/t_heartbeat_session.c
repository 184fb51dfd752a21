/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two nodes that hear each other, or not, told as stories in virtual time. */
#include "tests/unit/heartbeat_sample.h"
#include "tests/unit/heartbeat_world.h"
#include "tests/unit/unit.h"

#include <stdio.h>

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
	EXPECT_INT(world_seen_by(&w, WORLD_A)->state, HEARTBEAT_DOWN);
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
	struct world w = world_begin();

	world_until(&w, 1050);
	world_kill(&w, WORLD_A);
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "[1150.5] b gone: its process has ended: nobody is at its port\n"
			    "[1150.5] b hears gone, at most 151.1 ms old\n");
}

static void its_machine_is_gone(void)
{
	struct world w = world_begin();

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
	struct world w = world_begin();

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
	struct world w = world_begin();

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
	struct world w = world_begin();
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
	struct world w = world_begin();

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

/* b's own next heartbeat is far away: it asks at once when a is overdue. */
static void it_is_asked_at_once(void)
{
	struct world w = world_begin();

	world_until(&w, 1110);
	world_kill(&w, WORLD_A);
	w.nodes[WORLD_B].tick_us = 5000000;
	world_until(&w, 2000);
	EXPECT_TEXT(w.text, "[1250.5] b overdue: its next heartbeat did not come\n"
			    "[1251.0] b gone: its process has ended: nobody is at its port\n"
			    "[1251.0] b hears gone, at most 151.6 ms old\n");
}

/* What another process knew is not what this one knows. */
static void it_restarts_with_other_routers(void)
{
	struct world w = world_begin();

	world_kill(&w, WORLD_A);
	world_until(&w, 1070);
	world_start(&w, WORLD_A, HEARTBEAT_BACKUP);
	w.nodes[WORLD_A].word.virtual_router_id = 52;
	world_until(&w, 2000);
	EXPECT_INT(world_seen_by(&w, WORLD_B)->n_known, 1);
	EXPECT_INT(world_seen_by(&w, WORLD_B)->known[0].word.virtual_router_id, 52);
}

static void a_master_without_a_link(void)
{
	struct world w = world_begin();

	w.nodes[WORLD_A].word.flags = 0;
	world_until(&w, 1150);
	w.nodes[WORLD_A].word.flags = HEARTBEAT_LINK_UP;
	world_until(&w, 1250);
	EXPECT_TEXT(w.text, "[1000.5] b hears not-master, at most 1.1 ms old\n"
			    "[1200.5] b hears master, at most 1.1 ms old\n");
}

/* --- half a path ------------------------------------------------------------------------------ */

/* b sends and is not heard: what it hears stays fresh, because a tells how old its echo is. */
static void b_is_not_heard(void)
{
	struct world w = world_begin();
	uint64_t age_us;

	w.nodes[WORLD_B].mute = true;
	world_until(&w, 11000);
	age_us = world_clock(&w, WORLD_B) - world_seen_by(&w, WORLD_B)->sent_us;
	EXPECT_TEXT(w.text, "[1050.5] a overdue: its next heartbeat did not come\n"
			    "[1200.5] a down: no heartbeat for three intervals\n");
	/* One interval, the delay both ways, and 1/1024 of ten seconds. */
	CU_ASSERT(age_us <= (INTERVAL_MS * 1000) + 2 * DELAY_US + 10000000 / 1024 + 1000);
}

/* A firewall that refuses what a sends: one lost heartbeat of b must not look like its end. */
static void a_firewall_refuses(void)
{
	struct world w = world_begin();

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
	struct world w = world_begin();
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

/* Nor is it kept until the peer is late for another reason. */
static void an_old_lie_about_the_port(void)
{
	struct world w = world_begin();
	struct heartbeat_event ev = {.type = HEARTBEAT_EVENT_REFUSED};

	world_until(&w, 1050);
	ev.now_us = world_clock(&w, WORLD_B);
	heartbeat_step(&w.nodes[WORLD_B].peer, &ev);
	world_until(&w, 1550);
	w.nodes[WORLD_A].mute = w.nodes[WORLD_A].unreachable = true;
	world_until(&w, 2500);
	EXPECT_TEXT(w.text, "[1650.5] a overdue: its next heartbeat did not come\n"
			    "[1650.5] b overdue: its next heartbeat did not come\n"
			    "[1800.5] a down: no heartbeat for three intervals\n"
			    "[1800.5] b down: no heartbeat for three intervals\n");
}

static void one_is_lost(void)
{
	struct world w = world_begin();

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
	struct world w = world_begin();
	struct heartbeat_message m;

	w.nodes[WORLD_A].mute = true;
	world_until(&w, 1050);
	world_send(&w, WORLD_A, 0);
	m = w.last[WORLD_A];
	world_until(&w, 1800);
	world_inject(&w, WORLD_B, &m);
	world_until(&w, 1801);
	EXPECT_INT(world_seen_by(&w, WORLD_B)->state, HEARTBEAT_UP);
	CU_ASSERT(world_clock(&w, WORLD_B) - world_seen_by(&w, WORLD_B)->sent_us >= 750000);
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
	{"it is asked at once", it_is_asked_at_once},
	{"it restarts with other routers", it_restarts_with_other_routers},
	{"a master without a link", a_master_without_a_link},
	{"b is not heard", b_is_not_heard},
	{"a firewall refuses", a_firewall_refuses},
	{"a lie about the port", a_lie_about_the_port},
	{"an old lie about the port", an_old_lie_about_the_port},
	{"one is lost", one_is_lost},
	{"held up", held_up},
	UNIT_TESTS_END,
};
