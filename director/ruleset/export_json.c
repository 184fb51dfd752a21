/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/export.h"
#include "director/ruleset/nft_json.h"

#include <errno.h>
#include <jansson.h>

/* A share as people compare it: nothing is behind the third digit but the rounding of the table. */
static double rounded(double share)
{
	return (double)(int)(share * 1000 + 0.5) / 1000;
}

static json_t *backend(const struct config_backend *b, const struct plan_backend *state,
		       double share)
{
	const char *left_out = export_left_out(b, state);
	char address[ADDR_TEXT], mac[MAC_TEXT];

	addr_format(&b->address, address);
	if (left_out)
		return json_pack("{s:s, s:s, s:s}", "name", b->name, "address", address, "left_out",
				 left_out);
	return json_pack("{s:s, s:s, s:s, s:i, s:f}", "name", b->name, "address", address, "mac",
			 mac_format(&state->mac, mac), "weight", (int)b->weight, "share",
			 rounded(share));
}

/* near: where the sets of the farm before it end. */
static json_t *farm(const struct plan_facts *facts, const struct ruleset *r, size_t index,
		    size_t *near)
{
	const struct config_farm *f = &facts->config->farms[index];
	struct ruleset_span sets = ruleset_farm_sets(r, f->name, *near);
	bool is_there = plan_find_interface(facts, f->interface) != NULL;
	double shares[CONFIG_BACKENDS_MAX];
	json_t *list = json_array();
	int code = 0;

	*near = sets.end;
	export_shares(r, f, sets, shares);
	for (size_t i = 0; is_there && i < f->n_backends; i++)
		code |= json_array_append_new(
			list, backend(&f->backends[i], &facts->backends[index][i], shares[i]));
	if (code != 0) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:b, s:o}", "name", f->name, "scheduler",
			 config_scheduler_name(f->scheduler), "interface", f->interface,
			 "interface_there", is_there, "backends", list);
}

static json_t *farms(const struct plan_facts *facts, const struct ruleset *r)
{
	json_t *list = json_array();
	size_t near = 0;

	for (size_t i = 0; i < facts->config->n_farms; i++)
		if (json_array_append_new(list, farm(facts, r, i, &near)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *handover(const struct plan_facts *facts)
{
	json_t *list = json_array();
	char text[ADDR_TEXT];

	for (size_t i = 0; i < facts->n_handover; i++)
		json_array_append_new(list, json_string(addr_format(&facts->handover[i], text)));
	return list;
}

/* The name of a file may be no UTF-8. */
static json_t *made_from(const char *file)
{
	json_t *text = file ? json_string(file) : json_null();

	return text ? text : json_string("?");
}

static json_t *metainfo(const struct export_head *head, const struct plan_facts *facts,
			const struct ruleset *r)
{
	char made[EXPORT_TIME];

	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "version",
			 DIRECTOR_VERSION, "release_name", "director", "json_schema_version", 1,
			 "node", head->node, "state", head->state, "configuration", head->digest,
			 "made", export_time(made, head->at_s), "made_by",
			 head->file ? "directorctl" : "directord", "made_from",
			 made_from(head->file), "farms", farms(facts, r), "handover",
			 handover(facts));
}

int export_print_json(FILE *out, const struct export_head *head, const struct plan_facts *facts,
		      const struct ruleset *r, const struct ruleset *stragglers)
{
	int code;

	fputs("{\"nftables\": [\n{\"metainfo\": ", out);
	code = nft_json_dump(out, metainfo(head, facts, r), JSON_REAL_PRECISION(6));
	fputc('}', out);
	if (code == 0)
		code = nft_json_print(out, r);
	if (code == 0 && stragglers && stragglers->exists)
		code = nft_json_print(out, stragglers);
	fputs("\n]}\n", out);
	return code;
}
