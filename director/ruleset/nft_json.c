/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_json.h"

#include "director/ruleset/note.h"

#include <errno.h>

json_t *nft_json_begin(const struct ruleset *r, const char *key, const char *name)
{
	return json_pack("{s:s, s:s, s:s}", "family", "netdev", "table", ruleset_table(r), key,
			 name);
}

int nft_json_dump(FILE *out, json_t *value, size_t flags)
{
	int code = value ? json_dumpf(value, out, flags) : -1;

	json_decref(value);
	return code < 0 && !ferror(out) ? -ENOMEM : 0;
}

int nft_json_end(FILE *out, const char *kind, json_t *object)
{
	int code;

	fprintf(out, ",\n{\"%s\": ", kind);
	code = nft_json_dump(out, object, 0);
	fputc('}', out);
	return code;
}

static int print_table(FILE *out, const struct ruleset *r)
{
	return nft_json_end(out, "table",
			    json_pack("{s:s, s:s, s:s}", "family", "netdev", "name",
				      ruleset_table(r), "comment", RULESET_COMMENT));
}

/* The priority "filter" of nft's language is 0. */
static int set_hook(json_t *o, const struct ruleset_chain *chain)
{
	return json_object_update_new(
		o, json_pack("{s:s, s:s, s:s, s:i, s:s}", "dev", chain->device, "type", "filter",
			     "hook", "ingress", "prio", chain->priority, "policy", "accept"));
}

static int print_chain(FILE *out, const struct ruleset *r, const struct ruleset_chain *chain)
{
	json_t *o = nft_json_begin(r, "name", chain->name);
	const char *note = note_of_chain(r, chain);
	int code = 0;

	if (chain->comment[0])
		code |= json_object_set_new(o, "comment", json_string(chain->comment));
	if (chain->device[0])
		code |= set_hook(o, chain);
	if (chain->farm[0])
		code |= json_object_set_new(o, "farm", json_string(chain->farm));
	if (note)
		code |= json_object_set_new(o, "note", json_string(note));
	if (code != 0) {
		json_decref(o);
		o = NULL;
	}
	return nft_json_end(out, "chain", o);
}

static int print_rule(FILE *out, const struct ruleset *r, const struct ruleset_chain *chain,
		      const struct ruleset_rule *rule)
{
	json_t *o = nft_json_begin(r, "chain", chain->name), *list = json_array();
	int code = 0;

	if (rule->comment)
		code |= json_object_set_new(o, "comment", json_string(rule->comment));
	for (size_t i = 0; i < rule->n_statements; i++)
		code |= nft_json_statement(list, r, &rule->statements[i]);
	code |= json_object_set_new(o, "expr", list);
	if (code != 0) {
		json_decref(o);
		o = NULL;
	}
	return nft_json_end(out, "rule", o);
}

int nft_json_print(FILE *out, const struct ruleset *r)
{
	int code = print_table(out, r);

	for (size_t i = 0; code == 0 && i < r->n_chains; i++)
		code = print_chain(out, r, &r->chains[i]);
	for (size_t i = 0; code == 0 && i < r->n_sets; i++)
		code = nft_json_set_print(out, r, &r->sets[i]);
	for (size_t i = 0; code == 0 && i < r->n_chains; i++)
		for (size_t k = 0; code == 0 && k < r->chains[i].n_rules; k++)
			code = print_rule(out, r, &r->chains[i], &r->chains[i].rules[k]);
	return code;
}
