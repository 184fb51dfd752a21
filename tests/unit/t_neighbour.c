/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One neighbour as stories in virtual time, looked at every millisecond. Every question to the
 * kernel and every report of the kernel leaves one line; a report says what changed by it, and
 * nothing when nothing did.
 */
#include "director/network/neighbour.h"
#include "tests/unit/unit.h"

#include <linux/neighbour.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ONE   "02:00:00:00:00:01"
#define TWO   "02:00:00:00:00:02"
#define GROUP "01:00:5e:00:00:12"
#define ZERO  "00:00:00:00:00:00"

struct story {
	struct neighbour n;
	uint64_t now_ms; /* not yet looked at */
	char text[2048];
};

static void say(struct story *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct story *s, const char *fmt, ...)
{
	size_t used = strlen(s->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->text + used, sizeof(s->text) - used, fmt, ap);
	va_end(ap);
}

static void look(struct story *s)
{
	unsigned long long now = s->now_ms;

	switch (neighbour_step(&s->n, s->now_ms)) {
	case NEIGHBOUR_WAIT: break;
	case NEIGHBOUR_RESOLVE: say(s, "[%5llu] resolve\n", now); break;
	case NEIGHBOUR_VERIFY: say(s, "[%5llu] verify\n", now); break;
	}
}

static void until(struct story *s, uint64_t ms)
{
	for (; s->now_ms < ms; s->now_ms++)
		look(s);
}

static void report(struct story *s, uint64_t ms, const char *what, struct neighbour_report r)
{
	char text[MAC_TEXT];

	until(s, ms);
	r.now_ms = ms;
	say(s, "[%5llu] %s", (unsigned long long)ms, what);
	if (neighbour_report(&s->n, &r))
		say(s, ": %s", s->n.resolved ? mac_format(&s->n.mac, text) : "lost");
	say(s, "\n");
}

/* mac: "" for none. */
static void state(struct story *s, uint64_t ms, uint16_t nud, const char *mac)
{
	static const struct {
		uint16_t nud;
		const char *name;
	} names[] = {
		{NUD_NONE, "none"},	      {NUD_INCOMPLETE, "incomplete"},
		{NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"},
		{NUD_DELAY, "delay"},	      {NUD_PROBE, "probe"},
		{NUD_FAILED, "failed"},	      {NUD_NOARP, "noarp"},
		{NUD_PERMANENT, "permanent"},
	};
	struct neighbour_report r = {.state = nud};
	struct mac m;

	if (mac[0]) {
		EXPECT_INT(mac_parse(mac, &m), 0);
		r.mac = &m;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].nud == nud)
			report(s, ms, names[i].name, r);
}

static void deleted(struct story *s, uint64_t ms, uint16_t nud)
{
	report(s, ms, "deleted", (struct neighbour_report){.state = nud, .deleted = true});
}

static void carrier(struct story *s, uint64_t ms, bool up)
{
	until(s, ms);
	say(s, "[%5llu] link %s\n", (unsigned long long)ms, up ? "up" : "down");
	neighbour_link(&s->n, up, ms);
}

/* Not known yet, on a link that is up. */
static struct story begin(void)
{
	struct story s = {.now_ms = 0};

	neighbour_link(&s.n, true, 0);
	return s;
}

/* Resolved at 0 as ONE; the story begins after it. */
static struct story begin_resolved(void)
{
	struct story s = begin();

	state(&s, 0, NUD_REACHABLE, ONE);
	EXPECT_TEXT(s.text, "[    0] reachable: " ONE "\n");
	s.text[0] = '\0';
	return s;
}

static void is_asked_for_until_it_answers(void)
{
	struct story s = begin();

	state(&s, 1, NUD_INCOMPLETE, "");
	until(&s, 2500);
	state(&s, 2500, NUD_REACHABLE, ONE);
	until(&s, 7500);
	EXPECT_TEXT(s.text, "[    0] resolve\n"
			    "[    1] incomplete\n"
			    "[ 1000] resolve\n"
			    "[ 2000] resolve\n"
			    "[ 2500] reachable: " ONE "\n"
			    "[ 3000] verify\n"
			    "[ 5000] verify\n"
			    "[ 7000] verify\n");
}

/* It answered the probe of 2000 and not that of 4000; the kernel gives up after three. */
static void goes_away_and_comes_back(void)
{
	struct story s = begin_resolved();

	state(&s, 2001, NUD_REACHABLE, ONE);
	state(&s, 4001, NUD_PROBE, ONE);
	state(&s, 7002, NUD_FAILED, "");
	state(&s, 7003, NUD_FAILED, ""); /* tried once more */
	until(&s, 9500);
	state(&s, 9500, NUD_REACHABLE, ONE); /* the same MAC address is news after it was lost */
	until(&s, 12500);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[ 2000] verify\n"
			    "[ 2001] reachable\n"
			    "[ 4000] verify\n"
			    "[ 4001] probe\n"
			    "[ 6000] verify\n"
			    "[ 7002] failed: lost\n"
			    "[ 7003] failed\n"
			    "[ 7003] resolve\n"
			    "[ 8003] resolve\n"
			    "[ 9003] resolve\n"
			    "[ 9500] reachable: " ONE "\n"
			    "[10003] verify\n"
			    "[12003] verify\n");
}

/*
 * The kernel gives up on probes that were not ours, perhaps sent while the link was down: what was
 * known stays good, and is asked for at once. Only when that fails, too, the machine is gone.
 */
static void a_failure_that_is_not_ours_is_looked_into(void)
{
	struct story s = begin_resolved();

	state(&s, 1200, NUD_FAILED, "");
	until(&s, 1201);
	state(&s, 1202, NUD_REACHABLE, ONE);
	state(&s, 1300, NUD_FAILED, "");
	state(&s, 4301, NUD_FAILED, "");
	until(&s, 5302);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[ 1200] failed\n"
			    "[ 1200] resolve\n"
			    "[ 1202] reachable\n"
			    "[ 1300] failed\n"
			    "[ 1300] resolve\n"
			    "[ 2300] resolve\n"
			    "[ 3300] resolve\n"
			    "[ 4300] resolve\n"
			    "[ 4301] failed: lost\n"
			    "[ 5301] resolve\n");
}

/* Without a link nothing is asked, and no failure says anything about the machine. */
static void a_link_that_is_down_proves_nothing(void)
{
	struct story s = begin_resolved();

	carrier(&s, 500, false);
	deleted(&s, 501, NUD_REACHABLE);
	state(&s, 3600, NUD_FAILED, "");
	CU_ASSERT(s.n.resolved);
	carrier(&s, 9000, true);
	carrier(&s, 9001, true);
	state(&s, 9002, NUD_REACHABLE, ONE);
	until(&s, 10001);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[  500] link down\n"
			    "[  501] deleted\n"
			    "[ 3600] failed\n"
			    "[ 9000] link up\n"
			    "[ 9000] resolve\n"
			    "[ 9001] link up\n"
			    "[ 9002] reachable\n"
			    "[10000] verify\n");
}

/* What was begun before the link went is forgotten with it, and what is said meanwhile. */
static void a_link_that_comes_back_begins_anew(void)
{
	struct story s = begin_resolved();

	deleted(&s, 100, NUD_STALE);
	carrier(&s, 200, false);
	state(&s, 250, NUD_REACHABLE, TWO);
	deleted(&s, 260, NUD_STALE);
	carrier(&s, 300, true);
	state(&s, 300, NUD_FAILED, ""); /* of the look at 100 */
	until(&s, 301);
	carrier(&s, 500, false);
	carrier(&s, 600, true);
	until(&s, 1601);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[  100] deleted\n"
			    "[  100] resolve\n"
			    "[  200] link down\n"
			    "[  250] reachable\n"
			    "[  260] deleted\n"
			    "[  300] link up\n"
			    "[  300] failed\n"
			    "[  300] resolve\n"
			    "[  500] link down\n"
			    "[  600] link up\n"
			    "[  600] resolve\n"
			    "[ 1600] resolve\n");
}

/* Counted from the first probe after the last sign of life; sooner the kernel cannot know. */
static void a_verdict_takes_its_time(void)
{
	static const struct {
		uint64_t ms;
		bool lost;
	} cases[] = {{4499, false}, {4500, true}, {6000, true}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story s = begin_resolved();

		state(&s, 1000, NUD_REACHABLE, ONE); /* answers the look at 0 */
		state(&s, 2100, NUD_PROBE, ONE);     /* the look at 2000 */
		state(&s, cases[i].ms, NUD_FAILED, "");
		EXPECT_INT(s.n.resolved, !cases[i].lost);
		/* Another MAC address is another machine, whose time begins later. */
		s = begin_resolved();
		state(&s, 1000, NUD_REACHABLE, ONE);
		state(&s, 3000, NUD_STALE, TWO);
		state(&s, cases[i].ms + 2000, NUD_FAILED, "");
		EXPECT_INT(s.n.resolved, !cases[i].lost);
	}
}

/* The kernel tells each of its states; as long as it has an address, nothing changes for us. */
static void life_of_a_good_entry(void)
{
	struct story s = begin_resolved();

	state(&s, 100, NUD_STALE, ONE);
	state(&s, 200, NUD_DELAY, ONE);
	state(&s, 300, NUD_PROBE, ONE);
	state(&s, 400, NUD_REACHABLE, ONE);
	until(&s, 2001);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[  100] stale\n"
			    "[  200] delay\n"
			    "[  300] probe\n"
			    "[  400] reachable\n"
			    "[ 2000] verify\n");
}

/* Each of these is good enough to send frames to. */
static void any_valid_state_resolves(void)
{
	static const uint16_t good[] = {NUD_REACHABLE, NUD_STALE,     NUD_DELAY,
					NUD_PROBE,     NUD_PERMANENT, NUD_NOARP};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct story s = begin();

		state(&s, 0, good[i], ONE);
		CU_ASSERT(s.n.resolved);
		EXPECT_INT(s.n.fixed, good[i] == NUD_PERMANENT || good[i] == NUD_NOARP);
	}
}

static void another_machine_takes_the_address(void)
{
	struct story s = begin_resolved();

	state(&s, 500, NUD_REACHABLE, TWO);
	state(&s, 600, NUD_STALE, TWO);
	state(&s, 700, NUD_STALE, ONE);
	state(&s, 800, NUD_FAILED, TWO); /* what a failed entry carries is worth nothing */
	state(&s, 900, NUD_REACHABLE, TWO);
	until(&s, 2001);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[  500] reachable: " TWO "\n"
			    "[  600] stale\n"
			    "[  700] stale: " ONE "\n"
			    "[  800] failed\n"
			    "[  800] resolve\n"
			    "[  900] reachable: " TWO "\n"
			    "[ 1800] verify\n");
}

/* Collected as garbage or flushed: the machine may be well; look at once, keep on sending. */
static void a_deleted_entry_is_looked_at_again(void)
{
	struct story s = begin_resolved();

	deleted(&s, 300, NUD_STALE);
	until(&s, 500);
	deleted(&s, 500, NUD_FAILED);
	CU_ASSERT(s.n.resolved);
	state(&s, 1000, NUD_FAILED, "");
	deleted(&s, 1100, NUD_FAILED);
	until(&s, 2101);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[  300] deleted\n"
			    "[  300] resolve\n"
			    "[  500] deleted\n"
			    "[  500] resolve\n"
			    "[ 1000] failed: lost\n"
			    "[ 1100] deleted\n"
			    "[ 1100] resolve\n"
			    "[ 2100] resolve\n");
}

static void an_unknown_one_that_is_deleted(void)
{
	struct story s = begin();

	until(&s, 100);
	deleted(&s, 100, NUD_NONE);
	until(&s, 1101);
	EXPECT_TEXT(s.text, "[    0] resolve\n"
			    "[  100] deleted\n"
			    "[  100] resolve\n"
			    "[ 1100] resolve\n");
}

static void a_permanent_entry_is_not_probed(void)
{
	struct story s = begin();

	state(&s, 0, NUD_PERMANENT, ONE);
	state(&s, 10000, NUD_PERMANENT, TWO); /* the operator changes it */
	until(&s, 20000);
	state(&s, 20000, NUD_REACHABLE, TWO); /* and gives it back to ARP */
	until(&s, 22001);
	state(&s, 22001, NUD_NOARP, TWO);
	until(&s, 30000);
	deleted(&s, 30000, NUD_PERMANENT);
	until(&s, 30001);
	state(&s, 30001, NUD_PERMANENT, ONE);
	state(&s, 40000, NUD_FAILED, "");
	until(&s, 41001);
	EXPECT_TEXT(s.text, "[    0] permanent: " ONE "\n"
			    "[10000] permanent: " TWO "\n"
			    "[20000] reachable\n"
			    "[20000] verify\n"
			    "[22000] verify\n"
			    "[22001] noarp\n"
			    "[30000] deleted\n"
			    "[30000] resolve\n"
			    "[30001] permanent: " ONE "\n"
			    "[40000] failed\n"
			    "[40000] resolve\n"
			    "[41000] resolve\n");
}

/* A frame to a group address would go to everybody; the kernel keeps such entries, too. */
static void group_addresses_are_ignored(void)
{
	struct story s = begin();

	state(&s, 0, NUD_REACHABLE, GROUP);
	state(&s, 1, NUD_PERMANENT, GROUP);
	state(&s, 2, NUD_NOARP, ZERO);
	until(&s, 1001);
	state(&s, 1001, NUD_REACHABLE, ONE);
	state(&s, 1002, NUD_REACHABLE, GROUP);
	state(&s, 1003, NUD_PERMANENT, "ff:ff:ff:ff:ff:ff");
	state(&s, 1004, NUD_STALE, ZERO);
	until(&s, 2001);
	EXPECT_TEXT(s.text, "[    0] reachable\n"
			    "[    0] resolve\n"
			    "[    1] permanent\n"
			    "[    2] noarp\n"
			    "[ 1000] resolve\n"
			    "[ 1001] reachable: " ONE "\n"
			    "[ 1002] reachable\n"
			    "[ 1003] permanent\n"
			    "[ 1004] stale\n"
			    "[ 2000] verify\n");
}

/* The kernel asks, by broadcast: until it gives up, the last answer counts. */
static void asking_leaves_the_last_knowledge(void)
{
	struct story s = begin_resolved();

	state(&s, 100, NUD_INCOMPLETE, "");
	state(&s, 200, NUD_INCOMPLETE, TWO); /* left over in the entry */
	state(&s, 300, NUD_NONE, TWO);
	state(&s, 400, NUD_REACHABLE, "");
	CU_ASSERT(s.n.resolved);
	state(&s, 500, NUD_REACHABLE, ONE);
	state(&s, 600, NUD_FAILED, "");
	state(&s, 700, NUD_INCOMPLETE, ONE);
	until(&s, 2001);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[  100] incomplete\n"
			    "[  200] incomplete\n"
			    "[  300] none\n"
			    "[  400] reachable\n"
			    "[  500] reachable\n"
			    "[  600] failed\n"
			    "[  600] resolve\n"
			    "[  700] incomplete\n"
			    "[ 1600] resolve\n");
}

/* A loop that was stopped for a while looks once, not once for every time it missed. */
static void late_looks(void)
{
	struct story s = begin_resolved();

	look(&s);
	s.now_ms = 9300;
	until(&s, 11301);
	EXPECT_TEXT(s.text, "[    0] verify\n"
			    "[ 9300] verify\n"
			    "[11300] verify\n");
}

UNIT_TESTS(neighbour) = {
	{"is asked for until it answers", is_asked_for_until_it_answers},
	{"goes away and comes back", goes_away_and_comes_back},
	{"life of a good entry", life_of_a_good_entry},
	{"a failure that is not ours is looked into", a_failure_that_is_not_ours_is_looked_into},
	{"a link that is down proves nothing", a_link_that_is_down_proves_nothing},
	{"a link that comes back begins anew", a_link_that_comes_back_begins_anew},
	{"a verdict takes its time", a_verdict_takes_its_time},
	{"any valid state resolves", any_valid_state_resolves},
	{"another machine takes the address", another_machine_takes_the_address},
	{"a deleted entry is looked at again", a_deleted_entry_is_looked_at_again},
	{"an unknown one that is deleted", an_unknown_one_that_is_deleted},
	{"a permanent entry is not probed", a_permanent_entry_is_not_probed},
	{"group addresses are ignored", group_addresses_are_ignored},
	{"asking leaves the last knowledge", asking_leaves_the_last_knowledge},
	{"late looks", late_looks},
	UNIT_TESTS_END,
};
