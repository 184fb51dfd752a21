/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of clients: what stands in the configuration and in files becomes ranges; a mistake in a
 * file has the file's own line.
 */
#include "director/config/clients.h"
#include "director/config/digest.h"
#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "farm \"www\" { address = \"10.77.0.100\" interface = \"eth0\" ports = \"80\"\n"
#define TAIL "\nbackend \"b\" { address = \"10.77.0.21\" } }"

struct folder {
	char path[32], file[64];
};

static void folder_init(struct folder *f)
{
	strcpy(f->path, "/tmp/t_clients.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->path));
	snprintf(f->file, sizeof(f->file), "%s/list", f->path);
}

static void folder_clear(struct folder *f)
{
	unlink(f->file);
	rmdir(f->path);
}

static void write_list(const struct folder *f, const char *text, size_t len)
{
	FILE *out = fopen(f->file, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fwrite(text, 1, len, out);
	fclose(out);
}

/* keys: with %s for the file. NULL, and the sentence in line, when it does not load. */
static struct config *load(const struct folder *f, const char *keys, char line[static ERR_LINE])
{
	struct config *c = NULL;
	struct err err = {0};
	char text[1024], *at;

	at = stpcpy(text, HEAD);
	for (; *keys; keys++)
		if (keys[0] == '%')
			at = stpcpy(at, f->file);
		else
			*at++ = *keys;
	strcpy(at, TAIL);
	line[0] = '\0';
	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0)
		err_format(&err, line);
	return c;
}

static void print(char *text, const struct addr_range *r, size_t n)
{
	char first[ADDR_TEXT], last[ADDR_TEXT];

	for (size_t i = 0; i < n; i++)
		sprintf(text + strlen(text), "%s-%s ", addr_format(&r[i].first, first),
			addr_format(&r[i].last, last));
}

static void expect(const struct config_clients *clients, const char *want)
{
	char text[1024] = "";

	print(text, clients->v4, clients->n_v4);
	strcat(text, "| ");
	print(text, clients->v6, clients->n_v6);
	EXPECT_TEXT(text, want);
}

static void prefixes_and_files(void)
{
	static const char list[] = "# clients of the north\n"
				   "\n"
				   "192.0.2.0/25\n"
				   "  192.0.2.128/25\t# the rest\r\n"
				   "2001:db8::/32\n"
				   "   \n"
				   "198.51.100.7"; /* no end of line */
	char line[ERR_LINE];
	struct folder f;
	struct config *c;

	folder_init(&f);
	write_list(&f, list, strlen(list));
	c = load(&f,
		 "allow = { \"203.0.113.0/24\", \"@%\", \"2001:db8:1::/48\" } deny = "
		 "\"203.0.113.9\"",
		 line);
	EXPECT_TEXT(line, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	expect(&c->farms[0].allowed,
	       "192.0.2.0-192.0.2.255 198.51.100.7-198.51.100.7 203.0.113.0-203.0.113.255 | "
	       "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff ");
	expect(&c->farms[0].denied, "203.0.113.9-203.0.113.9 | ");
	config_free(c);
	/* What is denied may well be nobody; what is allowed may not. */
	write_list(&f, "# empty\n", 8);
	c = load(&f, "deny = \"@%\"", line);
	EXPECT_TEXT(line, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	EXPECT_INT(c->farms[0].n_deny, 1);
	expect(&c->farms[0].denied, "| ");
	expect(&c->farms[0].allowed, "| ");
	config_free(c);
	CU_ASSERT_PTR_NULL(load(&f, "allow = \"@%\"", line));
	EXPECT_TEXT(line,
		    "test.conf:2: allow of farm \"www\" has no prefix: nobody would be allowed");
	folder_clear(&f);
}

static void mistakes_have_their_line(void)
{
#define WANTS "a line must be a prefix, like \"192.0.2.0/24\", not "
	static const struct {
		const char *list;
		size_t len; /* 0: a text */
		int line;
		const char *what;
	} cases[] = {
		{"192.0.2.0/24\n\n# x\n192.0.2.1/24\n", 0, 4, WANTS "\"192.0.2.1/24\""},
		{"192.0.2.0/33", 0, 1, WANTS "\"192.0.2.0/33\""},
		{"\n192.0.2.1 192.0.2.2\n", 0, 2, WANTS "\"192.0.2.1 192.0.2.2\""},
		{"192.0.2.1\n192.0.2.2,\n", 0, 2, WANTS "\"192.0.2.2,\""},
		{"; comment\n", 0, 1, WANTS "\"; comment\""},
		{"@/etc/list\n", 0, 1, WANTS "\"@/etc/list\""},
		{"192.0.2.1\0\n", 11, 1, WANTS "bytes that are no text"},
		{"\xff\xfe\n", 0, 1, WANTS "bytes that are no text"},
		{"0123456789012345678901234567890123456789012345678901234567890123456789\n", 0, 1,
		 WANTS "\"012345678901234567890123456789012345678901234567890123456789...\""},
		{"::/129\n", 0, 1, WANTS "\"::/129\""},
	};
	char line[ERR_LINE], want[ERR_LINE];
	struct folder f;

	folder_init(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_list(&f, cases[i].list, cases[i].len ? cases[i].len : strlen(cases[i].list));
		CU_ASSERT_PTR_NULL(load(&f, "deny = \"@%\"", line));
		snprintf(want, sizeof(want), "%s:%d: %s", f.file, cases[i].line, cases[i].what);
		EXPECT_TEXT(line, want);
	}
	/* The first mistake in the order of the configuration wins. */
	CU_ASSERT_PTR_NULL(
		load(&f, "pin { client = \"192.0.2.1\" backend = \"x\" }\ndeny = \"@%\"", line));
	EXPECT_TEXT(line, "test.conf:2: farm \"www\" has no backend \"x\"");
	CU_ASSERT_PTR_NULL(
		load(&f, "deny = \"@%\" pin { client = \"192.0.2.1\" backend = \"x\" }", line));
	EXPECT_TEXT(line, want);
	folder_clear(&f);
}

/* Every second address, so that nothing is merged. */
static void fill(const struct folder *f, unsigned int n)
{
	FILE *out = fopen(f->file, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (unsigned int i = 0; i < n; i++)
		fprintf(out, "10.%u.%u.%u\n", i >> 15, i >> 7 & 255, (i & 127) << 1);
	fclose(out);
}

static void as_many_as_there_may_be(void)
{
	char line[ERR_LINE], want[ERR_LINE];
	struct config *c;
	struct folder f;

	folder_init(&f);
	fill(&f, CONFIG_CLIENTS_MAX);
	c = load(&f, "allow = \"@%\"", line);
	EXPECT_TEXT(line, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	EXPECT_INT(c->farms[0].allowed.n_v4, CONFIG_CLIENTS_MAX);
	config_free(c);
	fill(&f, CONFIG_CLIENTS_MAX + 1);
	CU_ASSERT_PTR_NULL(load(&f, "allow = \"@%\"", line));
	snprintf(want, sizeof(want), "%s:65537: more than 65536 prefixes in allow of farm \"www\"",
		 f.file);
	EXPECT_TEXT(line, want);
	folder_clear(&f);
}

static void digest_of(const struct folder *f, const char *keys,
		      char digest[static CONFIG_DIGEST_TEXT])
{
	char line[ERR_LINE];
	struct config *c = load(f, keys, line);

	EXPECT_TEXT(line, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	config_digest(c, digest);
	config_free(c);
}

/* What is in the file counts, not where it is. */
static void the_digest_covers_the_contents(void)
{
	char first[CONFIG_DIGEST_TEXT], digest[CONFIG_DIGEST_TEXT];
	struct folder f;

	folder_init(&f);
	write_list(&f, "192.0.2.0/24\n", 13);
	digest_of(&f, "deny = \"@%\"", first);
	digest_of(&f, "deny = { \"192.0.2.128/25\", \"192.0.2.0/25\" }", digest);
	EXPECT_TEXT(digest, first);
	digest_of(&f, "allow = \"@%\"", digest);
	CU_ASSERT_STRING_NOT_EQUAL(digest, first);
	write_list(&f, "192.0.3.0/24\n", 13);
	digest_of(&f, "deny = \"@%\"", digest);
	CU_ASSERT_STRING_NOT_EQUAL(digest, first);
	digest_of(&f, "", digest);
	CU_ASSERT_STRING_NOT_EQUAL(digest, first);
	folder_clear(&f);
}

/* Pins of both families, next to each other but apart. */
static void pins(void)
{
	char line[ERR_LINE];
	struct folder f = {.path = ""};
	struct config *c = load(&f,
				"pin { client = \"192.0.2.0/25\" backend = \"b\" }"
				"pin { client = \"192.0.2.128/25\" backend = \"b\" }"
				"persistence = \"source-address\" persistence-prefix = 24 "
				"persistence-timeout = \"1h\"",
				line);

	EXPECT_TEXT(line, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	EXPECT_INT(c->farms[0].n_pins, 2);
	EXPECT_INT(c->farms[0].persistence_prefix, 24);
	EXPECT_INT(c->farms[0].persistence_prefix6, 128);
	config_free(c);
}

UNIT_TESTS(clients) = {
	{"prefixes and files", prefixes_and_files},
	{"mistakes have their line", mistakes_have_their_line},
	{"as many as there may be", as_many_as_there_may_be},
	{"the digest covers the contents", the_digest_covers_the_contents},
	{"pins", pins},
	UNIT_TESTS_END,
};
