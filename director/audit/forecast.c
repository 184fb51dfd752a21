/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/audit/forecast.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct prospect_part *find_part(const struct prospect *p, const char *name)
{
	for (size_t i = 0; i < p->n_parts; i++)
		if (strcmp(p->parts[i].name, name) == 0)
			return &p->parts[i];
	return NULL;
}

/* --- lines, found by how they begin ------------------------------------------------------------- */

/* A line ends with a newline: none begins like another one that is longer. */
struct lines {
	const char **sorted;
	size_t n;
};

static size_t length(const char *line)
{
	return strcspn(line, "\n");
}

static const char *next(const char *line)
{
	line += length(line);
	return line + (*line == '\n');
}

static int by_octets(const void *a, const void *b)
{
	const char *one = *(const char *const *)a, *other = *(const char *const *)b;
	size_t len = length(one), other_len = length(other);
	int order = memcmp(one, other, len < other_len ? len : other_len);

	return order ? order : (len > other_len) - (len < other_len);
}

static int lines_init(struct lines *l, const char *text)
{
	size_t n = 0;

	for (const char *line = text; *line; line = next(line))
		n++;
	*l = (struct lines){.sorted = calloc(n + 1, sizeof(*l->sorted))};
	if (!l->sorted)
		return -ENOMEM;
	for (const char *line = text; *line; line = next(line))
		l->sorted[l->n++] = line;
	qsort(l->sorted, l->n, sizeof(*l->sorted), by_octets);
	return 0;
}

static void lines_clear(struct lines *l)
{
	free(l->sorted);
}

/* How many begin with those octets; *ret is the first of them. */
static size_t lines_begin(const struct lines *l, const char *start, size_t len, const char **ret)
{
	size_t low = 0, high = l->n, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(l->sorted[middle], start, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low + n < l->n && strncmp(l->sorted[low + n], start, len) == 0; n++)
		;
	*ret = n ? l->sorted[low] : NULL;
	return n;
}

static bool lines_have(const struct lines *l, const char *line)
{
	return l->n && bsearch(&line, l->sorted, l->n, sizeof(line), by_octets);
}

/* --- changes ------------------------------------------------------------------------------------ */

struct telling {
	forecast_say *say;
	void *owner;
};

__attribute__((format(printf, 2, 3))) static void say(const struct telling *t, const char *fmt, ...)
{
	char text[FORECAST_SENTENCE];
	va_list arguments;

	va_start(arguments, fmt);
	vsnprintf(text, sizeof(text), fmt, arguments);
	va_end(arguments);
	t->say(t->owner, text);
}

/* Octets of "backend web1: " in "backend web1: weight = 2"; 0: it is the part's own. A value may hold
 * the same octets. */
static size_t label_length(const char *line)
{
	const char *equal = strstr(line, " = "), *colon = strstr(line, ": ");

	return colon && equal && colon < equal && equal < line + length(line)
		       ? (size_t)(colon + 2 - line)
		       : 0;
}

static size_t key_length(const char *line)
{
	const char *equal = strstr(line, " = ");

	return equal && equal < line + length(line) ? (size_t)(equal + 3 - line) : length(line);
}

/* A section that the other side has not at all is one change, at its first line. True: it was told, or is. */
static bool say_whole(const struct telling *t, const char *part, const char *last, const char *line,
		      const struct lines *other, const char *what)
{
	size_t len = label_length(line);
	const char *found;

	if (!len || lines_begin(other, line, len, &found))
		return false;
	if (strncmp(last, line, len) != 0)
		say(t, "%s: %.*s %s", part, (int)len - 2, line, what);
	return true;
}

static void say_line(const struct telling *t, const char *part, const char *line,
		     const struct lines *own, const struct lines *other, bool is_new)
{
	size_t len = length(line), key = key_length(line);
	const char *mine, *theirs;

	/* A list is several lines of one key. */
	if (lines_begin(own, line, key, &mine) == 1 &&
	    lines_begin(other, line, key, &theirs) == 1) {
		if (is_new) /* once for both */
			say(t, "%s: %.*s%s, was %.*s%s", part, (int)len, line,
			    len == key ? "\"\"" : "", (int)(length(theirs) - key), theirs + key,
			    length(theirs) == key ? "\"\"" : "");
		return;
	}
	say(t, "%s: %.*s %s", part, (int)len, line, is_new ? "is new" : "is gone");
}

static int compare_parts(const struct telling *t, const struct prospect_part *before,
			 const struct prospect_part *after)
{
	struct lines old = {0}, new = {0};
	int code = lines_init(&old, before->lines);
	bool any = false;

	if (code == 0)
		code = lines_init(&new, after->lines);
	for (const char *l = after->lines, *last = ""; code == 0 && *l; last = l, l = next(l)) {
		if (lines_have(&old, l))
			continue;
		any = true;
		if (!say_whole(t, after->name, last, l, &old, "is added"))
			say_line(t, after->name, l, &new, &old, true);
	}
	for (const char *l = before->lines, *last = ""; code == 0 && *l; last = l, l = next(l)) {
		if (lines_have(&new, l))
			continue;
		any = true;
		if (!say_whole(t, before->name, last, l, &new, "is removed"))
			say_line(t, before->name, l, &old, &new, false);
	}
	if (code == 0 && !any && strcmp(before->lines, after->lines) != 0)
		say(t, "%s: the order of what is in it", after->name);
	lines_clear(&old);
	lines_clear(&new);
	return code;
}

int forecast_changes(const struct prospect *before, const struct prospect *after,
		     forecast_say *say_one, void *owner)
{
	const struct telling t = {.say = say_one, .owner = owner};
	int code = 0;

	for (size_t i = 0; code == 0 && i < after->n_parts; i++) {
		const struct prospect_part *part = &after->parts[i];
		const struct prospect_part *was = find_part(before, part->name);

		if (!was)
			say(&t, "%s is added", part->name);
		else if (strcmp(was->lines, part->lines) != 0)
			code = compare_parts(&t, was, part);
	}
	for (size_t i = 0; code == 0 && i < before->n_parts; i++)
		if (!find_part(after, before->parts[i].name))
			say(&t, "%s is removed", before->parts[i].name);
	return code;
}

/* --- what it does to farms ---------------------------------------------------------------------- */

static const char *farm_lines(const struct prospect *p, const char *farm)
{
	char name[CONFIG_NAME_MAX + 8];
	const struct prospect_part *part;

	snprintf(name, sizeof(name), "farm %s", farm);
	part = find_part(p, name);
	return part ? part->lines : "";
}

/* Who has the bucket that is at this place of a table with `size` buckets; "": nobody. Tables of two sizes
 * are the same function when each bucket of the one is some of the other. */
static const char *owner_at(const struct prospect_table *t, uint32_t at, uint32_t size)
{
	uint16_t owner = t->owners[(uint64_t)at * t->size / size];

	return owner == PROSPECT_NOBODY ? "" : t->names[owner];
}

/* Buckets of a backend before, all of them or those that it does not keep. */
static uint32_t count_buckets(const struct prospect_table *before,
			      const struct prospect_table *after, const char *name, bool lost)
{
	uint32_t size = before->size > after->size ? before->size : after->size, n = 0;

	for (uint32_t i = 0; i < size; i++)
		n += strcmp(owner_at(before, i, size), name) == 0 &&
		     (!lost || strcmp(owner_at(after, i, size), name) != 0);
	return n;
}

static void count_moved(struct forecast_farm *f, const struct prospect_table *before,
			const struct prospect_table *after)
{
	f->buckets = before->size > after->size ? before->size : after->size;
	f->new_seed = before->seed != after->seed;
	f->reseeded = f->hashed && before->seed != after->seed;
	for (uint32_t i = 0; i < f->buckets; i++)
		f->moved += strcmp(owner_at(before, i, f->buckets),
				   owner_at(after, i, f->buckets)) != 0;
}

/* A farm that hashes remembers connections only while buckets are on their way. */
static bool counts_connections(const struct status_farm *s)
{
	return s->connections != STATUS_UNKNOWN && (s->connections || s->n_tables);
}

static void count_connections(struct forecast_farm *f, const struct status_farm *s, const char *was,
			      const char *is, const struct prospect_table *before,
			      const struct prospect_table *after)
{
	f->connections = f->on_moved = f->ended = STATUS_UNKNOWN;
	if (!s || !counts_connections(s))
		return;
	f->connections = s->connections;
	f->on_moved = f->ended = 0;
	for (size_t i = 0; i < s->n_backends; i++) {
		const struct status_backend *b = &s->backends[i];
		uint32_t all;

		if (b->connections == STATUS_UNKNOWN) {
			f->on_moved = f->ended = STATUS_UNKNOWN;
			return;
		}
		if (fate_backend_is_gone(was, is, b->name)) {
			f->ended += b->connections;
			continue;
		}
		all = before && after && f->hashed ? count_buckets(before, after, b->name, false)
						   : 0;
		if (all)
			f->on_moved +=
				b->connections * count_buckets(before, after, b->name, true) / all;
	}
}

static const struct status_farm *status_of(const struct status *s, const char *farm)
{
	for (size_t i = 0; s && i < s->n_farms; i++)
		if (strcmp(s->farms[i].name, farm) == 0)
			return &s->farms[i];
	return NULL;
}

static const char *farm_name(const struct prospect_part *part)
{
	return strncmp(part->name, "farm ", 5) == 0 ? part->name + 5 : NULL;
}

/* Of those that were, by the line that each of them has. */
static bool any_backend_is_gone(const char *was, const char *is)
{
	for (const char *l = was; *l; l = next(l)) {
		const char *address = strstr(l, ": address = ");
		char name[CONFIG_NAME_MAX + 1];

		if (strncmp(l, "backend ", 8) != 0 || !address || address > l + length(l))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(address - l - 8), l + 8);
		if (fate_backend_is_gone(was, is, name))
			return true;
	}
	return false;
}

static void look_at(struct forecast_farm *f, const struct prospect *old, const struct prospect *new,
		    const struct status *s)
{
	const struct prospect_table *before = prospect_table(old, f->name);
	const struct prospect_table *after = prospect_table(new, f->name);
	const char *was = farm_lines(old, f->name), *is = farm_lines(new, f->name);

	f->absent = !after && !f->removed;
	f->hashed = before && after && before->hashed && after->hashed;
	f->hashes_new = before && after && before->hashes_new && after->hashes_new;
	if (before && after && (f->hashed || f->hashes_new))
		count_moved(f, before, after);
	count_connections(f, status_of(s, f->name), was, is, before, after);
	if (f->added || f->removed)
		return;
	fate_of_farm(was, is, &f->fate);
	f->ends = any_backend_is_gone(was, is);
	f->forgotten = before && after && !before->hashed && after->hashed;
	f->unlearned = before && after && before->hashed && !after->hashed;
	if (f->fate.n || f->forgotten || f->unlearned || f->reseeded)
		f->ended = STATUS_UNKNOWN;
}

int forecast_make(const struct prospect *before, const struct prospect *after,
		  const struct status *s, struct forecast *ret)
{
	struct forecast f = {
		.farms = calloc(before->n_parts + after->n_parts + 1, sizeof(*f.farms))};

	*ret = f;
	if (!f.farms)
		return -ENOMEM;
	for (size_t i = 0; i < after->n_parts; i++) {
		const char *name = farm_name(&after->parts[i]);
		struct forecast_farm farm = {.name = name};

		if (!name)
			continue;
		farm.added = !find_part(before, after->parts[i].name);
		look_at(&farm, before, after, s);
		f.farms[f.n++] = farm;
	}
	for (size_t i = 0; i < before->n_parts; i++) {
		const char *name = farm_name(&before->parts[i]);
		struct forecast_farm farm = {.name = name, .removed = true};

		if (!name || find_part(after, before->parts[i].name))
			continue;
		look_at(&farm, before, after, s);
		f.farms[f.n++] = farm;
	}
	*ret = f;
	return 0;
}

void forecast_clear(struct forecast *f)
{
	free(f->farms);
	*f = (struct forecast){0};
}

static const char *buckets_text(const struct forecast_farm *f, char *buf, size_t size)
{
	if (f->absent)
		snprintf(buf, size, "it is left out, its interface is not there");
	else if (f->forgotten)
		snprintf(buf, size, "its buckets decide from then on");
	else if (f->unlearned)
		snprintf(buf, size, "what is remembered decides from then on");
	else if (f->hashes_new && f->new_seed)
		snprintf(
			buf, size,
			"what is remembered stays; another seed: new clients go to other backends");
	else if (f->hashes_new && f->moved)
		snprintf(
			buf, size,
			"what is remembered stays; %u of %u slots (%.1f %%) of new clients move to "
			"other backends",
			f->moved, f->buckets, 100.0 * f->moved / f->buckets);
	else if (f->hashes_new)
		snprintf(buf, size, "what is remembered stays; none of its %u slots moves",
			 f->buckets);
	else if (!f->hashed)
		snprintf(buf, size, "it does not hash, so what is remembered decides");
	else if (f->reseeded)
		snprintf(buf, size,
			 "another seed: its connections go to other backends, which do not know "
			 "them");
	else if (!f->moved)
		snprintf(buf, size, "none of its %u buckets moves", f->buckets);
	else
		snprintf(buf, size, "%u of %u buckets (%.1f %%) move to other backends", f->moved,
			 f->buckets, 100.0 * f->moved / f->buckets);
	return buf;
}

static void fate_text(const struct forecast_farm *f, char *buf, size_t size)
{
	int n = 0;

	if (f->fate.n)
		n = snprintf(buf, size, "%s", f->fate.text);
	if (f->fate.n > 1)
		n += snprintf(buf + n, size - (size_t)n, ", and others (%zu reasons)", f->fate.n);
	if (f->forgotten || f->unlearned)
		n += snprintf(buf + n, size - (size_t)n, "%s%s", n ? "; " : "",
			      f->forgotten ? "what is remembered goes, connections that hash "
					     "elsewhere end"
					   : "nothing is remembered yet, connections that go "
					     "elsewhere end");
	if (f->ends)
		n += snprintf(buf + n, size - (size_t)n,
			      "; so do those of backends that go, are disabled or have another "
			      "address");
	snprintf(buf + n, size - (size_t)n, "; how many is not known");
}

static const char *connections_text(const struct forecast_farm *f, char *buf, size_t size)
{
	int n = 0;

	if (f->fate.n || f->forgotten || f->unlearned) {
		fate_text(f, buf, size);
		return buf;
	}
	if (f->reseeded || f->connections == STATUS_UNKNOWN || f->ended == STATUS_UNKNOWN) {
		snprintf(buf, size, "how many connections that concerns is not known");
		return buf;
	}
	n = snprintf(buf, size, "of %" PRIu64 " connections %" PRIu64 " end with their backend",
		     f->connections, f->ended);
	if (f->on_moved && !f->reseeded)
		snprintf(buf + n, size - (size_t)n,
			 ", about %" PRIu64 " on buckets that move stay where they are",
			 f->on_moved);
	return buf;
}

const char *forecast_ends(const struct forecast_farm *f, char buf[static FORECAST_SENTENCE])
{
	buf[0] = '\0';
	if (f->fate.n || f->forgotten || f->unlearned)
		fate_text(f, buf, FORECAST_SENTENCE);
	return buf;
}

const char *forecast_text(const struct forecast_farm *f, char buf[static FORECAST_SENTENCE])
{
	char buckets[160], connections[FORECAST_SENTENCE - 232];

	connections_text(f, connections, sizeof(connections));
	if (f->added)
		snprintf(buf, FORECAST_SENTENCE, "farm %s: it is new", f->name);
	else if (f->removed)
		snprintf(buf, FORECAST_SENTENCE, "farm %s: it goes away; %s", f->name, connections);
	else if (!f->moved && !f->reseeded && !f->ended)
		snprintf(buf, FORECAST_SENTENCE, "farm %s: %s", f->name,
			 buckets_text(f, buckets, sizeof(buckets)));
	else
		snprintf(buf, FORECAST_SENTENCE, "farm %s: %s; %s", f->name,
			 buckets_text(f, buckets, sizeof(buckets)), connections);
	return buf;
}
