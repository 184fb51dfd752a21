/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/help.h"
#include "director/ctl/option.h"

#include <string.h>

/* "  -s, --socket SOCKET   the daemon's socket" */
static void print_option(FILE *out, const struct ctl_option *o)
{
	char text[COMMAND_WORDS];

	snprintf(text, sizeof(text), "--%s%s%s", o->name, o->argument ? " " : "",
		 o->argument ? o->argument : "");
	if (o->letter)
		fprintf(out, "  -%c, %-24s %s\n", o->letter, text, o->help);
	else
		fprintf(out, "      %-24s %s\n", text, o->help);
}

static void print_command(FILE *out, const struct command *c)
{
	char text[2 * COMMAND_WORDS];

	snprintf(text, sizeof(text), "%s%s%s", c->words, c->arguments[0] ? " " : "", c->arguments);
	fprintf(out, "  %-29s %s\n", text, c->help);
}

static void print_common_options(FILE *out)
{
	for (size_t i = 0; i < n_ctl_options; i++)
		if (!ctl_options[i].commands)
			print_option(out, &ctl_options[i]);
}

void help_print(FILE *out)
{
	fputs("usage: directorctl [-s SOCKET] [-c FILE] [-j] COMMAND ...\n\n", out);
	for (size_t i = 0; i < n_ctl_options; i++)
		if (!ctl_options[i].commands || ctl_options[i].letter)
			print_option(out, &ctl_options[i]);
	fputs("\nOptions may stand anywhere. A word of a command may be shortened as long as no "
	      "other\n"
	      "begins so: `directorctl cl st`.\n\ncommands:\n",
	      out);
	for (size_t i = 0; i < n_commands; i++)
		print_command(out, &commands[i]);
	fputs("\nexit status: 0 done and good, 1 failed, 2 usage, 3 the daemon cannot be reached,\n"
	      "4 it ran and what it checked is not good\n\n"
	      "`directorctl COMMAND --help` has the options of a command, or of a group such as "
	      "`cluster`\n\n"
	      "example: directorctl -j status | jq .farms\n",
	      out);
}

const char *help_synopsis(const struct command *c, char buf[static HELP_SYNOPSIS])
{
	size_t used = (size_t)snprintf(buf, HELP_SYNOPSIS, "%s%s%s", c->words,
				       c->arguments[0] ? " " : "", c->arguments);

	for (size_t i = 0; i < n_ctl_options && used < HELP_SYNOPSIS; i++) {
		const struct ctl_option *o = &ctl_options[i];

		/* Those with a letter are told for all at once. */
		if (o->commands && !o->letter && option_is_for(o, c))
			used += (size_t)snprintf(buf + used, HELP_SYNOPSIS - used, " [--%s%s%s]",
						 o->name, o->argument ? " " : "",
						 o->argument ? o->argument : "");
	}
	return buf;
}

/* Whether a command that begins with the words takes the option. */
static bool is_wanted(const struct ctl_option *o, const char *words)
{
	for (size_t i = 0; o->commands && i < n_commands; i++)
		if (command_begins(&commands[i], words) && option_is_for(o, &commands[i]))
			return true;
	return false;
}

void help_print_words(FILE *out, const char *words)
{
	char synopsis[HELP_SYNOPSIS];
	const char *before = "usage:   ";

	for (size_t i = 0; i < n_commands; i++) {
		if (!command_begins(&commands[i], words))
			continue;
		fprintf(out, "%s directorctl %s\n", before, help_synopsis(&commands[i], synopsis));
		before = "         ";
	}
	before = "example: ";
	for (size_t i = 0; i < n_commands; i++) {
		if (!command_begins(&commands[i], words))
			continue;
		fprintf(out, "%s directorctl %s\n", before, commands[i].example);
		before = "         ";
	}
	fputs("\n", out);
	for (size_t i = 0; i < n_commands; i++)
		if (command_begins(&commands[i], words))
			print_command(out, &commands[i]);
	fputs("\n", out);
	for (size_t i = 0; i < n_ctl_options; i++)
		if (is_wanted(&ctl_options[i], words))
			print_option(out, &ctl_options[i]);
	print_common_options(out);
	fputs("\ndirectorctl(8) tells more\n", out);
}
