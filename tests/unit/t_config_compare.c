/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two whole configurations, and what differs. */
#include "director/config/config_compare.h"

#include "director/config/config_copy.h"
#include "director/config/digest.h"
#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FARM(name, port, rest)                                                                     \
	"farm \"" name "\" { address = \"10.77.0.100\" interface = \"eth0\" ports = \"" port       \
	"\" default-checks = false backend \"web1\" { address = \"10.77.0.21\" } " rest "}\n"
#define WWW	       FARM("www", "80", "")
#define MAIL	       FARM("mail", "25", "")
#define METRICS(where) "metrics { listen = \"" where "\" }\n"

/* What a daemon prints of the two. */
static char *printed(const char *here, const char *there)
{
	const char *texts[CONFIG_COMPARE_NODES] = {here, there};
	char digests[CONFIG_COMPARE_NODES][CONFIG_DIGEST_TEXT], *copies[CONFIG_COMPARE_NODES];
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < CONFIG_COMPARE_NODES; i++) {
		struct config *c = NULL;
		struct err err = {0};

		if (config_load_text("t", texts[i], strlen(texts[i]), &c, &err) < 0) {
			printf("\n    %s", err.text);
			CU_FAIL_FATAL("a configuration is refused");
		}
		config_digest(c, digests[i]);
		copies[i] = config_copy_text(c, &len);
		config_free(c);
	}
	config_compare_print(out, strcmp(digests[0], digests[1]) == 0, "a", copies[0], "b",
			     copies[1]);
	fclose(out);
	free(copies[0]);
	free(copies[1]);
	return text;
}

static void take(void *owner, const char *sentence)
{
	strcat(owner, sentence);
	strcat(owner, "\n");
}

static void expect(const char *here, const char *there, const char *want, const char *want_own)
{
	char *text = printed(here, there), got[8192] = "";
	struct config_compare c;

	EXPECT_INT(config_compare_read(text, &c), 0);
	EXPECT_INT(config_compare_tell(&c, false, take, got) > 0, want[0] != '\0');
	EXPECT_TEXT(got, want);
	got[0] = '\0';
	config_compare_tell(&c, true, take, got);
	EXPECT_TEXT(got, want_own);
	config_compare_clear(&c);
	free(text);
}

static void what_must_be_alike(void)
{
	expect(WWW, WWW, "", "");
	expect(WWW, FARM("www", "80", "tcp-timeout = \"10m\" "),
	       "farm www: tcp-timeout = 15m here, 10m on b\n", "");
	expect(WWW MAIL, WWW, "farm mail: here, not on b\n", "");
	expect(WWW, WWW MAIL, "farm mail: on b, not here\n", "");
	expect(WWW MAIL, MAIL WWW, "the order of the sections\n", "");
	expect("notify = \"/a\"\n" WWW, WWW, "the top level: notify = /a here, nothing on b\n", "");
}

static void what_is_of_a_node(void)
{
	expect(METRICS("127.0.0.1:9405") WWW, METRICS("127.0.0.2:9405") WWW, "",
	       "metrics: listen = 127.0.0.1:9405 here, 127.0.0.2:9405 on b\n");
	expect(METRICS("127.0.0.1:9405") WWW, WWW, "",
	       "metrics: listen = 127.0.0.1:9405 here, nothing on b\n");
	expect(WWW, "control { read-group = \"ops\" }\n" WWW, "",
	       "control: read-group = nothing here, ops on b\n");
	expect(METRICS("127.0.0.1:9405") WWW, WWW MAIL, "farm mail: on b, not here\n",
	       "metrics: listen = 127.0.0.1:9405 here, nothing on b\n");
}

static void what_is_shown(void)
{
	char *text = printed(METRICS("127.0.0.1:9405") WWW, WWW MAIL), *here, *there;
	struct config_compare c;

	EXPECT_INT(config_compare_read(text, &c), 0);
	EXPECT_TEXT(c.nodes[0].name, "a");
	EXPECT_TEXT(c.nodes[1].name, "b");
	CU_ASSERT(!c.alike);
	here = config_compare_text(&c, 0);
	there = config_compare_text(&c, 1);
	CU_ASSERT(strstr(here, "farm www {\n\t") && strstr(here, "\tbackend web1: weight = 1\n"));
	CU_ASSERT(!strstr(here, "metrics") && !strstr(here, "mail"));
	CU_ASSERT(strstr(there, "farm mail {\n\t") != NULL);
	free(here);
	free(there);
	config_compare_clear(&c);
	free(text);
}

/* Only the digests tell that. */
static void octets_that_are_not_ascii(void)
{
	char text[] = "@digests differ\n@node a\n@part x\na = ?\n@node b\n@part x\na = ?\n";
	char got[256] = "";
	struct config_compare c;

	EXPECT_INT(config_compare_read(text, &c), 0);
	config_compare_tell(&c, false, take, got);
	EXPECT_TEXT(got, "octets that are not ASCII\n");
	config_compare_clear(&c);
}

static int read_code(const char *text)
{
	char *copy = strdup(text);
	struct config_compare c;
	int code = config_compare_read(copy, &c);

	config_compare_clear(&c);
	free(copy);
	return code;
}

static void what_is_none(void)
{
	char *many = calloc(1, CONFIG_COMPARE_PARTS * 10 + 100), *at = many;

	EXPECT_INT(read_code(""), -EBADMSG);
	EXPECT_INT(read_code("@digests alike\n"), -EBADMSG);
	EXPECT_INT(read_code("@digests no\n@node a\n@node b\n"), -EBADMSG);
	EXPECT_INT(read_code("@digests alike\n@node a\n"), -EBADMSG);
	EXPECT_INT(read_code("@digests alike\n@node a\n@node b\n"), 0);
	EXPECT_INT(read_code("@digests alike\n@node a\nx\n@node b\n"), -EBADMSG);
	EXPECT_INT(read_code("@digests alike\n@node a\n@part x"), -EBADMSG);
	EXPECT_INT(read_code("@digests alike\n@node a\n@node b\nx\n"), -EBADMSG);
	EXPECT_INT(read_code("@digests alike\n@node a\n@node b\n@part x\n@node c\n"), 0);
	at = stpcpy(at, "@digests alike\n@node a\n@node b\n");
	for (size_t i = 0; i < CONFIG_COMPARE_PARTS; i++)
		at = stpcpy(at, "@part x\n");
	EXPECT_INT(read_code(many), 0);
	strcpy(at, "@part x\n");
	EXPECT_INT(read_code(many), -E2BIG);
	free(many);
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	char *text = strndup((const char *)bytes, len);
	int code = read_code(text);

	free(text);
	return code == 0;
}

static void what_fuzzing_found(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_config_compare", is_good) >= 8);
}

UNIT_TESTS(config_compare) = {
	{"what must be alike", what_must_be_alike},
	{"what is of a node", what_is_of_a_node},
	{"what is shown", what_is_shown},
	{"octets that are not ASCII", octets_that_are_not_ascii},
	{"what is no such text", what_is_none},
	{"what fuzzing found", what_fuzzing_found},
	UNIT_TESTS_END,
};
