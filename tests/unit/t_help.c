/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help, of all, of a group and of one command; each with an example that the program understands. */
#include "director/ctl/help.h"
#include "director/ctl/option.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static char *printed(const char *words)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	if (words)
		help_print_words(out, words);
	else
		help_print(out);
	fclose(out);
	return text;
}

static void expect_part(const char *text, const char *part)
{
	if (strstr(text, part))
		return;
	CU_FAIL("something lacks");
	printf("\n    not in the help: %s", part);
}

static void of_all(void)
{
	char *text = printed(NULL);

	for (size_t i = 0; i < n_commands; i++) {
		expect_part(text, commands[i].words);
		expect_part(text, commands[i].help);
	}
	expect_part(text, "\nexample: directorctl ");
	free(text);
}

static void of_one(void)
{
	char *text = printed("backend drain");

	EXPECT_TEXT(
		text,
		"usage:    directorctl backend drain FARM/BACKEND [--deadline TIME] "
		"[--wait] [--no-wait]\n"
		"example:  directorctl backend drain www/web1 --deadline 20m --wait\n"
		"\n"
		"  backend drain FARM/BACKEND    no new ones, those it has stay; --deadline "
		"disables "
		"it then\n"
		"\n"
		"      --deadline TIME          disable it after that time, such as 10m\n"
		"      --wait                   until no connection remains, or the deadline has "
		"come\n"
		"      --no-wait                do not wait for the outcome: return when it is "
		"accepted\n"
		"  -s, --socket SOCKET          the daemon's socket (default "
		"/run/director/director.sock)\n"
		"  -j, --json                   print one JSON document\n"
		"  -V, --version                print the version and exit\n"
		"  -h, --help                   print this, of a command or of a group of them, "
		"and "
		"exit\n"
		"\n"
		"directorctl(8) tells more\n");
	free(text);
}

static void of_a_group(void)
{
	char *text = printed("cluster");

	for (size_t i = 0; i < n_commands; i++)
		if (command_begins(&commands[i], "cluster"))
			expect_part(text, commands[i].example);
	expect_part(text,
		    "directorctl cluster drill graceful|crash|link|daemon-kill|split [--force]");
	expect_part(text, "--limit TIME");
	CU_ASSERT_PTR_NULL(strstr(text, "--deadline"));
	CU_ASSERT_PTR_NULL(strstr(text, "doctor"));
	free(text);
	text = printed("backend"); /* not the other word that begins so */
	CU_ASSERT_PTR_NULL(strstr(text, "backend-setup"));
	free(text);
}

/* Each of one line; the example is of its command. */
static void examples(void)
{
	for (size_t i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];
		const char *at = strstr(c->example, c->words);

		if (!at && strncmp(c->words, "config ", 7) != 0)
			printf("\n    of another command: %s", c->example);
		CU_ASSERT(at != NULL || strstr(c->example, "directorctl config reload"));
		CU_ASSERT_PTR_NULL(strchr(c->example, '\n'));
		CU_ASSERT_PTR_NULL(strchr(c->help, '\n'));
	}
}

static bool text_is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return *text == '\0';
}

static void expect_ascii(char *text)
{
	CU_ASSERT(text_is_ascii(text));
	free(text);
}

/* In any locale, and on a terminal without one. */
static void is_ascii(void)
{
	expect_ascii(printed(NULL));
	for (size_t i = 0; i < n_commands; i++)
		expect_ascii(printed(commands[i].words));
}

UNIT_TESTS(help) = {
	{"it is plain ASCII", is_ascii},
	{"help of all commands", of_all},
	{"help of one command", of_one},
	{"help of a group", of_a_group},
	{"each has an example of its own", examples},
	UNIT_TESTS_END,
};
