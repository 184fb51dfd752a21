/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/schedule/slow_start.h"

#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { TOTAL = 30000 };

static void shares_over_time(void)
{
	EXPECT_INT(slow_start_percent(0, TOTAL), 10);
	EXPECT_INT(slow_start_percent(3333, TOTAL), 10);
	EXPECT_INT(slow_start_percent(3334, TOTAL), 20);
	EXPECT_INT(slow_start_percent(15000, TOTAL), 50);
	EXPECT_INT(slow_start_percent(29999, TOTAL), 90);
	EXPECT_INT(slow_start_percent(30000, TOTAL), 0);
	/* A short one has fewer steps, none of them shorter than a second. */
	EXPECT_INT(slow_start_percent(999, 3000), 10);
	EXPECT_INT(slow_start_percent(1000, 3000), 40);
	EXPECT_INT(slow_start_percent(2999, 3000), 70);
	EXPECT_INT(slow_start_percent(3000, 3000), 0);
	EXPECT_INT(slow_start_percent(9, 10), 10);
	EXPECT_INT(slow_start_percent(10, 10), 0);
	EXPECT_INT(slow_start_percent(0, 0), 0);
	EXPECT_INT(slow_start_percent(UINT64_MAX, 24 * 3600 * 1000), 0);
}

/* What happens from `at` on until it has all of its weight: steps at the moments that it says. */
static const char *story(struct slow_start *s, uint32_t total_ms, uint64_t at)
{
	static char text[512];
	uint64_t now = at;
	FILE *out = fmemopen(text, sizeof(text), "w");

	text[0] = '\0';
	for (int i = 0; i < 20; i++) {
		uint8_t percent = slow_start_step(s, BACKEND_UP, total_ms, now);

		fprintf(out, "%s%llu:%u", i ? " " : "", (unsigned long long)(now - at), percent);
		now = slow_start_next_ms(s, total_ms, now);
		if (now == SLOW_START_NEVER)
			break;
	}
	fclose(out);
	return text;
}

static void comes_back(struct slow_start *s)
{
	*s = (struct slow_start){0};
	slow_start_step(s, BACKEND_UP, TOTAL, 1);
	slow_start_step(s, BACKEND_DOWN, TOTAL, 2);
}

static void steps(void)
{
	struct slow_start s;

	comes_back(&s);
	EXPECT_INT(slow_start_next_ms(&s, TOTAL, 5), SLOW_START_NEVER);
	EXPECT_TEXT(story(&s, TOTAL, 1000),
		    "0:10 4000:20 7000:30 10000:40 14000:50 17000:60 20000:70 24000:80 27000:90 "
		    "30000:0");
	comes_back(&s);
	EXPECT_TEXT(story(&s, 6000, 1000), "0:10 1000:25 2000:40 3000:55 4000:70 5000:85 6000:0");
	comes_back(&s);
	EXPECT_TEXT(story(&s, 700, 1000), "0:10 1000:0");
	comes_back(&s);
	EXPECT_TEXT(story(&s, 0, 1000), "0:0");
	for (uint32_t total = 1; total < 100000; total += 77) {
		comes_back(&s);
		story(&s, total, 5);
		EXPECT_INT(s.percent, 0);
	}
}

/* As many plans for a hundred that come within a second as for two. */
static void many_share_their_steps(void)
{
	enum { MANY = 100, BEGUN = 5003, APART = 9 };
	struct slow_start all[MANY];
	uint64_t now = BEGUN + APART * (MANY - 1);
	int plans = 0;

	for (size_t i = 0; i < MANY; i++) {
		comes_back(&all[i]);
		EXPECT_INT(slow_start_step(&all[i], BACKEND_UP, TOTAL, BEGUN + APART * i), 10);
	}
	for (; now < BEGUN + 2 * TOTAL; plans++) {
		uint64_t next = SLOW_START_NEVER;

		for (size_t i = 0; i < MANY; i++) {
			uint64_t at;

			slow_start_step(&all[i], BACKEND_UP, TOTAL, now);
			at = slow_start_next_ms(&all[i], TOTAL, now);
			next = at < next ? at : next;
		}
		if (next == SLOW_START_NEVER)
			break;
		EXPECT_INT(next % SLOW_START_GRID_MS, 0);
		now = next;
	}
	CU_ASSERT(plans <= 2 * SLOW_START_STEPS);
	EXPECT_INT(now, 36000); /* 5894 + 30000, and the grid */
}

/* Per cent of one that is up after these states: U up, D down, n disabled, r draining, - unresolved. */
static int after(const char *states)
{
	static const char words[] = "-USDrn";
	struct slow_start s = {0};

	for (; *states; states++)
		slow_start_step(&s, (enum backend_state)(strchr(words, *states) - words), TOTAL, 7);
	return slow_start_step(&s, BACKEND_UP, TOTAL, 8);
}

static void who_starts_slowly(void)
{
	EXPECT_INT(after(""), 0); /* the daemon starts */
	EXPECT_INT(after("---"), 0);
	EXPECT_INT(after("D"), 10);
	EXPECT_INT(after("n"), 10);
	EXPECT_INT(after("U"), 0);
	EXPECT_INT(after("UD"), 10);
	EXPECT_INT(after("U-"), 10);
	EXPECT_INT(after("U-D-"), 10);
	EXPECT_INT(after("Un"), 10);
	EXPECT_INT(after("Ur"), 0); /* its connections went on */
	EXPECT_INT(after("Urn"), 10);
	EXPECT_INT(after("nr"), 10); /* when it gets new ones */
	EXPECT_INT(after("UDU"), 10);
	EXPECT_INT(after("r"), 0);
}

/* Down again: it begins anew. Draining stops nothing. */
static void what_becomes_of_it(void)
{
	struct slow_start s;

	comes_back(&s);
	slow_start_step(&s, BACKEND_UP, TOTAL, 1000);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL, 16000), 50);
	EXPECT_INT(slow_start_left_ms(&s, TOTAL, 16000), 15000);
	EXPECT_INT(slow_start_step(&s, BACKEND_DRAINING, TOTAL, 19334), 60);
	EXPECT_INT(slow_start_step(&s, BACKEND_DOWN, TOTAL, 20000), 0);
	EXPECT_INT(slow_start_left_ms(&s, TOTAL, 20000), 0);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL, 21000), 10);
	EXPECT_INT(slow_start_left_ms(&s, TOTAL, 21000), TOTAL);
	/* Another time in the configuration takes nothing back. */
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL, 36000), 50);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, 10 * TOTAL, 36000), 50);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL / 2, 36000), 0);
}

/* Who was told goes on where the other one was. */
static void takeover(void)
{
	struct slow_start s = {0};

	slow_start_follow(&s, BACKEND_UP, 0, TOTAL, 1);
	slow_start_follow(&s, BACKEND_DOWN, 0, TOTAL, 2);
	slow_start_follow(&s, BACKEND_UP, 10, TOTAL, 1000);
	EXPECT_INT(slow_start_left_ms(&s, TOTAL, 2000), TOTAL - 1000);
	slow_start_follow(&s, BACKEND_UP, 10, TOTAL, 4400); /* the word for the next step is late */
	EXPECT_INT(s.percent, 10);
	slow_start_follow(&s, BACKEND_UP, 20, TOTAL, 4500);
	slow_start_follow(&s, BACKEND_UP, 20, TOTAL, 5000);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL, 6000), 20);
	EXPECT_INT(slow_start_next_ms(&s, TOTAL, 6000),
		   8000); /* 4500 - 3334 + 6667, and the grid */
	EXPECT_INT(slow_start_left_ms(&s, TOTAL, 6000), 30000 - (6000 - (4500 - 3334)));
	/* It began while this node knew nothing; and the other one says that it is over. */
	s = (struct slow_start){0};
	slow_start_follow(&s, BACKEND_UP, 50, TOTAL, 20000);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL, 20001), 50);
	slow_start_follow(&s, BACKEND_UP, 0, TOTAL, 20002);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL, 20003), 0);
	/* A word that is not one of our steps, and one that this node has no time for. */
	slow_start_follow(&s, BACKEND_UP, 99, TOTAL, 120004);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL, 120005), 0);
	slow_start_follow(&s, BACKEND_UP, 1, TOTAL, 120006);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, TOTAL, 120007), 10);
	slow_start_follow(&s, BACKEND_UP, 50, 0, 120008);
	EXPECT_INT(slow_start_next_ms(&s, 0, 120009), SLOW_START_NEVER);
	EXPECT_INT(slow_start_step(&s, BACKEND_UP, 0, 120009), 0);
}

static struct config *load(const char *slow_start, const char *backends)
{
	char text[512];
	struct config *c = NULL;
	struct err err = {0};

	snprintf(text, sizeof(text),
		 "farm \"www\" { address = \"10.77.0.100\" interface = \"eth0\" ports = \"80\" "
		 "slow-start = \"%s\" %s}",
		 slow_start, backends);
	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0)
		CU_FAIL_FATAL("cannot load a configuration");
	return c;
}

static void another_configuration(void)
{
	struct config *old = load("30s", "backend \"one\" { address = \"10.77.0.21\" }"
					 "backend \"two\" { address = \"10.77.0.22\" }");
	struct config *new = load("30s", "backend \"new\" { address = \"10.77.0.23\" }"
					 "backend \"two\" { address = \"10.77.0.22\" }"
					 "backend \"one\" { address = \"10.77.0.21\" }");
	struct slow_starts s = {0};

	CU_ASSERT_FATAL(slow_starts_configure(&s, old) == 0);
	comes_back(&s.backends[0]);
	slow_start_step(&s.backends[0], BACKEND_UP, TOTAL, 1000);
	CU_ASSERT_FATAL(slow_starts_configure(&s, new) == 0);
	config_free(old);
	EXPECT_INT(s.next_ms, SLOW_START_NEVER);
	EXPECT_INT(s.backends[0].percent, 0);
	EXPECT_INT(s.backends[1].percent, 0);
	EXPECT_INT(s.backends[2].percent, 10);
	slow_starts_clear(&s);
	slow_starts_clear(&s);
	config_free(new);
}

/* One that starts slowly has all of its weight when its farm has no slow start any more, and keeps it. */
static void no_slow_start_any_more(void)
{
	static const char backend[] = "backend \"one\" { address = \"10.77.0.21\" }";
	struct config *with = load("30s", backend), *without = load("0s", backend);
	struct slow_starts s = {0};

	EXPECT_INT(without->farms[0].slow_start_ms, 0);
	CU_ASSERT_FATAL(slow_starts_configure(&s, with) == 0);
	comes_back(&s.backends[0]);
	EXPECT_INT(slow_start_step(&s.backends[0], BACKEND_UP, TOTAL, 1000), 10);
	CU_ASSERT_FATAL(slow_starts_configure(&s, without) == 0);
	EXPECT_INT(s.backends[0].percent, 0);
	CU_ASSERT_FATAL(slow_starts_configure(&s, with) == 0);
	EXPECT_INT(slow_start_step(&s.backends[0], BACKEND_UP, TOTAL, 2000), 0);
	slow_starts_clear(&s);
	config_free(with);
	config_free(without);
}

UNIT_TESTS(slow_start) = {
	{"shares over time", shares_over_time},
	{"steps", steps},
	{"many share their steps", many_share_their_steps},
	{"who starts slowly", who_starts_slowly},
	{"what becomes of it", what_becomes_of_it},
	{"takeover", takeover},
	{"another configuration", another_configuration},
	{"no slow start any more", no_slow_start_any_more},
	UNIT_TESTS_END,
};
