/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/export.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static char *export_of(const struct ruleset_case *c)
{
	struct export_head head = {.node = "a", .digest = "0123", .state = "as applied"};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	export_print(out, &head, &c->facts.plan, &c->ruleset);
	fclose(out);
	return text;
}

/* Without its comment lines an export is the table, as nft lists it. */
static void comments_come_first_then_the_table(void)
{
	struct ruleset_case c;
	char *text, *table, *at;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/many.conf", 2))
		return;
	text = export_of(&c);
	table = ruleset_case_text(&c.ruleset);
	at = text;
	while (*at == '#') {
		at = strchr(at, '\n') + 1;
	}
	EXPECT_TEXT(at, table);
	free(text);
	free(table);
	ruleset_case_clear(&c);
}

static void the_head_names_farms_and_backends(void)
{
	static const char *const lines[] = {
		"# nft ruleset of director " DIRECTOR_VERSION ", node a, as applied\n",
		"# configuration 0123\n",
		"# farm app: round-robin over 1009 slots\n",
		"#   backend app1 10.77.0.21: MAC 02:00:00:00:00:15, weight 3, 75.0 % of new "
		"connections\n",
		"#   backend app3 10.77.0.200: its MAC address is not known, so it is left out\n",
		"#   backend app4 10.77.0.24: MAC 02:00:00:00:00:18, weight 0, 0.0 % of new "
		"connections\n",
	};
	struct ruleset_case c;
	char *text;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/round-robin.conf", 2))
		return;
	text = export_of(&c);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(text, lines[i])) {
			CU_FAIL("a line is missing");
			printf("\n    missing: %s", lines[i]);
		}
	free(text);
	ruleset_case_clear(&c);
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
	double sum = 0;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/pair.conf", 2))
		return;
	farm = &c.config->farms[0];
	for (size_t i = 0; i < farm->n_backends; i++)
		sum += export_share(&c.ruleset, farm, i);
	CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(export_share(&c.ruleset, farm, 1), 0.5, 0.002);
	ruleset_case_clear(&c);
}

UNIT_TESTS(export) = {
	{"comments come first, then the table", comments_come_first_then_the_table},
	{"the head names farms and backends", the_head_names_farms_and_backends},
	{"what is handed over is said", what_is_handed_over_is_said},
	{"an absent interface is said", an_absent_interface_is_said},
	{"shares add up", shares_add_up},
	UNIT_TESTS_END,
};
