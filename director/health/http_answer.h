/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer of a web server as it comes in, against what a check expects: judged as soon as it can be,
 * and with bounded memory, whatever the server sends.
 *
 * Pure. Keeps as much of the body as there is, HTTP_BODY_MAX octets at most, and none for a check that
 * expects nothing in it.
 */
#ifndef DIRECTOR_HEALTH_HTTP_ANSWER_H
#define DIRECTOR_HEALTH_HTTP_ANSWER_H

#include "director/health/outcome.h"
#include "include/config.h"

#include <regex.h>

enum {
	HTTP_HEADER_MAX =
		32768, /* octets of all header lines: four times what servers allow of ours */
	HTTP_BODY_MAX = 65536, /* octets of the body that are looked at */
};

struct http_answer {
	const struct config_check *check; /* borrowed */
	long status;			  /* of the last status line; 0: there was none */
	bool whole;			  /* the header, and not of an interim answer */
	size_t header, body;		  /* octets that came */
	char *text;			  /* the body, for a check that expects something in it */
	size_t room, next_look;		  /* allocated; searched when it is so long */
	regex_t expected;
	bool expects;
	bool decided;
	struct outcome outcome; /* when it is decided */
};

/* 0 or -ENOMEM; to be cleared after either. */
int http_answer_init(struct http_answer *a, const struct config_check *check);
void http_answer_clear(struct http_answer *a);
/* One line of a header with its end; status as of the last status line. */
void http_answer_header(struct http_answer *a, const char *line, size_t len, long status);
void http_answer_body(struct http_answer *a, const char *octets, size_t len);
/* All of it is there. Decided afterwards. */
void http_answer_end(struct http_answer *a);
/* Nothing more comes and it is not whole, which is that outcome; decided afterwards. */
void http_answer_cut(struct http_answer *a, enum outcome_code code);

#endif
