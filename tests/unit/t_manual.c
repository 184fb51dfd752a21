/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * directord(8), directorctl(8) and the completion say what the programs can do. The programs'
 * tables are static in their main.c files, so their rows are read from the source text.
 */
#include "director/ctl/ctl.h"
#include "include/status.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CTL_SOURCE    "director/ctl/main.c"
#define CTL_MANUAL    "deploy/man/directorctl.8"
#define CTL_COMPLETE  "deploy/directorctl.bash"
#define DAEMON_SOURCE "director/main.c"
#define DAEMON_MANUAL "deploy/man/directord.8"

enum { ROWS_MAX = 64, WORD = 64 };

/* Commands: first "ruleset export", second "[FILE]". Options: "config" and "c", or "". */
struct row {
	char first[WORD], second[WORD];
};

struct table {
	struct row rows[ROWS_MAX];
	size_t n;
};

static void missing(const char *what, const char *where)
{
	CU_FAIL("the manual, the completion and the program do not agree");
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

static void take_argument(const char *at, const char *source, char *buf)
{
	(void)source;
	at = strchr(at, '"');
	take_literal(&at, buf);
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

static void read_commands(struct table *t)
{
	char *source = unit_read_file(CTL_SOURCE);

	read_rows(t, source, "commands[] = {", take_argument);
	free(source);
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

static void compare_options(const char *source, const char *path)
{
	char *manual = unit_read_file(path), *text = section(manual, "OPTIONS");
	struct table options;
	char item[2 * WORD + 16];

	read_options(&options, source);
	for (size_t i = 0; i < options.n; i++) {
		const struct row *o = &options.rows[i];

		if (o->second[0])
			snprintf(item, sizeof(item), ".It Fl %s , Fl -%s", o->second, o->first);
		else
			snprintf(item, sizeof(item), ".It Fl -%s", o->first);
		if (!has_item(text, item))
			missing(item, path);
	}
	EXPECT_INT(count_items(text, ".It Fl"), options.n);
	free(text);
	free(manual);
}

static void daemon_options(void)
{
	compare_options(DAEMON_SOURCE, DAEMON_MANUAL);
}

static void ctl_options(void)
{
	compare_options(CTL_SOURCE, CTL_MANUAL);
}

static void ctl_commands(void)
{
	char *manual = unit_read_file(CTL_MANUAL), *text = section(manual, "COMMANDS");
	struct table commands;
	char item[WORD + 16];

	read_commands(&commands);
	for (size_t i = 0; i < commands.n; i++) {
		snprintf(item, sizeof(item), ".It Ic %s", commands.rows[i].first);
		if (!has_item(text, item))
			missing(item, CTL_MANUAL);
	}
	EXPECT_INT(count_items(text, ".It Ic"), commands.n);
	free(text);
	free(manual);
}

/* --- completion ---------------------------------------------------------------------------------- */

/* What stands between NAME=' and the next quote; a newline at both ends. To be freed. */
static char *shell_value(const char *script, const char *name)
{
	char mark[WORD], *value = NULL;
	const char *start;

	snprintf(mark, sizeof(mark), "\n%s='", name);
	start = strstr(script, mark);
	start = start ? start + strlen(mark) : "";
	if (asprintf(&value, "\n%.*s\n", (int)strcspn(start, "'"), start) < 0)
		CU_FAIL_FATAL("no memory");
	return value;
}

static size_t count_words(const char *text)
{
	size_t n = 0;

	for (const char *at = text; *at; at++)
		n += !isspace(*at) && (at == text || isspace(at[-1]));
	return n;
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at++)
		if (at > text && isspace(at[-1]) && isspace(at[len]))
			return true;
	return false;
}

static void completion_commands(void)
{
	char *script = unit_read_file(CTL_COMPLETE), line[2 * WORD + 3];
	char *value = shell_value(script, "_directorctl_commands");
	struct table commands;
	size_t words = 0;

	read_commands(&commands);
	for (size_t i = 0; i < commands.n; i++) {
		const struct row *c = &commands.rows[i];

		snprintf(line, sizeof(line), "\n%s%s%s\n", c->first, c->second[0] ? " " : "",
			 c->second);
		if (!strstr(value, line))
			missing(line, CTL_COMPLETE);
		words += count_words(line);
	}
	EXPECT_INT(count_words(value), words);
	free(value);
	free(script);
}

static void completion_options(void)
{
	char *script = unit_read_file(CTL_COMPLETE), word[WORD + 3];
	char *value = shell_value(script, "_directorctl_options");
	struct table options;
	size_t words = 0;

	read_options(&options, CTL_SOURCE);
	for (size_t i = 0; i < options.n; i++) {
		const struct row *o = &options.rows[i];

		snprintf(word, sizeof(word), "--%s", o->first);
		if (!has_word(value, word))
			missing(word, CTL_COMPLETE);
		snprintf(word, sizeof(word), "-%s", o->second);
		if (o->second[0] && !has_word(value, word))
			missing(word, CTL_COMPLETE);
		words += o->second[0] ? 2 : 1;
	}
	EXPECT_INT(count_words(value), words);
	free(value);
	free(script);
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
	{"options of directorctl are in its manual", ctl_options},
	{"commands of directorctl are in its manual", ctl_commands},
	{"commands of directorctl are in the completion", completion_commands},
	{"options of directorctl are in the completion", completion_options},
	{"every key of the JSON is in the manual", every_json_key_is_in_the_manual},
	UNIT_TESTS_END,
};
