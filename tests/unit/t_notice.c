/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/program/notice.h"

#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct notice sample(void)
{
	return (struct notice){.sequence = 17,
			       .at_ms = 1767323045678,
			       .event = NOTICE_VRRP,
			       .name = "web",
			       .address = "10.77.0.100",
			       .from = "backup",
			       .to = "master",
			       .reason = "no advert for 0.682 s"};
}

static void expect_text(const struct notice *n, const char *node, const char *want)
{
	char *text = notice_text(n, node);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	EXPECT_TEXT(text, want);
	free(text);
}

static void a_router(void)
{
	struct notice n = sample();

	expect_text(&n, "b",
		    "{\"version\": 1, \"sequence\": 17, \"time\": \"2026-01-02T03:04:05.678Z\", "
		    "\"node\": \"b\", \"event\": \"vrrp\", \"name\": \"web\", "
		    "\"address\": \"10.77.0.100\", \"from\": \"backup\", \"to\": \"master\", "
		    "\"reason\": \"no advert for 0.682 s\", \"resent\": false, \"lost\": 0}\n");
}

static void a_backend_and_a_farm(void)
{
	struct notice n = sample();

	n.event = NOTICE_BACKEND;
	snprintf(n.backend, sizeof(n.backend), "web1");
	n.from = n.to = "up";
	n.reason[0] = '\0';
	n.resent = true;
	n.lost = 3;
	expect_text(&n, "",
		    "{\"version\": 1, \"sequence\": 17, \"time\": \"2026-01-02T03:04:05.678Z\", "
		    "\"node\": \"\", \"event\": \"backend\", \"name\": \"web\", "
		    "\"backend\": \"web1\", \"address\": \"10.77.0.100\", \"from\": \"up\", "
		    "\"to\": \"up\", \"reason\": \"\", \"resent\": true, \"lost\": 3}\n");
	n.event = NOTICE_FARM; /* its backend is not told */
	n.at_ms = 0;
	expect_text(&n, "",
		    "{\"version\": 1, \"sequence\": 17, \"time\": \"1970-01-01T00:00:00.000Z\", "
		    "\"node\": \"\", \"event\": \"farm\", \"name\": \"web\", "
		    "\"address\": \"10.77.0.100\", \"from\": \"up\", "
		    "\"to\": \"up\", \"reason\": \"\", \"resent\": true, \"lost\": 3}\n");
}

/* Whatever a reason holds, it is one line of JSON, and short enough for a pipe. */
static void odd_reasons(void)
{
	static const struct {
		const char *reason, *read;
	} rows[] = {
		{"\"quoted\" \\ and\nbroken", "\"quoted\" \\ and\nbroken"},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"cut \xc3", "cut ?"},
		{"\xff\xfe\x01", "??\x01"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct notice n = sample();
		json_t *object;
		char *text;

		snprintf(n.reason, sizeof(n.reason), "%s", rows[i].reason);
		text = notice_text(&n, "a");
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		EXPECT_INT(strcspn(text, "\n"), strlen(text) - 1);
		object = json_loads(text, 0, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(object);
		EXPECT_TEXT(json_string_value(json_object_get(object, "reason")), rows[i].read);
		json_decref(object);
		free(text);
	}
}

static void the_longest(void)
{
	struct notice n = sample();
	char *text;

	n.event = NOTICE_BACKEND;
	n.sequence = n.lost = INT64_MAX;
	memset(n.name, 'n', sizeof(n.name) - 1);
	memset(n.backend, 'b', sizeof(n.backend) - 1);
	memset(n.address, 'a', sizeof(n.address) - 1);
	memset(n.reason, 1, sizeof(n.reason) - 1); /* six octets each */
	text = notice_text(&n, n.name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT(strlen(text) < 4096);
	free(text);
}

/* --- the line --------------------------------------------------------------------------------- */

/* The name of each is its number in the order of coming. */
static bool put(struct notices *q, unsigned int number)
{
	struct notice n = sample();

	n.sequence = 0;
	snprintf(n.name, sizeof(n.name), "%u", number);
	return notices_put(q, &n);
}

static void expect_next(struct notices *q, unsigned int number, uint64_t lost)
{
	struct notice n;

	CU_ASSERT_FATAL(notices_take(q, &n));
	EXPECT_INT(atoi(n.name), number);
	EXPECT_INT(n.sequence, number);
	EXPECT_INT(n.lost, lost);
}

static void in_order(void)
{
	static struct notices q;
	struct notice n;
	unsigned int in = 0, out = 0;

	q = (struct notices){0};
	CU_ASSERT(!notices_take(&q, &n));
	for (unsigned int i = 0; i < 3 * NOTICES_MOST; i++) { /* around the ring */
		CU_ASSERT(put(&q, ++in));
		CU_ASSERT(put(&q, ++in));
		expect_next(&q, ++out, 0);
		expect_next(&q, ++out, 0);
	}
	CU_ASSERT(!notices_take(&q, &n));
}

/* 1,000 at once: those that do not fit are counted by the next one that does. */
static void lost(void)
{
	static struct notices q;
	struct notice n;
	unsigned int in = 0;

	q = (struct notices){0};
	while (in < 1000) {
		in++;
		EXPECT_INT(put(&q, in), in <= NOTICES_MOST);
	}
	expect_next(&q, 1, 0);
	CU_ASSERT(put(&q, ++in));
	CU_ASSERT(!put(&q, ++in));
	for (unsigned int i = 2; i <= NOTICES_MOST; i++)
		expect_next(&q, i, 0);
	expect_next(&q, 1001, 1000 - NOTICES_MOST);
	CU_ASSERT(!notices_take(&q, &n));
	/* One that does not wait says it as well. */
	n = sample();
	notices_number(&q, &n);
	EXPECT_INT(n.sequence, 1003);
	EXPECT_INT(n.lost, 1);
	notices_number(&q, &n);
	EXPECT_INT(n.sequence, 1004);
	EXPECT_INT(n.lost, 0);
}

/* From one line into another one: what the first has lost counts. */
static void handed_on(void)
{
	static struct notices first, second;
	struct notice n;

	first = second = (struct notices){0};
	for (unsigned int i = 1; i <= NOTICES_MOST + 2; i++)
		put(&first, i);
	notices_take(&first, &n);
	put(&first, NOTICES_MOST + 3);
	do {
		CU_ASSERT(notices_put(&second, &n));
	} while (second.n < NOTICES_MOST && notices_take(&first, &n));
	for (unsigned int i = 1; i <= NOTICES_MOST; i++)
		expect_next(&second, i, 0);
	CU_ASSERT_FATAL(notices_take(&first, &n));
	CU_ASSERT(notices_put(&second, &n));
	expect_next(&second, NOTICES_MOST + 3, 2);
}

static void what_was_lost_at_the_end(void)
{
	static struct notices q;
	struct notice n;

	q = (struct notices){0};
	for (unsigned int i = 1; i <= NOTICES_MOST + 3; i++)
		put(&q, i);
	EXPECT_INT(notices_take_lost(&q), 0); /* the next one may tell */
	while (q.n > 0)
		CU_ASSERT_FATAL(notices_take(&q, &n));
	EXPECT_INT(notices_take_lost(&q), 3);
	EXPECT_INT(notices_take_lost(&q), 0);
	notices_lose(&q, 5);
	put(&q, 1);
	CU_ASSERT_FATAL(notices_take(&q, &n));
	EXPECT_INT(n.lost, 5);
	EXPECT_INT(n.sequence, NOTICES_MOST + 3 + 5 + 1);
}

UNIT_TESTS(notice) = {
	{"what was lost at the end", what_was_lost_at_the_end},
	{"a router", a_router},
	{"a backend and a farm", a_backend_and_a_farm},
	{"odd reasons", odd_reasons},
	{"the longest", the_longest},
	{"in order", in_order},
	{"lost", lost},
	{"handed on", handed_on},
	UNIT_TESTS_END,
};
