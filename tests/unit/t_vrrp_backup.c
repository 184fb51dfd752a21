/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backup and what it is told beside adverts: heartbeats, the gate, its group, maintenance. */
#include "tests/unit/unit.h"
#include "tests/unit/vrrp_story.h"

/* Priority 100, heard a master with 150 at 0 ms; nothing is told yet. */
static struct story begin(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 0, HIGHER, 150, SECOND_MS);
	story_silently(&s);
	return s;
}

static void heartbeat_holds_a_takeover(void)
{
	struct story s = begin();

	for (uint64_t ms = 1000; ms <= 5000; ms += 1000)
		story_peer(&s, ms, HIGHER, 150, 0);
	story_until(&s, 9000);
	EXPECT_TEXT(s.text, "[ 1000.000] backup\n"
			    "[ 2000.000] backup\n"
			    "[ 3000.000] backup\n"
			    "[ 3609.375] backup timer+1390.625 held\n"
			    "[ 4000.000] backup timer+2000.000\n"
			    "[ 5000.000] backup timer+2000.000\n"
			    "[ 7000.000] master adv100 take garp timer+1000.000 unheld (backup: no "
			    "advert, now no heartbeat for 7.000 s)\n"
			    "[ 8000.000] master adv100 timer+1000.000\n"
			    "[ 9000.000] master adv100 timer+1000.000\n");
}

static void advert_ends_a_hold(void)
{
	struct story s = begin();

	story_peer(&s, 3000, HIGHER, 150, 0);
	story_advert(&s, 4000, HIGHER, 150, SECOND_MS);
	story_peer(&s, 7000, HIGHER, 150, 0);
	story_advert(&s, 8000, HIGHER, 0, SECOND_MS); /* and what it said before is void */
	story_peer(&s, 8100, HIGHER, 150, 200);
	story_until(&s, 8700);
	EXPECT_TEXT(s.text,
		    "[ 3000.000] backup\n"
		    "[ 3609.375] backup timer+1390.625 held\n"
		    "[ 4000.000] backup timer+3609.375 unheld\n"
		    "[ 7000.000] backup\n"
		    "[ 7609.375] backup timer+1390.625 held\n"
		    "[ 8000.000] backup timer+609.375 unheld\n"
		    "[ 8100.000] backup\n"
		    "[ 8609.375] master adv100 take garp timer+1000.000 (backup: priority 0 "
		    "received from 10.77.0.3)\n");
}

/* The wait was over before: the lesser master is preempted as soon as it can be heard again. */
static void lesser_advert_ends_a_hold(void)
{
	struct story s = story_begin(200, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_peer(&s, 3000, HIGHER, 150, 0);
	story_advert(&s, 4000, HIGHER, 150, SECOND_MS);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3218.750 (init: startup)\n"
			    "[ 3000.000] backup\n"
			    "[ 3218.750] backup timer+1781.250 held\n"
			    "[ 4000.000] master adv200 take garp timer+1000.000 unheld (backup: "
			    "preempts 10.77.0.3 with priority 150)\n");
}

static void preemption_is_not_held(void)
{
	struct story s = story_begin(200, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 2500, HIGHER, 150, SECOND_MS);
	story_peer(&s, 3000, HIGHER, 150, 0);
	story_until(&s, 3300);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3218.750 (init: startup)\n"
			    "[ 2500.000] backup\n"
			    "[ 3000.000] backup\n"
			    "[ 3218.750] master adv200 take garp timer+1000.000 (backup: preempts "
			    "10.77.0.3 with priority 150)\n");
}

static void old_heartbeats_hold_nothing(void)
{
	struct story s = begin();

	story_peer(&s, 3600, HIGHER, 150, 2000); /* arrived, but sent 2 intervals ago */
	story_until(&s, 4000);
	EXPECT_TEXT(s.text, "[ 3600.000] backup\n"
			    "[ 3609.375] master adv100 take garp timer+1000.000 (backup: no advert "
			    "for 3.609 s)\n");
	s = begin();
	story_peer(&s, 3000, HIGHER, 150, 0);
	s.v.held_until_us = 0;
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_PEER, /* hold-takeover is off */
					   .peer = {.source = addr_v4(HIGHER),
						    .says = VRRP_PEER_MASTER,
						    .interval_us = SECOND_MS * 1000,
						    .sent_us = s.now_us}});
	story_until(&s, 4000);
	EXPECT_TEXT(s.text, "[ 3000.000] backup\n"
			    "[ 3000.000] backup\n"
			    "[ 3609.375] master adv100 take garp timer+1000.000 (backup: no advert "
			    "for 3.609 s)\n");
}

static void successor_takes_over_at_once(void)
{
	struct story s = begin();

	story_gone(&s, 1000, LOWER, VRRP_REASON_PEER_LEFT, true); /* was not the master */
	story_gone(&s, 1100, HIGHER, VRRP_REASON_PEER_LEFT, true);
	EXPECT_TEXT(s.text,
		    "[ 1000.000] backup\n"
		    "[ 1100.000] master adv100 take garp timer+1000.000 (backup: goodbye of "
		    "10.77.0.3)\n");
	s = begin();
	story_peer(&s, 3500, HIGHER, 150, 0);
	story_gone(&s, 4000, HIGHER, VRRP_REASON_PEER_DIED, true);
	EXPECT_TEXT(s.text,
		    "[ 3500.000] backup\n"
		    "[ 3609.375] backup timer+1890.625 held\n"
		    "[ 4000.000] master adv100 take garp timer+1000.000 unheld (backup: the "
		    "process has ended at 10.77.0.3)\n");
	s = begin();
	story_gone(&s, 1000, HIGHER, VRRP_REASON_PEER_NO_LINK, false); /* another one shall */
	story_until(&s, 2000);
	EXPECT_TEXT(s.text, "[ 1000.000] backup timer+609.375\n"
			    "[ 1609.375] master adv100 take garp timer+1000.000 (backup: link down "
			    "at 10.77.0.3)\n");
}

static void nobody_knows_of_a_master(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_gone(&s, 1000, HIGHER, VRRP_REASON_PEER_LEFT, true);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3609.375 (init: startup)\n"
			    "[ 1000.000] backup\n");
}

/* The first wait may be shorter than the master's interval. */
static void heartbeats_are_remembered(void)
{
	struct story s = story_begin(100, 100, true);

	story_at(&s, 0, VRRP_EVENT_MAINTENANCE);
	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_peer(&s, 1000, HIGHER, 150, 0);
	story_at(&s, 1100, VRRP_EVENT_RESUME);
	story_gone(&s, 1900, HIGHER, VRRP_REASON_PEER_LEFT, true);
	EXPECT_TEXT(s.text, "[    0.000] init\n"
			    "[    0.000] maintenance (init: maintenance)\n"
			    "[ 1000.000] maintenance\n"
			    "[ 1100.000] backup timer+360.937 (maintenance: maintenance is over)\n"
			    "[ 1460.937] backup timer+1539.063 held\n"
			    "[ 1900.000] master adv100 take garp timer+100.000 unheld (backup: "
			    "goodbye of 10.77.0.3)\n");
}

static void closed_gate(void)
{
	struct story s = story_begin(200, SECOND_MS, true);

	story_gate(&s, 0, VRRP_REASON_NOT_IN_SYNC);
	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 1000, HIGHER, 150, SECOND_MS); /* respected */
	story_gate(&s, 1500, VRRP_REASON_NONE);
	story_advert(&s, 2000, HIGHER, 150, SECOND_MS);	 /* discarded */
	story_gate(&s, 2500, VRRP_REASON_PREEMPT_DELAY); /* as if that had been respected */
	story_until(&s, 5300);				 /* silence leads to a takeover */
	EXPECT_TEXT(s.text, "[    0.000] init\n"
			    "[    0.000] backup timer+3218.750 (init: startup)\n"
			    "[ 1000.000] backup timer+3218.750\n"
			    "[ 1500.000] backup\n"
			    "[ 2000.000] backup\n"
			    "[ 2500.000] backup timer+2718.750\n"
			    "[ 5218.750] master adv200 take garp timer+1000.000 (backup: no advert "
			    "for 3.218 s)\n");
}

static void open_gate(void)
{
	struct story s = story_begin(200, SECOND_MS, true);

	story_gate(&s, 0, VRRP_REASON_NOT_IN_SYNC);
	story_at(&s, 0, VRRP_EVENT_STARTUP);
	for (uint64_t ms = 500; ms <= 3500; ms += 1000)
		story_advert(&s, ms, HIGHER, 150, SECOND_MS);
	story_silently(&s);
	story_gate(&s, 4000, VRRP_REASON_NONE);
	story_advert(&s, 4500, HIGHER, 150, SECOND_MS);
	story_until(&s, 7000);
	EXPECT_TEXT(s.text, "[ 4000.000] backup\n"
			    "[ 4500.000] backup\n"
			    "[ 6718.750] master adv200 take garp timer+1000.000 (backup: preempts "
			    "10.77.0.3 with priority 150)\n");
}

static void follows_its_group(void)
{
	struct story s = begin();

	story_group(&s, 1000, VRRP_GROUP_BACKUP);
	story_group(&s, 2000, VRRP_GROUP_ALIVE);
	story_peer(&s, 5000, HIGHER, 150, 0);
	story_group(&s, 6000, VRRP_GROUP_ALIVE); /* the others hear adverts: nothing is held */
	story_advert(&s, 7000, HIGHER, 0, SECOND_MS);
	story_group(&s, 7100, VRRP_GROUP_ALIVE); /* of before */
	story_group(&s, 7200, VRRP_GROUP_MASTER);
	EXPECT_TEXT(s.text, "[ 1000.000] backup\n"
			    "[ 2000.000] backup timer+3609.375\n"
			    "[ 5000.000] backup\n"
			    "[ 5609.375] backup timer+1390.625 held\n"
			    "[ 6000.000] backup timer+3609.375 unheld\n"
			    "[ 7000.000] backup timer+609.375\n"
			    "[ 7100.000] backup\n"
			    "[ 7200.000] master adv100 take garp timer+1000.000 (backup: another "
			    "router of its group)\n");
}

static void maintenance(void)
{
	struct story s = begin();

	story_at(&s, 1000, VRRP_EVENT_MAINTENANCE);
	story_at(&s, 1000, VRRP_EVENT_MAINTENANCE);
	story_advert(&s, 2000, HIGHER, 0, SECOND_MS); /* takes nothing */
	story_gone(&s, 2000, HIGHER, VRRP_REASON_PEER_LEFT, true);
	story_group(&s, 2000, VRRP_GROUP_MASTER);
	story_until(&s, 9000);
	story_fault(&s, 9000, VRRP_REASON_NO_LINK);
	story_at(&s, 9100, VRRP_EVENT_RESUME);
	story_at(&s, 9200, VRRP_EVENT_MAINTENANCE);
	story_at(&s, 9300, VRRP_EVENT_CLEAR);
	story_at(&s, 9400, VRRP_EVENT_RESUME);
	story_at(&s, 9500, VRRP_EVENT_RESUME);
	story_at(&s, 9600, VRRP_EVENT_MAINTENANCE);
	story_at(&s, 9700, VRRP_EVENT_SHUTDOWN);
	story_at(&s, 9800, VRRP_EVENT_STARTUP);
	EXPECT_TEXT(s.text, "[ 1000.000] maintenance stop (backup: maintenance)\n"
			    "[ 1000.000] maintenance\n"
			    "[ 2000.000] maintenance\n"
			    "[ 2000.000] maintenance\n"
			    "[ 2000.000] maintenance\n"
			    "[ 9000.000] maintenance\n"
			    "[ 9100.000] fault (maintenance: link down)\n"
			    "[ 9200.000] maintenance stop (fault: maintenance)\n"
			    "[ 9300.000] maintenance\n"
			    "[ 9400.000] backup timer+3609.375 (maintenance: maintenance is over)\n"
			    "[ 9500.000] backup\n"
			    "[ 9600.000] maintenance stop (backup: maintenance)\n"
			    "[ 9700.000] init stop (maintenance: shutdown)\n"
			    "[ 9800.000] maintenance (init: maintenance)\n");
}

UNIT_TESTS(vrrp_backup) = {
	{"a heartbeat holds a takeover", heartbeat_holds_a_takeover},
	{"an advert ends a hold", advert_ends_a_hold},
	{"a lesser advert ends a hold", lesser_advert_ends_a_hold},
	{"a preemption is not held", preemption_is_not_held},
	{"old heartbeats hold nothing", old_heartbeats_hold_nothing},
	{"the successor takes over at once", successor_takes_over_at_once},
	{"nobody knows of a master", nobody_knows_of_a_master},
	{"heartbeats are remembered", heartbeats_are_remembered},
	{"a closed gate", closed_gate},
	{"an open gate", open_gate},
	{"follows its group", follows_its_group},
	{"maintenance", maintenance},
	UNIT_TESTS_END,
};
