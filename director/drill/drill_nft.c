/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_nft.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libnftnl/chain.h>
#include <libnftnl/table.h>
#include <linux/netlink.h>

enum { NETDEV_EGRESS = 1 /* NF_NETDEV_EGRESS, which older headers lack */ };

/* --- rules -------------------------------------------------------------------------------------- */

struct drill_nft_rule drill_nft_rule_begin(void)
{
	struct drill_nft_rule r = {.rule = nftnl_rule_alloc()};

	r.failed = !r.rule;
	return r;
}

struct nftnl_expr *drill_nft_expr(struct drill_nft_rule *r, const char *name)
{
	struct nftnl_expr *e = r->rule ? nftnl_expr_alloc(name) : NULL;

	if (e)
		nftnl_rule_add_expr(r->rule, e);
	else
		r->failed = true;
	return e;
}

void drill_nft_compare(struct drill_nft_rule *r, uint32_t op, const void *bytes, uint32_t len)
{
	struct nftnl_expr *e = drill_nft_expr(r, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, bytes, len);
}

void drill_nft_meta(struct drill_nft_rule *r, uint32_t key)
{
	struct nftnl_expr *e = drill_nft_expr(r, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

void drill_nft_payload(struct drill_nft_rule *r, uint32_t base, uint32_t offset, uint32_t len)
{
	struct nftnl_expr *e = drill_nft_expr(r, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
}

void drill_nft_ethertype(struct drill_nft_rule *r, uint16_t ethertype)
{
	uint16_t wire = htons(ethertype);

	drill_nft_meta(r, NFT_META_PROTOCOL);
	drill_nft_compare(r, NFT_CMP_EQ, &wire, sizeof(wire));
}

void drill_nft_verdict(struct drill_nft_rule *r, int verdict, const char *chain)
{
	struct nftnl_expr *e = drill_nft_expr(r, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

void drill_nft_rule_end(struct drill_nft_rule *r, struct nft_batch *b, const char *table,
			const char *chain)
{
	struct nlmsghdr *nlh =
		nft_batch_put(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "rule of", chain);

	if (nlh && !r->failed) {
		nftnl_rule_set_u32(r->rule, NFTNL_RULE_FAMILY, NFPROTO_NETDEV);
		nftnl_rule_set_str(r->rule, NFTNL_RULE_TABLE, table);
		nftnl_rule_set_str(r->rule, NFTNL_RULE_CHAIN, chain);
		nftnl_rule_nlmsg_build_payload(nlh, r->rule);
		nft_batch_took(b, nlh);
	} else {
		b->failed = true;
	}
	if (r->rule)
		nftnl_rule_free(r->rule);
	*r = (struct drill_nft_rule){.failed = true};
}

/* The numbers of the registers are in the kernel's order, what is compared in the network's. */
void drill_nft_until(struct nft_batch *b, const char *table, const char *chain, uint64_t until_ns)
{
	struct drill_nft_rule r = drill_nft_rule_begin();
	uint64_t until = htobe64(until_ns);
	struct nftnl_expr *e;

	drill_nft_meta(&r, NFT_META_TIME_NS);
	e = drill_nft_expr(&r, "byteorder");
	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SREG, NFT_REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_DREG, NFT_REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_LEN, sizeof(until));
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, sizeof(until));
	}
	drill_nft_compare(&r, NFT_CMP_GTE, &until, sizeof(until));
	drill_nft_verdict(&r, NF_ACCEPT, NULL);
	drill_nft_rule_end(&r, b, table, chain);
}

/* --- tables and chains -------------------------------------------------------------------------- */

void drill_nft_table(struct nft_batch *b, const char *table)
{
	struct nlmsghdr *nlh =
		nft_batch_put(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, "table", table);
	struct nftnl_table *t = nftnl_table_alloc();

	if (nlh && t) {
		nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_NETDEV);
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, table);
		nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, NFT_TABLE_F_OWNER);
		nftnl_table_nlmsg_build_payload(nlh, t);
		nft_batch_took(b, nlh);
	} else {
		b->failed = true;
	}
	if (t)
		nftnl_table_free(t);
}

static void set_hook(struct nftnl_chain *c, enum drill_hook hook, const char *device,
		     int32_t priority)
{
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM,
			    hook == DRILL_HOOK_OUT ? (uint32_t)NETDEV_EGRESS
						   : (uint32_t)NF_NETDEV_INGRESS);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, priority);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, device);
}

void drill_nft_chain(struct nft_batch *b, const char *table, const char *name, enum drill_hook hook,
		     const char *device, int32_t priority)
{
	struct nlmsghdr *nlh = nft_batch_put(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "chain", name);
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (nlh && c) {
		nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_NETDEV);
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
		if (hook != DRILL_HOOK_NONE)
			set_hook(c, hook, device, priority);
		nftnl_chain_nlmsg_build_payload(nlh, c);
		nft_batch_took(b, nlh);
	} else {
		b->failed = true;
	}
	if (c)
		nftnl_chain_free(c);
}
