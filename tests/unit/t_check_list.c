/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/check_list.h"

#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config *load(const char *text)
{
	struct config *c = NULL;
	struct err err = {0};

	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0)
		CU_FAIL_FATAL("cannot load a configuration");
	return c;
}

static const char *describe(const struct check_list *l)
{
	static char text[4096];
	FILE *out = fmemopen(text, sizeof(text), "w");

	text[0] = '\0'; /* nothing written ends nothing */
	for (size_t i = 0; i < l->n; i++) {
		const struct check_item *item = &l->items[i];
		struct check_span users = check_list_users(l, i);
		char address[ADDR_TEXT], vip[ADDR_TEXT];

		fprintf(out, "%s %s of %s port %u:", config_check_type_name(item->check->type),
			addr_format(&item->vip, vip), addr_format(&item->backend->address, address),
			item->port);
		for (size_t k = 0; k < users.n; k++)
			fprintf(out, " %s/%s", places_farm(&l->places, users.at[k])->name,
				places_backend(&l->places, users.at[k])->name);
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

#define WWW(checks)                                                                                \
	"farm \"www\" { address = { \"10.77.0.100\", \"10.77.0.101\" } interface = \"eth0\""       \
	" ports = { \"80\", \"443\" }"                                                             \
	" backend \"web1\" { address = \"10.77.0.21\" } backend \"web2\" { address = "             \
	"\"10.77.0.22\" } " checks " }\n"
#define API(checks)                                                                                \
	"farm \"api\" { address = \"10.77.0.100\" interface = \"eth0\" ports = { \"8080\" }"       \
	" backend \"one\" { address = \"10.77.0.21\" } " checks " }\n"

static void expect(const char *configuration, const char *want)
{
	struct config *c = load(configuration);
	struct check_list l;

	CU_ASSERT_FATAL(check_list_make(&l, c) == 0);
	EXPECT_TEXT(describe(&l), want);
	for (size_t i = 0; i < l.n; i++)
		EXPECT_INT(check_list_find(&l, &l.items[i]), i);
	check_list_clear(&l);
	config_free(c);
}

static void through_the_virtual_address_each_is_asked(void)
{
	expect(WWW("check \"path\" { type = \"dsr\" }"),
	       "dsr 10.77.0.100 of 10.77.0.21 port 80: www/web1\n"
	       "dsr 10.77.0.101 of 10.77.0.21 port 80: www/web1\n"
	       "dsr 10.77.0.100 of 10.77.0.22 port 80: www/web2\n"
	       "dsr 10.77.0.101 of 10.77.0.22 port 80: www/web2\n");
	expect(WWW("check \"own\" { type = \"tcp\" through = \"address\" port = 22 }"),
	       "tcp 10.77.0.100 of 10.77.0.21 port 22: www/web1\n"
	       "tcp 10.77.0.100 of 10.77.0.22 port 22: www/web2\n");
}

static void what_two_farms_ask_is_asked_once(void)
{
	expect(WWW("check \"a\" { type = \"dsr\" port = 8080 }")
		       API("check \"b\" { type = \"dsr\" }"),
	       "dsr 10.77.0.100 of 10.77.0.21 port 8080: www/web1 api/one\n"
	       "dsr 10.77.0.101 of 10.77.0.21 port 8080: www/web1\n"
	       "dsr 10.77.0.100 of 10.77.0.22 port 8080: www/web2\n"
	       "dsr 10.77.0.101 of 10.77.0.22 port 8080: www/web2\n");
}

/* One word more or less makes it another check. */
static void what_differs_is_asked_twice(void)
{
	static const char *const others[] = {
		"type = \"http\" path = \"/a\"",
		"type = \"http\" path = \"/b\"",
		"type = \"http\" path = \"/a\" method = \"HEAD\"",
		"type = \"http\" path = \"/a\" host = \"h\"",
		"type = \"http\" path = \"/a\" expect-status = { 200, 204 }",
		"type = \"http\" path = \"/a\" expect-body = \"ok\"",
		"type = \"http\" path = \"/a\" through = \"address\"",
		"type = \"http\" path = \"/a\" port = 81",
		"type = \"http\" path = \"/a\" interval = \"3s\"",
		"type = \"http\" path = \"/a\" fast-interval = \"1s\"",
		"type = \"http\" path = \"/a\" timeout = \"2s\"",
		"type = \"http\" path = \"/a\" rise = 3",
		"type = \"http\" path = \"/a\" fall = 4",
		"type = \"https\" path = \"/a\"",
		"type = \"https\" path = \"/a\" verify = false",
		"type = \"https\" path = \"/a\" sni = \"s\"",
		"type = \"https\" path = \"/a\" ca-file = \"/f\"",
	};
	enum { N = sizeof(others) / sizeof(others[0]) };
	char text[8192] = "farm \"api\" { address = \"10.77.0.100\" interface = \"eth0\" ports = "
			  "{ \"80\" } backend \"one\" { address = \"10.77.0.21\" }\n";
	struct check_list l;
	struct config *c;

	for (size_t i = 0; i < 2 * N; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "check \"c%zu\" { %s }\n", i,
			 others[i % N]);
	}
	strcat(text, "}\n");
	c = load(text);
	CU_ASSERT_FATAL(check_list_make(&l, c) == 0);
	EXPECT_INT(l.n, N);
	EXPECT_INT(check_list_items(&l, 0).n, 2 * N);
	for (size_t i = 0; i < 2 * N; i++)
		EXPECT_INT(check_list_items(&l, 0).at[i], i % N);
	check_list_clear(&l);
	config_free(c);
}

/* A command is told who asks. */
static void commands_are_each_farms_own(void)
{
	expect(WWW("check \"a\" { type = \"command\" command = \"true\" }")
		       API("check \"a\" { type = \"command\" command = \"true\" }"),
	       "command 10.77.0.100 of 10.77.0.21 port 80: www/web1\n"
	       "command 10.77.0.100 of 10.77.0.22 port 80: www/web2\n"
	       "command 10.77.0.100 of 10.77.0.21 port 8080: api/one\n");
	expect(API("check \"a\" { type = \"command\" command = \"true\" } "
		   "check \"b\" { type = \"command\" command = \"true\" }"),
	       "command 10.77.0.100 of 10.77.0.21 port 8080: api/one\n"
	       "command 10.77.0.100 of 10.77.0.21 port 8080: api/one\n");
}

static void found_again_in_the_next_configuration(void)
{
	struct config *old = load(WWW("check \"a\" { type = \"icmp\" }"));
	struct config *new = load(API("check \"x\" { type = \"tcp\" }") WWW(
		"check \"b\" { type = \"icmp\" } check \"c\" { type = "
		"\"dsr\" }"));
	struct check_list before, after;

	CU_ASSERT_FATAL(check_list_make(&before, old) == 0 && check_list_make(&after, new) == 0);
	EXPECT_INT(before.n, 2);
	for (size_t i = 0; i < after.n; i++) {
		size_t at = check_list_find(&before, &after.items[i]);

		CU_ASSERT_EQUAL(at < before.n, after.items[i].check->type == CHECK_ICMP);
	}
	check_list_clear(&before);
	check_list_clear(&after);
	config_free(old);
	config_free(new);
}

/* The way of clients' packets, where there is a handshake. */
static void farms_that_name_none(void)
{
	expect(WWW(""), "dsr 10.77.0.100 of 10.77.0.21 port 80: www/web1\n"
			"dsr 10.77.0.101 of 10.77.0.21 port 80: www/web1\n"
			"dsr 10.77.0.100 of 10.77.0.22 port 80: www/web2\n"
			"dsr 10.77.0.101 of 10.77.0.22 port 80: www/web2\n");
	expect("farm \"ftp\" { address = \"10.77.0.100\" interface = \"eth0\" ports = { \"21\", "
	       "\"20-20\", \"30000-30009\", \"8-9\" } backend \"one\" { address = \"10.77.0.21\" } "
	       "}\n",
	       "dsr 10.77.0.100 of 10.77.0.21 port 20: ftp/one\n");
	expect("farm \"any\" { address = \"10.77.0.100\" interface = \"eth0\" ports = { "
	       "\"30000-30009\" } backend \"one\" { address = \"10.77.0.21\" } }\n",
	       "");
	expect(API("protocol = \"udp\""), "");
	expect(API("protocol = \"tcp+udp\""), "dsr 10.77.0.100 of 10.77.0.21 port 8080: api/one\n");
}

/* A hundred thousand backends are not worth a hundred thousand attempts in two seconds. */
static void many_of_them_are_asked_seldom(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct config *c;

	for (int f = 0; f < 5; f++) {
		fprintf(out,
			"farm \"f%d\" { address = \"10.77.0.%d\" interface = \"eth0\" ports = "
			"\"80\"\n",
			f, 100 + f);
		for (int b = 0; b < 1000; b++)
			fprintf(out, "backend \"b%d\" { address = \"10.%d.%d.%d\" }\n", b, 80 + f,
				b / 250, b % 250 + 1);
		fputs("}\n", out);
	}
	fclose(out);
	c = load(text);
	EXPECT_INT(c->farms[0].n_checks, 1);
	EXPECT_INT(c->farms[0].checks[0].interval_ms, 6000);
	EXPECT_INT(c->farms[4].checks[0].fast_interval_ms, 6000);
	config_free(c);
	free(text);
}

static void without_checks(void)
{
	struct config *c = load(WWW("default-checks = false"));
	struct check_list l;

	CU_ASSERT_FATAL(check_list_make(&l, c) == 0);
	EXPECT_INT(l.n, 0);
	EXPECT_INT(check_list_items(&l, places_of(&l.places, 0, 1)).n, 0);
	check_list_clear(&l);
	config_free(c);
}

UNIT_TESTS(check_list) = {
	{"through the virtual address each is asked", through_the_virtual_address_each_is_asked},
	{"what two farms ask is asked once", what_two_farms_ask_is_asked_once},
	{"what differs is asked twice", what_differs_is_asked_twice},
	{"commands are each farm's own", commands_are_each_farms_own},
	{"found again in the next configuration", found_again_in_the_next_configuration},
	{"farms that name none", farms_that_name_none},
	{"many of them are asked seldom", many_of_them_are_asked_seldom},
	{"without checks", without_checks},
	UNIT_TESTS_END,
};
