/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A master and what it is told beside adverts; and one that was late. */
#include "tests/unit/unit.h"
#include "tests/unit/vrrp_story.h"

/* No advert gets through, heartbeats do: the rank decides, and the loser is held from then on. */
static void two_masters_by_heartbeat(void)
{
	struct story winner = story_begin_master(200, SECOND_MS, true);
	struct story loser = story_begin_master(100, SECOND_MS, true);

	story_peer(&loser, 4000, HIGHER, 200, 0);
	story_peer(&loser, 7000, HIGHER, 200, 0);
	story_until(&loser, 8000);
	story_peer(&winner, 4000, LOWER, 100, 0);
	EXPECT_TEXT(loser.text, "[ 4000.000] backup release adv100 timer+3609.375 (master: "
				"heartbeat of 10.77.0.3 with priority 200)\n"
				"[ 7000.000] backup\n"
				"[ 7609.375] backup timer+1390.625 held\n");
	EXPECT_TEXT(winner.text, "[ 4000.000] master adv200 garp\n");
}

static void ties_of_heartbeats(void)
{
	struct story s = story_begin_master(100, SECOND_MS, true);

	story_peer(&s, 4000, LOWER, 100, 0);
	story_peer(&s, 4100, HIGHER, 200, 2000);		    /* sent too long ago */
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_PEER, /* it could not hold us then */
					   .peer = {.source = addr_v4(HIGHER),
						    .priority = 200,
						    .says = VRRP_PEER_MASTER,
						    .interval_us = SECOND_MS * 1000,
						    .sent_us = s.now_us}});
	story_peer(&s, 4200, HIGHER, 100, 0);
	EXPECT_TEXT(s.text,
		    "[ 4000.000] master adv100 garp\n"
		    "[ 4100.000] master\n"
		    "[ 4100.000] master\n"
		    "[ 4200.000] backup release adv100 timer+3609.375 tied (master: heartbeat of "
		    "10.77.0.3 with priority 100)\n");
}

/* Hosts may hold its MAC. What it said before is void, however late it comes. */
static void another_master_goes(void)
{
	struct story s = story_begin_master(100, SECOND_MS, true);

	story_gone(&s, 4000, HIGHER, VRRP_REASON_PEER_DIED, true);
	story_peer(&s, 4100, HIGHER, 200, 200);
	EXPECT_TEXT(s.text, "[ 4000.000] master adv100 garp timer+1000.000\n"
			    "[ 4100.000] master\n");
}

static void late_by_less_than_a_takeover(void)
{
	struct story s = story_begin_master(100, SECOND_MS, true);

	s.now_us = 7000 * 1000; /* the last one was due at 4000 ms */
	CU_ASSERT(!vrrp_stalled(&s.v, s.now_us));
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	EXPECT_TEXT(s.text, "[ 7000.000] master adv100 timer+1000.000\n");
}

static void late_by_more(void)
{
	struct story s = story_begin_master(100, SECOND_MS, true);

	s.now_us = 7000 * 1000 + 1;
	CU_ASSERT(vrrp_stalled(&s.v, s.now_us));
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	CU_ASSERT(!vrrp_stalled(&s.v, s.now_us));
	EXPECT_TEXT(s.text, "[ 7000.001] backup release adv0 goodbye timer+3609.375 (master: "
			    "stalled: no advert sent for 3.000 s)\n");
	s = story_begin_master(255, SECOND_MS, true); /* the addresses are its own */
	s.now_us = 60000 * 1000;
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	EXPECT_TEXT(s.text, "[60000.000] master adv255 timer+1000.000\n");
}

static void step_late(struct story *s, struct vrrp_event ev)
{
	*s = story_begin_master(100, SECOND_MS, true);
	s->now_us = 10000 * 1000;
	story_step(s, ev);
}

/* Down first, and then whatever a backup does. */
static void late_for_anything(void)
{
	struct vrrp_event advert = {
		.type = VRRP_EVENT_ADVERT,
		.advert = {.source = addr_v4(LOWER), .priority = 150, .interval_us = 100000},
	};
	struct vrrp_event peer = {
		.type = VRRP_EVENT_PEER,
		.peer = {.source = addr_v4(LOWER), .says = VRRP_PEER_GONE, .successor = true},
	};
	struct story s;

	step_late(&s, advert);
	EXPECT_TEXT(s.text, "[10000.000] backup release adv0 goodbye timer+360.937 (master: "
			    "stalled: no advert sent for 6.000 s)\n");
	advert.advert.priority = 50;
	step_late(&s, advert);
	EXPECT_TEXT(s.text, "[10000.000] backup release adv0 goodbye timer+3609.375 (master: "
			    "stalled: no advert sent for 6.000 s)\n");
	step_late(&s, peer);
	EXPECT_TEXT(s.text, "[10000.000] backup release adv0 goodbye timer+3609.375 (master: "
			    "stalled: no advert sent for 6.000 s)\n");
	step_late(&s, (struct vrrp_event){.type = VRRP_EVENT_SHUTDOWN});
	EXPECT_TEXT(s.text, "[10000.000] init release adv0 goodbye stop (master: shutdown)\n");
	step_late(&s, (struct vrrp_event){.type = VRRP_EVENT_GROUP, .group = VRRP_GROUP_MASTER});
	EXPECT_TEXT(s.text, "[10000.000] master release adv100 goodbye take garp timer+1000.000 "
			    "(master: another router of its group)\n");
}

static void maintenance(void)
{
	struct story s = story_begin_master(100, SECOND_MS, true);

	story_at(&s, 3900, VRRP_EVENT_RESUME);
	story_at(&s, 4000, VRRP_EVENT_MAINTENANCE);
	story_until(&s, 60000);
	story_reconfigure(&s, 60000, 255, SECOND_MS, true);
	story_at(&s, 60000, VRRP_EVENT_RESUME);
	EXPECT_TEXT(s.text, "[ 3900.000] master\n"
			    "[ 4000.000] maintenance release adv0 goodbye stop (master: "
			    "maintenance)\n"
			    "[60000.000] maintenance\n"
			    "[60000.000] master adv255 take garp timer+1000.000 (maintenance: owns "
			    "the addresses (priority 255))\n");
}

/* Others need not wait for its silence when the link still works. */
static void faults_that_leave_the_link(void)
{
	static const struct {
		enum vrrp_reason fault;
		const char *story;
	} cases[] = {
		{VRRP_REASON_TRACKED, "[ 4000.000] fault release adv0 goodbye stop (master: "
				      "something it depends on is down)\n"},
		{VRRP_REASON_GROUP, "[ 4000.000] fault release adv0 goodbye stop (master: another "
				    "router of its group)\n"},
		{VRRP_REASON_ADDRESS_TAKEN, "[ 4000.000] fault release adv0 goodbye stop (master: "
					    "another host has an address of it)\n"},
		{VRRP_REASON_NO_SOCKET,
		 "[ 4000.000] fault release goodbye stop (master: no socket)\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story s = story_begin_master(100, SECOND_MS, true);

		story_fault(&s, 4000, cases[i].fault);
		EXPECT_TEXT(s.text, cases[i].story);
	}
}

static void follows_its_group(void)
{
	struct story s = story_begin_master(100, SECOND_MS, true);

	story_gate(&s, 3900, VRRP_REASON_NOT_IN_SYNC); /* is master: keeps nobody out */
	story_group(&s, 4000, VRRP_GROUP_ALIVE);
	story_group(&s, 4000, VRRP_GROUP_MASTER);
	story_group(&s, 4000, VRRP_GROUP_BACKUP);
	story_advert(&s, 4100, HIGHER, 150, SECOND_MS);
	EXPECT_TEXT(s.text,
		    "[ 3900.000] master\n"
		    "[ 4000.000] master\n"
		    "[ 4000.000] master\n"
		    "[ 4000.000] backup release adv0 goodbye timer+3609.375 (master: another "
		    "router of its group)\n"
		    "[ 4100.000] backup timer+3609.375\n");
}

UNIT_TESTS(vrrp_master) = {
	{"two masters by heartbeat", two_masters_by_heartbeat},
	{"ties of heartbeats", ties_of_heartbeats},
	{"another master goes", another_master_goes},
	{"late by less than a takeover", late_by_less_than_a_takeover},
	{"late by more", late_by_more},
	{"late for anything", late_for_anything},
	{"maintenance", maintenance},
	{"faults that leave the link", faults_that_leave_the_link},
	{"follows its group", follows_its_group},
	UNIT_TESTS_END,
};
