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

void source_print(const struct source *s, FILE *out)
{
	for (size_t i = 0; i < s->n_words; i++) {
		const struct word *w = &s->words[i], *last = i ? &s->words[i - 1] : w;

		if (i)
			putc(w->file == last->file && w->line == last->line ? ' ' : '\n', out);
		if (w->kind == WORD_QUOTED)
			print_quoted(w->text, out);
		else
			fputs(w->text, out);
	}
	putc('\n', out);
}
