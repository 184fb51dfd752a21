/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/json_writer.h"

#include "include/status.h"

#include <stdlib.h>
#include <string.h>

enum { INDENT = 2 };

void json_writer_begin(struct json_writer *w, FILE *out)
{
	w->out = out;
	w->depth = 0;
	w->indent = 1;
	w->first = true;
	w->keyed = w->failed = false;
	w->used = 0;
	w->next_real = 0;
	for (size_t i = 0; i < JSON_WRITER_REALS; i++)
		w->reals[i].text[0] = '\0';
}

void json_flush(struct json_writer *w)
{
	fwrite(w->room, 1, w->used, w->out);
	w->used = 0;
}

int json_writer_end(struct json_writer *w)
{
	json_flush(w);
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
		json_flush(w);
	}
	memcpy(w->room + w->used, text, len);
	w->used += len;
}

const char json_line[JSON_INDENT_ROOM] = "\n                               ";

static void go_to(struct json_writer *w, unsigned int depth)
{
	size_t len = 1 + (size_t)INDENT * depth;

	w->depth = depth;
	w->indent = len < sizeof(json_line) ? len : sizeof(json_line);
}

static void new_line(struct json_writer *w)
{
	put(w, json_line, w->indent);
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
	go_to(w, w->depth + 1);
	w->first = true;
}

void json_close(struct json_writer *w, char bracket)
{
	go_to(w, w->depth - 1);
	if (!w->first)
		new_line(w);
	put(w, bracket == '{' ? "}" : "]", 1);
	w->first = false;
}

void json_key(struct json_writer *w, const char *key)
{
	size_t len = strlen(key);

	json_up_to(w, json_copy_key(w, json_at(w, JSON_FIELD_ROOM + len), key, len));
	w->keyed = true;
}

/* Its length, when it can be written as it is; else -1. */
static ssize_t plain_length(const char *text)
{
	const char *at = text;

	for (; *at; at++)
		if (!json_is_plain(*at))
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
	at = json_append(at, text, (size_t)len);
	*at++ = '"';
	w->used += (size_t)len + 2;
}

void json_put_number(struct json_writer *w, uint64_t n)
{
	char digits[JSON_NUMBER_ROOM] = "";

	begin_value(w);
	put(w, digits, (size_t)(json_copy_number(digits, n) - digits));
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
const char *json_real_text(struct json_writer *w, double d)
{
	const struct json_real *r = NULL;

	for (size_t i = 0; !r && i < JSON_WRITER_REALS; i++)
		if (w->reals[i].text[0] && bits_of(w->reals[i].value) == bits_of(d))
			r = &w->reals[i];
	return (r ? r : print_real(w, d))->text;
}

void json_put_real(struct json_writer *w, double d)
{
	const char *text = json_real_text(w, d);

	begin_value(w);
	put(w, text, strlen(text));
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
