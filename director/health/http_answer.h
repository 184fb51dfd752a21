/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer of a web server as it comes in, against what a check expects: decided as soon as it can be,
 * with bounded memory, whatever the server sends.
 *
 * Pure. Allocates as much of the body as there is, HTTP_BODY_MAX octets at most, and only for a check
 * that expects something in it.
 */
#ifndef DIRECTOR_HEALTH_HTTP_ANSWER_H
#define DIRECTOR_HEALTH_HTTP_ANSWER_H

#include "director/health/outcome.h"
#include "include/config.h"

#include <regex.h>

enum {
	HTTP_HEADER_MAX = 32768, /* octets of all header lines */
	HTTP_BODY_MAX = 65536,	 /* of the body that are looked at */
};

struct http_answer {
	const struct config_check *check; /* borrowed */
	long status;			  /* of the header that is coming in; 0: none yet */
	size_t header, body;		  /* octets that came */
	char *text; /* of the body, for a check that expects something in it */
	size_t room;
	size_t next_look; /* the body is searched again when it is so long */
	regex_t expected; /* with expects */
	bool expects;
	bool decided;
	struct outcome outcome; /* then */
};

/* 0 or -ENOMEM. */
int http_answer_init(struct http_answer *a, const struct config_check *check);
void http_answer_clear(struct http_answer *a);
/* One line of a header, with its end; status as of its first line. */
void http_answer_header(struct http_answer *a, const char *line, size_t len, long status);
void http_answer_body(struct http_answer *a, const char *octets, size_t len);
/* All of it is there. Decided afterwards. */
void http_answer_end(struct http_answer *a);
/* Its time is over. Decided afterwards; what came counts. */
void http_answer_expire(struct http_answer *a);

#endif
