/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way in which directorctl says that something is wrong. */
#include "director/config/keywords.h"
#include "director/ctl/ctl.h"
#include "include/name.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Of a word that is longer, which no name of ours is: so much of its begin and its end. */
enum { WORD_SHOWN = ERR_FILE + 32, WORD_BEGIN = 200, WORD_END = 16 };

/* Up to there a word may be cut: no character lies across it. */
static const char *cut_at(const char *at)
{
	while ((*at & 0xc0) == 0x80)
		at++;
	return at;
}

/* A sentence may name what somebody wrote or pasted, of whatever length. */
static void print_words(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " ") + 1;
		const char *end = text + strnlen(text, len);

		if (len <= WORD_SHOWN)
			fprintf(stderr, "%.*s", (int)(end - text), text);
		else
			fprintf(stderr, "%.*s...%.*s", (int)(cut_at(text + WORD_BEGIN) - text),
				text, (int)(end - cut_at(end - WORD_END)), cut_at(end - WORD_END));
		text = end;
	}
}

int ctl_fail(int code, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	fputs("directorctl: ", stderr);
	if (text) {
		text_make_harmless(text);
		print_words(text);
	} else {
		fputs(fmt, stderr); /* without memory; better than nothing */
	}
	fputc('\n', stderr);
	free(text);
	return code;
}

int ctl_fail_err(const struct err *err)
{
	char line[ERR_LINE];

	return ctl_fail(CTL_FAILED, "%s", err_format(err, line));
}

/* --- names that are nobody's ------------------------------------------------------------------- */

/* Names the one that is nearly right, or else those that exist. */
static int unknown(const char *what, const char *written, const char *nearest, const char *others)
{
	if (nearest)
		return ctl_fail(CTL_FAILED, "there is no %s \"%s\"; did you mean \"%s\"?", what,
				written, nearest);
	return ctl_fail(CTL_FAILED, "there is no %s \"%s\"; there %s", what, written, others);
}

enum { NAMES_SHOWN = 8, NAMES_TEXT = (NAMES_SHOWN + 2) * (CONFIG_NAME_MAX + 2) };

/* The first names of an array whose elements begin with one, and how many there are beside them. */
static const char *list_names(char buf[static NAMES_TEXT], const void *array, size_t n, size_t size)
{
	size_t shown = n < NAMES_SHOWN ? n : NAMES_SHOWN;
	FILE *out = fmemopen(buf, NAMES_TEXT, "w");

	buf[0] = '\0';
	if (!out)
		return buf;
	fputs(n == 0 ? "is none" : n == 1 ? "is " : "are ", out);
	for (size_t i = 0; i < shown; i++)
		fprintf(out, "%s%s", i ? ", " : "",
			*(const char *const *)((const char *)array + i * size));
	if (n > shown)
		fprintf(out, " and %zu more", n - shown);
	fclose(out);
	return buf;
}

int ctl_unknown_farm(const struct config *c, const char *name)
{
	char others[NAMES_TEXT];

	return unknown("farm", name, config_suggest_farm(c, name),
		       list_names(others, c->farms, c->n_farms, sizeof(c->farms[0])));
}

int ctl_unknown_backend(const struct config_farm *farm, const char *written)
{
	char others[NAMES_TEXT];

	return unknown(
		"backend", written, config_suggest_backend(farm, strchr(written, '/') + 1),
		list_names(others, farm->backends, farm->n_backends, sizeof(farm->backends[0])));
}
