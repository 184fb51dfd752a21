/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/outline.h"

#include "director/config/digest.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEPTH = 4, /* of sections in sections */
	LABEL = 64,
};

/* The canonical text (digest.h), a line at a time: "farm{", "name=www", "ports=80", "}". */
struct reader {
	struct outline *outline;
	FILE *lines; /* of the part; NULL: none is open */
	char *text;
	size_t len;
	size_t depth;		   /* 0: at the top level */
	char labels[DEPTH][LABEL]; /* of the sections around: "farm www" */
	unsigned int number;	   /* of sections without a name in the part so far */
};

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text != '\n' && (*text < ' ' || *text > '~'))
			*text = '?';
}

static int open_part(struct reader *r)
{
	struct outline_part *parts =
		realloc(r->outline->parts, (r->outline->n + 1) * sizeof(*parts));

	if (!parts)
		return -ENOMEM;
	r->outline->parts = parts;
	parts[r->outline->n] = (struct outline_part){0};
	r->text = NULL;
	r->number = 0;
	r->lines = open_memstream(&r->text, &r->len);
	if (!r->lines)
		return -ENOMEM;
	r->outline->n++;
	return 0;
}

static int close_part(struct reader *r, const char *name)
{
	struct outline_part *p = &r->outline->parts[r->outline->n - 1];
	bool good = fclose(r->lines) == 0;

	r->lines = NULL;
	p->lines = r->text;
	snprintf(p->name, sizeof(p->name), "%s", name);
	if (!good || !p->lines)
		return -ENOMEM;
	make_printable(p->name);
	make_printable(p->lines);
	crypto_generichash((unsigned char *)&p->sum, sizeof(p->sum),
			   (const unsigned char *)p->lines, strlen(p->lines), NULL, 0);
	return 0;
}

static void put_labels(struct reader *r)
{
	for (size_t i = 1; i < r->depth; i++)
		fprintf(r->lines, "%s: ", r->labels[i]);
}

/* A name stands first in its section, and is no value then. */
static void take_value(struct reader *r, const char *key, const char *value, bool first)
{
	char *label = r->labels[r->depth ? r->depth - 1 : 0];

	if (first && r->depth > 0 && strcmp(key, "name") == 0) {
		size_t len = strcspn(label, " ");

		r->number -= r->depth > 1;
		snprintf(label + len, LABEL - len, " %s", value);
		return;
	}
	put_labels(r);
	fprintf(r->lines, "%s = %s\n", key, value);
}

static int begin_section(struct reader *r, const char *name)
{
	char *label;

	if (r->depth == DEPTH)
		return -EINVAL;
	label = r->labels[r->depth++];
	snprintf(label, LABEL, "%s", name);
	if (r->depth > 1) {
		snprintf(label, LABEL, "%s %u", name, ++r->number);
		return 0;
	}
	return open_part(r);
}

static int end_section(struct reader *r)
{
	return --r->depth > 0 ? 0 : close_part(r, r->labels[0]);
}

/* One level: the lines of sections (inside true), or those of the top level. */
static int read_lines(struct reader *r, char *text, bool inside)
{
	bool first = false;
	int code = 0;

	for (char *line = text, *next; code == 0 && *line; line = next) {
		size_t len = strcspn(line, "\n");
		char *equal;

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		equal = strchr(line, '=');
		if (len > 0 && line[len - 1] == '{' && !equal) {
			line[len - 1] = '\0';
			code = inside ? begin_section(r, line) : (r->depth++, 0);
			first = true;
			continue;
		}
		if (strcmp(line, "}") == 0)
			code = inside ? end_section(r) : (r->depth--, 0);
		else if (equal && inside == (r->depth > 0)) {
			*equal = '\0';
			take_value(r, line, equal + 1, first);
		}
		first = false;
	}
	return code;
}

/* Reading cuts the text into lines: so each level has one of its own. */
static int read_level(struct reader *r, const struct config *c, bool inside)
{
	char *text = config_canonical(c);
	int code = text ? 0 : -ENOMEM;

	if (!code && !inside)
		code = open_part(r);
	if (!code)
		code = read_lines(r, text, inside);
	if (!code && !inside)
		code = close_part(r, "the top level");
	if (r->lines) {
		fclose(r->lines);
		r->lines = NULL;
		free(r->text);
	}
	free(text);
	return code;
}

int outline_make(const struct config *c, struct outline *ret)
{
	struct reader r = {.outline = ret};
	int code;

	*ret = (struct outline){0};
	code = read_level(&r, c, false);
	if (!code)
		code = read_level(&r, c, true);
	if (code)
		outline_clear(ret);
	return code;
}

void outline_clear(struct outline *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->parts[i].lines);
	free(o->parts);
	*o = (struct outline){0};
}

const struct outline_part *outline_find(const struct outline *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->parts[i].name, name) == 0)
			return &o->parts[i];
	return NULL;
}

/* --- differences ------------------------------------------------------------------------------- */

void outline_differ(struct outline_differences *d, const char *fmt, ...)
{
	va_list arguments;

	if (d->total++ >= OUTLINE_DIFFERENCES_MAX)
		return;
	va_start(arguments, fmt);
	vsnprintf(d->list[d->n++], OUTLINE_DIFFERENCE, fmt, arguments);
	va_end(arguments);
}

/* The line that starts with those octets, from text on; NULL: there is none. */
static const char *find_line(const char *text, const char *start, size_t len)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, start, len) == 0)
			return text;
	return NULL;
}

/* "weight = " of "weight = 2", a list of several lines counts as one that differs. */
static size_t key_length(const char *line)
{
	const char *equal = strstr(line, " = ");

	return equal && equal < line + strcspn(line, "\n") ? (size_t)(equal + 3 - line)
							   : strcspn(line, "\n");
}

static bool has_line(const char *text, const char *line)
{
	return find_line(text, line, strcspn(line, "\n") + 1) != NULL;
}

/* How many lines of that key there are. */
static size_t count_key(const char *text, const char *key, size_t len)
{
	size_t n = 0;

	for (; (text = find_line(text, key, len)); text += strcspn(text, "\n"))
		n++;
	return n;
}

static void compare_one(const char *part, const char *line, const char *here, const char *there,
			const char *node, bool is_here, struct outline_differences *d)
{
	size_t key = key_length(line), len = strcspn(line, "\n");
	const char *other = find_line(there, line, key);

	if (other && count_key(here, line, key) == 1 && count_key(there, line, key) == 1) {
		if (is_here) /* once for both */
			outline_differ(d, "%s: %.*s here, %.*s on %s", part, (int)len, line,
				       (int)(strcspn(other, "\n") - key), other + key, node);
		return;
	}
	if (is_here)
		outline_differ(d, "%s: %.*s here, not on %s", part, (int)len, line, node);
	else
		outline_differ(d, "%s: %.*s on %s, not here", part, (int)len, line, node);
}

void outline_compare_lines(const char *part, const char *here, const char *there, const char *node,
			   struct outline_differences *d)
{
	size_t before = d->total;

	for (const char *line = here; *line; line += strcspn(line, "\n") + 1)
		if (!has_line(there, line))
			compare_one(part, line, here, there, node, true, d);
	for (const char *line = there; *line; line += strcspn(line, "\n") + 1)
		if (!has_line(here, line))
			compare_one(part, line, there, here, node, false, d);
	if (d->total == before)
		outline_differ(d, "%s: the order of what is in it", part);
}
