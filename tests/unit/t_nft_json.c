/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The export for programs: what an old nft has no words for is spelled out here; nft is asked about the
 * rest (t_nft_json_kernel.c). */
#include "director/ruleset/nft_json.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Each of them is a line of the export, or a part of one. */
static void expect_lines(const char *conf, const char *const *lines, size_t n)
{
	struct ruleset_case c;
	char *text;

	if (!ruleset_case_init(&c, conf, 2))
		return;
	text = ruleset_case_json(&c, NULL, 1795836600);
	for (size_t i = 0; i < n; i++) {
		if (!strstr(text, lines[i]))
			printf("\n    not there: %s", lines[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, lines[i]));
	}
	free(text);
	ruleset_case_clear(&c);
}

#define FLOW                                                                                       \
	"{\"concat\": [{\"payload\": {\"base\": \"nh\", \"offset\": 96, \"len\": 32}}, "           \
	"{\"payload\": {\"base\": \"nh\", \"offset\": 128, \"len\": 32}}, "                        \
	"{\"payload\": {\"base\": \"th\", \"offset\": 0, \"len\": 32}}]}"
#define FRAGMENT                                                                                   \
	"{\"concat\": [{\"payload\": {\"base\": \"nh\", \"offset\": 96, \"len\": 32}}, "           \
	"{\"payload\": {\"base\": \"nh\", \"offset\": 128, \"len\": 32}}, "                        \
	"{\"payload\": {\"base\": \"nh\", \"offset\": 32, \"len\": 16}}, "                         \
	"{\"payload\": {\"base\": \"nh\", \"offset\": 72, \"len\": 8}}]}"
#define BOTH_MACS "{\"payload\": {\"base\": \"ll\", \"offset\": 0, \"len\": 96}}"
#define MARK	  "{\"meta\": {\"key\": \"mark\"}}"

static void what_packets_change_in_maps(void)
{
	static const char *const lines[] = {
		"{\"map\": {\"op\": \"update\", \"elem\": {\"elem\": {\"val\": " FLOW
		", \"timeout\": 5400}}, \"data\": " MARK ", \"map\": \"@app-flows\"}}",
		"{\"map\": {\"op\": \"delete\", \"elem\": " FLOW ", \"data\": " MARK
		", \"map\": \"@app-flows\"}}",
		"{\"map\": {\"op\": \"delete\", \"elem\": " FRAGMENT ", \"data\": " BOTH_MACS
		", \"map\": \"@fragments\"}}, {\"map\": {\"op\": \"add\", \"elem\": {\"elem\": "
		"{\"val\": " FRAGMENT ", \"timeout\": 2}}, \"data\": " BOTH_MACS
		", \"map\": \"@fragments\"}}",
	};

	expect_lines("tests/golden/ruleset/round-robin.conf", lines,
		     sizeof(lines) / sizeof(lines[0]));
}

static void of_what_fields_sets_are(void)
{
	static const char *const lines[] = {
		"\n{\"map\": {\"family\": \"netdev\", \"table\": \"director\", \"name\": "
		"\"app-flows\", "
		"\"type\": {\"typeof\": " FLOW
		"}, \"map\": \"mark\", \"size\": 4096, \"flags\": [\"timeout\", \"dynamic\"], "
		"\"farm\": \"app\", \"note\": \"",
		"\"name\": \"app-slots\", \"type\": {\"typeof\": {\"numgen\": {\"mode\": \"inc\", "
		"\"mod\": 1009, \"offset\": 0}}}, \"map\": \"mark\", \"size\": 1009, \"farm\"",
		"\"name\": \"app-backends\", \"type\": \"mark\", \"map\": {\"typeof\": " BOTH_MACS
		"}, \"stmt\": [{\"counter\": null}], \"farm\"",
		"\"name\": \"fragments\", \"type\": {\"typeof\": " FRAGMENT
		"}, \"map\": {\"typeof\": " BOTH_MACS "}, \"size\": 65536",
	};

	static const char *const interval[] = {"\"gc-interval\": 30, ", "\"gc-interval\": 2, "};

	expect_lines("tests/golden/ruleset/round-robin.conf", lines,
		     sizeof(lines) / sizeof(lines[0]));
	expect_lines("tests/golden/ruleset/gc-interval.conf", interval, 2);
}

/* The schema has none below one, and nothing may be forgotten early. */
static void parts_of_a_second_are_rounded_up(void)
{
	static const uint32_t durations[][2] = {{1, 1}, {1000, 1}, {1001, 2}, {1500, 2}};
	struct ruleset r = {0};
	int set = ruleset_add_set(&r, SET_FLOWS, "x-flows");

	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		struct ruleset_statement s = {.kind = ST_ADD,
					      .key = KEY_FLOW,
					      .set = (uint32_t)set,
					      .timeout_ms = durations[i][0]};
		json_t *list = json_array(), *elem;

		EXPECT_INT(nft_json_statement(list, &r, &s), 0);
		elem = json_object_get(json_object_get(json_array_get(list, 0), "map"), "elem");
		EXPECT_INT(json_integer_value(
				   json_object_get(json_object_get(elem, "elem"), "timeout")),
			   durations[i][1]);
		json_decref(list);
	}
	ruleset_clear(&r);
}

/* --- the document ----------------------------------------------------------------------------- */

static void the_head_is_beside_what_nft_looks_for(void)
{
	static const char *const lines[] = {
		"{\"nftables\": [\n{\"metainfo\": {\"version\": \"" DIRECTOR_VERSION
		"\", \"release_name\": \"director\", \"json_schema_version\": 1, \"node\": \"a\", "
		"\"state\": \"as applied\", \"configuration\": \"0123\", "
		"\"made\": \"2026-11-28T03:30:00Z\", \"made_by\": \"directord\", \"made_from\": "
		"null, "
		"\"farms\": [{\"name\": \"app\", \"scheduler\": \"round-robin\", \"interface\": "
		"\"eth0\", "
		"\"interface_there\": true, \"backends\": [{\"name\": \"app1\", \"address\": "
		"\"10.77.0.21\", \"mac\": \"02:00:00:00:00:15\", \"weight\": 3, \"share\": 0.75}",
		"{\"name\": \"app3\", \"address\": \"10.77.0.200\", \"left_out\": "
		"\"its MAC address is not known, so it is left out\"}",
	};

	expect_lines("tests/golden/ruleset/round-robin.conf", lines,
		     sizeof(lines) / sizeof(lines[0]));
}

static void what_is_handed_over_is_said(void)
{
	static const char *const lines[] = {"\"handover\": [\"10.77.0.100\", \"fd77::100\"]}},\n"};

	expect_lines("tests/golden/ruleset/relay.conf", lines, 1);
}

/* The line of the head; all others are the same. */
static void only_the_time_differs(void)
{
	struct ruleset_case c;
	char *text[2], *line[2];

	if (!ruleset_case_init(&c, "tests/golden/ruleset/pair.conf", 2))
		return;
	for (size_t i = 0; i < 2; i++) {
		text[i] = ruleset_case_json(&c, "odd\n\xff.conf", i ? 1795836600 : 0);
		line[i] = strstr(text[i], "{\"metainfo\"");
		CU_ASSERT_PTR_NOT_NULL_FATAL(line[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(line[i], "\"made_from\": \"?\""));
	}
	CU_ASSERT_STRING_NOT_EQUAL(text[0], text[1]);
	EXPECT_TEXT(strchr(line[0], '\n'), strchr(line[1], '\n'));
	free(text[0]);
	free(text[1]);
	ruleset_case_clear(&c);
}

/* A chain is there before what leads to it; so is a set before a rule looks into it. */
static void chains_then_sets_then_rules(const char *name, json_t *list)
{
	static const char *const order[] = {"metainfo", "table", "chain", "map", "set", "rule"};
	size_t last = 0, i;
	json_t *o;

	json_array_foreach(list, i, o)
	{
		const char *kind = json_object_iter_key(json_object_iter(o));
		size_t at = 0;

		while (strcmp(order[at], kind) != 0)
			at++;
		if (at == 4)
			at = 3; /* sets and maps stand as the plan has them */
		if (at < last)
			printf("\n    %s: %s behind %s", name, kind, order[last]);
		CU_ASSERT(at >= last);
		last = at;
	}
}

static void every_chain_and_set_has_a_note(json_t *list, size_t *seen)
{
	json_t *o, *inner;
	size_t i;

	json_array_foreach(list, i, o)
	{
		inner = json_object_iter_value(json_object_iter(o));
		if (json_object_get(o, "chain") || json_object_get(o, "set") ||
		    json_object_get(o, "map")) {
			CU_ASSERT(json_is_string(json_object_get(inner, "note")));
			++*seen;
		}
	}
}

/* Text lines: one an object, one an element, and the brackets around elements and all. */
static size_t lines_wanted(json_t *list)
{
	size_t n = 2, i;
	json_t *o;

	json_array_foreach(list, i, o)
	{
		json_t *inner = json_object_iter_value(json_object_iter(o));
		size_t elements = json_array_size(json_object_get(inner, "elem"));

		n += 1 + (elements ? elements + 1 : 0);
	}
	return n;
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void look_at(const char *name, void *data)
{
	json_t *document, *list;
	struct ruleset_case c;
	char conf[300], *text;

	snprintf(conf, sizeof(conf), "%s.conf", name);
	if (!ruleset_case_init(&c, conf, 2))
		return;
	text = ruleset_case_json(&c, NULL, 0);
	document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(document);
	list = json_object_get(document, "nftables");
	chains_then_sets_then_rules(name, list);
	every_chain_and_set_has_a_note(list, data);
	EXPECT_INT(lines_of(text), lines_wanted(list));
	json_decref(document);
	free(text);
	ruleset_case_clear(&c);
}

static void every_case_is_in_order(void)
{
	size_t seen = 0;

	CU_ASSERT(ruleset_case_each(look_at, &seen) >= 6);
	CU_ASSERT(seen > 500);
}

UNIT_TESTS(nft_json) = {
	{"what packets change in maps", what_packets_change_in_maps},
	{"of what fields sets are", of_what_fields_sets_are},
	{"parts of a second are rounded up", parts_of_a_second_are_rounded_up},
	{"the head is beside what nft looks for", the_head_is_beside_what_nft_looks_for},
	{"what is handed over is said", what_is_handed_over_is_said},
	{"only the time differs", only_the_time_differs},
	{"every case is in order", every_case_is_in_order},
	UNIT_TESTS_END,
};
