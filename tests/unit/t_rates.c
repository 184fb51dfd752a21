/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates between answers whose counters are of some age, go back, or are of farms that come and go. */
#include "director/ctl/rates.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct status_backend web[2];
static struct status_farm farms[2];
static struct status answer;

static void begin(void)
{
	memset(web, 0, sizeof(web));
	memset(farms, 0, sizeof(farms));
	strcpy(web[0].name, "web1");
	strcpy(web[1].name, "web2");
	strcpy(farms[0].name, "www");
	strcpy(farms[1].name, "dns");
	farms[0].backends = web;
	farms[0].n_backends = 2;
	answer = (struct status){.farms = farms, .n_farms = 2};
}

static void an_answer_alone_has_no_rate(void)
{
	struct rates r = {0};

	begin();
	EXPECT_INT(rates_take(&r, &answer, 10000), 0);
	EXPECT_INT(r.n, 4);
	EXPECT_TEXT(r.rows[2].backend, "web2");
	EXPECT_TEXT(r.rows[3].farm, "dns");
	CU_ASSERT_EQUAL(r.rows[1].per_second[RATE_FLOWS], STATUS_UNKNOWN);
	CU_ASSERT_EQUAL(r.total[RATE_BYTES], STATUS_UNKNOWN);
	rates_clear(&r);
}

/* Answers a second apart, readings half a second apart. */
static void the_reading_counts_not_the_answer(void)
{
	struct rates r = {0};

	begin();
	rates_take(&r, &answer, 10000);
	web[1].packets = 100;
	farms[0].packets = 200;
	farms[1].packets = 50;
	answer.counters_age_ms = 500;
	rates_take(&r, &answer, 11000);
	EXPECT_INT(r.rows[2].per_second[RATE_PACKETS], 200);
	EXPECT_INT(r.rows[1].per_second[RATE_PACKETS], 0);
	EXPECT_INT(r.total[RATE_PACKETS], 500);
	/* The same reading once more: nothing is known that was not, and the base stays. */
	answer.counters_age_ms = 995;
	rates_take(&r, &answer, 11500);
	EXPECT_INT(r.rows[2].per_second[RATE_PACKETS], 200);
	web[1].packets = 150;
	answer.counters_age_ms = 0;
	rates_take(&r, &answer, 11500);
	EXPECT_INT(r.rows[2].per_second[RATE_PACKETS], 50);
	rates_clear(&r);
}

static void a_counter_that_goes_back_has_none(void)
{
	struct rates r = {0};

	begin();
	web[0].bytes = 5000;
	rates_take(&r, &answer, 10000);
	web[0].bytes = 10;
	rates_take(&r, &answer, 11000);
	CU_ASSERT_EQUAL(r.rows[1].per_second[RATE_BYTES], STATUS_UNKNOWN);
	web[0].bytes = STATUS_UNKNOWN;
	rates_take(&r, &answer, 12000);
	CU_ASSERT_EQUAL(r.rows[1].per_second[RATE_BYTES], STATUS_UNKNOWN);
	web[0].bytes = 1000;
	rates_take(&r, &answer, 13000);
	CU_ASSERT_EQUAL(r.rows[1].per_second[RATE_BYTES], STATUS_UNKNOWN);
	web[0].bytes = 1030;
	rates_take(&r, &answer, 14000);
	EXPECT_INT(r.rows[1].per_second[RATE_BYTES], 30);
	rates_clear(&r);
}

static void a_row_is_found_by_its_name(void)
{
	struct rates r = {0};
	struct status_farm moved;

	begin();
	farms[1].new_flows = 70;
	rates_take(&r, &answer, 10000);
	moved = farms[0];
	farms[0] = farms[1];
	farms[1] = moved;
	farms[1].n_backends = 1;
	farms[0].new_flows = 75;
	strcpy(web[0].name, "new");
	web[0].new_flows = 1000;
	rates_take(&r, &answer, 11000);
	EXPECT_INT(r.n, 3);
	EXPECT_INT(r.rows[0].per_second[RATE_FLOWS], 5);
	EXPECT_INT(r.rows[1].per_second[RATE_FLOWS], 0);
	CU_ASSERT_EQUAL(r.rows[2].per_second[RATE_FLOWS], STATUS_UNKNOWN);
	rates_clear(&r);
}

UNIT_TESTS(rates) = {
	{"an answer alone has no rate", an_answer_alone_has_no_rate},
	{"the reading counts, not the answer", the_reading_counts_not_the_answer},
	{"a counter that goes back has none", a_counter_that_goes_back_has_none},
	{"a row is found by its name", a_row_is_found_by_its_name},
	UNIT_TESTS_END,
};
