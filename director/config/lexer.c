/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text -> words. Comments are # and // to the end of the line, and C comments; strings are "…" with
 * \" and \\, or '…' with \' and \\, and end on their line; everything else without blanks and marks
 * is a bare word. include("file") is replaced by the words of the file.
 */
#include "director/config/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One text being cut. */
struct lexer {
	struct source *s;
	const char *at, *end;
	const char *file;
	int line;
	const char *text;      /* where it begins */
	const char *starts[3]; /* the word that is cut, and the two before it */
	const char *section;   /* which is open: where it begins; NULL: it has no title */
};

/* The rest of the text is left alone: what follows a mistake of this kind cannot be trusted. */
#define STOP(lx, ...)                                                                              \
	do {                                                                                       \
		stop_here(lx);                                                                     \
		source_mistake((lx)->s, (lx)->s->n_words - 1, __VA_ARGS__);                        \
	} while (0)

/* Adds a word. NULL, and the lexer stopped, when there is no room. */
static struct word *add(struct lexer *lx, enum word_kind kind, const char *text, size_t len)
{
	struct source *s = lx->s;
	const char *copy;

	if (s->n_words == SOURCE_WORDS_MAX) {
		source_mistake(s, s->n_words - 1, "more than %d words", SOURCE_WORDS_MAX);
		s->stopped = true;
		return NULL;
	}
	if (s->n_words == s->room) {
		size_t room = s->room ? 2 * s->room : 256;
		struct word *more = reallocarray(s->words, room, sizeof(*more));

		if (!more)
			goto no_memory;
		s->words = more;
		s->room = room;
	}
	copy = pool_text_len(&s->pool, text, len);
	if (!copy)
		goto no_memory;
	s->words[s->n_words] = (struct word){copy, lx->file, lx->line, kind};
	return &s->words[s->n_words++];

no_memory:
	s->stopped = true;
	source_no_memory(s);
	return NULL;
}

/* Puts an empty word where the text stops, so that the mistake has a place. */
static void stop_here(struct lexer *lx)
{
	if (add(lx, WORD_MARK, "", 0))
		lx->s->stopped = true;
}

static bool more(const struct lexer *lx)
{
	return lx->at < lx->end && !lx->s->stopped;
}

static bool looking_at(const struct lexer *lx, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(lx->end - lx->at) >= n && memcmp(lx->at, text, n) == 0;
}

static void skip_line(struct lexer *lx)
{
	while (lx->at < lx->end && *lx->at != '\n')
		lx->at++;
}

static void skip_comment(struct lexer *lx)
{
	int line = lx->line;

	for (lx->at += 2; lx->at < lx->end && !looking_at(lx, "*/"); lx->at++)
		if (*lx->at == '\n')
			lx->line++;
	if (lx->at < lx->end) {
		lx->at += 2;
		return;
	}
	lx->line = line;
	STOP(lx, "this comment is never closed with */");
}

/* True when something was skipped. */
static bool skip_blank(struct lexer *lx)
{
	if (*lx->at == '\n')
		lx->line++;
	if (*lx->at == '\n' || *lx->at == ' ' || *lx->at == '\t' || *lx->at == '\r')
		lx->at++;
	else if (*lx->at == '#' || looking_at(lx, "//"))
		skip_line(lx);
	else if (looking_at(lx, "/*"))
		skip_comment(lx);
	else
		return false;
	return true;
}

/* The length of one UTF-8 character, 0 when the bytes are none. Overlong forms are let through. */
static size_t utf8_length(const char *at, const char *end)
{
	unsigned char c = (unsigned char)*at;
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (n > (size_t)(end - at))
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/*
 * One character of a string -> the end of text. Its length there, 0 when the lexer stopped.
 * In '…' a backslash stands for itself, but before a quote or a backslash.
 */
static size_t string_character(struct lexer *lx, char quote, char *ret)
{
	size_t n;

	if (*lx->at == '\n' || (*lx->at == '\r' && looking_at(lx, "\r\n"))) {
		STOP(lx, "this string does not end on its line");
		return 0;
	}
	n = utf8_length(lx->at, lx->end);
	if (n == 0 || is_control(*lx->at)) {
		STOP(lx, "a string cannot hold the byte 0x%02x", (unsigned char)*lx->at);
		return 0;
	}
	if (*lx->at == '\\' && lx->end - lx->at > 1) {
		char next = lx->at[1];

		if (next == quote || next == '\\') {
			lx->at++;
		} else if (quote == '"' && !is_control(next)) {
			STOP(lx, "\\%.*s in a string: write \\\\ for a backslash",
			     (int)utf8_length(lx->at + 1, lx->end), lx->at + 1);
			return 0;
		}
	}
	memcpy(ret, lx->at, n);
	lx->at += n;
	return n;
}

static void string(struct lexer *lx)
{
	char text[SOURCE_TEXT_MAX + 4], quote = *lx->at++;
	size_t n = 0;

	while (lx->at < lx->end && *lx->at != quote) {
		size_t len = string_character(lx, quote, text + n);

		if (len == 0)
			return;
		n += len;
		if (n > SOURCE_TEXT_MAX) {
			STOP(lx, "this string is longer than %d bytes", SOURCE_TEXT_MAX);
			return;
		}
	}
	if (lx->at == lx->end) {
		STOP(lx, "this string does not end on its line");
		return;
	}
	lx->at++;
	add(lx, WORD_QUOTED, text, n);
}

/* Names, numbers and addresses need no quotes; anything else does. */
static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-_.:/@", c));
}

static void bare(struct lexer *lx)
{
	const char *start = lx->at;

	while (lx->at < lx->end && is_bare(*lx->at) && !looking_at(lx, "/*"))
		lx->at++;
	if (lx->at - start > SOURCE_TEXT_MAX)
		STOP(lx, "this word is longer than %d bytes", SOURCE_TEXT_MAX);
	else
		add(lx, WORD_BARE, start, (size_t)(lx->at - start));
}

static void unexpected(struct lexer *lx)
{
	size_t n = utf8_length(lx->at, lx->end);

	if (n == 0 || is_control(*lx->at))
		STOP(lx, "unexpected byte 0x%02x", (unsigned char)*lx->at);
	else
		STOP(lx, "unexpected \"%.*s\"", (int)n, lx->at);
}

/* KIND TITLE, in front of a brace. */
static bool is_titled(const struct source *s)
{
	size_t n = s->n_words;

	return n > 1 && s->words[n - 1].kind != WORD_MARK && s->words[n - 2].kind == WORD_BARE &&
	       !word_is_value(s, n - 2);
}

/* Behind its closing brace. */
static void keep_section(struct lexer *lx)
{
	struct source *s = lx->s;
	size_t len = (size_t)(lx->at - lx->section);
	const char *text = pool_text_len(&s->pool, lx->section, len);

	if (text && s->n_sections == s->sections_room) {
		size_t room = s->sections_room ? 2 * s->sections_room : 64;
		struct source_section *more = reallocarray(s->sections, room, sizeof(*more));

		if (more) {
			s->sections = more;
			s->sections_room = room;
		}
	}
	if (!text || s->n_sections == s->sections_room) {
		s->stopped = true;
		source_no_memory(s);
		return;
	}
	s->sections[s->n_sections++] =
		(struct source_section){.first = s->open[0] - 2,
					.end = s->n_words,
					.text = text,
					.len = len,
					.at = (size_t)(lx->section - lx->text),
					.included = s->includes > 1};
}

static void opening(struct lexer *lx)
{
	struct source *s = lx->s;

	if (s->depth == 0)
		lx->section = is_titled(s) ? lx->starts[2] : NULL;

	if (s->depth == SOURCE_DEPTH_MAX) {
		STOP(lx, "more than %d open braces", SOURCE_DEPTH_MAX);
		return;
	}
	if (add(lx, WORD_MARK, "{", 1))
		s->open[s->depth++] = s->n_words - 1;
}

static void closing(struct lexer *lx)
{
	struct source *s = lx->s;

	if (s->depth == 0) {
		STOP(lx, "unexpected \"}\": no section is open");
		return;
	}
	if (word_is(s, s->n_words - 1, '{') && s->n_words > 1 && word_is(s, s->n_words - 2, '='))
		STOP(lx, "a list needs at least one value");
	add(lx, WORD_MARK, "}", 1);
	s->depth--;
	if (s->keep_sections && s->depth == 0 && lx->section && !s->stopped)
		keep_section(lx);
}

/* The name of an included file: relative to the directory of the file that includes it. */
static char *included_path(const char *including, const char *name)
{
	const char *slash = strrchr(including, '/');
	char *path;

	if (name[0] == '/' || !slash)
		return strdup(name);
	if (asprintf(&path, "%.*s/%s", (int)(slash - including), including, name) < 0)
		return NULL;
	return path;
}

/* At the ")" of include("file"): the file's words take the place of these. */
static void include(struct lexer *lx)
{
	struct source *s = lx->s;
	size_t n = s->n_words;
	char *path;

	if (n < 3 || s->words[n - 3].kind != WORD_BARE ||
	    strcmp(s->words[n - 3].text, "include") != 0 || !word_is(s, n - 2, '(') ||
	    s->words[n - 1].kind != WORD_QUOTED) {
		STOP(lx, "unexpected \")\": only include(\"FILE\") has parentheses");
		return;
	}
	if (s->depth > 0) {
		source_mistake(s, n - 3, "include() stands outside of all sections");
		s->stopped = true;
		return;
	}
	if (s->no_includes) {
		source_mistake(s, n - 3, "nothing is included here");
		s->stopped = true;
		return;
	}
	if (s->includes == SOURCE_INCLUDES_MAX) {
		source_mistake(s, n - 3, "include() is nested more than %d deep",
			       SOURCE_INCLUDES_MAX);
		s->stopped = true;
		return;
	}
	path = included_path(lx->file, s->words[n - 1].text);
	if (!path) {
		s->stopped = true;
		source_no_memory(s);
		return;
	}
	source_include(s, n - 3, path);
	free(path);
}

static void mark(struct lexer *lx)
{
	char c = *lx->at++;

	if (c == '{')
		opening(lx);
	else if (c == '}')
		closing(lx);
	else if (c == ')')
		include(lx);
	else
		add(lx, WORD_MARK, &c, 1);
}

/* Keeps the name for the words to point to. NULL when there is no memory. */
static const char *keep_name(struct source *s, const char *name)
{
	char **more = reallocarray(s->files, s->n_files + 1, sizeof(*more));

	if (!more)
		return NULL;
	s->files = more;
	s->files[s->n_files] = strdup(name);
	return s->files[s->n_files] ? s->files[s->n_files++] : NULL;
}

static void cut(struct lexer *lx)
{
	while (more(lx)) {
		if (skip_blank(lx))
			continue;
		lx->starts[2] = lx->starts[1];
		lx->starts[1] = lx->starts[0];
		lx->starts[0] = lx->at;
		if (*lx->at == '"' || *lx->at == '\'')
			string(lx);
		else if (*lx->at != '\0' && strchr("{}()=,", *lx->at))
			mark(lx);
		else if (is_bare(*lx->at))
			bare(lx);
		else
			unexpected(lx);
	}
}

void source_text(struct source *s, const char *name, const char *text, size_t len)
{
	struct lexer lx = {.s = s, .at = text, .end = text + len, .line = 1, .text = text};

	lx.file = keep_name(s, name);
	if (!lx.file) {
		s->stopped = true;
		source_no_memory(s);
		return;
	}
	/* Some editors put a byte order mark in front. */
	if (looking_at(&lx, "\xef\xbb\xbf"))
		lx.at += 3;
	s->includes++;
	cut(&lx);
	s->includes--;
	if (s->depth > 0 && !s->stopped) {
		source_mistake(s, s->open[s->depth - 1], "this \"{\" is never closed");
		s->stopped = true;
	}
}
