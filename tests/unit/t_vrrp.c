/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of the table of transitions in ha/vrrp.h as stories: those of the RFC, and of faults. The
 * others are in t_vrrp_backup.c and t_vrrp_master.c.
 */
#include "tests/unit/unit.h"
#include "tests/unit/vrrp_story.h"

#include <string.h>

static void takes_over_after_silence(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_until(&s, 5700);
	story_at(&s, 6000, VRRP_EVENT_SHUTDOWN);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3609.375 (init: startup)\n"
			    "[ 3609.375] master adv100 take garp timer+1000.000 (backup: no advert "
			    "for 3.609 s)\n"
			    "[ 4609.375] master adv100 timer+1000.000\n"
			    "[ 5609.375] master adv100 timer+1000.000\n"
			    "[ 6000.000] init release adv0 goodbye stop (master: shutdown)\n");
}

static void backup_listens(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 500, HIGHER, 150,
		     SECOND_MS); /* greater: listen, 3 intervals and the skew */
	story_advert(&s, 1500, LOWER, 100,
		     SECOND_MS); /* equal counts as greater, whatever the address */
	story_advert(&s, 2000, HIGHER, 150, 100); /* its interval is learned */
	story_advert(&s, 2100, HIGHER, 99, 100);  /* less: discarded, the timer goes on */
	story_at(&s, 2200, VRRP_EVENT_SHUTDOWN);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3609.375 (init: startup)\n"
			    "[  500.000] backup timer+3609.375\n"
			    "[ 1500.000] backup timer+3609.375\n"
			    "[ 2000.000] backup timer+360.937\n"
			    "[ 2100.000] backup\n"
			    "[ 2200.000] init stop (backup: shutdown)\n");
}

static void priority_zero(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 1000, HIGHER, 150, SECOND_MS);
	story_advert(&s, 2000, HIGHER, 0, SECOND_MS);
	story_until(&s, 2700);
	EXPECT_TEXT(s.text,
		    "[    0.000] backup timer+3609.375 (init: startup)\n"
		    "[ 1000.000] backup timer+3609.375\n"
		    "[ 2000.000] backup timer+609.375\n"
		    "[ 2609.375] master adv100 take garp timer+1000.000 (backup: priority 0 "
		    "received from 10.77.0.3)\n");
}

static void priority_zero_then_another_master(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 1000, HIGHER, 0, SECOND_MS);
	story_advert(&s, 1400, LOWER, 120, SECOND_MS);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3609.375 (init: startup)\n"
			    "[ 1000.000] backup timer+609.375\n"
			    "[ 1400.000] backup timer+3609.375\n");
}

static void preempts_a_lower_master(void)
{
	struct story s = story_begin(150, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	for (uint64_t ms = 500; ms < 3500; ms += 1000)
		story_advert(&s, ms, HIGHER, 100, SECOND_MS);
	story_until(&s, 3500);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3414.062 (init: startup)\n"
			    "[  500.000] backup\n"
			    "[ 1500.000] backup\n"
			    "[ 2500.000] backup\n"
			    "[ 3414.062] master adv150 take garp timer+1000.000 (backup: preempts "
			    "10.77.0.3 with priority 100)\n");
}

static void preempt_off(void)
{
	struct story s = story_begin(150, SECOND_MS, false);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 3000, HIGHER, 100, SECOND_MS);
	story_advert(&s, 6000, HIGHER, 100, SECOND_MS);
	story_until(&s, 10000);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3414.062 (init: startup)\n"
			    "[ 3000.000] backup timer+3414.062\n"
			    "[ 6000.000] backup timer+3414.062\n"
			    "[ 9414.062] master adv150 take garp timer+1000.000 (backup: no advert "
			    "for 3.414 s)\n");
}

static void master_meets_others(void)
{
	struct story s = story_begin_master(150, SECOND_MS, false);

	story_advert(&s, 4000, HIGHER, 100, SECOND_MS); /* lower priority: assert, announce */
	story_advert(&s, 4100, LOWER, 150, SECOND_MS);	/* a tie, and our address is greater */
	story_advert(&s, 4200, HIGHER, 0, SECOND_MS);	/* gives up: an advert, the timer anew */
	story_until(&s, 5300);
	story_advert(&s, 5400, LOWER, 151, 2000); /* greater, although preempt is off */
	EXPECT_TEXT(s.text, "[ 4000.000] master adv150 garp\n"
			    "[ 4100.000] master adv150 garp\n"
			    "[ 4200.000] master adv150 garp timer+1000.000\n"
			    "[ 5200.000] master adv150 timer+1000.000\n"
			    "[ 5400.000] backup release adv150 timer+6828.125 (master: advert of "
			    "10.77.0.1 with priority 151)\n");
}

/* The network heals and the winner speaks first: it must learn that there were two. */
static void loser_says_that_it_was_there(void)
{
	struct story winner = story_begin_master(200, SECOND_MS, true);
	struct story loser = story_begin_master(100, SECOND_MS, true);

	story_advert(&loser, 4000, HIGHER, 200, SECOND_MS);
	story_advert(&winner, 4001, LOWER, 100, SECOND_MS);
	story_advert(&loser, 4002, HIGHER, 200, SECOND_MS);
	EXPECT_TEXT(loser.text, "[ 4000.000] backup release adv100 timer+3609.375 (master: advert "
				"of 10.77.0.3 with priority 200)\n"
				"[ 4002.000] backup timer+3609.375\n");
	EXPECT_TEXT(winner.text, "[ 4001.000] master adv200 garp\n");
}

static void tie_goes_to_the_greater_address(void)
{
	struct story s = story_begin_master(150, SECOND_MS, true);

	story_advert(&s, 4000, HIGHER, 150, SECOND_MS);
	EXPECT_TEXT(s.text,
		    "[ 4000.000] backup release adv150 timer+3414.062 tied (master: advert of "
		    "10.77.0.3 with priority 150)\n");
}

static void address_owner(void)
{
	struct story s = story_begin(255, SECOND_MS, false);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 100, HIGHER, 254, SECOND_MS);
	story_at(&s, 200, VRRP_EVENT_YIELD); /* owns the addresses: cannot give them to others */
	story_advert(&s, 300, HIGHER, 255,
		     SECOND_MS); /* two owners: a tie like any other (erratum 8298) */
	story_advert(&s, 400, HIGHER, 254,
		     SECOND_MS); /* the owner preempts whatever the setting says */
	story_until(&s, 3400);
	story_at(&s, 3500, VRRP_EVENT_SHUTDOWN);
	EXPECT_TEXT(s.text,
		    "[    0.000] master adv255 take garp timer+1000.000 (init: owns the "
		    "addresses (priority 255))\n"
		    "[  100.000] master adv255 garp\n"
		    "[  200.000] master\n"
		    "[  300.000] backup release adv255 timer+3003.906 tied (master: advert of "
		    "10.77.0.3 with priority 255)\n"
		    "[  400.000] backup\n"
		    "[ 3303.906] master adv255 take garp timer+1000.000 (backup: preempts "
		    "10.77.0.3 with priority 254)\n"
		    "[ 3500.000] init release adv0 goodbye stop (master: shutdown)\n");
}

static void yields_to_another(void)
{
	struct story s = story_begin_master(150, SECOND_MS, true);

	story_at(&s, 4000, VRRP_EVENT_YIELD);
	story_at(&s, 4100, VRRP_EVENT_YIELD); /* not master any more: nothing */
	story_advert(&s, 4609, HIGHER, 100, SECOND_MS);
	story_advert(&s, 5609, HIGHER, 100, SECOND_MS); /* does not preempt, although it could */
	story_advert(&s, 6000, HIGHER, 0, SECOND_MS);	/* until the other one gives up */
	story_until(&s, 6500);
	story_advert(&s, 6600, HIGHER, 100, SECOND_MS);
	story_fault(&s, 6700, VRRP_REASON_NO_LINK);
	story_at(&s, 7000, VRRP_EVENT_CLEAR);
	story_advert(&s, 7600, HIGHER, 100, SECOND_MS); /* preempts as before */
	EXPECT_TEXT(s.text,
		    "[ 4000.000] backup release adv0 goodbye timer+2000.000 (master: operator)\n"
		    "[ 4100.000] backup\n"
		    "[ 4609.000] backup timer+3414.062\n"
		    "[ 5609.000] backup timer+3414.062\n"
		    "[ 6000.000] backup timer+414.062\n"
		    "[ 6414.062] master adv150 take garp timer+1000.000 (backup: priority 0 "
		    "received from 10.77.0.3)\n"
		    "[ 6600.000] master adv150 garp\n"
		    "[ 6700.000] fault release goodbye stop (master: link down)\n"
		    "[ 7000.000] backup timer+3414.062 (fault: link up)\n"
		    "[ 7600.000] backup\n");
}

static void yields_to_nobody(void)
{
	struct story s = story_begin_master(150, SECOND_MS, true);

	story_at(&s, 4000, VRRP_EVENT_YIELD);
	story_until(&s, 6500);
	story_advert(&s, 6600, HIGHER, 100, SECOND_MS);
	EXPECT_TEXT(s.text,
		    "[ 4000.000] backup release adv0 goodbye timer+2000.000 (master: operator)\n"
		    "[ 6000.000] master adv150 take garp timer+1000.000 (backup: nobody took "
		    "over for 2.000 s)\n"
		    "[ 6600.000] master adv150 garp\n");
}

static void yield_survives_a_fault_of_the_link(void)
{
	struct story s = story_begin_master(150, SECOND_MS, true);

	story_at(&s, 4000, VRRP_EVENT_YIELD);
	story_advert(&s, 4700, HIGHER, 100, SECOND_MS);
	story_fault(&s, 4800, VRRP_REASON_NO_LINK);
	story_at(&s, 4900, VRRP_EVENT_CLEAR);
	story_advert(&s, 5700, HIGHER, 100, SECOND_MS);
	EXPECT_TEXT(s.text,
		    "[ 4000.000] backup release adv0 goodbye timer+2000.000 (master: operator)\n"
		    "[ 4700.000] backup timer+3414.062\n"
		    "[ 4800.000] fault stop (backup: link down)\n"
		    "[ 4900.000] backup timer+3414.062 (fault: link up)\n"
		    "[ 5700.000] backup timer+3414.062\n");
}

static void faults(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_fault(&s, 0, VRRP_REASON_NO_LINK);
	story_at(&s, 10, VRRP_EVENT_STARTUP);
	story_advert(&s, 20, HIGHER, 1, SECOND_MS); /* not listening */
	story_at(&s, 30, VRRP_EVENT_TIMER);
	story_at(&s, 40, VRRP_EVENT_YIELD);
	story_fault(&s, 50, VRRP_REASON_NO_ADDRESS); /* another reason, the same state */
	story_at(&s, 60, VRRP_EVENT_CLEAR);
	story_at(&s, 70, VRRP_EVENT_STARTUP); /* is started already */
	story_at(&s, 70, VRRP_EVENT_CLEAR);
	story_fault(&s, 80, VRRP_REASON_NO_SOCKET);
	story_at(&s, 90, VRRP_EVENT_SHUTDOWN);
	story_at(&s, 90, VRRP_EVENT_SHUTDOWN);
	story_at(&s, 100, VRRP_EVENT_CLEAR); /* in init: remembered */
	story_at(&s, 110, VRRP_EVENT_STARTUP);
	EXPECT_TEXT(s.text, "[    0.000] init\n"
			    "[   10.000] fault (init: link down)\n"
			    "[   20.000] fault\n"
			    "[   30.000] fault\n"
			    "[   40.000] fault\n"
			    "[   50.000] fault\n"
			    "[   60.000] backup timer+3609.375 (fault: fault cleared)\n"
			    "[   70.000] backup\n"
			    "[   70.000] backup\n"
			    "[   80.000] fault stop (backup: no socket)\n"
			    "[   90.000] init stop (fault: shutdown)\n"
			    "[   90.000] init\n"
			    "[  100.000] init\n"
			    "[  110.000] backup timer+3609.375 (init: startup)\n");
}

static void link_flap_of_a_master(void)
{
	struct story s = story_begin_master(100, SECOND_MS, true);

	story_at(&s, 3900, VRRP_EVENT_STARTUP);
	story_at(&s, 3900, VRRP_EVENT_CLEAR);
	story_fault(&s, 4000, VRRP_REASON_NO_LINK);
	story_at(&s, 4005, VRRP_EVENT_CLEAR);
	story_until(&s, 8000);
	EXPECT_TEXT(s.text, "[ 3900.000] master\n"
			    "[ 3900.000] master\n"
			    "[ 4000.000] fault release goodbye stop (master: link down)\n"
			    "[ 4005.000] backup timer+3609.375 (fault: link up)\n"
			    "[ 7614.375] master adv100 take garp timer+1000.000 (backup: no advert "
			    "for 3.609 s)\n");
}

static void owner_comes_back_as_master(void)
{
	struct story s = story_begin_master(255, SECOND_MS, true);

	story_fault(&s, 4000, VRRP_REASON_NO_LINK);
	story_at(&s, 4005, VRRP_EVENT_CLEAR);
	EXPECT_TEXT(s.text, "[ 4000.000] fault release goodbye stop (master: link down)\n"
			    "[ 4005.000] master adv255 take garp timer+1000.000 (fault: owns the "
			    "addresses (priority 255))\n");
}

static void reconfigured_in_backup(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_reconfigure(&s, 0, 200, SECOND_MS, true); /* in init: remembered */
	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_reconfigure(&s, 500, 200, 500, true); /* nobody heard yet: the own interval counts */
	story_reconfigure(&s, 600, 56, 500, true);  /* counted from the beginning of the wait */
	story_advert(&s, 700, HIGHER, 150, SECOND_MS);
	story_reconfigure(&s, 1700, 56, 100, true);  /* the master's interval stays learned */
	story_reconfigure(&s, 1800, 200, 100, true); /* outranks the master now */
	story_advert(&s, 1900, HIGHER, 150, SECOND_MS);
	story_reconfigure(&s, 2000, 200, 100, false); /* and leaves it in peace again */
	story_advert(&s, 2900, HIGHER, 150, SECOND_MS);
	story_reconfigure(&s, 3000, 255, 100, false);
	EXPECT_TEXT(s.text, "[    0.000] init\n"
			    "[    0.000] backup timer+3218.750 (init: startup)\n"
			    "[  500.000] backup timer+1109.375\n"
			    "[  600.000] backup timer+1290.625\n"
			    "[  700.000] backup timer+3781.250\n"
			    "[ 1700.000] backup timer+2781.250\n"
			    "[ 1800.000] backup timer+2118.750\n"
			    "[ 1900.000] backup\n"
			    "[ 2000.000] backup timer+1918.750\n"
			    "[ 2900.000] backup timer+3218.750\n"
			    "[ 3000.000] master adv255 take garp timer+100.000 (backup: owns the "
			    "addresses (priority 255))\n");
}

static void reconfigured_as_master(void)
{
	struct story s = story_begin_master(100, SECOND_MS, true);

	story_reconfigure(&s, 4000, 100, SECOND_MS, false); /* nothing that others must know */
	story_reconfigure(&s, 4100, 120, SECOND_MS, false);
	story_reconfigure(&s, 4200, 120, 100, false);
	story_until(&s, 4350);
	EXPECT_TEXT(s.text, "[ 4000.000] master\n"
			    "[ 4100.000] master adv120 timer+1000.000\n"
			    "[ 4200.000] master adv120 timer+100.000\n"
			    "[ 4300.000] master adv120 timer+100.000\n");
}

static void ten_milliseconds(void)
{
	struct story s = story_begin(100, 10, true);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_advert(&s, 10, HIGHER, 150, 10);
	story_until(&s, 70);
	story_advert(&s, 70, HIGHER, 0, 10);
	EXPECT_TEXT(s.text,
		    "[    0.000] backup timer+36.093 (init: startup)\n"
		    "[   10.000] backup timer+36.093\n"
		    "[   46.093] master adv100 take garp timer+10.000 (backup: no advert for "
		    "0.036 s)\n"
		    "[   56.093] master adv100 timer+10.000\n"
		    "[   66.093] master adv100 timer+10.000\n"
		    "[   70.000] master adv100 garp timer+10.000\n");
}

static void skew_values(void)
{
	static const struct {
		uint8_t priority;
		uint64_t interval_us, skew_us, down_us;
	} cases[] = {
		{1, 1000000, 996093, 3996093},
		{100, 1000000, 609375, 3609375},
		{254, 1000000, 7812, 3007812},
		{255, 1000000, 3906, 3003906},
		{1, 10000, 9960, 39960},
		{254, 10000, 78, 30078},
		{255, 10000, 39, 30039},
		{1, 40950000, 40790039, 163640039},
		{254, 40950000, 319921, 123169921},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story s = story_begin(cases[i].priority, cases[i].interval_us / 1000, true);

		EXPECT_INT(vrrp_skew_us(&s.v), cases[i].skew_us);
		EXPECT_INT(vrrp_down_interval_us(&s.v), cases[i].down_us);
	}
}

/* RFC 3768, 6.1: the skew is a part of a second, whatever the interval. */
static void skew_of_version_2(void)
{
	struct story s = story_begin(100, 4000, true);

	EXPECT_INT(vrrp_skew_us(&s.v), 2437500);
	s.v.settings.version_2 = true;
	EXPECT_INT(vrrp_skew_us(&s.v), 609375);
	EXPECT_INT(vrrp_down_interval_us(&s.v), 12609375);
}

/* A timer of milliseconds fires late, never early; a call before the time only asks again. */
static void late_and_early_timers(void)
{
	struct story s = story_begin_master(100, 10, true);

	s.now_us = 4999999;
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	s.now_us = 5000900; /* late: the next one is due on the old beat */
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	s.now_us = 5025000; /* a whole interval was missed: a new beat */
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	EXPECT_TEXT(s.text, "[ 4999.999] master timer+0.001\n"
			    "[ 5000.900] master adv100 timer+9.100\n"
			    "[ 5025.000] master adv100 timer+10.000\n");
	s = story_begin(100, SECOND_MS, true);
	story_at(&s, 0, VRRP_EVENT_STARTUP);
	story_at(&s, 3609, VRRP_EVENT_TIMER);
	EXPECT_TEXT(s.text, "[    0.000] backup timer+3609.375 (init: startup)\n"
			    "[ 3609.000] backup timer+0.375\n");
}

static void init_does_nothing(void)
{
	struct story s = story_begin(100, SECOND_MS, true);

	story_at(&s, 0, VRRP_EVENT_TIMER);
	story_at(&s, 0, VRRP_EVENT_SHUTDOWN);
	story_at(&s, 0, VRRP_EVENT_YIELD);
	story_advert(&s, 0, HIGHER, 200, SECOND_MS);
	EXPECT_TEXT(s.text, "[    0.000] init\n"
			    "[    0.000] init\n"
			    "[    0.000] init\n"
			    "[    0.000] init\n");
}

static void words(void)
{
	const struct vrrp_cause none = {.reason = VRRP_REASON_NONE};
	char text[VRRP_CAUSE_TEXT];

	EXPECT_TEXT(vrrp_state_name(VRRP_FAULT), "fault");
	EXPECT_TEXT(vrrp_cause_format(&none, text), "-");
	for (int r = 0; r < VRRP_REASON_COUNT; r++) {
		const struct vrrp_cause c = {.reason = (enum vrrp_reason)r,
					     .peer = addr_v4(OWN),
					     .peer_priority = 255,
					     .waited_us = UINT64_MAX};

		CU_ASSERT_PTR_NOT_NULL(vrrp_reason_name(c.reason));
		CU_ASSERT(strlen(vrrp_cause_format(&c, text)) > 0);
	}
}

UNIT_TESTS(vrrp) = {
	{"takes over after silence", takes_over_after_silence},
	{"backup listens", backup_listens},
	{"priority 0", priority_zero},
	{"priority 0, then another master", priority_zero_then_another_master},
	{"preempts a lower master", preempts_a_lower_master},
	{"preempt off", preempt_off},
	{"master meets others", master_meets_others},
	{"the loser says that it was there", loser_says_that_it_was_there},
	{"a tie goes to the greater address", tie_goes_to_the_greater_address},
	{"address owner", address_owner},
	{"yields to another", yields_to_another},
	{"yields to nobody", yields_to_nobody},
	{"yield survives a fault of the link", yield_survives_a_fault_of_the_link},
	{"faults", faults},
	{"link flap of a master", link_flap_of_a_master},
	{"owner comes back as master", owner_comes_back_as_master},
	{"reconfigured in backup", reconfigured_in_backup},
	{"reconfigured as master", reconfigured_as_master},
	{"10 ms", ten_milliseconds},
	{"skew values", skew_values},
	{"skew of version 2", skew_of_version_2},
	{"late and early timers", late_and_early_timers},
	{"init does nothing", init_does_nothing},
	{"words", words},
	UNIT_TESTS_END,
};
