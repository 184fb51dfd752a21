/* SPDX-License-Identifier: GPL-2.0-or-later */
/* directorctl: from arguments to one command. The tables are in command.c and option.c. */
#include "director/ctl/command.h"
#include "director/ctl/help.h"
#include "director/ctl/option.h"
#include "include/output.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static int fail_unknown(const struct command_match *m, char **argv)
{
	if (!m->n_words)
		return ctl_fail(CTL_USAGE,
				"unknown command \"%s\"; `directorctl --help` lists them", argv[0]);
	return ctl_fail(CTL_USAGE,
			"`%s` has no command \"%s\"; there are %s; try `directorctl %s --help`",
			m->words, argv[m->n_words], m->candidates, m->words);
}

static int run_command(struct ctl *ctl, const struct command *c)
{
	int code;

	if (ctl->argc < c->min_arguments)
		return ctl_fail(CTL_USAGE, "`%s` needs %s; try `directorctl %s --help`", c->words,
				c->arguments, c->words);
	if (ctl->argc > c->max_arguments)
		return ctl_fail(CTL_USAGE,
				"`%s` takes no argument \"%s\"; try `directorctl %s --help`",
				c->words, ctl->argv[c->max_arguments], c->words);
	if (strstr(c->arguments, "FILE") && ctl->argc && !ctl->argv[0][0])
		return ctl_fail(CTL_USAGE, "`%s` needs the name of a file, not \"\"", c->words);
	code = option_check(ctl, c);
	return code == CTL_DONE ? c->run(ctl) : code;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct command_match m;

	command_find(&m, argc, argv);
	ctl->argc = argc - m.n_words;
	ctl->argv = argv + m.n_words;
	switch (m.outcome) {
	case COMMAND_UNKNOWN: return fail_unknown(&m, argv);
	case COMMAND_AMBIGUOUS:
		return ctl_fail(CTL_USAGE, "\"%s\" may be one of %s: write more of it",
				argv[m.n_words], m.candidates);
	case COMMAND_GROUP:
		if (!ctl->help)
			return ctl_fail(
				CTL_USAGE,
				"`%s` is not all: there are %s; try `directorctl %s --help`",
				m.words, m.candidates, m.words);
		break;
	case COMMAND_FOUND:
		if (!ctl->help)
			return run_command(ctl, m.command);
		break;
	}
	help_print_words(stdout, m.words);
	return CTL_DONE;
}

static int run_arguments(int argc, char **argv)
{
	struct ctl ctl = {.socket = CTL_DEFAULT_SOCKET};
	int first, code;

	if (sodium_init() < 0)
		return ctl_fail(CTL_FAILED, "libsodium cannot be initialised");
	code = option_parse(&ctl, argc, argv, &first);
	if (code != CTL_DONE)
		return code;
	if (ctl.version) {
		puts("directorctl " DIRECTOR_VERSION);
		return CTL_DONE;
	}
	if (first < argc)
		return run(&ctl, argc - first, argv + first);
	help_print(ctl.help ? stdout : stderr);
	return ctl.help ? CTL_DONE : CTL_USAGE;
}

/* What is not written is not done, whatever the command was; one that failed keeps its exit code. */
int main(int argc, char **argv)
{
	struct err err;
	int code = run_arguments(argc, argv), written = output_end(&err);

	if (written < 0 && written != -EPIPE)
		ctl_fail_err(&err);
	return written < 0 && code == CTL_DONE ? CTL_FAILED : code;
}
