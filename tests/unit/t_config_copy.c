/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration on its way to the other node, and what a peer that means no good makes of it. */
#include "director/config/config_copy.h"

#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sync_copy m;

static struct config *load(size_t farms)
{
	struct config *c = NULL;
	struct err err = {0};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < farms; i++)
		fprintf(out,
			"farm \"f%zu\" { address = \"10.77.%zu.%zu\" interface = \"eth0\" ports = "
			"\"80\" "
			"default-checks = false backend \"web1\" { address = \"10.78.0.21\" } }\n",
			i, i / 250, 1 + i % 250);
	fputs("metrics { listen = \"127.0.0.1:9405\" }\n", out);
	fclose(out);
	if (config_load_text("test.conf", text, len, &c, &err) < 0) {
		printf("\n    %s", err.text);
		CU_FAIL_FATAL("a configuration is refused");
	}
	free(text);
	return c;
}

/* Until nobody has anything to say; how many messages that took. */
static size_t converse(struct config_copy *copy, struct config_source *source,
		       const struct config *c)
{
	size_t n = 0;

	while (config_copy_next(copy, &m)) {
		EXPECT_INT(m.step, SYNC_COPY_ASK);
		config_source_hear(source, &m);
		CU_ASSERT_FATAL(config_source_next(source, c, &m));
		CU_ASSERT(!config_source_next(source, c, &m) && config_copy_hear(copy, &m));
		n += 2;
	}
	return n;
}

static void expect_whole(size_t farms, size_t messages)
{
	struct config *c = load(farms);
	struct config_copy copy = {0};
	struct config_source source = {0};
	size_t len = 0;
	char *want = config_copy_text(c, &len);

	config_copy_begin(&copy, 7);
	EXPECT_INT(converse(&copy, &source, c), messages);
	EXPECT_INT(copy.state, CONFIG_COPY_THERE);
	EXPECT_INT(copy.len, len);
	EXPECT_TEXT(copy.text, want);
	CU_ASSERT(strstr(want, "@part metrics\nlisten = 127.0.0.1:9405\n") != NULL);
	free(want);
	config_copy_clear(&copy);
	config_source_clear(&source);
	config_free(c);
}

static void all_of_it_comes(void)
{
	struct config *c = load(300);
	size_t len = 0;

	free(config_copy_text(c, &len));
	config_free(c);
	CU_ASSERT(len > 2 * SYNC_COPY_OCTETS);
	expect_whole(1, 2);
	expect_whole(300, 2 * (len / SYNC_COPY_OCTETS + 1));
}

static void too_long_to_be_told(void)
{
	struct config *c = load(4096);
	struct config_copy copy = {0};
	struct config_source source = {.text = calloc(1, 1), .len = 1};
	size_t len = 0;

	free(config_copy_text(c, &len));
	config_source_clear(&source);
	config_copy_begin(&copy, 1);
	converse(&copy, &source, c);
	EXPECT_INT(len > SYNC_COPY_MAX, copy.state == CONFIG_COPY_FAILED);
	config_source_clear(&source);
	source.too_long = true;
	config_copy_begin(&copy, 2);
	converse(&copy, &source, c);
	EXPECT_INT(copy.state, CONFIG_COPY_FAILED);
	EXPECT_TEXT(copy.why, "it is longer than 4 MiB in this form");
	config_copy_clear(&copy);
	config_source_clear(&source);
	config_free(c);
}

static void refused(struct config_source *s, const struct config *c, uint64_t id, uint32_t at,
		    const char *why)
{
	m = (struct sync_copy){.id = id, .step = SYNC_COPY_ASK, .at = at};
	config_source_hear(s, &m);
	CU_ASSERT_FATAL(config_source_next(s, c, &m));
	EXPECT_INT(m.step, SYNC_COPY_REFUSED);
	EXPECT_TEXT(m.why, why);
	CU_ASSERT(m.id == id && m.at == 0);
}

/* Whatever is asked for is answered once, and never with octets that are not of the text. */
static void questions_that_do_not_fit(void)
{
	struct config *c = load(200);
	struct config_source s = {0};

	refused(&s, c, 1, 1, "it has become another one meanwhile; try again");
	m = (struct sync_copy){.id = 1, .step = SYNC_COPY_ASK};
	config_source_hear(&s, &m);
	m.id = 2; /* takes its place */
	config_source_hear(&s, &m);
	CU_ASSERT(config_source_next(&s, c, &m) && m.id == 2 && m.step == SYNC_COPY_PIECE);
	CU_ASSERT(!m.last && strlen(m.text) == SYNC_COPY_OCTETS);
	CU_ASSERT(!config_source_next(&s, c, &m));
	refused(&s, c, 1, SYNC_COPY_OCTETS, "it has become another one meanwhile; try again");
	refused(&s, c, 2, (uint32_t)s.len, "there is no such piece of it");
	refused(&s, c, 2, SYNC_COPY_MAX - 1, "there is no such piece of it");
	m = (struct sync_copy){.id = 2, .step = SYNC_COPY_ASK, .at = (uint32_t)s.len - 1};
	config_source_hear(&s, &m);
	CU_ASSERT(config_source_next(&s, c, &m) && m.last && strcmp(m.text, "\n") == 0);
	config_source_clear(&s); /* another configuration */
	refused(&s, c, 2, 1, "it has become another one meanwhile; try again");
	config_source_clear(&s);
	config_free(c);
}

static struct config_copy asking(void)
{
	struct config_copy copy = {0};

	config_copy_begin(&copy, 7);
	CU_ASSERT(config_copy_next(&copy, &m) && !config_copy_next(&copy, &m));
	m = (struct sync_copy){.id = 7, .step = SYNC_COPY_PIECE, .text = "@part x\n"};
	return copy;
}

static void expect_failed(struct config_copy *copy, const char *why)
{
	CU_ASSERT(config_copy_hear(copy, &m));
	EXPECT_INT(copy->state, CONFIG_COPY_FAILED);
	EXPECT_TEXT(copy->why, why);
	CU_ASSERT(!config_copy_hear(copy, &m) && !config_copy_next(copy, &m) && !copy->text);
	config_copy_clear(copy);
}

static void answers_that_do_not_fit(void)
{
	struct config_copy none = {0}, copy = asking();

	CU_ASSERT(!config_copy_hear(&none, &m)); /* nobody asked */
	m.id = 6;
	CU_ASSERT(!config_copy_hear(&copy, &m)); /* before */
	m.id = 7;
	m.at = 1;
	expect_failed(&copy, "it answered what was not asked");
	copy = asking();
	CU_ASSERT(config_copy_hear(&copy, &m));
	CU_ASSERT(!config_copy_hear(&copy, &m)); /* twice: the next one is not asked for yet */
	CU_ASSERT(config_copy_next(&copy, &m) && m.at == 8);
	m = (struct sync_copy){.id = 7, .step = SYNC_COPY_REFUSED, .why = "no"};
	expect_failed(&copy, "no");
	copy = asking();
	config_copy_fail(&copy, "late");
	EXPECT_TEXT(copy.why, "late");
	CU_ASSERT(!config_copy_hear(&copy, &m));
	config_copy_clear(&copy);
}

static void one_without_end(void)
{
	struct config_copy copy = asking();
	size_t pieces = 0;

	memset(m.text, 'x', SYNC_COPY_OCTETS);
	while (copy.state == CONFIG_COPY_COMES && pieces < 1000) {
		CU_ASSERT(config_copy_hear(&copy, &m));
		config_copy_next(&copy, &m);
		m.step = SYNC_COPY_PIECE;
		memset(m.text, 'x', SYNC_COPY_OCTETS);
		pieces++;
	}
	EXPECT_INT(pieces, SYNC_COPY_MAX / SYNC_COPY_OCTETS + 1);
	EXPECT_INT(copy.state, CONFIG_COPY_FAILED);
	EXPECT_TEXT(copy.why, "it does not come to an end");
	config_copy_clear(&copy);
}

UNIT_TESTS(config_copy) = {
	{"all of it comes", all_of_it_comes},
	{"one that is too long to be told", too_long_to_be_told},
	{"questions that do not fit", questions_that_do_not_fit},
	{"answers that do not fit", answers_that_do_not_fit},
	{"one without end", one_without_end},
	UNIT_TESTS_END,
};
