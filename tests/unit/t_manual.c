/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * directord(8) and directorctl(8) say what the programs can do. The table of directord is static in
 * its main.c, so its rows are read from the source text; those of directorctl are there to be used.
 */
#include "director/ctl/command.h"
#include "director/ctl/help.h"
#include "director/ctl/option.h"
#include "include/status.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CTL_MANUAL    "deploy/man/directorctl.8"
#define DAEMON_SOURCE "director/main.c"
#define DAEMON_MANUAL "deploy/man/directord.8"

enum { ROWS_MAX = 64, WORD = 64 };

/* Options: "config" and "c", or "". */
struct row {
	char first[WORD], second[WORD];
};

struct table {
	struct row rows[ROWS_MAX];
	size_t n;
};

static void missing(const char *what, const char *where)
{
	CU_FAIL("the manual and the program do not agree");
	printf("\n    %s: %s", where, what);
}

/* The string literal at *at, which moves behind it. */
static void take_literal(const char **at, char buf[static WORD])
{
	size_t len = strcspn(*at + 1, "\"");

	snprintf(buf, WORD, "%.*s", (int)len, *at + 1);
	*at += len + 2;
}

/* The rows {"…", …} of an initialiser, which ends with "};" in a line of its own. */
static void read_rows(struct table *t, const char *source, const char *mark,
		      void (*take_second)(const char *at, const char *source, char *buf))
{
	const char *at = strstr(source, mark), *end = at ? strstr(at, "};") : NULL;

	*t = (struct table){0};
	while (end && (at = strstr(at, "{\"")) && at < end && t->n < ROWS_MAX) {
		struct row *row = &t->rows[t->n++];

		at++;
		take_literal(&at, row->first);
		take_second(at, source, row->second);
	}
	/* A source that is written in another way must not pass as a table without rows. */
	CU_ASSERT(t->n > 3);
}

/* The letter of a long option, unless it is only a number for the program's own use. */
static void take_letter(const char *at, const char *source, char *buf)
{
	static const char call[] = "getopt_long(argc, argv, \"";
	const char *letters = strstr(source, call);
	char letter = strchr(at, '\'')[1];

	if (!letters) {
		missing(call, "source of the options");
		return;
	}
	letters += strlen(call);
	buf[0] = memchr(letters, letter, strcspn(letters, "\"")) ? letter : '\0';
	buf[1] = '\0';
}

static void read_options(struct table *t, const char *path)
{
	char *source = unit_read_file(path);

	read_rows(t, source, "struct option options[] = {", take_letter);
	free(source);
}

/* A section of a manual; "" when it is not there. To be freed. */
static char *section(const char *manual, const char *name)
{
	char mark[WORD];
	const char *start, *end;

	snprintf(mark, sizeof(mark), "\n.Sh %s\n", name);
	start = strstr(manual, mark);
	if (!start)
		return strdup("");
	start += strlen(mark) - 1;
	end = strstr(start, "\n.Sh ");
	return end ? strndup(start, (size_t)(end - start)) : strdup(start);
}

/* Whether a line begins with that, and a blank or the end of the line follows. */
static bool has_item(const char *text, const char *item)
{
	size_t len = strlen(item);

	for (const char *at = text; (at = strstr(at, item)); at++)
		if (at > text && at[-1] == '\n' && strchr(" \n", at[len]))
			return true;
	return false;
}

static size_t count_items(const char *text, const char *item)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, item)); at++)
		n += at > text && at[-1] == '\n';
	return n;
}

static void daemon_options(void)
{
	char *manual = unit_read_file(DAEMON_MANUAL), *text = section(manual, "OPTIONS");
	struct table options;
	char item[2 * WORD + 16];

	read_options(&options, DAEMON_SOURCE);
	for (size_t i = 0; i < options.n; i++) {
		const struct row *o = &options.rows[i];

		if (o->second[0])
			snprintf(item, sizeof(item), ".It Fl %s , Fl -%s", o->second, o->first);
		else
			snprintf(item, sizeof(item), ".It Fl -%s", o->first);
		if (!has_item(text, item))
			missing(item, DAEMON_MANUAL);
	}
	EXPECT_INT(count_items(text, ".It Fl"), options.n);
	free(text);
	free(manual);
}

/* --- directorctl --------------------------------------------------------------------------------- */

enum { LINE = 512 };

/* What tells two synopses apart: neither case, nor brackets, nor blanks. */
static void add_bare(char *to, const char *text, size_t len)
{
	size_t used = strlen(to);

	for (size_t i = 0; i < len && used + 1 < LINE; i++)
		if (!strchr(" []", text[i]))
			to[used++] = (char)tolower((unsigned char)text[i]);
	to[used] = '\0';
}

/* "-j-ssocket" of a line such as ".Op Fl j Op Fl s Ar socket": words alone. */
static void bare_line(char to[static LINE], const char *line)
{
	static const char *const macros[] = {"Ar", "Ns", "Op", "Oo", "Oc", "Ic", "Cm", "It"};

	to[0] = '\0';
	line += *line == '.';
	while (*line && *line != '\n') {
		size_t len = strcspn(line, " \n");
		bool macro = false;

		for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
			macro |= strlen(macros[i]) == len && memcmp(line, macros[i], len) == 0;
		if (len == 2 && memcmp(line, "Fl", 2) == 0)
			add_bare(to, "-", 1);
		else if (!macro)
			add_bare(to, line, len);
		line += len + (line[len] == ' ');
	}
}

/* Whether a line that begins with the macro says that and no more. */
static bool says(const char *text, const char *macro, const char *want)
{
	char wanted[LINE] = "", got[LINE];

	add_bare(wanted, want, strlen(want));
	for (const char *at = text; (at = strstr(at, macro)); at++) {
		bare_line(got, at);
		if (at > text && at[-1] == '\n' && strcmp(got, wanted) == 0)
			return true;
	}
	return false;
}

static void ctl_options_are_listed(void)
{
	char *manual = unit_read_file(CTL_MANUAL), *text = section(manual, "OPTIONS");
	size_t n = 0;

	for (size_t i = 0; i < n_ctl_options; i++) {
		const struct ctl_option *o = &ctl_options[i];
		const char *argument = o->argument ? o->argument : "";
		char want[LINE];

		/* The other row of the same name is told in words. */
		if (option_is_repeated(o))
			continue;
		if (o->letter)
			snprintf(want, sizeof(want), "-%c,--%s%s", o->letter, o->name, argument);
		else
			snprintf(want, sizeof(want), "--%s%s", o->name, argument);
		if (!says(text, ".It Fl", want))
			missing(want, CTL_MANUAL);
		n++;
	}
	EXPECT_INT(count_items(text, ".It Fl"), n);
	free(text);
	free(manual);
}

static void ctl_commands_are_listed(void)
{
	char *manual = unit_read_file(CTL_MANUAL), *text = section(manual, "COMMANDS");

	for (size_t i = 0; i < n_commands; i++) {
		char want[HELP_SYNOPSIS];

		if (!says(text, ".It Ic", help_synopsis(&commands[i], want)))
			missing(want, CTL_MANUAL);
	}
	EXPECT_INT(count_items(text, ".It Ic"), n_commands);
	free(text);
	free(manual);
}

/* What stands in front of all commands: the options with a letter. */
static void ctl_synopsis(void)
{
	char *manual = unit_read_file(CTL_MANUAL), *text = section(manual, "SYNOPSIS");
	size_t n = 0;

	for (size_t i = 0; i < n_ctl_options; i++) {
		const struct ctl_option *o = &ctl_options[i];
		char want[LINE];

		if (!o->letter)
			continue;
		snprintf(want, sizeof(want), "-%c%s", o->letter, o->argument ? o->argument : "");
		if (!says(text, ".Op Fl", want) && !says(text, ".Fl", want))
			missing(want, CTL_MANUAL);
		n++;
	}
	EXPECT_INT(count_items(text, ".Op Fl") + count_items(text, ".Fl"), n);
	free(text);
	free(manual);
}

/* --- JSON ---------------------------------------------------------------------------------------- */

/* Whether some item of the manual names the key, alone or beside others. */
static bool names_key(const char *text, const char *key)
{
	char word[WORD];

	snprintf(word, sizeof(word), "Va %s", key);
	for (const char *line = text; (line = strstr(line, "\n.It Va ")); line++) {
		const char *at = strstr(line, word), *end = strchr(line + 1, '\n');

		if (at && end && at < end && strchr(" \n", at[strlen(word)]))
			return true;
	}
	return false;
}

static void expect_keys(const char *text, json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++)
		expect_keys(text, json_array_get(value, i));
	for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
		if (!names_key(text, json_object_iter_key(at)))
			missing(json_object_iter_key(at), CTL_MANUAL);
		expect_keys(text, json_object_iter_value(at));
	}
}

/* One part of a status that has one of everything. */
static json_t *print_part(const struct status *s, enum json_part part)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *document;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	EXPECT_INT(print_json(out, s, part), 0);
	fclose(out);
	document = json_loads(text, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(document);
	free(text);
	return document;
}

static void every_json_key_is_in_the_manual(void)
{
	struct status_backend backend = {.name = "web1"};
	struct status_farm farm = {
		.name = "www", .backends = &backend, .n_backends = 1, .n_drops = 1, .n_tables = 1};
	struct status_vrrp vrrp = {.name = "web"};
	struct status_peer peer = {.node = "b"};
	struct status_claim claim = {.backend = "web1"};
	struct status s = {.vrrps = &vrrp,
			   .n_vrrps = 1,
			   .peers = &peer,
			   .n_peers = 1,
			   .claims = &claim,
			   .n_claims = 1,
			   .farms = &farm,
			   .n_farms = 1};
	static const enum json_part parts[] = {JSON_STATUS, JSON_CLUSTER, JSON_FARMS, JSON_FARM,
					       JSON_BACKENDS};
	char *manual = unit_read_file(CTL_MANUAL), *text = section(manual, "JSON");

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		json_t *document = print_part(&s, parts[i]);

		expect_keys(text, document);
		json_decref(document);
	}
	free(text);
	free(manual);
}

UNIT_TESTS(manual) = {
	{"options of directord are in its manual", daemon_options},
	{"options of directorctl are in its manual", ctl_options_are_listed},
	{"commands of directorctl are in its manual, with what they take", ctl_commands_are_listed},
	{"the synopsis of directorctl is that of its table", ctl_synopsis},
	{"every key of the JSON is in the manual", every_json_key_is_in_the_manual},
	UNIT_TESTS_END,
};
