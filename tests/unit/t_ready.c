/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What GET /healthz says, and of what. */
#include "director/monitor/ready.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct status_vrrp routers[2];
static const struct status pair = {.vrrps = routers, .n_vrrps = 2};
static struct ready_daemon all_well;

static void begin(void)
{
	routers[0] = (struct status_vrrp){.name = "web", .state = "master", .family = 4};
	routers[1] = (struct status_vrrp){.name = "six", .state = "backup", .family = 6};
	all_well = (struct ready_daemon){.applied = true};
}

/* NULL: it is ready. */
static void expect_why(const char *sentence)
{
	char why[READY_WHY];

	CU_ASSERT_EQUAL(ready_judge(&pair, &all_well, why), sentence == NULL);
	EXPECT_TEXT(why, sentence ? sentence : "");
}

static void master_and_backup(void)
{
	begin();
	expect_why(NULL);
	snprintf(routers[0].state, sizeof(routers[0].state), "maintenance");
	expect_why(NULL);
}

static void of_the_daemon(void)
{
	begin();
	all_well.drifted = true;
	expect_why("the kernel does not hold the planned ruleset");
	all_well.applied = false;
	expect_why("the first ruleset is not applied yet");
	all_well.stopping = true;
	expect_why("the daemon is stopping");
}

static void of_a_router(void)
{
	begin();
	routers[0].two_masters = true;
	expect_why("virtual router web (IPv4) has two masters");
	snprintf(routers[1].state, sizeof(routers[1].state), "fault");
	snprintf(routers[1].error, sizeof(routers[1].error), "no carrier");
	expect_why("virtual router six (IPv6) is in fault: no carrier");
}

UNIT_TESTS(ready) = {
	{"a master and a backup are ready", master_and_backup},
	{"what the daemon is not ready for", of_the_daemon},
	{"a router in trouble", of_a_router},
	UNIT_TESTS_END,
};
