/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon that is started anew never goes over to a configuration that nobody has confirmed. */
#include "director/service/running_uv.h"

#include "director/config/digest.h"
#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
	char dir[32], file[64], included[64];
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	EXPECT_INT(fclose(f), 0);
}

/* A farm whose backend has this weight; with an include, a comment and what has to be quoted. */
static void set_weight(const struct place *p, int weight)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "farm \"www\" {\ninterface = \"eth0\" # here\naddress = \"10.77.0.100\"\n"
		 "ports = { \"80\" }\ndefault-checks = false\n"
		 "backend \"web1\" { address = \"10.77.0.21\" weight = %d }\n}\n",
		 weight);
	write_file(p->included, text);
	write_file(p->file, "# what is served\ninclude(\"web.conf\")\n");
}

static struct place make_place(void)
{
	struct place p = {.dir = "/tmp/t_running.XXXXXX"};

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p.dir));
	snprintf(p.file, sizeof(p.file), "%s/test.conf", p.dir);
	snprintf(p.included, sizeof(p.included), "%s/web.conf", p.dir);
	set_weight(&p, 1);
	return p;
}

static void end_place(const struct place *p)
{
	running_remove(p->dir);
	unlink(p->file);
	unlink(p->included);
	EXPECT_INT(rmdir(p->dir), 0); /* nothing else is left */
}

/* The weight that a daemon starts with, and whether that is not the file's. */
static int start(const struct place *p, bool *ret_held)
{
	struct running_start s = {0};
	struct config *c = NULL;
	struct err err = {0};
	int weight;

	CU_ASSERT_EQUAL_FATAL(running_load(p->dir, p->file, &s, &c, &err), 0);
	EXPECT_INT(running_settle(p->dir, &s), 0);
	*ret_held = s.held;
	weight = (int)c->farms[0].backends[0].weight;
	config_free(c);
	return weight;
}

static void expect_start(const struct place *p, int weight, bool held)
{
	bool is_held;

	EXPECT_INT(start(p, &is_held), weight);
	EXPECT_INT(is_held, held);
}

/* The file is read and comes into force until it is confirmed. */
static void go_over(const struct place *p)
{
	struct config *c = NULL;
	struct err err = {0};
	char *text;
	size_t len;

	CU_ASSERT_EQUAL_FATAL(config_load_kept(p->file, &c, &text, &len, &err), 0);
	EXPECT_INT(running_write(p->dir, text, len), 0);
	EXPECT_INT(running_try(p->dir), 0);
	free(text);
	config_free(c);
}

static void the_text_comes_to_the_same(void)
{
	char file[CONFIG_DIGEST_TEXT], kept[CONFIG_DIGEST_TEXT];
	struct place p = make_place();
	struct config *c = NULL, *again = NULL;
	struct err err = {0};
	char *text;
	size_t len;

	CU_ASSERT_EQUAL_FATAL(config_load_kept(p.file, &c, &text, &len, &err), 0);
	CU_ASSERT_EQUAL_FATAL(config_load_text("kept", text, len, &again, &err), 0);
	EXPECT_TEXT(config_digest(again, kept), config_digest(c, file));
	config_free(c);
	config_free(again);
	free(text);
	end_place(&p);
}

static void unconfirmed_at_a_start(void)
{
	struct place p = make_place();

	expect_start(&p, 1, false);
	set_weight(&p, 2);
	go_over(&p);
	expect_start(&p, 1, true);
	expect_start(&p, 1, true); /* while it is that file */
	set_weight(&p, 3);
	expect_start(&p, 3, false);
	end_place(&p);
}

static void confirmed_or_given_up(void)
{
	struct place p = make_place();

	expect_start(&p, 1, false);
	set_weight(&p, 2);
	go_over(&p);
	EXPECT_INT(running_confirm(p.dir), 0);
	expect_start(&p, 2, false);
	set_weight(&p, 3);
	go_over(&p);
	EXPECT_INT(running_give_up(p.dir), 0);
	expect_start(&p, 2, true);
	end_place(&p);
}

/* It is marked before it is in force; when it does not come to that, the file is as good as before. */
static void marked_and_not_in_force(void)
{
	struct place p = make_place();

	expect_start(&p, 1, false);
	set_weight(&p, 2);
	go_over(&p);
	running_unmark(p.dir);
	expect_start(&p, 2, false);
	end_place(&p);
}

/* It serves: what was confirmed last is there even when the file is none any more. */
static void a_file_that_is_none(void)
{
	struct place p = make_place();

	expect_start(&p, 1, false);
	go_over(&p);
	write_file(p.file, "farm {");
	expect_start(&p, 1, true);
	end_place(&p);
}

UNIT_TESTS(running) = {
	{"the text comes to the same", the_text_comes_to_the_same},
	{"unconfirmed at a start", unconfirmed_at_a_start},
	{"confirmed or given up", confirmed_or_given_up},
	{"marked and not in force", marked_and_not_in_force},
	{"a file that is none", a_file_that_is_none},
	UNIT_TESTS_END,
};
