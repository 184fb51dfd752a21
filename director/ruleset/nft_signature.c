/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signature of a rule: the printed form of its expressions, by which two rules are compared. */
#include "director/ruleset/nft_expr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h>

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
