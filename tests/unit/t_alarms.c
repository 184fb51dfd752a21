/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is an alarm, what is not, and which words it has. */
#include "director/monitor/alarms.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A backup that hears its master, and the master's heartbeats. */
static struct status_vrrp quiet_router(void)
{
	return (struct status_vrrp){
		.name = "web",
		.state = "backup",
		.master = "10.77.0.2",
		.master_age_ms = 300,
		.interval_ms = 1000,
		.family = 4,
		.auth_failed_age_ms = STATUS_UNKNOWN,
		.skew_age_ms = STATUS_UNKNOWN,
	};
}

static struct status_peer quiet_peer(void)
{
	return (struct status_peer){
		.node = "a",
		.state = "connected",
		.heartbeat = "up",
		.cause = "heard",
		.age_ms = 300,
		.key_age_ms = STATUS_UNKNOWN,
	};
}

/* A part of the only alarm, or NULL for none. */
static void expect_alarm(struct status_vrrp v, struct status_peer p, const char *part)
{
	struct status s = {.vrrps = &v, .n_vrrps = 1, .peers = &p, .n_peers = 1};

	EXPECT_INT(alarms_fill(&s), 0);
	EXPECT_INT(s.n_alarms, part ? 1 : 0);
	if (part && s.n_alarms && !strstr(s.alarms[0], part)) {
		CU_FAIL("another alarm");
		printf("\n    %s, not %s", s.alarms[0], part);
	}
	free(s.alarms);
}

static void all_is_well(void)
{
	struct status standalone = {0};

	expect_alarm(quiet_router(), quiet_peer(), NULL);
	EXPECT_INT(alarms_fill(&standalone), 0);
	EXPECT_INT(standalone.n_alarms, 0);
	status_clear(&standalone);
}

static void who_owns_the_addresses(void)
{
	struct status_vrrp v = quiet_router();

	v.held = true;
	expect_alarm(v, quiet_peer(), "vrrp web: takeover held: no adverts come, but heartbeats");
	v = quiet_router();
	v.two_masters = true;
	v.family = 6;
	expect_alarm(v, quiet_peer(),
		     "vrrp web (IPv6): two masters: node a says that it is master, too");
	v = quiet_router();
	v.claimed = true;
	snprintf(v.error, sizeof(v.error), "another host, MAC 02:00:00:00:00:0a, claims it");
	expect_alarm(v, quiet_peer(), "vrrp web: another host, MAC 02:00:00:00:00:0a, claims it");
	v.claimed = false; /* trouble of another kind is shown where it is */
	expect_alarm(v, quiet_peer(), NULL);
}

static void silence_on_one_path(void)
{
	static const char *const states[] = {"down", "gone"};
	struct status_vrrp v = quiet_router();
	struct status_peer p = quiet_peer();

	snprintf(p.state, sizeof(p.state), "down");
	for (size_t i = 0; i < 2; i++) {
		snprintf(p.heartbeat, sizeof(p.heartbeat), "%s", states[i]);
		expect_alarm(v, p, "node a: adverts come, but its heartbeats do not (heard)");
	}
	v.master_age_ms = 4 * v.interval_ms + 1; /* no adverts either: it is just down */
	expect_alarm(v, p, NULL);
	v.master_age_ms--;
	expect_alarm(v, p, "adverts come");
	snprintf(v.state, sizeof(v.state), "master"); /* a backup sends none */
	expect_alarm(v, p, NULL);
	v = quiet_router();
	snprintf(p.heartbeat, sizeof(p.heartbeat), "overdue");
	expect_alarm(v, p, NULL);
	snprintf(p.heartbeat, sizeof(p.heartbeat), "off");
	expect_alarm(v, p, NULL);
}

static void a_peer_may_be_starting(void)
{
	struct status_peer p = quiet_peer();

	snprintf(p.state, sizeof(p.state), "connecting");
	snprintf(p.heartbeat, sizeof(p.heartbeat), "down");
	p.since_ms = ALARMS_START_MS - 1;
	expect_alarm(quiet_router(), p, NULL);
	p.since_ms++;
	expect_alarm(quiet_router(), p, "heartbeats do not");
}

static void what_comes_one_by_one_is_told_for_a_minute(void)
{
	struct status_vrrp v = quiet_router();
	struct status_peer p = quiet_peer();

	p.key_age_ms = ALARMS_RECENT_MS - 1;
	expect_alarm(v, p, "node a: heartbeats that do not open came within the last minute");
	p.key_age_ms++;
	expect_alarm(v, p, NULL);
	v.auth_failed_age_ms = 0;
	expect_alarm(v, p, "under another key came");
	v.auth_failed_age_ms = ALARMS_RECENT_MS;
	v.skew_age_ms = 59999;
	v.skew_s = 7;
	expect_alarm(v, p, "the clock of a router beside us differs by 7 s");
}

static void no_heartbeat_can_be_sent(void)
{
	struct status_peer p = quiet_peer();

	snprintf(p.error, sizeof(p.error), "no such address");
	expect_alarm(quiet_router(), p, "node a: no heartbeat can be sent: no such address");
}

static void a_backend_claims_an_address(void)
{
	struct status_claim claims[2] = {{.address = "10.77.0.100",
					  .mac = "02:00:00:00:00:15",
					  .farm = "www",
					  .backend = "web1",
					  .count = 3}};
	struct status s = {.claims = claims, .n_claims = 2};

	claims[1] = claims[0];
	snprintf(claims[1].backend, sizeof(claims[1].backend), "web2");
	claims[1].goes_on = true;
	EXPECT_INT(alarms_fill(&s), 0);
	EXPECT_INT(s.n_alarms, 1);
	EXPECT_TEXT(s.alarms[0],
		    "backend www/web2 (02:00:00:00:00:15) claims the virtual address 10.77.0.100: "
		    "clients may reach it without a director; see `directorctl backend-setup "
		    "www/web2`");
	free(s.alarms);
	claims[1].farm[0] = claims[1].backend[0] = '\0';
	s.n_alarms = 0;
	EXPECT_INT(alarms_fill(&s), 0);
	EXPECT_TEXT(s.alarms[0],
		    "a host that was a backend (02:00:00:00:00:15) claims the virtual address "
		    "10.77.0.100: clients may reach it without a director");
	free(s.alarms);
}

static void more_than_find_a_place(void)
{
	enum { MANY = STATUS_ALARMS_MAX + 3 };
	struct status_vrrp *list = calloc(MANY, sizeof(*list));
	struct status s = {.vrrps = list, .n_vrrps = STATUS_ALARMS_MAX};

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	for (size_t i = 0; i < MANY; i++) {
		list[i] = quiet_router();
		list[i].held = true;
	}
	EXPECT_INT(alarms_fill(&s), 0);
	EXPECT_INT(s.n_alarms, STATUS_ALARMS_MAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.alarms[STATUS_ALARMS_MAX - 1], "held"));
	free(s.alarms);
	s.n_alarms = 0;
	s.n_vrrps = MANY;
	EXPECT_INT(alarms_fill(&s), 0);
	EXPECT_INT(s.n_alarms, STATUS_ALARMS_MAX);
	EXPECT_TEXT(s.alarms[STATUS_ALARMS_MAX - 1], "4 more alarms");
	free(s.alarms);
	free(list);
}

UNIT_TESTS(alarms) = {
	{"all is well", all_is_well},
	{"who owns the addresses", who_owns_the_addresses},
	{"silence on one path", silence_on_one_path},
	{"a peer may be starting", a_peer_may_be_starting},
	{"what comes one by one is told for a minute", what_comes_one_by_one_is_told_for_a_minute},
	{"no heartbeat can be sent", no_heartbeat_can_be_sent},
	{"a backend claims an address", a_backend_claims_an_address},
	{"more than find a place", more_than_find_a_place},
	UNIT_TESTS_END,
};
