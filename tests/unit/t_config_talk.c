/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two configurations, the conversation about them, and what each node says of the difference. */
#include "director/config/load.h"
#include "director/twin/config_talk.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEB1 "backend \"web1\" { address = \"10.77.0.21\" } "
#define FARM(name, port, rest)                                                                     \
	"farm \"" name "\" { address = \"10.77.0.100\" interface = \"eth0\" ports = \"" port       \
	"\" default-checks = false " rest "}\n"
#define WWW FARM("www", "80", WEB1)

static struct config *load(const char *text)
{
	struct config *c = NULL;
	struct err err = {0};

	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0) {
		printf("\n    %s", err.text);
		CU_FAIL_FATAL("a configuration is refused");
	}
	return c;
}

enum { HERE, THERE, NODES };

struct pair {
	struct config *config[NODES];
	struct config_talk talk[NODES];
	size_t messages;
};

/* Everything that either has to say reaches the other one, in turns. */
static void converse(struct pair *p, const char *here, const char *there)
{
	static struct sync_config m;
	bool more = true;

	*p = (struct pair){.config = {load(here), load(there)}};
	for (size_t i = 0; i < NODES; i++)
		EXPECT_INT(config_talk_begin(&p->talk[i], p->config[i]), 0);
	while (more && p->messages < 20000) {
		more = false;
		for (size_t i = 0; i < NODES; i++)
			if (config_talk_next(&p->talk[i], p->config[i], &m)) {
				config_talk_hear(&p->talk[1 - i], &m);
				p->messages++;
				more = true;
			}
	}
}

static void end(struct pair *p)
{
	for (size_t i = 0; i < NODES; i++) {
		config_talk_clear(&p->talk[i]);
		config_free(p->config[i]);
	}
}

static struct outline_differences found;

static void compare(const struct pair *p, size_t node)
{
	config_talk_compare(&p->talk[node], p->config[node], node == HERE ? "b" : "a", &found);
}

/* The sentences of a node, a line each. */
static void expect_found(const struct pair *p, size_t node, const char *want)
{
	char text[OUTLINE_DIFFERENCES_MAX * (OUTLINE_DIFFERENCE + 1) + 1] = "";

	compare(p, node);
	for (size_t i = 0; i < found.n; i++) {
		strcat(text, found.list[i]);
		strcat(text, "\n");
	}
	EXPECT_TEXT(text, want);
}

static void expect_differences(const char *here, const char *there, const char *want_here,
			       const char *want_there)
{
	struct pair p;

	converse(&p, here, there);
	expect_found(&p, HERE, want_here);
	expect_found(&p, THERE, want_there);
	end(&p);
}

static void a_value_is_another_one(void)
{
	expect_differences(WWW, FARM("www", "80", "tcp-timeout = \"10m\" " WEB1),
			   "farm www: tcp-timeout = 15m here, 10m on b\n",
			   "farm www: tcp-timeout = 10m here, 15m on a\n");
	expect_differences(
		WWW, FARM("www", "80", "backend \"web1\" { address = \"10.77.0.21\" weight = 3 }"),
		"farm www: backend web1: weight = 1 here, 3 on b\n",
		"farm www: backend web1: weight = 3 here, 1 on a\n");
}

static void a_list_has_more(void)
{
	expect_differences(
		WWW,
		"farm \"www\" { address = \"10.77.0.100\" interface = \"eth0\" ports = { \"80\", "
		"\"443\" } default-checks = false " WEB1 "}\n",
		"farm www: ports = 443 on b, not here\n", "farm www: ports = 443 here, not on a\n");
}

static void a_farm_is_only_there(void)
{
	expect_differences(WWW, WWW FARM("mail", "25", WEB1), "farm mail: on b, not here\n",
			   "farm mail: here, not on a\n");
}

static void a_backend_is_only_there(void)
{
	struct pair p;

	converse(&p, WWW, FARM("www", "80", WEB1 "backend \"web2\" { address = \"10.77.0.22\" } "));
	compare(&p, HERE);
	CU_ASSERT_FATAL(found.n > 0);
	for (size_t i = 0; i < found.n; i++) {
		const char *line = found.list[i];

		CU_ASSERT(strncmp(line, "farm www: backend web2: ", 24) == 0);
		CU_ASSERT(strstr(line, " on b, not here") != NULL);
	}
	end(&p);
}

static void only_the_order(void)
{
	const char *mail = FARM("mail", "25", WEB1);
	char first[2048], second[2048];

	snprintf(first, sizeof(first), "%s%s", WWW, mail);
	snprintf(second, sizeof(second), "%s%s", mail, WWW);
	expect_differences(first, second, "the order of the sections\n",
			   "the order of the sections\n");
	expect_differences(FARM("www", "80", WEB1 "backend \"web2\" { address = \"10.77.0.22\" } "),
			   FARM("www", "80", "backend \"web2\" { address = \"10.77.0.22\" } " WEB1),
			   "farm www: the order of what is in it, or octets that are not ASCII\n",
			   "farm www: the order of what is in it, or octets that are not ASCII\n");
}

/* Also when one of them begins anew in the middle of it. */
static void begun_anew(void)
{
	static struct sync_config m;
	struct pair p;

	converse(&p, WWW, FARM("www", "80", "tcp-timeout = \"10m\" " WEB1));
	for (size_t i = 0; i < NODES; i++)
		EXPECT_INT(config_talk_begin(&p.talk[i], p.config[0]), 0);
	CU_ASSERT(config_talk_next(&p.talk[HERE], p.config[0], &m));
	config_talk_hear(&p.talk[THERE], &m);
	for (size_t i = 0; i < NODES; i++)
		EXPECT_INT(config_talk_begin(&p.talk[i], p.config[i]), 0);
	for (int turns = 0; turns < 20; turns++)
		for (size_t i = 0; i < NODES; i++)
			if (config_talk_next(&p.talk[i], p.config[i], &m))
				config_talk_hear(&p.talk[1 - i], &m);
	expect_found(&p, HERE, "farm www: tcp-timeout = 15m here, 10m on b\n");
	end(&p);
}

/* A thousand farms that differ: few lines, and how many there are. */
static void a_lot(void)
{
	enum { FARMS = 1000 };
	char *text[NODES];
	struct pair p;

	for (size_t i = 0; i < NODES; i++) {
		size_t len;
		FILE *out = open_memstream(&text[i], &len);

		for (int k = 0; k < FARMS; k++)
			fprintf(out,
				"farm \"f%d\" { address = \"10.77.0.100\" interface = \"eth0\" "
				"ports = \"%d\" tcp-timeout = \"%zum\" default-checks = false "
				"%s}\n",
				k, 1000 + k, 10 + i, WEB1);
		fclose(out);
	}
	converse(&p, text[HERE], text[THERE]);
	EXPECT_INT(p.messages, 2 * (1 + FARMS + CONFIG_TALK_LINES));
	compare(&p, HERE);
	EXPECT_INT(found.n, OUTLINE_DIFFERENCES_MAX);
	EXPECT_INT(found.total, FARMS);
	EXPECT_TEXT(found.list[0], "farm f0: tcp-timeout = 10m here, 11m on b");
	EXPECT_TEXT(found.list[CONFIG_TALK_LINES], "farm f112: another one on b");
	end(&p);
	for (size_t i = 0; i < NODES; i++)
		free(text[i]);
}

/* A part of more than a message's lines is told of as a whole. */
static void a_part_that_is_long(void)
{
	static char text[NODES][32768];
	struct pair p;

	for (size_t i = 0; i < NODES; i++) {
		size_t len = (size_t)snprintf(
			text[i], sizeof(text[i]),
			"farm \"www\" { address = \"10.77.0.100\" interface = \"eth0\" "
			"ports = \"80\" default-checks = false tcp-timeout = \"%zum\" ",
			10 + i);

		for (int k = 0; k < 400; k++)
			len += (size_t)snprintf(text[i] + len, sizeof(text[i]) - len,
						"backend \"w%d\" { address = \"10.77.%d.%d\" } ", k,
						1 + k / 200, 1 + k % 200);
		snprintf(text[i] + len, sizeof(text[i]) - len, "}\n");
	}
	converse(&p, text[HERE], text[THERE]);
	expect_found(&p, HERE, "farm www: another one on b\n");
	end(&p);
}

/* Lines of a part that is not there, lines before the parts, more of either than there may be. */
static void nonsense(void)
{
	struct config *c = load(WWW);
	struct config_talk t = {0};
	static struct sync_config m;

	m = (struct sync_config){.step = SYNC_CONFIG_LINES, .name = "farm www", .lines = "x\n"};
	CU_ASSERT(!config_talk_hear(&t, &m)); /* nobody asked */
	CU_ASSERT(!config_talk_next(&t, c, &m));
	EXPECT_INT(config_talk_begin(&t, c), 0);
	m = (struct sync_config){.step = SYNC_CONFIG_LINES, .name = "farm www", .lines = "x\n"};
	CU_ASSERT(!config_talk_hear(&t, &m));
	EXPECT_INT(t.n_heard, 0);
	for (int i = 0; i < 3 * OUTLINE_PARTS_MAX; i++) {
		m = (struct sync_config){.step = SYNC_CONFIG_PART, .sum = 1};
		snprintf(m.name, sizeof(m.name), "farm %s%d", i ? "f" : "www", i);
		CU_ASSERT(!config_talk_hear(&t, &m));
	}
	EXPECT_INT(t.theirs.n, OUTLINE_PARTS_MAX);
	config_talk_compare(&t, c, "b", &found);
	EXPECT_INT(found.total, 0);
	m.last = true;
	CU_ASSERT(config_talk_hear(&t, &m));
	for (int i = 0; i < 3 * CONFIG_TALK_LINES; i++) {
		m = (struct sync_config){.step = SYNC_CONFIG_LINES, .lines = "x"};
		snprintf(m.name, sizeof(m.name), "farm %s%d", i / 2 ? "f" : "www", i / 2);
		config_talk_hear(&t, &m);
	}
	EXPECT_INT(t.n_heard, CONFIG_TALK_LINES);
	config_talk_compare(&t, c, "b", &found);
	CU_ASSERT(found.total > OUTLINE_DIFFERENCES_MAX);
	config_talk_clear(&t);
	config_free(c);
}

/* What a message may hold and a line does not: no newline at the end, no "=", nothing but newlines. */
static void lines_that_are_none(void)
{
	static const char *const texts[] = {"a = 1", "a", "\n\n\n", " = ", "a = 1\na = 2", "="};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
			char *here = strdup(texts[i]), *there = strdup(texts[k]);

			found = (struct outline_differences){0};
			outline_compare_lines("part", here, there, "b", &found);
			CU_ASSERT(found.total > 0);
			free(here);
			free(there);
		}
}

UNIT_TESTS(config_talk) = {
	{"a value is another one", a_value_is_another_one},
	{"a list has more", a_list_has_more},
	{"a farm is only there", a_farm_is_only_there},
	{"a backend is only there", a_backend_is_only_there},
	{"only the order", only_the_order},
	{"begun anew", begun_anew},
	{"a lot", a_lot},
	{"a part that is long", a_part_that_is_long},
	{"nonsense", nonsense},
	{"lines that are none", lines_that_are_none},
	UNIT_TESTS_END,
};
