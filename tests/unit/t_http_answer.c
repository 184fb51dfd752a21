/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/http_answer.h"
#include "tests/fuzz/http_answer_case.h"
#include "tests/unit/unit.h"

#include <string.h>

static uint16_t only_200[] = {200};

static struct config_check check_of(const char *expect_body)
{
	return (struct config_check){
		.expect_status = only_200, .n_expect_status = 1, .expect_body = expect_body};
}

static void line(struct http_answer *a, const char *text, long status)
{
	http_answer_header(a, text, strlen(text), status);
}

static void header(struct http_answer *a, long status)
{
	line(a, "HTTP/1.1 200 OK\r\n", status);
	line(a, "Content-Type: text/plain\r\n", status);
	line(a, "\r\n", status);
}

static void body(struct http_answer *a, const char *text)
{
	http_answer_body(a, text, strlen(text));
}

static void expect(struct http_answer *a, const char *word, const char *detail)
{
	CU_ASSERT_TRUE(a->decided);
	EXPECT_TEXT(outcome_word(a->outcome.code), word);
	EXPECT_TEXT(a->outcome.detail, detail);
	http_answer_clear(a);
}

/* Not later than it can be. */
static void test_at_once(void)
{
	struct config_check none = check_of(""), some = check_of("ll w");
	struct http_answer a;

	EXPECT_INT(http_answer_init(&a, &none), 0);
	line(&a, "HTTP/1.1 200 OK\r\n", 200);
	CU_ASSERT_FALSE(a.decided);
	line(&a, "\n", 200); /* RFC 9112, 2.2: LF alone is a line's end, too */
	expect(&a, "good", "");
	http_answer_init(&a, &some);
	header(&a, 200);
	body(&a, "all ");
	CU_ASSERT_FALSE(a.decided);
	body(&a, "well");
	expect(&a, "good", "");
	http_answer_init(&a, &some);
	header(&a, 404);
	expect(&a, "status", "404 instead of 200");
}

/* "$" is the end of the body, not of what has come so far; "^" is its beginning only. */
static void test_anchors(void)
{
	struct config_check k = check_of("^all$");
	struct http_answer a;

	http_answer_init(&a, &k);
	header(&a, 200);
	body(&a, "all");
	CU_ASSERT_FALSE(a.decided);
	body(&a, " well");
	CU_ASSERT_FALSE(a.decided);
	http_answer_end(&a);
	expect(&a, "body", "\"^all$\" is not in 8 octets");
	http_answer_init(&a, &k);
	header(&a, 200);
	body(&a, "all");
	http_answer_end(&a);
	expect(&a, "good", "");
	http_answer_init(&a, &k);
	header(&a, 200);
	body(&a, "all");
	http_answer_cut(&a, OUTCOME_STALLED);
	expect(&a, "stalled", "3 octets of the body");
}

/* Behind a NUL, at every place, in pieces of every size, up to the last octet that is looked at. */
static void test_everywhere(void)
{
	static const size_t places[] = {0, 1, 511, 512, 513, 8191, HTTP_BODY_MAX - 4};
	static const size_t pieces[] = {1, 7, 512, 4096, HTTP_BODY_MAX};
	static char octets[HTTP_BODY_MAX];
	struct config_check k = check_of("well");
	struct http_answer a;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		memset(octets, 0, sizeof(octets));
		memcpy(octets + places[i], "well", 4);
		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
			http_answer_init(&a, &k);
			header(&a, 200);
			for (size_t at = 0; at < sizeof(octets); at += pieces[j])
				http_answer_body(&a, octets + at,
						 at + pieces[j] > sizeof(octets)
							 ? sizeof(octets) - at
							 : pieces[j]);
			http_answer_end(&a);
			expect(&a, "good", "");
		}
	}
}

static void test_bounds(void)
{
	static char octets[HTTP_BODY_MAX];
	struct config_check none = check_of(""), some = check_of("well");
	struct http_answer a;

	memset(octets, '.', sizeof(octets));
	http_answer_init(&a, &some);
	header(&a, 200);
	http_answer_body(&a, octets, sizeof(octets));
	CU_ASSERT_FALSE(a.decided);
	for (int i = 0; i < 1000; i++)
		http_answer_body(&a, octets, sizeof(octets));
	EXPECT_INT(a.body, HTTP_BODY_MAX);
	EXPECT_INT(a.room, HTTP_BODY_MAX);
	expect(&a, "too-large", "\"well\" is not in the first 65536 octets");
	http_answer_init(&a, &some);
	header(&a, 200);
	http_answer_body(&a, octets, sizeof(octets));
	http_answer_end(&a);
	expect(&a, "body", "\"well\" is not in 65536 octets");
	http_answer_init(&a, &none);
	for (size_t n = 0; n <= HTTP_HEADER_MAX; n += strlen("X-More: more\r\n"))
		line(&a, "X-More: more\r\n", 200);
	expect(&a, "too-large", "a header without an end");
}

static void test_interim(void)
{
	struct config_check k = check_of("");
	struct http_answer a;

	http_answer_init(&a, &k);
	header(&a, 100);
	header(&a, 103);
	CU_ASSERT_FALSE(a.decided);
	header(&a, 200);
	expect(&a, "good", "");
	http_answer_init(&a, &k);
	header(&a, 101);
	expect(&a, "status", "101 instead of 200");
	http_answer_init(&a, &k);
	header(&a, 100);
	http_answer_end(&a);
	expect(&a, "closed", "header not whole");
}

/* How far it came; and lines behind a body in chunks are none of its header. */
static void test_cut(void)
{
	struct config_check k = check_of("well");
	struct http_answer a;

	http_answer_init(&a, &k);
	http_answer_cut(&a, OUTCOME_STALLED);
	expect(&a, "stalled", "no answer");
	http_answer_init(&a, &k);
	line(&a, "HTTP/1.1 200 OK\r\n", 200);
	http_answer_cut(&a, OUTCOME_CLOSED);
	expect(&a, "closed", "header not whole");
	http_answer_init(&a, &k);
	header(&a, 200);
	body(&a, "all");
	line(&a, "Trailer: 1\r\n", 200);
	line(&a, "\r\n", 500);
	CU_ASSERT_FALSE(a.decided);
	http_answer_cut(&a, OUTCOME_CLOSED);
	expect(&a, "closed", "3 octets of the body");
}

/* Many expected ones are cut to what a sentence takes. */
static void test_statuses(void)
{
	uint16_t many[100];
	struct config_check k = {.expect_status = many, .n_expect_status = 100, .expect_body = ""};
	struct http_answer a;

	for (uint16_t i = 0; i < 100; i++)
		many[i] = (uint16_t)(200 + i);
	http_answer_init(&a, &k);
	header(&a, 404);
	CU_ASSERT(strncmp(a.outcome.detail, "404 instead of 200, 201, 202", 28) == 0);
	CU_ASSERT(strlen(a.outcome.detail) < OUTCOME_DETAIL);
	http_answer_clear(&a);
	http_answer_init(&a, &k);
	header(&a, 299);
	expect(&a, "good", "");
}

static const char *verdict(const uint8_t *bytes, size_t len)
{
	return outcome_word(http_answer_case(bytes, len));
}

static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts("tests/fuzz/corpus/fuzz_http_answer", verdict) >= 25);
}

UNIT_TESTS(http_answer) = {
	{"decided as soon as it can be", test_at_once},
	{"anchors are those of the whole", test_anchors},
	{"found wherever it is", test_everywhere},
	{"bounded", test_bounds},
	{"interim answers", test_interim},
	{"how far it came", test_cut},
	{"many expected statuses", test_statuses},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
