/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shortest way from one list of lines to another: E. Myers, "An O(ND) Difference Algorithm and Its
 * Variations", Algorithmica 1 (1986), the greedy one with its trace kept.
 */
#include "director/audit/text_diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct lines {
	const char **at;
	size_t *len;
	size_t n;
	bool *stays; /* it is in the other text, too, in its place */
};

static void lines_clear(struct lines *l)
{
	free(l->at);
	free(l->len);
	free(l->stays);
}

static int lines_cut(struct lines *l, const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n';
	*l = (struct lines){.at = calloc(n + 1, sizeof(*l->at)),
			    .len = calloc(n + 1, sizeof(*l->len)),
			    .stays = calloc(n + 1, sizeof(*l->stays))};
	if (!l->at || !l->len || !l->stays)
		return -ENOMEM;
	for (; l->n < n; text += l->len[l->n++] + 1) {
		l->at[l->n] = text;
		l->len[l->n] = strcspn(text, "\n");
	}
	return 0;
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t k)
{
	return a->len[i] == b->len[k] && memcmp(a->at[i], b->at[k], a->len[i]) == 0;
}

/* --- the shortest way --------------------------------------------------------------------------- */

/* Between the lines that are alike at both ends: how many there are in front, and in between. */
struct middle {
	struct lines *a, *b;
	size_t from;
	int n, m;
};

/* How far one gets on diagonal k with one difference more; last: of what was reached with d - 1. */
static int reach(const struct middle *w, const int *last, int d, int k)
{
	int x = 0;

	if (d > 0)
		x = k == -d || (k != d && last[k - 1] < last[k + 1]) ? last[k + 1]
								     : last[k - 1] + 1;
	while (x < w->n && x - k < w->m &&
	       same(w->a, w->from + (size_t)x, w->b, w->from + (size_t)(x - k)))
		x++;
	return x;
}

/* From the end back to the beginning: what lies on a diagonal stays. */
static void walk_back(struct middle *w, int **trace, int d)
{
	int x = w->n, y = w->m;

	for (; d >= 0; d--) {
		int k = x - y, begin_x = 0, begin_y = 0;

		if (d > 0) {
			const int *last = trace[d - 1];
			bool down = k == -d || (k != d && last[k - 1] < last[k + 1]);

			begin_x = down ? last[k + 1] : last[k - 1];
			begin_y = begin_x - (down ? k + 1 : k - 1);
		}
		while (x > begin_x && y > begin_y) {
			w->a->stays[w->from + (size_t)--x] = true;
			w->b->stays[w->from + (size_t)--y] = true;
		}
		x = begin_x;
		y = begin_y;
	}
}

static int find_way(struct middle *w)
{
	int **trace = calloc(TEXT_DIFF_MOST + 1, sizeof(*trace));
	int code = trace ? 0 : -ENOMEM, d = 0;
	bool arrived = false;

	for (; code == 0 && !arrived && d <= TEXT_DIFF_MOST; d++) {
		/* Diagonals -d..d; one more at each end, which the next round looks at. */
		int *block = malloc((2 * (size_t)d + 3) * sizeof(*block));

		if (!block) {
			code = -ENOMEM;
			break;
		}
		trace[d] = block + d + 1;
		trace[d][-d - 1] = trace[d][d + 1] = -1;
		for (int k = -d; k <= d; k++) {
			bool outside = k < -w->m || k > w->n;

			trace[d][k] = -1;
			if (outside || (d + k) % 2 != 0)
				continue;
			trace[d][k] = reach(w, d ? trace[d - 1] : NULL, d, k);
			arrived |= k == w->n - w->m && trace[d][k] >= w->n;
		}
	}
	if (arrived)
		walk_back(w, trace, d - 1);
	for (int i = 0; trace && i < d; i++)
		free(trace[i] - i - 1);
	free(trace);
	return code;
}

static int compare(struct lines *a, struct lines *b)
{
	size_t least = a->n < b->n ? a->n : b->n, front = 0, back = 0;
	struct middle w = {.a = a, .b = b};

	for (; front < least && same(a, front, b, front); front++)
		a->stays[front] = b->stays[front] = true;
	for (; back < least - front && same(a, a->n - 1 - back, b, b->n - 1 - back); back++)
		a->stays[a->n - 1 - back] = b->stays[b->n - 1 - back] = true;
	w.from = front;
	w.n = (int)(a->n - front - back);
	w.m = (int)(b->n - front - back);
	return w.n && w.m ? find_way(&w) : 0;
}

/* --- hunks -------------------------------------------------------------------------------------- */

static void print_line(FILE *out, char sign, const struct lines *l, size_t i)
{
	fprintf(out, "%c%.*s\n", sign, (int)l->len[i], l->at[i]);
}

/* diff -u counts lines from 1; a part without any stands behind the line before it. */
static void print_part(FILE *out, char sign, size_t from, size_t n)
{
	fprintf(out, "%c%zu", sign, n ? from + 1 : from);
	if (n != 1)
		fprintf(out, ",%zu", n);
}

static void print_hunk(FILE *out, const struct lines *a, const struct lines *b, size_t i, size_t k,
		       size_t end_i, size_t end_k)
{
	fputs("@@ ", out);
	print_part(out, '-', i, end_i - i);
	fputc(' ', out);
	print_part(out, '+', k, end_k - k);
	fputs(" @@\n", out);
	while (i < end_i || k < end_k) {
		if (i < end_i && !a->stays[i])
			print_line(out, '-', a, i++);
		else if (k < end_k && !b->stays[k])
			print_line(out, '+', b, k++);
		else {
			print_line(out, ' ', a, i++);
			k++;
		}
	}
}

/* The hunk that begins at i, k, lines that differ: where it ends, with what is alike behind it. */
static void find_end(const struct lines *a, const struct lines *b, size_t *i, size_t *k)
{
	size_t alike = 0;

	while (*i < a->n || *k < b->n) {
		if (*i < a->n && !a->stays[*i]) {
			++*i;
			alike = 0;
		} else if (*k < b->n && !b->stays[*k]) {
			++*k;
			alike = 0;
		} else if (alike++ == 2 * (size_t)TEXT_DIFF_CONTEXT) {
			alike--;
			break;
		} else {
			++*i;
			++*k;
		}
	}
	if (alike > TEXT_DIFF_CONTEXT) {
		*i -= alike - TEXT_DIFF_CONTEXT;
		*k -= alike - TEXT_DIFF_CONTEXT;
	}
}

static int print_hunks(FILE *out, const struct lines *a, const struct lines *b,
		       const char *name_before, const char *name_after)
{
	size_t i = 0, k = 0;
	int any = 0;

	while (i < a->n || k < b->n) {
		size_t context, end_i, end_k;

		if (i < a->n && a->stays[i] && k < b->n && b->stays[k]) {
			i++;
			k++;
			continue;
		}
		if (!any++)
			fprintf(out, "--- %s\n+++ %s\n", name_before, name_after);
		for (context = 0; context < TEXT_DIFF_CONTEXT && context < i && context < k;
		     context++)
			if (!a->stays[i - context - 1] || !b->stays[k - context - 1])
				break;
		end_i = i;
		end_k = k;
		find_end(a, b, &end_i, &end_k);
		print_hunk(out, a, b, i - context, k - context, end_i, end_k);
		i = end_i;
		k = end_k;
	}
	return any ? 1 : 0;
}

int text_diff_print(FILE *out, const char *before, const char *after, const char *name_before,
		    const char *name_after)
{
	struct lines a = {0}, b = {0};
	int code = lines_cut(&a, before);

	if (code == 0)
		code = lines_cut(&b, after);
	if (code == 0)
		code = compare(&a, &b);
	if (code == 0)
		code = print_hunks(out, &a, &b, name_before, name_after);
	lines_clear(&a);
	lines_clear(&b);
	return code;
}
