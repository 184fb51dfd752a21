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
	char *text = NULL, *shared;
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
	shared = fclose(out) == 0 ? share_text(text) : NULL;
	free(text);
	return shared;
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
