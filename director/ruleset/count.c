/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/count.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_close(struct count_set *s)
{
	share_leave(s->names);
	for (int c = 0; c < COUNT_COLUMNS; c++)
		free(s->columns[c]);
}

void count_book_clear(struct count_book *book)
{
	for (size_t i = 0; i < book->n; i++)
		set_close(&book->sets[i]);
	free(book->sets);
	*book = (struct count_book){0};
}

static int compare(const struct count_set *set, const char *farm, const char *name)
{
	int order = strcmp(set->farm, farm);

	return order ? order : strcmp(set->name, name);
}

/* Where the set is, or belongs. */
static size_t place_of(const struct count_book *book, const char *farm, const char *name)
{
	size_t low = 0, high = book->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&book->sets[middle], farm, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Made when there is none; NULL: no memory. */
static struct count_set *set_of(struct count_book *book, const char *farm, const char *name)
{
	size_t at = place_of(book, farm, name);
	struct count_set *sets;

	if (at < book->n && compare(&book->sets[at], farm, name) == 0)
		return &book->sets[at];
	sets = reallocarray(book->sets, book->n + 1, sizeof(*sets));
	if (!sets)
		return NULL;
	book->sets = sets;
	memmove(&sets[at + 1], &sets[at], (book->n - at) * sizeof(*sets));
	book->n++;
	sets[at] = (struct count_set){0};
	snprintf(sets[at].farm, RULESET_NAME, "%s", farm);
	snprintf(sets[at].name, RULESET_NAME, "%s", name);
	return &sets[at];
}

/* The number of a name, or n; near: where it is likely to be. */
static size_t number_of(const char *const *names, size_t n, const char *name, size_t near)
{
	size_t i = 0;

	if (near < n && strcmp(names[near], name) == 0)
		return near;
	while (i < n && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* Names of a set of the ruleset, and behind them those that it had before. */
struct names {
	const char **first, **more;
	size_t n_first, n;
};

static const char *name_at(const void *owner, size_t i)
{
	const struct names *names = owner;

	return i < names->n_first ? names->first[i] : names->more[i - names->n_first];
}

/* A column of one set under the names of another; NULL without memory. */
static struct count *renamed(const struct count_set *from, int column, const struct count_set *to)
{
	struct count *counts = calloc(to->n, sizeof(*counts));

	for (size_t i = 0; counts && i < from->n; i++)
		counts[number_of(to->names, to->n, from->names[i], i)] = from->columns[column][i];
	return counts;
}

/* Makes next, but for the columns, what the set is under these names and those that it had. */
static int join_names(struct count_set *next, const struct count_set *s, const char **names,
		      size_t n)
{
	struct names all = {
		.first = names, .more = calloc(s->n + 1, sizeof(*names)), .n_first = n, .n = n};

	if (!all.more)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		if (number_of(names, n, s->names[i], i) == n)
			all.more[all.n++ - n] = s->names[i];
	next->n = all.n;
	next->names = all.n == n ? share_join(names) : share_texts(all.n, name_at, &all);
	free(all.more);
	return next->names ? 0 : -ENOMEM;
}

/* Knows the backends by these names from now on, too. 0, or -ENOMEM and nothing is changed. */
static int take_names(struct count_set *s, const char **names, size_t n)
{
	struct count_set next = *s;
	int code = 0;

	if (names == s->names || !n)
		return 0;
	memset(next.columns, 0, sizeof(next.columns));
	code = join_names(&next, s, names, n);
	for (int c = 0; !code && c < COUNT_COLUMNS; c++) {
		if (!s->columns[c])
			continue;
		next.columns[c] = renamed(s, c, &next);
		code = next.columns[c] ? 0 : -ENOMEM;
	}
	if (code) {
		set_close(&next);
		return code;
	}
	set_close(s);
	*s = next;
	return 0;
}

static void add(struct count *to, struct count count)
{
	to->packets += count.packets;
	to->bytes += count.bytes;
}

/* What has been counted of the backend with that number, until now. */
static void add_counted(struct count *to, const struct count_set *s, size_t at)
{
	if (s->columns[COUNT_KEPT])
		add(to, s->columns[COUNT_KEPT][at]);
	if (s->columns[COUNT_LIVE])
		add(to, s->columns[COUNT_LIVE][at]);
}

/* To the i-th of these names. */
static void add_to(struct count_set *s, enum count_column column, const char **names, size_t n,
		   size_t i, struct count count)
{
	size_t at = number_of(s->names, s->n, names[i], i);

	if (at == s->n) {
		if (take_names(s, names, n) < 0)
			return;
		at = i;
	}
	if (!s->columns[column])
		s->columns[column] = calloc(s->n, sizeof(struct count));
	if (s->columns[column])
		add(&s->columns[column][at], count);
}

static void add_element(struct count_book *book, enum count_column column,
			const struct ruleset_set *set, const struct ruleset_element *e,
			struct count count)
{
	struct count_set *s = e->backend < set->n_names ? set_of(book, set->farm, set->name) : NULL;

	if (s)
		add_to(s, column, set->names, set->n_names, e->backend, count);
}

static void drop(struct count_set *s, enum count_column column)
{
	free(s->columns[column]);
	s->columns[column] = NULL;
}

/* What has gone is kept, and live is what the reading has. */
static void turn(struct count_set *s)
{
	struct count **columns = s->columns;

	for (size_t i = 0; columns[COUNT_KEPT] && columns[COUNT_GONE] && i < s->n; i++)
		add(&columns[COUNT_GONE][i], columns[COUNT_KEPT][i]);
	if (columns[COUNT_GONE]) {
		free(columns[COUNT_KEPT]);
		columns[COUNT_KEPT] = columns[COUNT_GONE];
		columns[COUNT_GONE] = NULL;
	}
	free(columns[COUNT_LIVE]);
	columns[COUNT_LIVE] = columns[COUNT_READING];
	columns[COUNT_READING] = NULL;
}

void count_begin(struct count_book *book, const struct ruleset_set *set)
{
	struct count_set *s = set_of(book, set->farm, set->name);

	if (!s)
		return;
	drop(s, COUNT_READING);
	if (take_names(s, set->names, set->n_names) == 0)
		s->columns[COUNT_READING] = calloc(s->n + 1, sizeof(struct count));
}

void count_element(struct count_book *book, const struct ruleset_set *set,
		   const struct ruleset_element *e, struct count count)
{
	add_element(book, COUNT_READING, set, e, count);
}

void count_end(struct count_book *book, const struct ruleset_set *set, uint64_t now_ms)
{
	struct count_set *s = set_of(book, set->farm, set->name);

	if (!s || !s->columns[COUNT_READING])
		return;
	s->read_ms = now_ms;
	turn(s);
}

void count_gone(struct count_book *book, const struct ruleset_set *set,
		const struct ruleset_element *e, struct count count)
{
	add_element(book, COUNT_GONE, set, e, count);
}

void count_gone_merge(struct count_book *book, const struct count_book *other)
{
	for (size_t i = 0; i < other->n; i++) {
		const struct count_set *from = &other->sets[i];
		const struct count *gone = from->columns[COUNT_GONE];
		struct count_set *to = set_of(book, from->farm, from->name);

		for (size_t k = 0; to && gone && k < from->n; k++)
			add_to(to, COUNT_GONE, from->names, from->n, k, gone[k]);
	}
}

void count_set_gone(struct count_book *book, const struct ruleset_set *set)
{
	size_t at = place_of(book, set->farm, set->name);

	if (at == book->n || compare(&book->sets[at], set->farm, set->name) != 0)
		return;
	drop(&book->sets[at], COUNT_READING);
	turn(&book->sets[at]);
}

struct count count_total(const struct count_book *book, const char *farm, const char *backend,
			 size_t near)
{
	struct count total = {0};

	for (size_t i = place_of(book, farm, "");
	     i < book->n && strcmp(book->sets[i].farm, farm) == 0; i++) {
		const struct count_set *s = &book->sets[i];
		size_t at = number_of(s->names, s->n, backend, near);

		if (at < s->n)
			add_counted(&total, s, at);
	}
	return total;
}

struct count count_farm_total(const struct count_book *book, const char *farm)
{
	struct count total = {0};

	for (size_t i = place_of(book, farm, "");
	     i < book->n && strcmp(book->sets[i].farm, farm) == 0; i++)
		for (size_t at = 0; at < book->sets[i].n; at++)
			add_counted(&total, &book->sets[i], at);
	return total;
}

uint64_t count_read_ms(const struct count_book *book, const struct ruleset_set *set)
{
	size_t at = place_of(book, set->farm, set->name);

	return at < book->n && compare(&book->sets[at], set->farm, set->name) == 0
		       ? book->sets[at].read_ms
		       : 0;
}
