/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/verdict.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const struct verdict_rules rules = {
	.interval_ms = 2000, .fast_interval_ms = 500, .rise = 2, .fall = 3};

static const char letters[] = {['g'] = OUTCOME_GOOD,
			       ['d'] = OUTCOME_REFUSED,
			       ['a'] = OUTCOME_STATUS,
			       ['u'] = OUTCOME_CANNOT_RUN};

/* After each outcome of the story: the class in one letter, capital when it changed then, and f behind
 * it when the next attempt comes sooner, q when at once. */
static void expect_story(enum outcome_class presumed, const char *outcomes, const char *want)
{
	static const char classes[] = {'w', 'a', 'd', '?'};
	struct verdict v;
	char text[128] = "";
	size_t used = 0;

	verdict_presume(&v, presumed, 100);
	for (size_t i = 0; outcomes[i]; i++) {
		struct outcome o = {.code = (enum outcome_code)letters[(unsigned char)outcomes[i]]};
		struct verdict_update u = verdict_step(&v, &rules, &o, 1000 * (i + 1));
		char letter = classes[v.class];

		CU_ASSERT(u.wait_ms == rules.interval_ms || u.wait_ms == rules.fast_interval_ms ||
			  u.wait_ms == VERDICT_QUICK_MS);
		text[used++] = (char)(u.changed ? letter - 'a' + 'A' : letter);
		if (u.wait_ms == rules.fast_interval_ms)
			text[used++] = 'f';
		if (u.wait_ms == VERDICT_QUICK_MS)
			text[used++] = 'q';
		EXPECT_INT(v.tried_ms, 1000 * (i + 1));
		EXPECT_INT(v.last.code, o.code);
	}
	EXPECT_TEXT(text, want);
}

/* One that is presumed well may have connections: a single fault does not take them. */
static void the_first_outcomes(void)
{
	expect_story(OUTCOME_WELL, "g", "W");
	expect_story(OUTCOME_WELL, "ddd", "wqwqD");
	expect_story(OUTCOME_WELL, "daa", "wqwqA");
	expect_story(OUTCOME_WELL, "ddg", "wqwqW");
	expect_story(OUTCOME_AILING, "g", "W");
	expect_story(OUTCOME_AILING, "a", "A");
	expect_story(OUTCOME_AILING, "ddd", "aqaqD");
	expect_story(OUTCOME_DEAD, "d", "D");
	expect_story(OUTCOME_DEAD, "g", "W");
}

static void it_falls_after_some_in_a_row(void)
{
	expect_story(OUTCOME_WELL, "gddd", "WwfwfD");
	expect_story(OUTCOME_WELL, "gddgddd", "WwfwfwwfwfD");
	expect_story(OUTCOME_WELL, "gaaa", "WwfwfA");
}

static void it_rises_after_some_in_a_row(void)
{
	expect_story(OUTCOME_DEAD, "dgg", "DdfW");
	expect_story(OUTCOME_DEAD, "dgdgg", "DdfddfW");
}

/* From one degree of being down to the other, both ways. */
static void between_ailing_and_dead(void)
{
	expect_story(OUTCOME_AILING, "addd", "AafafD");
	expect_story(OUTCOME_DEAD, "daa", "DdfA");
	expect_story(OUTCOME_DEAD, "dag", "DdfW");
	/* The last one tells how bad it is. */
	expect_story(OUTCOME_WELL, "gdad", "WwfwfD");
	expect_story(OUTCOME_WELL, "gdda", "WwfwfA");
}

static void undecided_ones_change_nothing(void)
{
	expect_story(OUTCOME_WELL, "u", "w");
	expect_story(OUTCOME_DEAD, "ug", "dW");
	expect_story(OUTCOME_WELL, "gdudud", "WwfwwfwD");
}

static void since_and_cause(void)
{
	struct verdict v;
	struct outcome o = {.code = OUTCOME_GOOD};

	verdict_presume(&v, OUTCOME_WELL, 100);
	EXPECT_INT(v.tried_ms, 0);
	verdict_step(&v, &rules, &o, 1000);
	EXPECT_INT(v.since_ms, 100); /* it was taken to be well before */
	outcome_set(&o, OUTCOME_STATUS, "503 instead of 200");
	verdict_step(&v, &rules, &o, 2000);
	verdict_step(&v, &rules, &o, 3000);
	EXPECT_INT(v.since_ms, 100);
	outcome_set(&o, OUTCOME_STATUS, "500 instead of 200");
	verdict_step(&v, &rules, &o, 4000);
	EXPECT_INT(v.since_ms, 4000);
	outcome_set(&o, OUTCOME_STATUS, "502 instead of 200");
	verdict_step(&v, &rules, &o, 5000);
	EXPECT_TEXT(v.cause.detail, "500 instead of 200");
	EXPECT_TEXT(v.last.detail, "502 instead of 200");
}

/* 255 is the largest number of either. */
static void the_longest_rows(void)
{
	const struct verdict_rules most = {
		.interval_ms = 2000, .fast_interval_ms = 500, .rise = 255, .fall = 255};
	struct outcome good = {.code = OUTCOME_GOOD}, bad = {.code = OUTCOME_SILENT};
	struct verdict v;
	int n = 0;

	verdict_presume(&v, OUTCOME_WELL, 0);
	verdict_step(&v, &most, &good, 1);
	for (n = 1; !verdict_step(&v, &most, &bad, 2).changed; n++)
		CU_ASSERT_FATAL(n < 255);
	EXPECT_INT(n, 255);
	for (n = 1; !verdict_step(&v, &most, &good, 3).changed; n++)
		CU_ASSERT_FATAL(n < 255);
	EXPECT_INT(n, 255);
}

/* What another machine finds counts until this one can look again, and then by rise and fall. */
static void what_is_adopted(void)
{
	struct outcome unable = {.code = OUTCOME_CANNOT_RUN}, good = {.code = OUTCOME_GOOD};
	struct verdict v;
	char text[OUTCOME_TEXT];

	outcome_set(&unable, OUTCOME_CANNOT_RUN, "no memory");
	verdict_presume(&v, OUTCOME_WELL, 1000);
	CU_ASSERT(!verdict_step(&v, &rules, &unable, 2000).changed);
	CU_ASSERT(verdict_adopt(&v, OUTCOME_DEAD, "director b: down", 3000));
	CU_ASSERT(v.adopted && !v.presumed);
	EXPECT_INT(v.class, OUTCOME_DEAD);
	EXPECT_INT(v.since_ms, 3000);
	EXPECT_TEXT(outcome_text(&v.cause, text), "cannot be checked: no memory; director b: down");
	CU_ASSERT(!verdict_adopt(&v, OUTCOME_DEAD, "director b: down", 4000));
	EXPECT_INT(v.since_ms, 3000);
	CU_ASSERT(!verdict_step(&v, &rules, &good, 5000).changed);
	CU_ASSERT(!v.adopted);
	EXPECT_INT(v.class, OUTCOME_DEAD);
	CU_ASSERT(verdict_step(&v, &rules, &good, 6000).changed);
	EXPECT_INT(v.class, OUTCOME_WELL);
}

UNIT_TESTS(verdict) = {
	{"the first outcomes", the_first_outcomes},
	{"it falls after some in a row", it_falls_after_some_in_a_row},
	{"it rises after some in a row", it_rises_after_some_in_a_row},
	{"between ailing and dead", between_ailing_and_dead},
	{"undecided ones change nothing", undecided_ones_change_nothing},
	{"since when and why", since_and_cause},
	{"what is adopted", what_is_adopted},
	{"the longest rows", the_longest_rows},
	UNIT_TESTS_END,
};
