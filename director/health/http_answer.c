/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/http_answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LOOK = 512 };

int http_answer_init(struct http_answer *a, const struct config_check *check)
{
	*a = (struct http_answer){.check = check, .next_look = FIRST_LOOK};
	if (!check->expect_body[0])
		return 0;
	/* It was compiled when the configuration was read: only memory can be missing. */
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
	*a = (struct http_answer){0};
}

static void decide(struct http_answer *a, enum outcome_code code, const char *detail)
{
	a->decided = true;
	outcome_set(&a->outcome, code, "%s", detail);
}

/* --- header ----------------------------------------------------------------------------------- */

static bool is_expected(const struct config_check *k, long status)
{
	for (size_t i = 0; i < k->n_expect_status; i++)
		if (k->expect_status[i] == status)
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

/* An empty line. Of an interim answer (RFC 9110, 15.2) another header follows. */
static void header_is_whole(struct http_answer *a)
{
	if (a->status >= 100 && a->status < 200)
		return;
	if (!is_expected(a->check, a->status))
		decide_status(a);
	else if (!a->expects)
		decide(a, OUTCOME_GOOD, "");
}

void http_answer_header(struct http_answer *a, const char *line, size_t len, long status)
{
	if (a->decided)
		return;
	a->header += len;
	a->status = status;
	if (a->header > HTTP_HEADER_MAX)
		decide(a, OUTCOME_TOO_LARGE, "a header without an end");
	else if (len <= 2 && (line[0] == '\r' || line[0] == '\n'))
		header_is_whole(a);
}

/* --- body ------------------------------------------------------------------------------------- */

static bool is_in_it(const struct http_answer *a)
{
	return regexec(&a->expected, a->text ? a->text : "", 0, NULL, 0) == 0;
}

/* As one text, which ends where the body does: a NUL in it becomes another octet that is no text. */
static bool keep(struct http_answer *a, const char *octets, size_t len)
{
	size_t room = a->room ? a->room : FIRST_LOOK;
	char *more;

	while (room < a->body + len + 1)
		room *= 2;
	if (room > a->room) {
		more = realloc(a->text, room);
		if (!more)
			return false;
		a->text = more;
		a->room = room;
	}
	for (size_t i = 0; i < len; i++)
		a->text[a->body++] = octets[i] ? octets[i] : '\1';
	a->text[a->body] = '\0';
	return true;
}

/* Searched whenever it has doubled: a server that sends octet by octet does not cost more. */
void http_answer_body(struct http_answer *a, const char *octets, size_t len)
{
	size_t left = HTTP_BODY_MAX - a->body;

	if (a->decided)
		return;
	if (!keep(a, octets, len < left ? len : left)) {
		decide(a, OUTCOME_CANNOT_RUN, "no memory");
		return;
	}
	if (a->body < a->next_look && len <= left)
		return;
	a->next_look = 2 * a->body;
	if (is_in_it(a)) {
		decide(a, OUTCOME_GOOD, "");
	} else if (len > left) {
		a->decided = true;
		outcome_set(&a->outcome, OUTCOME_TOO_LARGE,
			    "\"%.60s\" is not in the first %d octets", a->check->expect_body,
			    HTTP_BODY_MAX);
	}
}

void http_answer_end(struct http_answer *a)
{
	if (a->decided)
		return;
	a->decided = true;
	if (!a->expects || is_in_it(a))
		outcome_set(&a->outcome, OUTCOME_GOOD, "%s", "");
	else
		outcome_set(&a->outcome, OUTCOME_BODY, "\"%.60s\" is not in %zu octets",
			    a->check->expect_body, a->body);
}

void http_answer_expire(struct http_answer *a)
{
	if (a->decided)
		return;
	a->decided = true;
	if (!a->header)
		outcome_set(&a->outcome, OUTCOME_STALLED, "no answer to the request");
	else if (!a->body && !a->expects)
		outcome_set(&a->outcome, OUTCOME_STALLED, "%zu octets of a header", a->header);
	else if (a->body && is_in_it(a))
		outcome_set(&a->outcome, OUTCOME_GOOD, "%s", "");
	else
		outcome_set(&a->outcome, OUTCOME_STALLED, "%zu octets of the body so far", a->body);
}
