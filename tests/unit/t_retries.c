/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from repeated SYNs: second by second, from what the kernel counts. */
#include "director/evidence/retries.h"

#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKENDS = 4 };

struct stage {
	struct config *config;
	struct retries *r;
	struct plan_backend known[BACKENDS];
	const struct plan_backend *farms[1];
	uint64_t now_ms, repeated[BACKENDS], tried[BACKENDS];
	char text[2048];
};

static struct config *configured(const char *mode, int backends)
{
	char text[1024];
	struct config *c = NULL;
	struct err err = {0};
	int n = snprintf(text, sizeof(text),
			 "farm www {\ninterface = \"eth0\"\naddress = \"10.77.0.100\"\n"
			 "ports = { \"80\" }\nsyn-retries = \"%s\"\ndefault-checks = false\n",
			 mode);

	for (int i = 1; i <= backends; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "backend web%d { address = \"10.77.0.2%d\" }\n", i, i);
	snprintf(text + n, sizeof(text) - (size_t)n, "}\n");
	CU_ASSERT_EQUAL_FATAL(config_load_text("test.conf", text, strlen(text), &c, &err), 0);
	return c;
}

static void begin(struct stage *s, const char *mode, int backends)
{
	*s = (struct stage){.config = configured(mode, backends),
			    .r = calloc(1, sizeof(*s->r)),
			    .now_ms = 100000};
	CU_ASSERT_FATAL(s->r && retries_configure(s->r, s->config) == 0);
	for (int i = 0; i < backends; i++)
		s->known[i] = (struct plan_backend){.usable = true, .weight = 1};
	s->farms[0] = s->known;
}

static void finish(struct stage *s)
{
	retries_clear(s->r);
	free(s->r);
	config_free(s->config);
}

static void done(void *owner, size_t farm, size_t backend, unsigned int what)
{
	static const char *const words[] = {"look", "begin", "still", "end", "inhibit", "release"};
	struct stage *s = owner;
	size_t len = strlen(s->text);

	CU_ASSERT_EQUAL(farm, 0);
	for (unsigned int i = 0; i < 6; i++)
		if (what & 1U << i)
			len += (size_t)snprintf(s->text + len, sizeof(s->text) - len,
						"%s%llu:%s%zu", len ? " " : "",
						(unsigned long long)(s->now_ms - 100000) / 1000,
						words[i], backend + 1);
}

/* One second. The kernel's elements are there once something was counted. */
static void second(struct stage *s)
{
	s->now_ms += 1000;
	retries_begin(s->r);
	for (size_t i = 0; i < s->config->farms[0].n_backends; i++) {
		uint8_t key[RULESET_KEY_MAX] = {10, 77, 0, 100, 0, 80, 0,
						0,  2,	0, 0,	0, 0,  (uint8_t)i};
		struct retry_key *k = retries_find(s->r, false, key);

		if (!s->repeated[i])
			continue;
		if (!k)
			k = retries_add(s->r, false, key, i);
		CU_ASSERT_FATAL(k != NULL);
		retries_count_repeated(s->r, k, s->repeated[i]);
		retries_count_tried(s->r, k, s->tried[i]);
	}
	retries_end(s->r, s->farms, s->now_ms, done, s);
}

/* So many seconds in each of which so many connections of a backend are tried, and so many repeated. */
static const char *run(struct stage *s, size_t backend, int seconds, unsigned int repeated,
		       unsigned int tried)
{
	s->text[0] = '\0';
	for (int i = 0; i < seconds; i++) {
		s->repeated[backend] += repeated;
		s->tried[backend] += tried;
		second(s);
	}
	return s->text;
}

static void a_look_at_once(void)
{
	struct stage s;

	begin(&s, "check", 3);
	second(&s);
	EXPECT_TEXT(run(&s, 0, 1, 1, 1), "");
	EXPECT_TEXT(run(&s, 0, 1, 1, 1), "3:look1 3:begin1");
	EXPECT_TEXT(run(&s, 0, 20, 3, 3),
		    "4:look1 5:look1 6:look1 7:look1 8:look1 9:look1 10:look1 "
		    "11:look1 12:look1 13:look1 14:look1 15:look1 16:look1 "
		    "17:look1 18:look1 19:look1 20:look1 21:look1 22:look1 "
		    "23:look1");
	/* The reading of two seconds ago still counts in the first one. */
	EXPECT_TEXT(run(&s, 0, 30, 0, 5), "24:look1 33:end1");
	EXPECT_INT(retries_of(s.r, 0, 0)->count, 62);
	CU_ASSERT_FALSE(retries_inhibit(s.r, 0, 0));
	finish(&s);
}

/* Loss in the network: some of many. */
static void few_of_many_are_nothing(void)
{
	struct stage s;

	begin(&s, "inhibit", 2);
	second(&s);
	run(&s, 0, 1, 1, 100); /* what was tried before it was known is not known */
	EXPECT_TEXT(run(&s, 0, 60, 5, 100), "");
	finish(&s);
}

static void no_new_connections(void)
{
	struct stage s;
	char text[RETRY_TEXT];

	begin(&s, "inhibit", 2);
	second(&s);
	EXPECT_TEXT(run(&s, 1, 3, 4, 4), "2:look2 2:begin2 3:look2 4:look2");
	CU_ASSERT_FALSE(retries_inhibit(s.r, 0, 1));
	EXPECT_TEXT(run(&s, 1, 1, 4, 4), "5:look2 5:inhibit2");
	CU_ASSERT_TRUE(retries_inhibit(s.r, 0, 1));
	CU_ASSERT_FALSE(retries_inhibit(s.r, 0, 0));
	EXPECT_TEXT(retry_text(retries_of(s.r, 0, 1), text),
		    "clients repeat their SYNs (16 of 16 within 10 s): its answers do not reach "
		    "them");
	/* Nothing is sent to it; then it is tried again, and it goes on: twice as long. */
	EXPECT_TEXT(run(&s, 1, 10, 0, 0), "6:look2 15:release2");
	EXPECT_TEXT(run(&s, 1, 4, 4, 4), "16:look2 17:look2 18:look2 19:look2 19:inhibit2");
	EXPECT_TEXT(run(&s, 1, 20, 0, 0), "20:look2 39:release2");
	/* Mended; much later the first time is the first time again. */
	EXPECT_TEXT(run(&s, 1, 60, 0, 4), "49:end2");
	EXPECT_TEXT(run(&s, 1, 4, 4, 4),
		    "100:look2 100:begin2 101:look2 102:look2 103:look2 103:inhibit2");
	EXPECT_INT(retries_of(s.r, 0, 1)->hold_ms, RETRY_HOLD_MS);
	finish(&s);
}

static void the_longest_hold(void)
{
	struct stage s;

	begin(&s, "inhibit", 2);
	second(&s);
	for (int i = 0; i < 9; i++) {
		run(&s, 1, 4, 4, 4);
		CU_ASSERT_TRUE(retries_inhibit(s.r, 0, 1));
		run(&s, 1, (int)retries_of(s.r, 0, 1)->hold_ms / 1000, 0, 0);
		CU_ASSERT_FALSE(retries_inhibit(s.r, 0, 1));
	}
	EXPECT_INT(retries_of(s.r, 0, 1)->hold_ms, RETRY_HOLD_MOST_MS);
	finish(&s);
}

/* Of four backends so many at once. Returns how many are inhibited. */
static int inhibited_of(const char *mode, size_t bad)
{
	struct stage s;
	int n = 0;

	begin(&s, mode, 4);
	second(&s);
	for (int i = 0; i < 8; i++) {
		for (size_t k = 0; k < bad; k++) {
			s.repeated[k] += 4;
			s.tried[k] += 4;
		}
		second(&s);
	}
	for (size_t k = 0; k < 4; k++)
		n += retries_inhibit(s.r, 0, k);
	finish(&s);
	return n;
}

static void most_of_them_are_not_to_blame(void)
{
	EXPECT_INT(inhibited_of("inhibit", 1), 1);
	EXPECT_INT(inhibited_of("inhibit", 2), 2);
	EXPECT_INT(inhibited_of("inhibit", 3), 0);
	EXPECT_INT(inhibited_of("inhibit", 4), 0);
	EXPECT_INT(inhibited_of("check", 1), 0);
}

/* Those that serve count: of two the other one is dead. */
static void the_last_one_stays(void)
{
	struct stage s;

	begin(&s, "inhibit", 2);
	s.known[0].usable = false;
	second(&s);
	run(&s, 1, 8, 4, 4);
	CU_ASSERT_FALSE(retries_inhibit(s.r, 0, 1));
	s.known[0].usable = true;
	run(&s, 1, 1, 4, 4);
	CU_ASSERT_TRUE(retries_inhibit(s.r, 0, 1));
	finish(&s);
}

/* A daemon that starts, a ruleset that is made anew, a configuration that is another one. */
static void counters_that_begin_anew(void)
{
	struct stage s;
	struct config *next;

	begin(&s, "check", 2);
	EXPECT_TEXT(run(&s, 0, 1, 50, 50), ""); /* from before */
	EXPECT_INT(retries_of(s.r, 0, 0)->count, 0);
	run(&s, 0, 1, 1, 1);
	s.repeated[0] = s.tried[0] = 0;
	run(&s, 0, 1, 2, 2);
	EXPECT_INT(retries_of(s.r, 0, 0)->count, 3);
	next = configured("inhibit", 3);
	EXPECT_INT(retries_configure(s.r, next), 0);
	config_free(s.config);
	s.config = next;
	s.known[2] = s.known[0];
	EXPECT_INT(retries_of(s.r, 0, 0)->count, 3);
	EXPECT_INT(retries_of(s.r, 0, 2)->count, 0);
	run(&s, 0, 1, 10, 10);
	EXPECT_INT(retries_of(s.r, 0, 0)->count, 3);
	run(&s, 0, 1, 1, 1);
	EXPECT_INT(retries_of(s.r, 0, 0)->count, 4);
	finish(&s);
}

/* Inhibit is the operator's word: another one lets the backend go. */
static void a_reload_lets_go(void)
{
	struct stage s;
	struct config *next = configured("check", 2);

	begin(&s, "inhibit", 2);
	second(&s);
	run(&s, 1, 5, 4, 4);
	CU_ASSERT_TRUE(retries_inhibit(s.r, 0, 1));
	EXPECT_INT(retries_configure(s.r, next), 0);
	config_free(s.config);
	s.config = next;
	CU_ASSERT_FALSE(retries_inhibit(s.r, 0, 1));
	finish(&s);
}

static void a_full_book(void)
{
	struct stage s;
	uint8_t key[RULESET_KEY_MAX] = {0};

	begin(&s, "check", 1);
	for (int i = 0; i < RETRY_KEYS_MAX; i++) {
		key[0] = (uint8_t)i, key[1] = (uint8_t)(i >> 8);
		CU_ASSERT_PTR_NOT_NULL(retries_add(s.r, false, key, 0));
	}
	key[2] = 1;
	CU_ASSERT_PTR_NULL(retries_add(s.r, false, key, 0));
	CU_ASSERT_PTR_NULL(retries_find(s.r, true, key));
	second(&s); /* none of them was seen */
	EXPECT_INT(s.r->n_keys, 0);
	finish(&s);
}

UNIT_TESTS(retries) = {
	{"a look at once", a_look_at_once},
	{"few of many are nothing", few_of_many_are_nothing},
	{"no new connections", no_new_connections},
	{"the longest hold", the_longest_hold},
	{"most of them are not to blame", most_of_them_are_not_to_blame},
	{"the last one stays", the_last_one_stays},
	{"counters that begin anew", counters_that_begin_anew},
	{"a reload lets go", a_reload_lets_go},
	{"a full book", a_full_book},
	UNIT_TESTS_END,
};
