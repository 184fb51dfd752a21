/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/export.h"

#include "director/ruleset/nft_text.h"
#include "include/output.h"

#include <string.h>
#include <time.h>

/* The farm's table, NAME-WHAT or with its size behind that, or NULL. */
static const struct ruleset_set *table(const struct ruleset *r, const char *farm, const char *what,
				       struct ruleset_span sets)
{
	char name[RULESET_NAME];

	for (size_t i = sets.first; i < sets.end; i++) {
		const struct ruleset_set *set = &r->sets[i];

		if (set->owners &&
		    strcmp(set->name, plan_table_name(name, farm, what, set->size)) == 0)
			return set;
	}
	return NULL;
}

static const struct ruleset_set *chooser(const struct ruleset *r, const char *farm,
					 struct ruleset_span sets)
{
	const struct ruleset_set *buckets = table(r, farm, "buckets", sets);

	return buckets ? buckets : table(r, farm, "slots", sets);
}

const struct ruleset_set *export_chooser(const struct ruleset *r, const char *farm)
{
	return chooser(r, farm, ruleset_farm_sets(r, farm, 0));
}

size_t export_count(const struct ruleset *r, const char *farm, struct ruleset_span sets,
		    uint32_t ret[static CONFIG_BACKENDS_MAX])
{
	const struct ruleset_set *set = chooser(r, farm, sets);
	const struct ruleset_set *home = table(r, farm, "home", sets);
	const struct ruleset_set *moved = table(r, farm, "moved", sets);
	size_t all = 0;

	memset(ret, 0, CONFIG_BACKENDS_MAX * sizeof(*ret));
	for (uint32_t i = 0; set && i < set->size; i++) {
		bool moves = home && moved && home->owners[i] != RULESET_NO_OWNER;
		uint16_t owner = moves ? moved->owners[i] : set->owners[i];

		all += owner != RULESET_NO_OWNER;
		if (owner < CONFIG_BACKENDS_MAX)
			ret[owner]++;
	}
	return all;
}

void export_shares(const struct ruleset *r, const struct config_farm *farm,
		   struct ruleset_span sets, double *ret)
{
	uint32_t counts[CONFIG_BACKENDS_MAX];
	size_t all = export_count(r, farm->name, sets, counts);

	for (size_t i = 0; i < farm->n_backends; i++)
		ret[i] = all ? counts[i] / (double)all : 0;
}

const char *export_left_out(const struct config_backend *b, const struct plan_backend *state)
{
	if (b->state == ADMIN_DISABLED)
		return "disabled";
	if (state->usable)
		return NULL;
	return mac_is_unicast(&state->mac) ? "checks find it down, so it is left out"
					   : "its MAC address is not known, so it is left out";
}

static void print_backend(FILE *out, const struct config_backend *b,
			  const struct plan_backend *state, double share)
{
	const char *left_out = export_left_out(b, state);
	char address[ADDR_TEXT], mac[MAC_TEXT];

	fprintf(out, "#   backend %s %s: ", b->name, addr_format(&b->address, address));
	if (left_out)
		fprintf(out, "%s\n", left_out);
	else
		fprintf(out, "MAC %s, weight %u, %.1f %% of new connections\n",
			mac_format(&state->mac, mac), b->weight, 100 * share);
}

/* near: where the sets of the farm before it end. */
static void print_farm(FILE *out, const struct plan_facts *facts, const struct ruleset *r,
		       size_t index, size_t *near)
{
	const struct config_farm *farm = &facts->config->farms[index];
	struct ruleset_span sets = ruleset_farm_sets(r, farm->name, *near);
	const struct ruleset_set *set = chooser(r, farm->name, sets);
	double shares[CONFIG_BACKENDS_MAX];

	*near = sets.end;
	fprintf(out, "#\n# farm %s: %s", farm->name, config_scheduler_name(farm->scheduler));
	if (set)
		fprintf(out, " over %u %s", set->size,
			set->kind == SET_BUCKETS ? "buckets" : "slots");
	fputs("\n", out);
	if (!plan_find_interface(facts, farm->interface)) {
		fprintf(out,
			"#   interface %s is not there (or no Ethernet), so the farm is left out\n",
			farm->interface);
		return;
	}
	export_shares(r, farm, sets, shares);
	for (size_t i = 0; i < farm->n_backends; i++)
		print_backend(out, &farm->backends[i], &facts->backends[index][i], shares[i]);
}

static void print_handover(FILE *out, const struct plan_facts *facts)
{
	char text[ADDR_TEXT];

	if (facts->n_handover == 0)
		return;
	fputs("#\n# a TCP connection that is not known here goes to the other director:", out);
	for (size_t i = 0; i < facts->n_handover; i++)
		fprintf(out, " %s", addr_format(&facts->handover[i], text));
	fputc('\n', out);
}

const char *export_time(char text[static EXPORT_TIME], int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm utc;

	if (!gmtime_r(&at, &utc) || strftime(text, EXPORT_TIME, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		memcpy(text, "?", sizeof("?"));
	return text;
}

static void print_made(FILE *out, const struct export_head *head)
{
	char text[EXPORT_TIME];

	fprintf(out, "# made %s by %s", export_time(text, head->at_s),
		head->file ? "directorctl from " : "directord");
	if (head->file)
		output_name(out, head->file); /* a line's end would end the comment, too */
	fputc('\n', out);
}

void export_print(FILE *out, const struct export_head *head, const struct plan_facts *facts,
		  const struct ruleset *r, const struct ruleset *stragglers)
{
	fprintf(out, "# nft ruleset of director " DIRECTOR_VERSION "%s%s, %s\n# configuration %s\n",
		head->node[0] ? ", node " : "", head->node, head->state, head->digest);
	print_made(out, head);
	export_print_body(out, facts, r);
	if (stragglers && stragglers->exists)
		nft_text_print_noted(out, stragglers);
}

void export_print_body(FILE *out, const struct plan_facts *facts, const struct ruleset *r)
{
	size_t near = 0;

	for (size_t i = 0; i < facts->config->n_farms; i++)
		print_farm(out, facts, r, i, &near);
	print_handover(out, facts);
	fputs("#\n", out);
	nft_text_print_noted(out, r);
}
