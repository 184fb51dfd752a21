/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/json_writer.h"

#include "include/status.h"

#include <stdlib.h>
#include <string.h>

enum { INDENT = 2, DIGITS = 20 };

void json_writer_begin(struct json_writer *w, FILE *out)
{
	w->out = out;
	w->depth = 0;
	w->first = true;
	w->keyed = w->failed = false;
	w->used = 0;
	w->next_real = 0;
	for (size_t i = 0; i < JSON_WRITER_REALS; i++)
		w->reals[i].text[0] = '\0';
}

static void flush(struct json_writer *w)
{
	w->failed |= fwrite(w->room, 1, w->used, w->out) != w->used;
	w->used = 0;
}

int json_writer_end(struct json_writer *w)
{
	flush(w);
	fputc('\n', w->out);
	return w->failed ? -1 : 0;
}

static void put(struct json_writer *w, const char *text, size_t len)
{
	while (len > sizeof(w->room) - w->used) {
		size_t part = sizeof(w->room) - w->used;

		memcpy(w->room + w->used, text, part);
		w->used += part;
		text += part;
		len -= part;
		flush(w);
	}
	memcpy(w->room + w->used, text, len);
	w->used += len;
}

/* A line's end and what stands in front of the next one; longer than any document is deep. */
static const char spaces[] = "\n                                ";

static size_t indent(const struct json_writer *w)
{
	size_t len = 1 + (size_t)INDENT * w->depth;

	return len < sizeof(spaces) ? len : sizeof(spaces) - 1;
}

static void new_line(struct json_writer *w)
{
	put(w, spaces, indent(w));
}

/* What stands before a value, or before its key. */
static void begin_value(struct json_writer *w)
{
	if (w->keyed) {
		w->keyed = false;
		return;
	}
	if (!w->first)
		put(w, ",", 1);
	if (w->depth)
		new_line(w);
	w->first = false;
}

void json_open(struct json_writer *w, char bracket)
{
	begin_value(w);
	put(w, &bracket, 1);
	w->depth++;
	w->first = true;
}

void json_close(struct json_writer *w, char bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	put(w, bracket == '{' ? "}" : "]", 1);
	w->first = false;
}

static char *copy(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

/* In one piece: most of a long document is keys. */
void json_key(struct json_writer *w, const char *key)
{
	size_t len = strlen(key), before = indent(w);
	char *at;

	if (sizeof(w->room) - w->used < len + sizeof(spaces) + sizeof(",\"\": "))
		flush(w);
	at = w->room + w->used;
	if (!w->first)
		*at++ = ',';
	at = copy(at, spaces, before);
	*at++ = '"';
	at = copy(at, key, len);
	at = copy(at, "\": ", 3);
	w->used = (size_t)(at - w->room);
	w->first = false;
	w->keyed = true;
}

/* Its length, when it can be written as it is; else -1. */
static ssize_t plain_length(const char *text)
{
	const char *at = text;

	for (; *at; at++)
		if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
			return -1;
	return at - text;
}

static json_t *escaped(const char *text)
{
	json_t *value = json_string(text);
	char *copy = value ? NULL : strdup(text);

	for (char *at = copy; at && *at; at++)
		if (*at & 0x80)
			*at = '?';
	if (copy)
		value = json_string(copy);
	free(copy);
	return value;
}

void json_put_text(struct json_writer *w, const char *text)
{
	ssize_t len = plain_length(text);
	char *at;

	if (len < 0) {
		json_put_value(w, escaped(text));
		return;
	}
	begin_value(w);
	if (sizeof(w->room) - w->used < (size_t)len + 2) {
		put(w, "\"", 1);
		put(w, text, (size_t)len);
		put(w, "\"", 1);
		return;
	}
	at = w->room + w->used;
	*at++ = '"';
	at = copy(at, text, (size_t)len);
	*at++ = '"';
	w->used += (size_t)len + 2;
}

void json_put_number(struct json_writer *w, uint64_t n)
{
	char digits[DIGITS], *at = digits + DIGITS;

	begin_value(w);
	if (n == STATUS_UNKNOWN) {
		put(w, "null", 4);
		return;
	}
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	put(w, at, (size_t)(digits + DIGITS - at));
}

static const struct json_real *print_real(struct json_writer *w, double d)
{
	struct json_real *r = &w->reals[w->next_real++ % JSON_WRITER_REALS];
	json_t *value = json_real(d);
	size_t len = value ? json_dumpb(value, r->text, sizeof(r->text) - 1, JSON_ENCODE_ANY) : 0;

	json_decref(value);
	if (len >= sizeof(r->text))
		len = 0;
	w->failed |= len == 0;
	r->text[len] = '\0';
	r->value = d;
	return r;
}

static uint64_t bits_of(double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	return bits;
}

/* Backends of one farm mostly have the same. */
void json_put_real(struct json_writer *w, double d)
{
	const struct json_real *r = NULL;

	for (size_t i = 0; !r && i < JSON_WRITER_REALS; i++)
		if (w->reals[i].text[0] && bits_of(w->reals[i].value) == bits_of(d))
			r = &w->reals[i];
	if (!r)
		r = print_real(w, d);
	begin_value(w);
	put(w, r->text, strlen(r->text));
}

void json_put_bool(struct json_writer *w, bool b)
{
	begin_value(w);
	put(w, b ? "true" : "false", b ? 4 : 5);
}

/* Its lines are as deep as where they are written; a text has no line's end of its own. */
void json_put_value(struct json_writer *w, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_INDENT(INDENT) | JSON_ENCODE_ANY) : NULL;

	json_decref(value);
	if (!text) {
		w->failed = true;
		json_put_number(w, STATUS_UNKNOWN);
		return;
	}
	begin_value(w);
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "\n");

		put(w, at, len);
		at += len;
		if (*at == '\n') {
			new_line(w);
			at++;
		}
	}
	free(text);
}
