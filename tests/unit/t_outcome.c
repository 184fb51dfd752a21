/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/outcome.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Each has a word of its own and a sentence. */
static void every_code_has_its_row(void)
{
	for (int i = 0; i < OUTCOME_CODES; i++) {
		struct outcome o = {.code = (enum outcome_code)i};
		char text[OUTCOME_TEXT];

		CU_ASSERT_FATAL(outcome_word(o.code) != NULL);
		CU_ASSERT(strlen(outcome_text(&o, text)) > 5);
		CU_ASSERT(strspn(outcome_word(o.code), "abcdefghijklmnopqrstuvwxyz-") ==
			  strlen(outcome_word(o.code)));
		for (int k = 0; k < i; k++)
			CU_ASSERT(strcmp(outcome_word((enum outcome_code)k),
					 outcome_word(o.code)) != 0);
	}
}

static void sentences(void)
{
	struct outcome o;
	char text[OUTCOME_TEXT];

	outcome_set(&o, OUTCOME_STATUS, "%d instead of %d", 503, 200);
	EXPECT_TEXT(outcome_text(&o, text), "answers with status 503 instead of 200");
	outcome_set(&o, OUTCOME_SILENT, "10.77.0.100 port 80");
	EXPECT_TEXT(outcome_text(&o, text), "does not answer: 10.77.0.100 port 80");
	outcome_set(&o, OUTCOME_GOOD, "%s", "");
	EXPECT_TEXT(outcome_text(&o, text), "is well");
}

/* What a backend sends goes to terminals and logs. */
static void details_can_be_printed(void)
{
	struct outcome o;
	char longest[OUTCOME_DETAIL + 20];

	outcome_set(&o, OUTCOME_EXIT_STATUS, "%s", "a\033[2J\nb\xff");
	EXPECT_TEXT(o.detail, "a?[2J?b?");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	outcome_set(&o, OUTCOME_BODY, "%s", longest);
	EXPECT_INT(strlen(o.detail), OUTCOME_DETAIL - 1);
}

static void classes(void)
{
	EXPECT_INT(outcome_class(OUTCOME_GOOD), OUTCOME_WELL);
	EXPECT_INT(outcome_class(OUTCOME_WARNING), OUTCOME_WELL);
	/* Who refuses has no connections to lose; who answers wrongly may. */
	EXPECT_INT(outcome_class(OUTCOME_REFUSED), OUTCOME_DEAD);
	EXPECT_INT(outcome_class(OUTCOME_SILENT), OUTCOME_DEAD);
	EXPECT_INT(outcome_class(OUTCOME_PASSED_ON), OUTCOME_DEAD);
	EXPECT_INT(outcome_class(OUTCOME_STATUS), OUTCOME_AILING);
	EXPECT_INT(outcome_class(OUTCOME_STALLED), OUTCOME_AILING);
	EXPECT_INT(outcome_class(OUTCOME_CANNOT_RUN), OUTCOME_UNDECIDED);
}

UNIT_TESTS(outcome) = {
	{"every code has its row", every_code_has_its_row},
	{"sentences", sentences},
	{"details can be printed", details_can_be_printed},
	{"what an outcome says of a backend", classes},
	UNIT_TESTS_END,
};
