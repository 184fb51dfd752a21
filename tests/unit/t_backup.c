/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When backups get new connections: a row of backends before and after, in digits of weight. */
#include "director/schedule/facts.h"
#include "tests/unit/unit.h"

#include <string.h>

/* "2" has weight 2, "-" is not usable; an underline in `backup` marks a backup. */
static const char *after(const char *before, const char *backup, uint32_t minimum)
{
	static char text[8];
	struct config_backend config[8] = {0};
	struct plan_backend backends[8] = {0};
	struct config_farm farm = {
		.backends = config, .n_backends = strlen(before), .minimum_backends = minimum};

	for (size_t i = 0; i < farm.n_backends; i++) {
		config[i].backup = backup[i] == '_';
		backends[i].usable = before[i] != '-';
		backends[i].weight = backends[i].usable ? (uint16_t)(before[i] - '0') : 0;
	}
	facts_apply_backups(&farm, backends);
	for (size_t i = 0; i < farm.n_backends; i++)
		text[i] = backends[i].usable ? (char)('0' + backends[i].weight) : '-';
	text[farm.n_backends] = '\0';
	return text;
}

static void backups_wait(void)
{
	EXPECT_TEXT(after("123", "  _", 1), "120");
	EXPECT_TEXT(after("023", "  _", 1), "020"); /* one drains, the other is enough */
	EXPECT_TEXT(after("123", "  _", 2), "120");
	EXPECT_TEXT(after("12-", "  _", 1), "12-");
}

static void backups_join_the_few(void)
{
	EXPECT_TEXT(after("0-3", "  _", 1), "0-3");
	EXPECT_TEXT(after("023", "  _", 2), "023");
	EXPECT_TEXT(after("1-34", "  __", 2), "1-34");
	EXPECT_TEXT(after("0-0", "  _", 1), "0-0"); /* a backup that drains stays out */
}

static void all_are_backups(void)
{
	EXPECT_TEXT(after("12", "__", 1), "12");
}

UNIT_TESTS(backup) = {
	{"backups wait while enough others serve", backups_wait},
	{"backups join the few", backups_join_the_few},
	{"where all are backups all serve", all_are_backups},
	UNIT_TESTS_END,
};
