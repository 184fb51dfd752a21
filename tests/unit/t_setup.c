/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/load.h"
#include "director/setup/setup.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/setup/"

static struct config *load(void)
{
	struct config *c = NULL;
	struct err err = {0};

	EXPECT_INT(config_load(GOLDEN "farms.conf", &c, &err), 0);
	EXPECT_TEXT(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

static struct setup setup_of(const struct config *c, const struct setup_table *table,
			     const char *farm, const char *backend, const char *interface)
{
	struct setup s = {.table = table, .interface = interface};

	s.farm = config_farm_by_name(c, farm);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.farm);
	if (backend) {
		s.backend = config_backend_by_name(s.farm, backend);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s.backend);
	}
	return s;
}

/* To be freed. */
static char *printed(const struct setup *s, int (*print)(FILE *out, const struct setup *s))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	EXPECT_INT(print(out, s), 0);
	fclose(out);
	return text;
}

static json_t *document(const struct setup *s)
{
	char *text = printed(s, print_setup_json);
	json_t *d = json_loads(text, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	free(text);
	return d;
}

static const struct golden {
	const char *file;
	const struct setup_table *table;
	const char *farm, *backend, *interface;
} goldens[] = {
	{"linux.txt", &setup_linux, "both", NULL, NULL},
	{"linux-one.txt", &setup_linux, "www", "web2", NULL},
	{"linux-interface.txt", &setup_linux, "www", NULL, "bond0.77"},
	{"linux-ipv6.txt", &setup_linux, "both", "web1-6", NULL},
	{"windows.txt", &setup_windows, "both", NULL, NULL},
	{"windows-interface.txt", &setup_windows, "www", "web1", "Ethernet 2"},
};

enum { N_GOLDENS = sizeof(goldens) / sizeof(goldens[0]) };

static void text_is_as_written_down(void)
{
	struct config *c = load();

	for (size_t i = 0; i < N_GOLDENS; i++) {
		const struct golden *g = &goldens[i];
		struct setup s = setup_of(c, g->table, g->farm, g->backend, g->interface);
		char path[128], *want, *got = printed(&s, print_setup);

		snprintf(path, sizeof(path), GOLDEN "%s", g->file);
		want = unit_read_file(path);
		EXPECT_TEXT(got, want);
		free(want);
		free(got);
	}
	config_free(c);
}

/* Where the text has that as whole lines, from there on; NULL when it has not. */
static const char *find_lines(const char *text, const char *lines)
{
	size_t len = strlen(lines);

	for (const char *at = text; (at = strstr(at, lines)); at++)
		if (at[-1] == '\n' && at[len] == '\n')
			return at + len;
	return NULL;
}

static const char *find_step(const char *text, json_t *step)
{
	json_t *commands = json_object_get(step, "commands"), *command;
	const char *content;
	size_t i;
	char *path;

	json_array_foreach(commands, i, command) if (text) text =
		find_lines(text, json_string_value(command));
	if (commands || !text)
		return text;
	if (json_unpack(step, "{s:{s:s, s:s}}", "file", "path", &path, "content", &content) < 0)
		return NULL;
	text = strstr(text, path);
	return text ? strstr(text, content) : NULL;
}

/* All of the document stands in the text, in the same order. */
static void json_says_the_same(void)
{
	struct config *c = load();

	for (size_t i = 0; i < N_GOLDENS; i++) {
		const struct golden *g = &goldens[i];
		struct setup s = setup_of(c, g->table, g->farm, g->backend, g->interface);
		json_t *d = document(&s), *steps = json_object_get(d, "steps"), *step;
		char *text = printed(&s, print_setup);
		const char *at = text;
		size_t j;

		CU_ASSERT(json_array_size(steps) > 5);
		json_array_foreach(steps, j, step)
		{
			at = at ? find_step(at, step) : NULL;
			if (!at)
				printf("\n    %s: step %zu is not in the text", g->file, j);
			CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		}
		json_decref(d);
		free(text);
	}
	config_free(c);
}

static void json_head(void)
{
	struct config *c = load();
	struct setup s = setup_of(c, &setup_linux, "both", "web1-6", NULL);
	json_t *d = document(&s);
	const char *farm = "", *backend = "", *os = "", *address = "";

	EXPECT_INT(json_unpack(d, "{s:s, s:s, s:s, s:[s!]}", "farm", &farm, "backend", &backend,
			       "os", &os, "addresses", &address),
		   0);
	EXPECT_TEXT(farm, "both");
	EXPECT_TEXT(backend, "web1-6");
	EXPECT_TEXT(os, "linux");
	EXPECT_TEXT(address, "fd77::100");
	json_decref(d);
	s = setup_of(c, &setup_windows, "both", NULL, NULL);
	d = document(&s);
	CU_ASSERT(json_is_null(json_object_get(d, "backend")));
	EXPECT_INT(json_array_size(json_object_get(d, "addresses")), 3);
	json_decref(d);
	config_free(c);
}

/* A command is one line, and no word between two @ is left. */
static void every_row_is_filled_in(void)
{
	struct config *c = load();

	for (size_t i = 0; i < N_GOLDENS; i++) {
		const struct golden *g = &goldens[i];
		struct setup s = setup_of(c, g->table, g->farm, g->backend, g->interface);

		for (size_t j = 0; j < g->table->n; j++) {
			const struct setup_row *row = &g->table->rows[j];
			char *lines = setup_lines(&s, row);

			CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
			CU_ASSERT_PTR_NULL(strchr(lines, '@'));
			CU_ASSERT_PTR_NULL(strstr(lines, "\n\n"));
			CU_ASSERT(!row->path == !row->mode);
			for (const struct setup_line *l = row->lines; l->text && !row->path; l++)
				CU_ASSERT_PTR_NULL(strchr(l->text, '\n'));
			free(lines);
		}
	}
	config_free(c);
}

static void names_of_interfaces(void)
{
	static const struct {
		enum setup_os os;
		const char *name;
		bool good;
	} rows[] = {
		{SETUP_LINUX, "eth0", true},
		{SETUP_LINUX, "bond0.77", true},
		{SETUP_LINUX, "enp1s0f1np1d123", true},
		{SETUP_LINUX, "enp1s0f1np1d1234", false},
		{SETUP_LINUX, "", false},
		{SETUP_LINUX, "..", false},
		{SETUP_LINUX, "-w", false},
		{SETUP_LINUX, "../../vm/x", false},
		{SETUP_LINUX, "eth0;reboot", false},
		{SETUP_LINUX, "$(reboot)", false},
		{SETUP_LINUX, "eth0\nreboot", false},
		{SETUP_LINUX, "Ethernet 2", false},
		{SETUP_WINDOWS, "Ethernet 2", true},
		{SETUP_WINDOWS, "vEthernet (Extern)", true},
		{SETUP_WINDOWS, "R\xc3\xa9seau", true},
		{SETUP_WINDOWS, "", false},
		{SETUP_WINDOWS, "a'b", false},
		{SETUP_WINDOWS, "a\"b", false},
		{SETUP_WINDOWS, "$a", false},
		{SETUP_WINDOWS, "a\nb", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (setup_interface_is_valid(rows[i].os, rows[i].name) != rows[i].good)
			printf("\n    \"%s\"", rows[i].name);
		EXPECT_INT(setup_interface_is_valid(rows[i].os, rows[i].name), rows[i].good);
	}
}

UNIT_TESTS(setup) = {
	{"the text is as it is written down", text_is_as_written_down},
	{"the document has the same steps in the same order", json_says_the_same},
	{"the document tells what it is about", json_head},
	{"every row is filled in", every_row_is_filled_in},
	{"names of interfaces are safe in a line", names_of_interfaces},
	UNIT_TESTS_END,
};
