/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/http_answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_ROOM = 512,
	/* The body is searched again when it has grown by an eighth: nine times its length in all. */
	LOOK_AGAIN = 8,
};

int http_answer_init(struct http_answer *a, const struct config_check *check)
{
	*a = (struct http_answer){.check = check, .next_look = 1};
	if (!check->expect_body[0])
		return 0;
	/*
	 * It was compiled when the configuration was read: only memory can be missing. Anew for each
	 * answer, which takes 6 to 10 us: what it learns of an answer the library keeps in it, and servers
	 * that answer otherwise each time would make it grow.
	 */
	if (regcomp(&a->expected, check->expect_body, REG_EXTENDED | REG_NOSUB) != 0)
		return -ENOMEM;
	a->expects = true;
	return 0;
}

void http_answer_clear(struct http_answer *a)
{
	if (a->expects)
		regfree(&a->expected);
	free(a->text);
	*a = (struct http_answer){.check = a->check};
}

static void decide(struct http_answer *a, enum outcome_code code, const char *detail)
{
	a->decided = true;
	outcome_set(&a->outcome, code, "%s", detail);
}

/* --- header ----------------------------------------------------------------------------------- */

static bool status_is_expected(const struct http_answer *a)
{
	for (size_t i = 0; i < a->check->n_expect_status; i++)
		if (a->check->expect_status[i] == a->status)
			return true;
	return false;
}

/* "503 instead of 200, 204" */
static void decide_status(struct http_answer *a)
{
	char list[OUTCOME_DETAIL] = "";
	size_t used = 0;

	for (size_t i = 0; i < a->check->n_expect_status && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u", i ? ", " : "",
					 a->check->expect_status[i]);
	a->decided = true;
	outcome_set(&a->outcome, OUTCOME_STATUS, "%ld instead of %.100s", a->status, list);
}

/* After an interim answer comes another one (RFC 9110, 15.2); after 101 no more HTTP (15.2.2). */
static bool is_interim(long status)
{
	return status >= 100 && status < 200 && status != 101;
}

static void header_ends(struct http_answer *a)
{
	if (is_interim(a->status))
		return;
	a->whole = true;
	if (!status_is_expected(a))
		decide_status(a);
	else if (!a->expects)
		decide(a, OUTCOME_GOOD, "");
}

void http_answer_header(struct http_answer *a, const char *line, size_t len, long status)
{
	if (a->decided)
		return;
	a->header += len;
	if (a->header > HTTP_HEADER_MAX) {
		decide(a, OUTCOME_TOO_LARGE, "a header without an end");
		return;
	}
	/* Behind a body in chunks there may be more lines (RFC 9112, 7.1.2): they change nothing. */
	if (a->whole)
		return;
	a->status = status;
	if (len == 0 || line[0] == '\n' || (len == 2 && line[0] == '\r'))
		header_ends(a);
}

/* --- body ------------------------------------------------------------------------------------- */

/* What is behind it, if anything: "$" is not the end of what has come so far. */
enum rest { REST_NONE, REST_UNKNOWN };

static bool is_in_it(const struct http_answer *a, enum rest rest)
{
	regmatch_t all = {.rm_so = 0, .rm_eo = (regoff_t)a->body};
	int flags = REG_STARTEND | (rest == REST_UNKNOWN ? REG_NOTEOL : 0); /* it may hold NULs */

	return regexec(&a->expected, a->text ? a->text : "", 1, &all, flags) == 0;
}

static bool keep(struct http_answer *a, const char *octets, size_t len)
{
	size_t room = a->room ? a->room : FIRST_ROOM;
	char *more;

	while (room < a->body + len)
		room *= 2;
	if (room > a->room) {
		more = realloc(a->text, room + 1);
		if (!more)
			return false;
		a->text = more;
		a->room = room;
	}
	memcpy(a->text + a->body, octets, len);
	a->body += len;
	a->text[a->body] = '\0'; /* for instruments that do not know of REG_STARTEND */
	return true;
}

void http_answer_body(struct http_answer *a, const char *octets, size_t len)
{
	size_t left = HTTP_BODY_MAX - a->body;
	bool too_much = len > left;

	/* What comes before the header is over belongs to no answer. */
	if (a->decided || !a->expects || !a->whole)
		return;
	if (!keep(a, octets, too_much ? left : len)) {
		decide(a, OUTCOME_CANNOT_RUN, "no memory for the answer");
		return;
	}
	if (a->body < a->next_look && !too_much)
		return;
	a->next_look = a->body + a->body / LOOK_AGAIN + 1;
	if (is_in_it(a, REST_UNKNOWN)) {
		decide(a, OUTCOME_GOOD, "");
	} else if (too_much) {
		a->decided = true;
		outcome_set(&a->outcome, OUTCOME_TOO_LARGE,
			    "\"%.60s\" is not in the first %d octets", a->check->expect_body,
			    HTTP_BODY_MAX);
	}
}

/* --- its end ---------------------------------------------------------------------------------- */

void http_answer_end(struct http_answer *a)
{
	if (a->decided)
		return;
	if (!a->whole) {
		http_answer_cut(a, OUTCOME_CLOSED);
		return;
	}
	a->decided = true;
	if (is_in_it(a, REST_NONE))
		outcome_set(&a->outcome, OUTCOME_GOOD, "%s", "");
	else
		outcome_set(&a->outcome, OUTCOME_BODY, "\"%.60s\" is not in %zu octets",
			    a->check->expect_body, a->body);
}

void http_answer_cut(struct http_answer *a, enum outcome_code code)
{
	if (a->decided)
		return;
	a->decided = true;
	if (a->header == 0)
		outcome_set(&a->outcome, code, "no answer");
	else if (!a->whole)
		outcome_set(&a->outcome, code, "header not whole");
	else if (is_in_it(a, REST_UNKNOWN)) /* since it was last looked at */
		outcome_set(&a->outcome, OUTCOME_GOOD, "%s", "");
	else
		outcome_set(&a->outcome, code, "%zu octets of the body", a->body);
}
