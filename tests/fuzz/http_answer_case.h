/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An answer out of octets, for fuzz_http_answer and for the unit test that replays its corpus. The first
 * octet says what the check expects of the body and how it ends; then come pieces: what it is, how long,
 * and so many octets.
 */
#ifndef TESTS_FUZZ_HTTP_ANSWER_CASE_H
#define TESTS_FUZZ_HTTP_ANSWER_CASE_H

#include "director/health/http_answer.h"
#include "include/rd.h"

#include <stdlib.h>
#include <string.h>

enum { HTTP_CASE_REPEAT = 0x80, HTTP_CASE_MANY = 300 };

static inline void http_case_check(int good)
{
	if (!good)
		abort();
}

/* What has been decided stays. */
static inline void http_case_looks_well(const struct http_answer *a,
					const struct http_answer *before)
{
	http_case_check(a->body <= HTTP_BODY_MAX && a->room <= 2 * HTTP_BODY_MAX);
	http_case_check(a->body == 0 || a->expects);
	if (!before->decided)
		return;
	http_case_check(a->decided && a->outcome.code == before->outcome.code);
	http_case_check(strcmp(a->outcome.detail, before->outcome.detail) == 0);
}

/* A line of a header, of one of three statuses, or a part of the body; once, or many times. */
static inline void http_case_piece(struct http_answer *a, unsigned int what, const char *octets,
				   size_t len)
{
	static const long statuses[] = {200, 100, 503, 101};
	unsigned int times = what & HTTP_CASE_REPEAT ? HTTP_CASE_MANY : 1;

	for (unsigned int i = 0; i < times; i++) {
		struct http_answer before = *a;

		if (what & 1)
			http_answer_body(a, octets, len);
		else
			http_answer_header(a, octets, len, statuses[what >> 1 & 3]);
		http_case_looks_well(a, &before);
	}
}

/* Of the outcome that it returns there is one in every case. */
static inline enum outcome_code http_answer_case(const uint8_t *data, size_t size)
{
	static const char *const expected[] = {"",   "well",   "^all$", "(a|b)*c",
					       "^$", "x{2,5}", ".",	"$"};
	static uint16_t statuses[] = {200, 101};
	struct rd in = rd_init(data, size);
	unsigned int first = rd_u8(&in);
	const struct config_check check = {.expect_status = statuses,
					   .n_expect_status = 1 + (first >> 6 & 1),
					   .expect_body = expected[first & 7]};
	struct http_answer a, before;
	enum outcome_code code;

	http_case_check(http_answer_init(&a, &check) == 0);
	while (rd_left(&in) > 0) {
		unsigned int what = rd_u8(&in);
		size_t len = rd_u8(&in), left = rd_left(&in);

		if (!rd_ok(&in))
			break;
		len = len < left ? len : left;
		http_case_piece(&a, what, (const char *)rd_take(&in, len), len);
	}
	before = a;
	if (first & 8)
		http_answer_end(&a);
	else
		http_answer_cut(&a, first & 16 ? OUTCOME_STALLED : OUTCOME_CLOSED);
	http_case_check(a.decided);
	http_case_looks_well(&a, &before);
	if (a.outcome.code == OUTCOME_GOOD)
		http_case_check(a.whole && (a.status == 200 || (first & 64)));
	code = a.outcome.code;
	http_answer_clear(&a);
	return code;
}

#endif
