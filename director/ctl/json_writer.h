/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON document written as it comes, laid out as jansson does with JSON_INDENT(2). A status of a hundred
 * thousand backends has three million values: as jansson's they take ten times as long, and
 * 400 MB.
 */
#ifndef DIRECTOR_CTL_JSON_WRITER_H
#define DIRECTOR_CTL_JSON_WRITER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_WRITER_ROOM = 64 << 10, JSON_WRITER_REALS = 4 };

struct json_writer {
	FILE *out;
	unsigned int depth;
	bool first;  /* nothing is in the innermost array or object yet */
	bool keyed;  /* a key was written, its value comes */
	bool failed; /* a value could not be told */
	struct json_real {
		double value;
		char text[32];	    /* "": there is none */
	} reals[JSON_WRITER_REALS]; /* the last ones, in turns */
	unsigned int next_real;
	size_t used;
	char room[JSON_WRITER_ROOM];
};

void json_writer_begin(struct json_writer *w, FILE *out);
/* Writes what is left, and a line's end. 0, or -1: it is not all there. */
int json_writer_end(struct json_writer *w);

/* bracket: '{' or '['; of the same kind are those that are closed. */
void json_open(struct json_writer *w, char bracket);
void json_close(struct json_writer *w, char bracket);
/* In an object, before its value. key needs no escapes. */
void json_key(struct json_writer *w, const char *key);
/* text: what is no UTF-8 of it is written as '?'. */
void json_put_text(struct json_writer *w, const char *text);
/* STATUS_UNKNOWN: null. */
void json_put_number(struct json_writer *w, uint64_t n);
void json_put_real(struct json_writer *w, double d);
void json_put_bool(struct json_writer *w, bool b);
/* Takes it over; NULL: there was no memory for it. */
void json_put_value(struct json_writer *w, json_t *value);

#endif
