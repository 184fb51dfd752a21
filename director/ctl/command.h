/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of commands. Parsing, help, completion and what the manual is compared with come from
 * its rows and from those of option.h; a new command is one row. Looking a command up is pure.
 */
#ifndef DIRECTOR_CTL_COMMAND_H
#define DIRECTOR_CTL_COMMAND_H

#include "director/ctl/ctl.h"

struct command {
	const char *words;     /* "ruleset export" */
	const char *arguments; /* "FARM/BACKEND N"; completion knows what may stand for them */
	int min_arguments, max_arguments;
	int (*run)(const struct ctl *ctl);
	const char *help;
	const char *example; /* what follows "directorctl " */
};

extern const struct command commands[];
extern const size_t n_commands;

enum command_outcome {
	COMMAND_FOUND,
	COMMAND_GROUP,	   /* the words are a beginning that several commands share */
	COMMAND_UNKNOWN,   /* no command begins so; candidates: of its group, or none */
	COMMAND_AMBIGUOUS, /* a word is the beginning of several words */
};

enum { COMMAND_TEXT = 1024, COMMAND_WORDS = 64 };

struct command_match {
	enum command_outcome outcome;
	const struct command *command; /* COMMAND_FOUND */
	int n_words;		       /* how many words of argv were understood */
	char words[COMMAND_WORDS];     /* those, written out: "cluster" */
	char candidates
		[COMMAND_TEXT]; /* what could stand there: "`cluster drill`, `cluster status`" */
};

/*
 * Each word may be the beginning of one, unless it is the beginning of several; a word that is written
 * out beats those that begin with it. An argument is never taken for a shortened word.
 */
void command_find(struct command_match *m, int argc, char *const argv[]);

/* Whether a command is in such a list: "cluster drill, probe"; NULL has all. */
bool command_is_in(const struct command *c, const char *list);
/* Whether the words of a command begin with these, "" included. */
bool command_begins(const struct command *c, const char *words);
/* The command's word behind these that it begins with; its length in *ret_len, 0 when there is none. */
const char *command_word_after(const struct command *c, const char *words, size_t *ret_len);
/* Whether it has such a word, and no row before it has the same there. */
bool command_is_first(const struct command *c, const char *words);

/* "`a`, `b` and `c`" of a list such as "a, b, c". */
const char *command_list_text(const char *list, char buf[static COMMAND_TEXT]);

#endif
