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
#include <string.h>

enum {
	JSON_WRITER_ROOM = 64 << 10,
	JSON_WRITER_REALS = 4,
	JSON_INDENT_ROOM = 32, /* octets: longer than any document is deep, and copied as a whole */
	JSON_NUMBER_ROOM = 20,
	/* What stands around a key, and a number or another short value behind it. */
	JSON_FIELD_ROOM = JSON_INDENT_ROOM + JSON_NUMBER_ROOM + sizeof(",\"\": \"\""),
};

struct json_writer {
	FILE *out;
	unsigned int depth;
	size_t indent; /* octets of a line's end and what stands in front of the next line */
	bool first;    /* nothing is in the innermost array or object yet */
	bool keyed;    /* a key was written, its value comes */
	bool failed;   /* a value could not be told */
	struct json_real {
		double value;
		char text[32];	    /* "": there is none */
	} reals[JSON_WRITER_REALS]; /* the last ones, in turns */
	unsigned int next_real;
	size_t used;
	char room[JSON_WRITER_ROOM];
};

void json_writer_begin(struct json_writer *w, FILE *out);
/*
 * Writes what is left, and a line's end. 0, or -1: a value is missing. What is not written the stream
 * knows.
 */
int json_writer_end(struct json_writer *w);

/* bracket: '{' or '['; of the same kind are those that are closed. */
void json_open(struct json_writer *w, char bracket);
void json_close(struct json_writer *w, char bracket);
/* In an object, before its value. key needs no escapes. */
void json_key(struct json_writer *w, const char *key);
/*
 * The same and its value at once: most of a long document is these. The key as JSON_KEY("name"), so that its
 * length is a constant where it is copied.
 */
#define JSON_KEY(text) (text), sizeof(text) - 1
static inline void json_field_text(struct json_writer *w, const char *key, size_t len,
				   const char *text);
static inline void json_field_number(struct json_writer *w, const char *key, size_t len,
				     uint64_t n);
static inline void json_field_real(struct json_writer *w, const char *key, size_t len, double d);
static inline void json_field_bool(struct json_writer *w, const char *key, size_t len, bool b);

/* text: what is no UTF-8 of it is written as '?'. */
void json_put_text(struct json_writer *w, const char *text);
/* STATUS_UNKNOWN: null. */
void json_put_number(struct json_writer *w, uint64_t n);
void json_put_real(struct json_writer *w, double d);
void json_put_bool(struct json_writer *w, bool b);
/* Takes it over; NULL: there was no memory for it. */
void json_put_value(struct json_writer *w, json_t *value);

/* --- fields, in place ------------------------------------------------------------------------- */

extern const char json_line[JSON_INDENT_ROOM]; /* a line's end, and spaces */
void json_flush(struct json_writer *w);
const char *json_real_text(struct json_writer *w, double d);

/* Where the next octets go; there is room for so many. */
static inline char *json_at(struct json_writer *w, size_t n)
{
	if (sizeof(w->room) - w->used < n)
		json_flush(w);
	return w->room + w->used;
}

static inline char *json_append(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

/* Up to where its value begins. */
static inline char *json_copy_key(const struct json_writer *w, char *at, const char *key,
				  size_t len)
{
	*at = ',';
	at += !w->first;
	memcpy(at, json_line, JSON_INDENT_ROOM);
	at += w->indent;
	*at++ = '"';
	at = json_append(at, key, len);
	return json_append(at, "\": ", 3);
}

static inline void json_up_to(struct json_writer *w, const char *at)
{
	w->used = (size_t)(at - w->room);
	w->first = false;
}

static inline char *json_copy_number(char *at, uint64_t n)
{
	char digits[JSON_NUMBER_ROOM], *from = digits + sizeof(digits);

	if (n == UINT64_MAX)
		return json_append(at, "null", 4);
	do
		*--from = (char)('0' + n % 10);
	while (n /= 10);
	return json_append(at, from, (size_t)(digits + sizeof(digits) - from));
}

static inline void json_field_number(struct json_writer *w, const char *key, size_t len, uint64_t n)
{
	char *at = json_copy_key(w, json_at(w, JSON_FIELD_ROOM + len), key, len);

	json_up_to(w, json_copy_number(at, n));
}

static inline void json_field_bool(struct json_writer *w, const char *key, size_t len, bool b)
{
	char *at = json_copy_key(w, json_at(w, JSON_FIELD_ROOM + len), key, len);

	json_up_to(w, b ? json_append(at, "true", 4) : json_append(at, "false", 5));
}

static inline void json_field_real(struct json_writer *w, const char *key, size_t len, double d)
{
	const char *text = json_real_text(w, d);
	size_t n = strlen(text);
	char *at = json_copy_key(w, json_at(w, JSON_FIELD_ROOM + len + n), key, len);

	json_up_to(w, json_append(at, text, n));
}

static inline bool json_is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* One that is long or needs escapes goes the longer way. */
static inline void json_field_text(struct json_writer *w, const char *key, size_t len,
				   const char *text)
{
	enum { SHORT = 256 };
	char *at = json_at(w, JSON_FIELD_ROOM + len + SHORT);
	size_t n = 0;

	at = json_copy_key(w, at, key, len);
	*at++ = '"';
	while (n < SHORT && json_is_plain(text[n]))
		*at++ = text[n++];
	if (text[n]) {
		json_key(w, key);
		json_put_text(w, text);
		return;
	}
	*at++ = '"';
	json_up_to(w, at);
}

#endif
