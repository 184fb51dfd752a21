/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tables of a drill are made of (drill_mute_uv.h, drill_tap_uv.h): a table that belongs to the
 * socket that made it, so that the kernel takes it away when the process ends, however it ends (flag
 * owner, Linux 5.12); chains of an interface, from whose first rule on everything passes when the time
 * is over.
 *
 * Pure: makes messages in memory. What there is no memory for makes the batch a failed one.
 */
#ifndef DIRECTOR_DRILL_DRILL_NFT_H
#define DIRECTOR_DRILL_DRILL_NFT_H

#include "director/ruleset/nft_netlink.h"

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

enum drill_hook {
	DRILL_HOOK_NONE, /* others go to the chain */
	DRILL_HOOK_IN,
	DRILL_HOOK_OUT, /* Linux 5.16 */
};

void drill_nft_table(struct nft_batch *b, const char *table);
/* device: of one with a hook; else NULL. */
void drill_nft_chain(struct nft_batch *b, const char *table, const char *name, enum drill_hook hook,
		     const char *device, int32_t priority);

/* A rule under way; expressions in the order of the calls, with one register, NFT_REG_1. */
struct drill_nft_rule {
	struct nftnl_rule *rule;
	bool failed;
};

struct drill_nft_rule drill_nft_rule_begin(void);
void drill_nft_meta(struct drill_nft_rule *r, uint32_t key);
void drill_nft_payload(struct drill_nft_rule *r, uint32_t base, uint32_t offset, uint32_t len);
void drill_nft_compare(struct drill_nft_rule *r, uint32_t op, const void *bytes, uint32_t len);
/* IPv4 or IPv6 alone. */
void drill_nft_ethertype(struct drill_nft_rule *r, uint16_t ethertype);
/* chain: of NFT_GOTO; else NULL. */
void drill_nft_verdict(struct drill_nft_rule *r, int verdict, const char *chain);
/* One that no call above makes; NULL: there is no memory for it. */
struct nftnl_expr *drill_nft_expr(struct drill_nft_rule *r, const char *name);
/* Puts it behind those that the chain has. */
void drill_nft_rule_end(struct drill_nft_rule *r, struct nft_batch *b, const char *table,
			const char *chain);

/* A rule: from until_ns on, since 1970, all that comes to the chain passes it. */
void drill_nft_until(struct nft_batch *b, const char *table, const char *chain, uint64_t until_ns);

#endif
