/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a configuration as words, each with its place, and the mistakes found in it.
 *
 * libconfuse does not see the file itself: its lexer counts lines wrongly after comments, puts
 * environment variables into strings, takes a comment inside a list for a value and ends the
 * program when include() names a directory. So the words are cut here, include() is followed here,
 * and libconfuse gets one word per line (load.c): its line number is then the number of a word.
 */
#ifndef DIRECTOR_CONFIG_SOURCE_H
#define DIRECTOR_CONFIG_SOURCE_H

#include "include/err.h"
#include "include/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct keyword;

enum {
	SOURCE_FILE_MAX = 16 << 20, /* a thousand farms of a thousand lines fit */
	SOURCE_WORDS_MAX = 4 << 20, /* all files together: includes multiply */
	SOURCE_INCLUDES_MAX = 8,    /* deep: a file that includes itself must end */
	SOURCE_DEPTH_MAX = 8,	    /* open braces; the grammar needs four */
	SOURCE_TEXT_MAX =
		1024, /* of one word: the longest that makes sense is a path or a command */
};

enum word_kind {
	WORD_BARE,   /* weight, 1, true */
	WORD_QUOTED, /* "10.77.0.21": text is what stands between the quotes */
	WORD_MARK,   /* one of { } ( ) = , */
};

struct word {
	const char *text;
	const char *file;
	int line;
	enum word_kind kind;
};

/* Which word a field of the configuration came from. */
struct origin {
	const void *field;
	const struct keyword *row;
	size_t word;
};

/* What stands at the top of a file: KIND TITLE { … }, as it is written. */
struct source_section {
	size_t first, end; /* words, from its kind to behind its brace */
	const char *text;  /* of it, with what is in it of comments */
	size_t len;
	size_t at; /* where it begins in its file, in octets */
	bool included;
};

struct source {
	char **files; /* names, owned; words point to them */
	size_t n_files;
	struct word *words;
	struct pool pool; /* of the words */
	struct pool kept; /* of the configuration, which takes them at the end */
	size_t n_words, room;
	size_t open[SOURCE_DEPTH_MAX]; /* the opening braces above the current word */
	size_t depth;
	size_t includes; /* files being read, one inside the other */
	struct origin *origins;
	size_t n_origins, origins_room;
	bool no_includes;   /* one is a mistake */
	bool keep_sections; /* below */
	struct source_section *sections;
	size_t n_sections, sections_room;
	bool stopped; /* the rest of the text was not understood, so what is missing says nothing */
	bool mistaken; /* err holds the first mistake so far, in the order of the words */
	size_t mistake;
	int code;
	struct err *err;
};

void source_init(struct source *s, struct err *err);
void source_close(struct source *s);

/*
 * Cuts a text into words, and the files that it includes; relative names are relative to the
 * directory of `name`. Mistakes are kept in the source.
 */
void source_text(struct source *s, const char *name, const char *text, size_t len);
/* The same for a file. */
void source_file(struct source *s, const char *path);
/* And its text is the caller's, to be freed; NULL when it cannot be read. */
void source_file_text(struct source *s, const char *path, char **ret, size_t *ret_len);
/* The same for an included file; the words from `first` on, which named it, are taken away. */
void source_include(struct source *s, size_t first, const char *path);

/* All words as one text, which comes to the same: without comments, and what was included in its place. */
void source_print(const struct source *s, FILE *out);
/* Those from first to before end. */
void source_print_words(const struct source *s, size_t first, size_t end, FILE *out);

bool word_is(const struct source *s, size_t word, char mark);
/* True when the word is written where a value stands: after "=", or in the list after "=". */
bool word_is_value(const struct source *s, size_t word);

/* Keeps a mistake, unless one at an earlier word is kept already. Beyond the last word: the end. */
void source_mistake(struct source *s, size_t word, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with the place of a field that was given in the file. */
void source_mistake_at(struct source *s, const void *field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, in the order of a word but about a line of another file, which the word names. */
void source_mistake_in(struct source *s, size_t word, const char *file, int line, const char *fmt,
		       ...) __attribute__((format(printf, 5, 6)));
/*
 * Reads a whole regular file that the configuration names, up to SOURCE_FILE_MAX. 0, or negative
 * errno with the mistake kept: "cannot WHAT PATH: why" at the word. The caller frees *ret.
 */
int source_read(struct source *s, size_t word, const char *what, const char *path, char **ret,
		size_t *ret_len);
/* Out of memory: before every other mistake. */
void source_no_memory(struct source *s);

void source_remember(struct source *s, const void *field, const struct keyword *row, size_t word);
/* To be called when all is remembered, before the first question about a field. */
void source_index(struct source *s);
/* The word that gave a field its value, or NULL when the default stands. */
const struct word *source_word_of(const struct source *s, const void *field);
/* Where a field stands in the order of the words; after all of them when the default stands. */
size_t source_order(const struct source *s, const void *field);
/* "FILE:LINE" of a field that was given. Returns buf. */
const char *source_place_of(const struct source *s, const void *field, char buf[static ERR_FILE]);
/* "FILE:LINE" of a word. Returns buf. */
const char *source_place(const struct word *w, char buf[static ERR_FILE]);

#endif
