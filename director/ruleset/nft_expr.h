/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements as netlink expressions (libnftnl objects): the same expressions, registers and
 * dependencies that nft 1.0.6 makes of the text of nft_text.c, so that both renderings list alike.
 *
 * Pure: makes objects in memory.
 */
#ifndef DIRECTOR_RULESET_NFT_EXPR_H
#define DIRECTOR_RULESET_NFT_EXPR_H

#include "director/ruleset/ruleset.h"

#include <libnftnl/rule.h>

/* A new rule of that chain with all its expressions and comment; NULL: no memory. Caller frees. */
struct nftnl_rule *nft_expr_rule(const struct ruleset *r, const struct ruleset_chain *chain,
				 const struct ruleset_rule *rule);

/*
 * The printed form of a rule's expressions and comment, values of counters left out; a shared
 * block, or NULL. The same for our own rule and for what the kernel gives back for it.
 */
char *nft_expr_signature(const struct nftnl_rule *rule);

#endif
