/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that are not what they seem, and clocks that are not, in virtual time. */
#include "tests/unit/heartbeat_world.h"
#include "tests/unit/unit.h"

/* --- attacks ---------------------------------------------------------------------------------- */

static void heard_before(void)
{
	struct world w = world_begin();
	struct heartbeat_message m = w.last[WORLD_A];

	world_inject(&w, WORLD_B, &m); /* once more */
	m.sequence--;
	world_inject(&w, WORLD_B, &m); /* or late */
	world_until(&w, 1050);
	EXPECT_INT(world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_SEQUENCE), 2);
	EXPECT_TEXT(w.text, "");
}

/* The right session and number, and an echo of another one than ours. */
static void echoes_somebody_else(void)
{
	struct world w = world_begin();
	struct heartbeat_message m = w.last[WORLD_A];

	m.sequence += 1000;
	m.echo.session.bytes[0]++;
	m.words[0].state = HEARTBEAT_INIT;
	world_inject(&w, WORLD_B, &m);
	world_until(&w, 1950);
	EXPECT_INT(world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_STRANGER), 1);
	EXPECT_INT(world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_SEQUENCE), 0);
	EXPECT_TEXT(w.text, "");
}

static void sent_back_to_its_sender(void)
{
	struct world w = world_begin();

	world_inject(&w, WORLD_A, &w.last[WORLD_A]);
	world_until(&w, 1050);
	EXPECT_INT(world_rejected_by(&w, WORLD_A, HEARTBEAT_REJECT_REFLECTED), 1);
	EXPECT_TEXT(w.text, "");
}

/* All that a sent until it was killed, played to b again and again when a runs anew, and when b
 * does. */
static void a_recorded_conversation(void)
{
	struct heartbeat_message tape[40];
	struct world w = world_begin();
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
	EXPECT_INT(world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_SEQUENCE), n);
	world_start(&w, WORLD_A, HEARTBEAT_BACKUP);
	world_until(&w, 4000);
	world_silently(&w);
	for (size_t i = 0; i < n; i++)
		world_inject(&w, WORLD_B, &tape[i]);
	world_until(&w, 4010);
	EXPECT_INT(world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_ENDED), n);
	EXPECT_TEXT(w.text, "");
	/* b anew: strangers, until a has answered; then not even that. */
	world_start(&w, WORLD_B, HEARTBEAT_BACKUP);
	w.nodes[WORLD_A].mute = true;
	for (size_t i = 0; i < n; i++)
		world_inject(&w, WORLD_B, &tape[i]);
	world_until(&w, 4050);
	EXPECT_INT(world_seen_by(&w, WORLD_B)->state, HEARTBEAT_DOWN);
	w.nodes[WORLD_A].mute = false;
	world_until(&w, 4500);
	EXPECT_INT(world_seen_by(&w, WORLD_B)->state, HEARTBEAT_UP);
	strangers = world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_STRANGER);
	for (size_t i = 0; i < n; i++)
		world_inject(&w, WORLD_B, &tape[i]);
	world_until(&w, 5000);
	EXPECT_INT(world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_STRANGER) - strangers, n);
	EXPECT_INT(world_seen_by(&w, WORLD_B)->state, HEARTBEAT_UP);
}

/* A flood of strangers is answered ten times a second. */
static void a_flood_of_strangers(void)
{
	struct world w = world_begin();
	uint64_t before = w.nodes[WORLD_B].peer.sequence;

	for (uint64_t i = 0; i < 1000; i++) {
		struct heartbeat_message m = {
			.session = {{99}}, .sequence = i + 1, .interval_us = 1};

		world_inject(&w, WORLD_B, &m);
		world_until(&w, 1001 + i);
	}
	EXPECT_INT(world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_STRANGER), 1000);
	CU_ASSERT(w.nodes[WORLD_B].peer.sequence - before <= 10 + 11);
	EXPECT_TEXT(w.text, "");
}

static void an_echo_of_the_future(void)
{
	struct world w = world_begin();
	struct heartbeat_message m = w.last[WORLD_A];

	m.sequence++;
	m.echo.sent_us = world_clock(&w, WORLD_B) + 10 * 1000000;
	world_inject(&w, WORLD_B, &m);
	world_until(&w, 1050);
	EXPECT_INT(world_rejected_by(&w, WORLD_B, HEARTBEAT_REJECT_FUTURE), 1);
	/* The heartbeat that bears this number comes late then. */
	m.sequence++;
	m.echo.sent_us = 0;
	m.echo.dwell_us = UINT64_MAX;
	world_inject(&w, WORLD_B, &m);
	world_until(&w, 1060);
	EXPECT_INT(world_seen_by(&w, WORLD_B)->sent_us, 0); /* sent after the beginning of time */
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
		CU_ASSERT(world_clock(&w, WORLD_B) - world_seen_by(&w, WORLD_B)->sent_us >= 19900);
	}
	CU_ASSERT(world_clock(&w, WORLD_B) - world_seen_by(&w, WORLD_B)->sent_us < 300000);
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
	struct world w = world_begin();
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
	EXPECT_INT(world_seen_by(&w, WORLD_B)->sent_us, m.echo.sent_us);
	CU_ASSERT(m.echo.sent_us + m.echo.dwell_us > world_clock(&w, WORLD_B));
}

UNIT_TESTS(heartbeat_attack) = {
	{"heard before", heard_before},
	{"echoes somebody else", echoes_somebody_else},
	{"sent back to its sender", sent_back_to_its_sender},
	{"a recorded conversation", a_recorded_conversation},
	{"a flood of strangers", a_flood_of_strangers},
	{"an echo of the future", an_echo_of_the_future},
	{"clocks that run apart", clocks_that_run_apart},
	{"a clock that stood still", a_clock_that_stood_still},
	UNIT_TESTS_END,
};
