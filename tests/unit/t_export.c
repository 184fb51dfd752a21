/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/export.h"
#include "director/ruleset/note.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static char *export_of(const struct ruleset_case *c)
{
	struct export_head head = {
		.node = "a", .digest = "0123", .state = "as applied", .at_s = 1795836600};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	export_print(out, &head, &c->facts.plan, &c->ruleset, NULL);
	fclose(out);
	return text;
}

static void expect_lines(const char *conf, const char *const *lines, size_t n)
{
	struct ruleset_case c;
	char *text;

	if (!ruleset_case_init(&c, conf, 2))
		return;
	text = export_of(&c);
	for (size_t i = 0; i < n; i++)
		if (!strstr(text, lines[i])) {
			CU_FAIL("a line is missing");
			printf("\n    missing: %s", lines[i]);
		}
	free(text);
	ruleset_case_clear(&c);
}

/* Without its comment lines an export is the table, as nft lists it. */
static void without_comments_it_is_the_table(void)
{
	struct ruleset_case c;
	char *text, *table, *plain;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/many.conf", 2))
		return;
	text = export_of(&c);
	table = ruleset_case_text(&c.ruleset);
	plain = ruleset_case_without_notes(text);
	EXPECT_TEXT(plain, table);
	free(plain);
	free(text);
	free(table);
	ruleset_case_clear(&c);
}

static void look_for_notes(const char *name, void *data)
{
	struct ruleset_case c;
	char conf[300];

	snprintf(conf, sizeof(conf), "%s.conf", name);
	if (!ruleset_case_init(&c, conf, 2))
		return;
	for (size_t i = 0; i < c.ruleset.n_sets; i++)
		if (!note_of_set(&c.ruleset.sets[i])) {
			CU_FAIL("a set without a note");
			printf("\n    %s: %s", name, c.ruleset.sets[i].name);
		}
	for (size_t i = 0; i < c.ruleset.n_chains; i++)
		if (!note_of_chain(&c.ruleset, &c.ruleset.chains[i])) {
			CU_FAIL("a chain without a note");
			printf("\n    %s: %s", name, c.ruleset.chains[i].name);
		}
	*(size_t *)data += c.ruleset.n_sets + c.ruleset.n_chains;
	ruleset_case_clear(&c);
}

static void every_object_has_a_note(void)
{
	size_t seen = 0;

	ruleset_case_each(look_for_notes, &seen);
	CU_ASSERT(seen > 500);
}

/* What a change of buckets and the search for stragglers add is in no golden case. */
static void notes_are_found_by_name(void)
{
	static const struct {
		const char *name, *farm, *begins;
	} sets[] = {
		{"www-home.2018", "www", "buckets on the move: the backend that they had"},
		{"www-moved", "www", "buckets on the move: the backend that they get"},
		{"flows-flows.tcp6", "flows", "connections and their"},
		{"a-b-allow6", "a-b", "clients that are allowed"},
		{"first-fragments", "", "the same for the first"},
		{"senders6-eth0", "", "hosts that send frames"},
		{"addresses-eth0", "", "virtual addresses that the other"},
	};
	struct ruleset_set unknown = {.name = "www-unheard-of", .farm = "www"};
	struct ruleset_chain chain = {.name = "ingress-eth0"};
	struct ruleset farms = {0}, stragglers = {.table = RULESET_STRAGGLERS};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct ruleset_set set = {0};
		const char *note;

		snprintf(set.name, sizeof(set.name), "%s", sets[i].name);
		snprintf(set.farm, sizeof(set.farm), "%s", sets[i].farm);
		note = note_of_set(&set);
		CU_ASSERT_PTR_NOT_NULL_FATAL(note);
		CU_ASSERT(strncmp(note, sets[i].begins, strlen(sets[i].begins)) == 0);
	}
	CU_ASSERT_PTR_NULL(note_of_set(&unknown));
	CU_ASSERT_PTR_NOT_NULL(strstr(note_of_chain(&farms, &chain), "to the farm"));
	CU_ASSERT_PTR_NOT_NULL(strstr(note_of_chain(&stragglers, &chain), "who sends"));
}

static void chains_and_sets_say_what_they_are_for(void)
{
	static const char *const lines[] = {
		"\n\t# farm shop: the same while they end\n\tmap shop-closing {\n",
		"\n\t# farm shop: a remembered connection goes on with its backend; FIN and RST "
		"begin "
		"its end\n\tchain known-shop {\n",
		"\n\t# which address, protocol and port belongs to which farm\n\tmap services {\n",
		"\n\t# every frame that comes in here: to the farm by address, protocol and port; "
		"what "
		"is for no farm goes on to the host\n\tchain ingress-eth0 {\n",
	};
	expect_lines("tests/golden/ruleset/relay.conf", lines, sizeof(lines) / sizeof(lines[0]));
}

/* The line that says when; all others are the same. */
static void only_the_time_differs(void)
{
	struct export_head head = {.node = "", .digest = "0", .state = "as planned", .at_s = 0};
	char *text[2] = {0}, *line[2];
	struct ruleset_case c;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/pair.conf", 2))
		return;
	for (size_t i = 0; i < 2; i++) {
		size_t size;
		FILE *out = open_memstream(&text[i], &size);

		head.at_s = i ? 1795836600 : 0;
		head.file = "odd\nname.conf";
		export_print(out, &head, &c.facts.plan, &c.ruleset, NULL);
		fclose(out);
		line[i] = strstr(text[i], "# made ");
		CU_ASSERT_PTR_NOT_NULL_FATAL(line[i]);
	}
	CU_ASSERT(strncmp(line[0],
			  "# made 1970-01-01T00:00:00Z by directorctl from odd?name.conf\n",
			  62) == 0);
	CU_ASSERT(strncmp(line[1], "# made 2026-11-28T03:30:00Z by directorctl", 42) == 0);
	EXPECT_INT(line[0] - text[0], line[1] - text[1]);
	CU_ASSERT(memcmp(text[0], text[1], (size_t)(line[0] - text[0])) == 0);
	EXPECT_TEXT(strchr(line[0], '\n'), strchr(line[1], '\n'));
	free(text[0]);
	free(text[1]);
	ruleset_case_clear(&c);
}

static void the_head_names_farms_and_backends(void)
{
	static const char *const lines[] = {
		"# nft ruleset of director " DIRECTOR_VERSION ", node a, as applied\n",
		"# configuration 0123\n",
		"# made 2026-11-28T03:30:00Z by directord\n",
		"# farm app: round-robin over 1009 slots\n",
		"#   backend app1 10.77.0.21: MAC 02:00:00:00:00:15, weight 3, 75.0 % of new "
		"connections\n",
		"#   backend app3 10.77.0.200: its MAC address is not known, so it is left out\n",
		"#   backend app4 10.77.0.24: MAC 02:00:00:00:00:18, weight 0, 0.0 % of new "
		"connections\n",
	};
	expect_lines("tests/golden/ruleset/round-robin.conf", lines,
		     sizeof(lines) / sizeof(lines[0]));
}

static void what_is_handed_over_is_said(void)
{
	static const char line[] = "#\n# a TCP connection that is not known here goes to the other "
				   "director: 10.77.0.100 fd77::100\n#\n";
	struct ruleset_case c;
	char *text;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/relay.conf", 2))
		return;
	text = export_of(&c);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
	free(text);
	c.facts.plan.n_handover = 0;
	text = export_of(&c);
	CU_ASSERT_PTR_NULL(strstr(text, "goes to the other director"));
	free(text);
	ruleset_case_clear(&c);
}

static void an_absent_interface_is_said(void)
{
	struct ruleset_case c;
	char *text;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/standalone.conf", 2))
		return;
	c.facts.plan.n_interfaces = 0;
	ruleset_clear(&c.ruleset);
	EXPECT_INT(plan_ruleset(&c.facts.plan, &c.ruleset), 0);
	text = export_of(&c);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		text,
		"#   interface eth0 is not there (or no Ethernet), so the farm is left out\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "chain"));
	free(text);
	ruleset_case_clear(&c);
}

static void shares_add_up(void)
{
	struct ruleset_case c;
	const struct config_farm *farm;
	double sum = 0, shares[3];

	if (!ruleset_case_init(&c, "tests/golden/ruleset/pair.conf", 2))
		return;
	farm = &c.config->farms[0];
	EXPECT_INT(farm->n_backends, 3);
	export_shares(&c.ruleset, farm, ruleset_farm_sets(&c.ruleset, farm->name, 0), shares);
	for (size_t i = 0; i < farm->n_backends; i++)
		sum += shares[i];
	CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(shares[1], 0.5, 0.002);
	ruleset_case_clear(&c);
}

UNIT_TESTS(export) = {
	{"without comments it is the table", without_comments_it_is_the_table},
	{"every object has a note", every_object_has_a_note},
	{"notes are found by name", notes_are_found_by_name},
	{"chains and sets say what they are for", chains_and_sets_say_what_they_are_for},
	{"only the time differs", only_the_time_differs},
	{"the head names farms and backends", the_head_names_farms_and_backends},
	{"what is handed over is said", what_is_handed_over_is_said},
	{"an absent interface is said", an_absent_interface_is_said},
	{"shares add up", shares_add_up},
	UNIT_TESTS_END,
};
