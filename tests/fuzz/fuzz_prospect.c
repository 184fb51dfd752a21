/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What two configurations come to, a zero between their texts: refused, or compared with each other and
 * with themselves. tests/unit/t_forecast.c replays the corpus.
 */
#include "director/audit/forecast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void count(void *owner, const char *sentence)
{
	check(sentence[0] != '\0');
	++*(size_t *)owner;
}

static void look(const struct prospect *p)
{
	for (size_t i = 0; i < p->n_tables; i++)
		for (uint32_t k = 0; k < p->tables[i].size; k++)
			check(p->tables[i].owners[k] == PROSPECT_NOBODY ||
			      p->tables[i].owners[k] < p->tables[i].n_names);
}

/* Returns the number of changes. */
static size_t compare(const struct prospect *before, const struct prospect *after)
{
	char text[FORECAST_SENTENCE];
	struct forecast f;
	size_t n = 0;

	check(forecast_changes(before, after, count, &n) == 0);
	check(forecast_make(before, after, NULL, &f) == 0);
	for (size_t i = 0; i < f.n; i++) {
		check(f.farms[i].moved <= f.farms[i].buckets);
		check(strlen(forecast_text(&f.farms[i], text)) < sizeof(text));
	}
	forecast_clear(&f);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = strnlen((const char *)data, size), second = size - first;
	char *one = strndup((const char *)data, first);
	char *two = second > 0 ? strndup((const char *)data + first + 1, second - 1) : strdup("");
	struct prospect before, after;
	int code;

	check(one && two);
	code = prospect_read(one, &before);
	check(code == 0 || (code == -EBADMSG && !before.tables && !before.parts));
	if (code == 0) {
		look(&before);
		code = prospect_read(two, &after);
		if (code == 0)
			compare(&before, &after);
		prospect_clear(&after);
	}
	prospect_clear(&before);
	free(one);
	free(two);
	return 0;
}
