/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `completion`: the script of a shell with the tables in it. */
#include "director/ctl/completion.h"
#include "director/ctl/option.h"

#include <string.h>

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

/* --- bash ---------------------------------------------------------------------------------------- */

static void bash_commands(FILE *out)
{
	for (size_t i = 0; i < n_commands; i++)
		fprintf(out, "%s%s%s\n", commands[i].words, commands[i].arguments[0] ? " " : "",
			commands[i].arguments);
}

static void bash_options(FILE *out)
{
	for (size_t i = 0; i < n_ctl_options; i++) {
		const struct ctl_option *o = &ctl_options[i];

		if (o->letter)
			fprintf(out, "-%c%s%s@%s\n", o->letter, o->argument ? " " : "",
				or_nothing(o->argument), or_nothing(o->commands));
		fprintf(out, "--%s%s%s@%s\n", o->name, o->argument ? " " : "",
			or_nothing(o->argument), or_nothing(o->commands));
	}
}

/* --- zsh ----------------------------------------------------------------------------------------- */

/* Between single quotes. */
static void zsh_text(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
}

static void zsh_commands(FILE *out)
{
	for (size_t i = 0; i < n_commands; i++) {
		fprintf(out, "\t'%s@%s@", commands[i].words, commands[i].arguments);
		zsh_text(out, commands[i].help);
		fputs("'\n", out);
	}
}

static void zsh_option(FILE *out, const char *name, const struct ctl_option *o)
{
	fprintf(out, "\t'%s@%s@%s@", name, or_nothing(o->argument), or_nothing(o->commands));
	zsh_text(out, o->help);
	fputs("'\n", out);
}

static void zsh_options(FILE *out)
{
	for (size_t i = 0; i < n_ctl_options; i++) {
		char name[COMMAND_WORDS];

		snprintf(name, sizeof(name), "-%c", ctl_options[i].letter);
		if (ctl_options[i].letter)
			zsh_option(out, name, &ctl_options[i]);
		snprintf(name, sizeof(name), "--%s", ctl_options[i].name);
		zsh_option(out, name, &ctl_options[i]);
	}
}

/* --- fish ---------------------------------------------------------------------------------------- */

static void fish_text(FILE *out, const char *text)
{
	fputs(" -d '", out);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputs("'\n", out);
}

static void fish_commands(FILE *out)
{
	for (size_t i = 0; i < n_commands; i++)
		fprintf(out, "    '%s'%s\n", commands[i].words, i + 1 < n_commands ? " \\" : "");
}

static void fish_names(FILE *out, const char *argument)
{
	const char *before = "";

	for (size_t i = 0; i < n_ctl_options; i++) {
		const struct ctl_option *o = &ctl_options[i];

		if (!o->argument || (argument && strcmp(o->argument, argument) != 0))
			continue;
		if (o->letter)
			fprintf(out, "%s-%c", before, o->letter);
		fprintf(out, "%s--%s", o->letter ? " " : before, o->name);
		before = " ";
	}
}

static bool fish_is_file(const char *argument)
{
	return strstr(argument, "FILE") || strcmp(argument, "SOCKET") == 0;
}

/* "FARM", "on|off", "FILE": what may stand there. */
static void fish_values(FILE *out, const char *argument)
{
	size_t len = strcspn(argument, " ");

	if (memchr(argument, '|', len)) {
		fputs(" -a '", out);
		for (size_t i = 0; i < len; i++)
			fputc(argument[i] == '|' ? ' ' : argument[i], out);
		fputs("'", out);
	} else if (strncmp(argument, "FARM", 4) == 0 || strncmp(argument, "[FARM", 5) == 0 ||
		   strncmp(argument, "BACKEND", 7) == 0) {
		fprintf(out, " -a '(__directorctl_names \"%.*s\")'", (int)len, argument);
	} else if (fish_is_file(argument)) {
		fputs(" -F", out);
	} else if (argument[0] >= 'a' && argument[0] <= 'z') {
		fprintf(out, " -a %.*s", (int)len, argument);
	}
}

/* "status, failover, drill": what may follow the words. */
static void fish_group(FILE *out, const char *words)
{
	char text[COMMAND_TEXT] = "";
	size_t used = 0, len;

	for (size_t i = 0; i < n_commands && used < sizeof(text); i++) {
		const char *word = command_word_after(&commands[i], words, &len);

		if (command_is_first(&commands[i], words))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s",
						 used ? ", " : "", (int)len, word);
	}
	fish_text(out, text);
}

/* Each word of a command at its place, and its argument behind them. */
static void fish_command(FILE *out, const struct command *c)
{
	char before[COMMAND_WORDS] = "";
	size_t len;
	const char *word;

	while (word = command_word_after(c, before, &len), len) {
		bool first = command_is_first(c, before);

		if (first)
			fprintf(out, "complete -c directorctl -n '__directorctl_at %s' -a %.*s",
				before, (int)len, word);
		snprintf(before, sizeof(before), "%.*s", (int)(word + len - c->words), c->words);
		if (first && word[len])
			fish_group(out, before);
		else if (first)
			fish_text(out, c->help);
	}
	if (!c->arguments[0])
		return;
	fprintf(out, "complete -c directorctl -n '__directorctl_at %s'", c->words);
	fish_values(out, c->arguments);
	fputs("\n", out);
}

static void fish_option(FILE *out, const struct ctl_option *o)
{
	fputs("complete -c directorctl", out);
	if (o->commands) {
		fputs(" -n \"__directorctl_takes", out);
		for (const char *at = o->commands; *at;) {
			size_t len = strcspn(at, ",");

			fprintf(out, " '%.*s'", (int)len, at);
			at += len + (at[len] ? 2 : 0);
		}
		fputs("\"", out);
	}
	if (o->letter)
		fprintf(out, " -s %c", o->letter);
	fprintf(out, " -l %s", o->name);
	if (o->argument) {
		fputs(fish_is_file(o->argument) ? " -r" : " -x", out);
		fish_values(out, o->argument);
	}
	fish_text(out, o->help);
}

static void fish_rules(FILE *out)
{
	for (size_t i = 0; i < n_commands; i++)
		fish_command(out, &commands[i]);
	for (size_t i = 0; i < n_ctl_options; i++)
		fish_option(out, &ctl_options[i]);
}

static void fish_valued(FILE *out)
{
	fish_names(out, NULL);
}

static void fish_numbered(FILE *out)
{
	fish_names(out, "N");
}

/* --- a script ------------------------------------------------------------------------------------ */

static const struct {
	const char *shell, *script, *mark;
	void (*write)(FILE *out);
} tables[] = {
	{"bash", completion_bash, "@commands@\n", bash_commands},
	{"bash", completion_bash, "@options@\n", bash_options},
	{"zsh", completion_zsh, "@commands@\n", zsh_commands},
	{"zsh", completion_zsh, "@options@\n", zsh_options},
	{"fish", completion_fish, "@commands@\n", fish_commands},
	{"fish", completion_fish, "@valued@", fish_valued},
	{"fish", completion_fish, "@numbered@", fish_numbered},
	{"fish", completion_fish, "@rules@\n", fish_rules},
};

enum { N_TABLES = sizeof(tables) / sizeof(tables[0]) };

/* The table whose place begins at that character, and how long its mark is; 0: none. */
static size_t write_table(FILE *out, const char *script, const char *at)
{
	for (size_t i = 0; *at == '@' && i < N_TABLES; i++) {
		size_t len = strlen(tables[i].mark);

		if (tables[i].script != script || strncmp(at, tables[i].mark, len) != 0)
			continue;
		tables[i].write(out);
		return len;
	}
	return 0;
}

int completion_print(FILE *out, const char *shell)
{
	for (size_t i = 0; i < N_TABLES; i++) {
		if (strcmp(tables[i].shell, shell) != 0)
			continue;
		for (const char *at = tables[i].script; *at;) {
			size_t len = write_table(out, tables[i].script, at);

			if (!len)
				fputc(*at++, out);
			at += len;
		}
		return 0;
	}
	return -1;
}

int ctl_completion(const struct ctl *ctl)
{
	if (ctl->json)
		return ctl_fail(CTL_USAGE, "`completion` has no JSON form; it prints a script");
	if (completion_print(stdout, ctl->argv[0]) < 0)
		return ctl_fail(CTL_USAGE, "a shell is \"bash\", \"zsh\" or \"fish\", not \"%s\"",
				ctl->argv[0]);
	return CTL_DONE;
}
