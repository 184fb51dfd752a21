/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may use the control socket. */
#include "director/control/access.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct access_rules both = {.uid = 990,
					 .has_read_group = true,
					 .has_change_group = true,
					 .read_gid = 100,
					 .change_gid = 200,
					 .read_group = "watchers",
					 .change_group = "ops"};

static enum access of(const struct access_rules *r, uint32_t uid, uint32_t primary, uint32_t other)
{
	const uint32_t gids[] = {primary, other};

	return access_of(r, &(struct access_asker){uid, gids, 2});
}

static void by_user_and_group(void)
{
	const struct access_rules none = {.uid = 990};
	struct access_rules one = both;

	EXPECT_INT(of(&both, 0, 5, 5), ACCESS_CHANGE);
	EXPECT_INT(of(&both, 990, 5, 5), ACCESS_CHANGE);
	EXPECT_INT(of(&both, 1000, 5, 5), ACCESS_NONE);
	EXPECT_INT(of(&both, 1000, 100, 5), ACCESS_READ);
	EXPECT_INT(of(&both, 1000, 5, 100), ACCESS_READ);
	EXPECT_INT(of(&both, 1000, 5, 200), ACCESS_CHANGE);
	EXPECT_INT(of(&both, 1000, 100, 200), ACCESS_CHANGE);
	/* The number of a group that is not configured is nobody's. */
	EXPECT_INT(of(&none, 1000, 0, 0), ACCESS_NONE);
	EXPECT_INT(of(&none, 0, 5, 5), ACCESS_CHANGE);
	one.has_change_group = false;
	EXPECT_INT(of(&one, 1000, 200, 200), ACCESS_NONE);
	EXPECT_INT(access_of(&both, &(struct access_asker){1000, NULL, 0}), ACCESS_NONE);
	CU_ASSERT(access_is_shared(&one));
	CU_ASSERT(!access_is_shared(&none));
}

/* What has an outcome changes something; and more than half of all only tells. */
static void what_a_command_takes(void)
{
	int changes = 0;

	for (int c = CONTROL_STATUS; c <= CONTROL_LAST; c++) {
		const struct control_request r = {.command = (enum control_command)c};

		changes += access_needed(r.command) == ACCESS_CHANGE;
		if (control_is_order(&r))
			EXPECT_INT(access_needed(r.command), ACCESS_CHANGE);
		CU_ASSERT(access_needed(r.command) != ACCESS_NONE);
	}
	EXPECT_INT(changes, 11);
	EXPECT_INT(access_needed(CONTROL_CONFIRM), ACCESS_CHANGE);
	EXPECT_INT(access_needed(CONTROL_DRILL), ACCESS_CHANGE);
	EXPECT_INT(access_needed(CONTROL_DRILL_RETURN), ACCESS_CHANGE);
	EXPECT_INT(access_needed(CONTROL_FAILOVER), ACCESS_CHANGE);
	EXPECT_INT(access_needed(CONTROL_MAINTENANCE), ACCESS_CHANGE);
	EXPECT_INT(access_needed(CONTROL_STATUS), ACCESS_READ);
}

static void why_not(void)
{
	struct access_rules r = both;
	char text[ACCESS_SENTENCE];

	EXPECT_TEXT(access_refusal(&r, ACCESS_CHANGE, text),
		    "what changes something is for root and group ops alone");
	EXPECT_TEXT(access_refusal(&r, ACCESS_READ, text),
		    "what directord tells is for root, group ops and group watchers alone");
	r.has_read_group = false;
	EXPECT_TEXT(access_refusal(&r, ACCESS_READ, text),
		    "what directord tells is for root and group ops alone");
	r.has_read_group = true;
	r.has_change_group = false;
	EXPECT_TEXT(access_refusal(&r, ACCESS_READ, text),
		    "what directord tells is for root and group watchers alone");
	EXPECT_TEXT(access_refusal(&r, ACCESS_CHANGE, text),
		    "what changes something is for root alone");
}

UNIT_TESTS(access) = {
	{"by user and group", by_user_and_group},
	{"what a command takes", what_a_command_takes},
	{"why not", why_not},
	UNIT_TESTS_END,
};
