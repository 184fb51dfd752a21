/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_nft.h"

#include "director/ruleset/nft_lower.h"

#include <endian.h>
#include <libnftnl/chain.h>
#include <libnftnl/table.h>
#include <linux/netlink.h>

enum { NETDEV_EGRESS = 1 /* NF_NETDEV_EGRESS, which older headers lack */ };

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

/* The numbers of the registers are in the kernel's order, what is compared in the network's. */
void drill_nft_until(struct nft_batch *b, const char *table, const char *chain, uint64_t until_ns)
{
	struct lowering l = lowering_begin(table, chain);
	uint64_t until = htobe64(until_ns);
	struct nftnl_expr *e;

	meta_load(&l, NFT_META_TIME_NS, REG_1);
	e = expr_add(&l, "byteorder");
	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SREG, REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_DREG, REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_LEN, sizeof(until));
		nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, sizeof(until));
	}
	compare(&l, NFT_CMP_GTE, &until, sizeof(until));
	verdict(&l, NF_ACCEPT, NULL);
	nft_put_made_rule(b, chain, lowering_end(&l));
}
