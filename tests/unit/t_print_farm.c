/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `farm show` for people: what it says, what it leaves out, and that it fits 80 columns. */
#include "director/ctl/ctl.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *printed(const struct status_farm *f, uint64_t counters_age_ms)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	print_farm(out, f, counters_age_ms);
	fclose(out);
	return text;
}

static void expect_printed(const struct status_farm *f, const char *want)
{
	char *text = printed(f, 999);

	EXPECT_TEXT(text, want);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		CU_ASSERT(strcspn(line, "\n") <= 80);
	free(text);
}

static void old_counters_are_said_to_be_old(void)
{
	struct status_farm farm = {.name = "www", .scheduler_age_ms = STATUS_UNKNOWN};
	char *text = printed(&farm, 34000);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "  counters     were read 34 s ago\n"));
	free(text);
	text = printed(&farm, STATUS_UNKNOWN);
	CU_ASSERT_PTR_NULL(strstr(text, "counters"));
	free(text);
}

static void nothing_special(void)
{
	struct status_backend backends[] = {
		{.name = "web1",
		 .address = "10.77.0.21",
		 .weight = 1,
		 .state = "up",
		 .share = 0.5,
		 .packets = 12,
		 .new_flows = STATUS_UNKNOWN,
		 .deadline_ms = STATUS_UNKNOWN},
		{.name = "web2",
		 .address = "10.77.0.22",
		 .weight = 256,
		 .state = "unresolved",
		 .packets = STATUS_UNKNOWN,
		 .connections = STATUS_UNKNOWN,
		 .deadline_ms = STATUS_UNKNOWN},
	};
	struct status_farm farm = {.name = "www",
				   .state = "up",
				   .scheduler = "maglev",
				   .services = "10.77.0.100 tcp 80",
				   .half_open = STATUS_UNKNOWN,
				   .new_flows = STATUS_UNKNOWN,
				   .scheduler_age_ms = STATUS_UNKNOWN,
				   .backends = backends,
				   .n_backends = 2};

	expect_printed(
		&farm,
		"farm www: up\n"
		"  serves       10.77.0.100 tcp 80\n"
		"  scheduler    maglev\n"
		"  connections  0 held, ? half-open, 0 clients pinned\n"
		"  forwarded    0 packets, 0 bytes, ? new connections\n"
		"  backend    state      address         weight     %    held     new    packets\n"
		"  web1       up         10.77.0.21           1  50.0       0       ?         12\n"
		"  web2       unresolved 10.77.0.22         256   0.0       ?       0          "
		"?\n");
}

static void all_there_is(void)
{
	struct status_backend backend = {.name = "web1",
					 .address = "10.77.0.21",
					 .weight = 7,
					 .state = "draining",
					 .connections = 270,
					 .packets = 9999999999,
					 .new_flows = 1234567,
					 .override = true,
					 .configured_state = "enabled",
					 .configured_weight = 1,
					 .deadline_ms = 540000};
	struct status_farm farm = {
		.name = "www",
		.state = "down",
		.reason = "no backend takes new connections",
		.scheduler = "least-connections",
		.services = "10.77.0.100 tcp 80",
		.connections = 812,
		.half_open = 3,
		.pins = 4,
		.packets = 123456,
		.bytes = 9000000000,
		.new_flows = 777,
		.scheduler_age_ms = 2100,
		.transition = {.moved = 340,
			       .buckets = 1009,
			       .remaining_ms = 840000,
			       .exceptions = 32},
		.drops = {{.reason = "no-backend", .packets = 12},
			  {.reason = "rate", .packets = 0}},
		.n_drops = 2,
		.tables = {{.name = "www-flows", .size = 1048576, .used = 524288},
			   {.name = "www-pins", .size = 10, .used = STATUS_UNKNOWN}},
		.n_tables = 2,
		.backends = &backend,
		.n_backends = 1};

	expect_printed(
		&farm,
		"farm www: down (no backend takes new connections)\n"
		"  serves       10.77.0.100 tcp 80\n"
		"  scheduler    least-connections\n"
		"  connections  812 held, 3 half-open, 4 clients pinned\n"
		"  forwarded    123456 packets, 9000000000 bytes, 777 new connections\n"
		"  counts       of least-connections are 2 s old\n"
		"  table        www-flows: 524288 of 1048576 (50.0 %)\n"
		"  table        www-pins: ? of 10\n"
		"  transition   340 of 1009 buckets move, 14 min left, 32 exceptions held\n"
		"  dropped      12 packets: no-backend\n"
		"  dropped      0 packets: rate\n"
		"  backend    state      address         weight     %    held     new    packets\n"
		"  web1       draining   10.77.0.21           7   0.0     270 1234567 9999999999\n"
		"    by the operator; configured: enabled, weight 1; disabled in 9 min\n");
	farm.transition = (struct status_transition){.exceptions = 5, .buckets = 1009};
	backend.deadline_ms = STATUS_UNKNOWN;
	{
		char *text = printed(&farm, 0);

		CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  transition   5 exceptions held\n"));
		CU_ASSERT_PTR_NOT_NULL(
			strstr(text, "\n    by the operator; configured: enabled, weight 1\n"));
		free(text);
	}
}

UNIT_TESTS(print_farm) = {
	{"old counters are said to be old", old_counters_are_said_to_be_old},
	{"nothing special", nothing_special},
	{"all there is", all_there_is},
	UNIT_TESTS_END,
};
