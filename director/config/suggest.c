/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the known word that is the fewest keystrokes away from what was written. */
#include "director/config/keywords.h"

#include <string.h>

/* Longer words are not compared: no keyword is near them. */
enum { WORD_MAX = 32 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, one row of the matrix at a time. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t up = row[j];

			row[j] = least(row[j - 1] + 1, up + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[b_len];
}

/* One slip in three letters is a typing mistake; more is another word. */
static bool is_near(const char *written, const char *known, size_t *best)
{
	size_t d = distance(written, known);

	if (d >= *best || d > (strlen(known) + 2) / 3)
		return false;
	*best = d;
	return true;
}

const struct keyword *keyword_suggest(enum config_section s, const char *written)
{
	const struct keyword *found = NULL;
	size_t best = WORD_MAX;

	for (const struct keyword *k = section_of(s)->rows; k->name; k++)
		if (is_near(written, k->name, &best))
			found = k;
	return found;
}

const char *keyword_suggest_word(const struct keyword_word *words, const char *written)
{
	const char *found = NULL;
	size_t best = WORD_MAX;

	for (; words->name; words++)
		if (is_near(written, words->name, &best))
			found = words->name;
	return found;
}

const char *config_suggest_farm(const struct config *c, const char *written)
{
	const char *found = NULL;
	size_t best = WORD_MAX;

	for (size_t i = 0; i < c->n_farms; i++)
		if (is_near(written, c->farms[i].name, &best))
			found = c->farms[i].name;
	return found;
}

const char *config_suggest_backend(const struct config_farm *farm, const char *written)
{
	const char *found = NULL;
	size_t best = WORD_MAX;

	for (size_t i = 0; i < farm->n_backends; i++)
		if (is_near(written, farm->backends[i].name, &best))
			found = farm->backends[i].name;
	return found;
}
