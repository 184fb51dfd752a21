/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/outline.h"

#include "director/config/digest.h"
#include "include/name.h"

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

#define TOP "the top level"

/* --- parts ------------------------------------------------------------------------------------- */

/* What is in a part, as it is hashed; to be freed, NULL without memory. */
static char *contents(const struct config *c, const struct keyword *k, const void *object)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (k)
		config_print_section(k->section, object, out);
	for (const struct keyword *row = k ? NULL : section_of(SECTION_TOP)->rows; row && row->name;
	     row++)
		if (row->type != KEYWORD_SECTION && row->type != KEYWORD_INCLUDE)
			config_print_key(row, c, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static void name_part(const struct keyword *k, const void *object, char ret[static SYNC_PART_NAME])
{
	const struct section *section = section_of(k->section);
	const char *title = "";

	if (section->titled)
		title = *(const char *const *)(const void *)((const char *)object + section->title);
	snprintf(ret, SYNC_PART_NAME, "%s%s%s", section->name, section->titled ? " " : "", title);
	text_make_printable(ret, "");
}

/*
 * Goes through the parts: each one with its key (NULL: the top level) and its object, until look() says
 * that it is enough. whole: those of the node alone, too.
 */
static void each_part(const struct config *c, bool whole,
		      bool (*look)(void *data, const struct config *c, const char *name,
				   const struct keyword *k, const void *object),
		      void *data)
{
	char name[SYNC_PART_NAME] = TOP;
	bool more = look(data, c, name, NULL, c);

	for (const struct keyword *k = section_of(SECTION_TOP)->rows; more && k->name; k++) {
		struct config_elements e;

		if (k->type != KEYWORD_SECTION || (!whole && config_is_of_the_node(k)))
			continue;
		e = config_elements(k, c);
		for (; more && e.n > 0; e.n--, e.first += e.size) {
			if (!section_holds(k->section, e.first))
				continue;
			name_part(k, e.first, name);
			more = look(data, c, name, k, e.first);
		}
	}
}

struct making {
	struct outline *outline;
	int code;
};

static bool add_part(void *data, const struct config *c, const char *name, const struct keyword *k,
		     const void *object)
{
	struct making *m = data;
	struct outline *o = m->outline;
	struct outline_part *parts;
	char *text;

	if (o->n == OUTLINE_PARTS_MAX)
		return false;
	parts = realloc(o->parts, (o->n + 1) * sizeof(*parts));
	if (parts)
		o->parts = parts;
	text = parts ? contents(c, k, object) : NULL;
	if (!text) {
		m->code = -ENOMEM;
		return false;
	}
	parts[o->n] = (struct outline_part){0};
	snprintf(parts[o->n].name, SYNC_PART_NAME, "%s", name);
	crypto_generichash((unsigned char *)&parts[o->n].sum, sizeof(parts->sum),
			   (const unsigned char *)text, strlen(text), NULL, 0);
	o->n++;
	free(text);
	return true;
}

int outline_make(const struct config *c, struct outline *ret)
{
	struct making m = {.outline = ret};

	*ret = (struct outline){0};
	each_part(c, false, add_part, &m);
	if (m.code)
		outline_clear(ret);
	else
		outline_sort(ret);
	return m.code;
}

void outline_clear(struct outline *o)
{
	free(o->parts);
	*o = (struct outline){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct outline_part *)a)->name,
		      ((const struct outline_part *)b)->name);
}

void outline_sort(struct outline *o)
{
	size_t kept = 0;

	if (o->n > 0)
		qsort(o->parts, o->n, sizeof(*o->parts), by_name);
	for (size_t i = 0; i < o->n; i++)
		if (i == 0 || by_name(&o->parts[i], &o->parts[kept - 1]) != 0)
			o->parts[kept++] = o->parts[i];
	o->n = kept;
}

const struct outline_part *outline_find(const struct outline *o, const char *name)
{
	struct outline_part key = {0};

	snprintf(key.name, sizeof(key.name), "%s", name);
	return o->n ? bsearch(&key, o->parts, o->n, sizeof(key), by_name) : NULL;
}

/* --- lines ------------------------------------------------------------------------------------- */

/* What is in a part (digest.h), a line at a time: "name=www", "ports=80", "backend{", ..., "}". */
struct reader {
	FILE *out;
	size_t depth;		   /* 0: in the part itself */
	char labels[DEPTH][LABEL]; /* of the sections in it: "backend web1" */
	unsigned int number;	   /* of sections without a name so far */
};

/* A name stands first in its section, and is no value then. */
static void take_value(struct reader *r, const char *key, const char *value, bool first)
{
	if (first && strcmp(key, "name") == 0) {
		char *label = r->labels[r->depth - 1];
		size_t len = strcspn(label, " ");

		r->number--;
		snprintf(label + len, LABEL - len, " %s", value);
		return;
	}
	for (size_t i = 0; i < r->depth; i++)
		fprintf(r->out, "%s: ", r->labels[i]);
	fprintf(r->out, "%s = %s\n", key, value);
}

/* The text is cut into its lines. named: it begins with the name of the part. */
static void read_lines(struct reader *r, char *text, bool named)
{
	bool first = false;

	for (char *line = text, *next; *line; line = next) {
		size_t len = strcspn(line, "\n");
		char *equal;

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		if (line == text && named)
			continue;
		equal = strchr(line, '=');
		if (equal) {
			*equal = '\0';
			take_value(r, line, equal + 1, first);
		} else if (strcmp(line, "}") == 0 && r->depth > 0) {
			r->depth--;
		} else if (len > 0 && r->depth < DEPTH) {
			line[len - 1] = '\0';
			snprintf(r->labels[r->depth++], LABEL, "%.40s %u", line, ++r->number);
			first = true;
			continue;
		}
		first = false;
	}
}

struct wanted {
	const char *name;
	char *lines;
};

static bool print_lines(void *data, const struct config *c, const char *name,
			const struct keyword *k, const void *object)
{
	struct wanted *w = data;
	struct reader r = {0};
	char *text;
	size_t len = 0;

	if (strcmp(name, w->name) != 0)
		return true;
	text = contents(c, k, object);
	r.out = text ? open_memstream(&w->lines, &len) : NULL;
	if (r.out) {
		read_lines(&r, text, k && section_of(k->section)->titled);
		if (fclose(r.out) != 0 || len == 0 || len >= SYNC_PART_TEXT) {
			free(w->lines);
			w->lines = NULL;
		}
	}
	free(text);
	if (w->lines)
		text_make_printable(w->lines, "\n");
	return false;
}

char *outline_lines(const struct config *c, const char *name)
{
	struct wanted w = {.name = name};

	each_part(c, false, print_lines, &w);
	return w.lines;
}

struct printing {
	FILE *out;
	const char *before;
};

static bool print_part(void *data, const struct config *c, const char *name,
		       const struct keyword *k, const void *object)
{
	const struct printing *p = data;
	char *text = contents(c, k, object), *lines = NULL;
	struct reader r = {0};
	size_t len = 0;

	r.out = text ? open_memstream(&lines, &len) : NULL;
	if (r.out) {
		read_lines(&r, text, k && section_of(k->section)->titled);
		fclose(r.out);
	}
	fprintf(p->out, "%s%s\n", p->before, name);
	if (lines) {
		text_make_printable(lines, "\n");
		fputs(lines, p->out);
	}
	free(lines);
	free(text);
	return true;
}

void outline_print(const struct config *c, const char *before, FILE *out)
{
	struct printing p = {.out = out, .before = before};

	each_part(c, true, print_part, &p);
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

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

/* The line that starts with those octets, from text on; NULL: there is none. */
static const char *find_line(const char *text, const char *start, size_t len)
{
	for (; *text; text = next_line(text))
		if (strncmp(text, start, len) == 0)
			return text;
	return NULL;
}

/* Octets of "weight = " in "weight = 2"; of a line that is none, all of it. */
static size_t key_length(const char *line)
{
	size_t len = strcspn(line, "\n");
	const char *equal = strstr(line, " = ");

	return equal && equal < line + len ? (size_t)(equal + 3 - line) : len;
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strcspn(line, "\n");

	for (; (text = find_line(text, line, len)); text = next_line(text))
		if (text[len] == '\n' || text[len] == '\0')
			return true;
	return false;
}

static size_t count_key(const char *text, const char *key, size_t len)
{
	size_t n = 0;

	for (; (text = find_line(text, key, len)); text = next_line(text))
		n++;
	return n;
}

struct words {
	const char *text;
	int len;
};

/* What is behind the key; what is not set has a word, too. */
static struct words value_of(const char *line, size_t key)
{
	size_t len = strcspn(line + key, "\n");

	return len ? (struct words){line + key, (int)len} : (struct words){"nothing", 7};
}

static void compare_one(const char *part, const char *line, const char *here, const char *there,
			const char *node, bool is_here, struct outline_differences *d)
{
	size_t key = key_length(line), len = strcspn(line, "\n");
	const char *other = find_line(there, line, key);

	/* A list is several lines of one key. */
	if (other && count_key(here, line, key) == 1 && count_key(there, line, key) == 1) {
		struct words ours = value_of(line, key), theirs = value_of(other, key);

		if (is_here) /* once for both */
			outline_differ(d, "%s: %.*s%.*s here, %.*s on %s", part, (int)key, line,
				       ours.len, ours.text, theirs.len, theirs.text, node);
		return;
	}
	if (is_here)
		outline_differ(d, "%s: %.*s here, not on %s", part, (int)len, line, node);
	else
		outline_differ(d, "%s: %.*s on %s, not here", part, (int)len, line, node);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text = next_line(text))
		n++;
	return n;
}

void outline_compare_lines(const char *part, const char *here, const char *there, const char *node,
			   struct outline_differences *d)
{
	size_t before = d->total;

	if (count_lines(here) > OUTLINE_LINES_MAX || count_lines(there) > OUTLINE_LINES_MAX) {
		outline_differ(d, "%s: another one on %s", part, node);
		return;
	}
	for (const char *line = here; *line; line = next_line(line))
		if (!has_line(there, line))
			compare_one(part, line, here, there, node, true, d);
	for (const char *line = there; *line; line = next_line(line))
		if (!has_line(here, line))
			compare_one(part, line, there, here, node, false, d);
	if (d->total == before)
		outline_differ(d, "%s: the order of what is in it, or octets that are not ASCII",
			       part);
}
