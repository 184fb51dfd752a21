/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/export.h"

#include "director/ruleset/nft_text.h"

#include <string.h>

static const struct ruleset_set *chooser(const struct ruleset *r, const char *farm)
{
	for (size_t i = 0; i < r->n_sets; i++)
		if ((r->sets[i].kind == SET_BUCKETS || r->sets[i].kind == SET_SLOTS) &&
		    strcmp(r->sets[i].farm, farm) == 0)
			return &r->sets[i];
	return NULL;
}

double export_share(const struct ruleset *r, const struct config_farm *farm, size_t backend)
{
	const struct ruleset_set *set = chooser(r, farm->name);
	size_t n = 0, all = 0;

	if (!set || !set->owners)
		return 0;
	for (uint32_t i = 0; i < set->size; i++) {
		n += set->owners[i] == backend;
		all += set->owners[i] != RULESET_NO_OWNER;
	}
	return all ? (double)n / (double)all : 0;
}

static void print_backend(FILE *out, const struct ruleset *r, const struct config_farm *farm,
			  size_t index, const struct plan_backend *state)
{
	const struct config_backend *b = &farm->backends[index];
	char address[ADDR_TEXT], mac[MAC_TEXT];

	fprintf(out, "#   backend %s %s: ", b->name, addr_format(&b->address, address));
	if (b->state == ADMIN_DISABLED)
		fputs("disabled\n", out);
	else if (!state->usable)
		fputs("its MAC address is not known, so it is left out\n", out);
	else
		fprintf(out, "MAC %s, weight %u, %.1f %% of new connections\n",
			mac_format(&state->mac, mac), b->weight,
			100 * export_share(r, farm, index));
}

static void print_farm(FILE *out, const struct plan_facts *facts, const struct ruleset *r,
		       size_t index)
{
	const struct config_farm *farm = &facts->config->farms[index];
	const struct ruleset_set *set = chooser(r, farm->name);

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
	for (size_t i = 0; i < farm->n_backends; i++)
		print_backend(out, r, farm, i, &facts->backends[index][i]);
}

void export_print(FILE *out, const struct export_head *head, const struct plan_facts *facts,
		  const struct ruleset *r)
{
	fprintf(out, "# nft ruleset of director " DIRECTOR_VERSION "%s%s, %s\n# configuration %s\n",
		head->node[0] ? ", node " : "", head->node, head->state, head->digest);
	for (size_t i = 0; i < facts->config->n_farms; i++)
		print_farm(out, facts, r, i);
	fputs("#\n", out);
	nft_text_print(out, r);
}
