/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which command is meant by some words: shortened ones, and never one of two. */
#include "director/ctl/command.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { WORDS_MAX = 8 };

/* "cl st" as arguments. */
static void find(struct command_match *m, const char *line)
{
	char text[COMMAND_TEXT], *argv[WORDS_MAX], *save = NULL;
	int argc = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *word = strtok_r(text, " ", &save); word && argc < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	command_find(m, argc, argv);
}

static void expect_command(const char *line, const char *words, int n_words)
{
	struct command_match m;

	find(&m, line);
	EXPECT_INT(m.outcome, COMMAND_FOUND);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m.command);
	EXPECT_TEXT(m.command->words, words);
	EXPECT_TEXT(m.words, words);
	EXPECT_INT(m.n_words, n_words);
}

static void expect_none(const char *line, enum command_outcome outcome, int n_words,
			const char *candidates)
{
	struct command_match m;

	find(&m, line);
	EXPECT_INT(m.outcome, outcome);
	CU_ASSERT_PTR_NULL(m.command);
	EXPECT_INT(m.n_words, n_words);
	EXPECT_TEXT(m.candidates, candidates);
}

static void each_is_itself(void)
{
	for (size_t i = 0; i < n_commands; i++) {
		int n = 1;

		for (const char *at = commands[i].words; *at; at++)
			n += *at == ' ';
		expect_command(commands[i].words, commands[i].words, n);
	}
}

static void a_beginning_is_enough(void)
{
	expect_command("cl drill", "cluster drill", 2);
	expect_command("cl dr graceful", "cluster drill", 2);
	expect_command("backend dr www/web1", "backend drain", 2);
	expect_command("s", "status", 1);
	expect_command("backend- www", "backend-setup", 1);
}

static void of_several_none(void)
{
	expect_none("backend d www/web1", COMMAND_AMBIGUOUS, 1,
		    "`backend drain`, `backend disable`");
	expect_none("back drain www/web1", COMMAND_AMBIGUOUS, 0, "`backend`, `backend-setup`");
	expect_none("con", COMMAND_AMBIGUOUS, 0, "`connections`, `config`");
	expect_none("c", COMMAND_AMBIGUOUS, 0, "`connections`, `cluster`, `config`, `completion`");
}

/* `backend` is the beginning of `backend-setup`, too. */
static void a_whole_word_beats_beginnings(void)
{
	expect_command("backend list", "backend list", 2);
	expect_none("backend", COMMAND_GROUP, 1,
		    "`backend list`, `backend show`, `backend enable`, `backend drain`, "
		    "`backend disable`, `backend weight`");
}

static void what_is_none(void)
{
	expect_none("frobnicate", COMMAND_UNKNOWN, 0, "");
	expect_none("statusx", COMMAND_UNKNOWN, 0, "");
	expect_none("farm foo", COMMAND_UNKNOWN, 1, "`farm list`, `farm show`");
	expect_none("farm", COMMAND_GROUP, 1, "`farm list`, `farm show`");
}

static void an_empty_word_is_none(void)
{
	char empty[] = "", cluster[] = "cluster";
	char *argv[] = {cluster, empty};
	struct command_match m;

	command_find(&m, 1, argv + 1);
	EXPECT_INT(m.outcome, COMMAND_UNKNOWN);
	command_find(&m, 2, argv);
	EXPECT_INT(m.outcome, COMMAND_UNKNOWN);
	EXPECT_INT(m.n_words, 1);
}

/* What looks like a word behind a whole command is its argument: a farm may be called so. */
static void arguments_are_left_alone(void)
{
	expect_command("doctor status", "doctor", 1);
	expect_command("farm show list", "farm show", 2);
}

static void lists(void)
{
	char text[COMMAND_TEXT];
	struct command c = {.words = "cluster drill"};

	CU_ASSERT_TRUE(command_is_in(&c, NULL));
	CU_ASSERT_TRUE(command_is_in(&c, "cluster drill"));
	CU_ASSERT_TRUE(command_is_in(&c, "probe, cluster drill, status"));
	CU_ASSERT_FALSE(command_is_in(&c, "cluster drill now"));
	CU_ASSERT_FALSE(command_is_in(&c, "my cluster drill"));
	CU_ASSERT_FALSE(command_is_in(&c, ""));
	EXPECT_TEXT(command_list_text("a b", text), "`a b`");
	EXPECT_TEXT(command_list_text("a, b c", text), "`a` and `b c`");
	EXPECT_TEXT(command_list_text("a, b, c", text), "`a`, `b` and `c`");
}

UNIT_TESTS(ctl_command) = {
	{"each command is found by its own words", each_is_itself},
	{"the beginning of a word is enough", a_beginning_is_enough},
	{"where several begin so, none is taken", of_several_none},
	{"a whole word beats those that begin with it", a_whole_word_beats_beginnings},
	{"what is no command, or not all of one", what_is_none},
	{"an empty word is the beginning of none", an_empty_word_is_none},
	{"arguments are not taken for words", arguments_are_left_alone},
	{"lists of commands", lists},
	UNIT_TESTS_END,
};
