/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures of rules and sets: what two rulesets are compared by. A rule's is the printed form of
 * its netlink expressions, so one that was planned and one that was read are the same when the
 * kernel does the same.
 */
#include "director/ruleset/nft_expr.h"
#include "director/ruleset/nft_netlink.h"
#include "director/ruleset/nft_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

static int print_expr(struct nftnl_expr *e, void *data)
{
	char buf[512] = "";
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);

	/* What a counter has counted does not make another rule of it. */
	if (strcmp(name, "counter") != 0)
		nftnl_expr_snprintf(buf, sizeof(buf), e, NFTNL_OUTPUT_DEFAULT, 0);
	fprintf(data, "  [ %s %s]\n", name, buf);
	return 0;
}

char *nft_expr_signature(const struct nftnl_rule *rule)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const uint8_t *comment;
	uint32_t len = 0;

	if (!out)
		return NULL;
	nftnl_expr_foreach((struct nftnl_rule *)rule, print_expr, out);
	comment = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &len);
	/* type, length, text with its NUL */
	if (comment && len > 2)
		fprintf(out, "  comment %.*s\n", (int)(len - 3), (const char *)comment + 2);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int sign_set(struct ruleset_set *set)
{
	struct nftnl_set *s = nft_set_new(set, 1);

	set->signature = s ? nft_set_signature(s) : NULL;
	nftnl_set_free(s);
	return set->signature ? 0 : -ENOMEM;
}

static int sign_rule(const struct ruleset *r, const struct ruleset_chain *chain,
		     struct ruleset_rule *rule)
{
	struct nftnl_rule *nr = nft_expr_rule(r, chain, rule);

	rule->signature = nr ? nft_expr_signature(nr) : NULL;
	nftnl_rule_free(nr);
	return rule->signature ? 0 : -ENOMEM;
}

int nft_sign(struct ruleset *r)
{
	int err = 0;

	for (size_t i = 0; !err && i < r->n_sets; i++)
		if (!r->sets[i].signature)
			err = sign_set(&r->sets[i]);
	for (size_t i = 0; !err && i < r->n_chains; i++)
		for (size_t k = 0; !err && k < r->chains[i].n_rules; k++)
			if (!r->chains[i].rules[k].signature)
				err = sign_rule(r, &r->chains[i], &r->chains[i].rules[k]);
	return err;
}

/* Statements name sets and chains by index: these mean the same in both only when all names agree. */
static bool same_objects(const struct ruleset *a, const struct ruleset *b)
{
	if (a->n_sets != b->n_sets || a->n_chains != b->n_chains)
		return false;
	for (size_t i = 0; i < a->n_sets; i++)
		if (a->sets[i].kind != b->sets[i].kind || a->sets[i].size != b->sets[i].size ||
		    strcmp(a->sets[i].name, b->sets[i].name) != 0)
			return false;
	for (size_t i = 0; i < a->n_chains; i++)
		if (strcmp(a->chains[i].name, b->chains[i].name) != 0)
			return false;
	return true;
}

static int copy_signature(char **to, const char *from)
{
	if (*to || !from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static int sign_chain_like(struct ruleset_chain *chain, const struct ruleset_chain *like)
{
	int err = 0;

	for (size_t k = 0; !err && k < chain->n_rules && k < like->n_rules; k++) {
		struct ruleset_rule *rule = &chain->rules[k];
		const struct ruleset_rule *other = &like->rules[k];

		if (rule->n_statements == other->n_statements && rule->comment == other->comment &&
		    memcmp(rule->statements, other->statements,
			   rule->n_statements * sizeof(*rule->statements)) == 0)
			err = copy_signature(&rule->signature, other->signature);
	}
	return err;
}

int nft_sign_like(struct ruleset *r, const struct ruleset *like)
{
	int err = 0;

	if (!same_objects(r, like))
		return nft_sign(r);
	for (size_t i = 0; !err && i < r->n_sets; i++)
		err = copy_signature(&r->sets[i].signature, like->sets[i].signature);
	for (size_t i = 0; !err && i < r->n_chains; i++)
		err = sign_chain_like(&r->chains[i], &like->chains[i]);
	return err ? err : nft_sign(r);
}
