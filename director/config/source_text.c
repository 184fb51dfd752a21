/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a configuration as one text again: what was included stands in its place. */
#include "director/config/source.h"

static void print_quoted(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

void source_print_words(const struct source *s, size_t first, size_t end, FILE *out)
{
	for (size_t i = first; i < end; i++) {
		const struct word *w = &s->words[i], *last = i > first ? &s->words[i - 1] : w;

		if (i > first)
			putc(w->file == last->file && w->line == last->line ? ' ' : '\n', out);
		if (w->kind == WORD_QUOTED)
			print_quoted(w->text, out);
		else
			fputs(w->text, out);
	}
	putc('\n', out);
}

void source_print(const struct source *s, FILE *out)
{
	source_print_words(s, 0, s->n_words, out);
}
