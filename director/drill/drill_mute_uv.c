/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_mute_uv.h"

#include "director/drill/drill_mute.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BEFORE_ALL = -500,  /* the chains of director(8) are behind it */
	LONGER_MS = 500,    /* the daemon undoes it in order; the kernel only when that does not */
	NETDEV_EGRESS = 1,  /* NF_NETDEV_EGRESS, which older headers lack */
	INTERFACES_MAX = 64 /* a host with more is none that one rehearses on */
};

/* --- rules -------------------------------------------------------------------------------------- */

static struct nftnl_expr *append(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(rule, e);
	return e;
}

static bool put_compare(struct nftnl_rule *rule, uint32_t op, const void *bytes, uint32_t len)
{
	struct nftnl_expr *e = append(rule, "cmp");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, bytes, len);
	return true;
}

static bool put_meta(struct nftnl_rule *rule, uint32_t key)
{
	struct nftnl_expr *e = append(rule, "meta");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
	return true;
}

static bool put_match(struct nftnl_rule *rule, const struct mute_match *m)
{
	struct nftnl_expr *e = append(rule, "payload");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE,
			   m->base == MUTE_NETWORK ? NFT_PAYLOAD_NETWORK_HEADER
						   : NFT_PAYLOAD_TRANSPORT_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, m->offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, m->len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	return put_compare(rule, NFT_CMP_EQ, m->bytes, m->len);
}

static bool put_verdict(struct nftnl_rule *rule, int verdict)
{
	struct nftnl_expr *e = append(rule, "immediate");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	return true;
}

/* The numbers of the registers are in the kernel's order, what is compared in the network's. */
static bool fill_end(struct nftnl_rule *rule, uint64_t until_ns)
{
	uint64_t until = htobe64(until_ns);
	struct nftnl_expr *e;

	if (!put_meta(rule, NFT_META_TIME_NS))
		return false;
	e = append(rule, "byteorder");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_LEN, sizeof(until));
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, sizeof(until));
	return put_compare(rule, NFT_CMP_GTE, &until, sizeof(until)) &&
	       put_verdict(rule, NF_ACCEPT);
}

static bool fill_rule(struct nftnl_rule *rule, const struct mute_rule *r)
{
	uint16_t ethertype = htons(r->ethertype);

	if (!put_meta(rule, NFT_META_PROTOCOL) ||
	    !put_compare(rule, NFT_CMP_EQ, &ethertype, sizeof(ethertype)))
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (!put_match(rule, &r->matches[i]))
			return false;
	return put_verdict(rule, NF_DROP);
}

/* r NULL: from until_ns on nothing is dropped. */
static void put_rule(struct nft_batch *b, const char *chain, const struct mute_rule *r,
		     uint64_t until_ns)
{
	struct nlmsghdr *nlh =
		nft_batch_put(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "rule of", chain);
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (nlh && rule && (r ? fill_rule(rule, r) : fill_end(rule, until_ns))) {
		nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, NFPROTO_NETDEV);
		nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, DRILL_TABLE);
		nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
		nftnl_rule_nlmsg_build_payload(nlh, rule);
		nft_batch_took(b, nlh);
	} else {
		b->failed = true;
	}
	if (rule)
		nftnl_rule_free(rule);
}

/* --- chains ------------------------------------------------------------------------------------- */

static void put_table(struct nft_batch *b)
{
	struct nlmsghdr *nlh =
		nft_batch_put(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, "table", DRILL_TABLE);
	struct nftnl_table *t = nftnl_table_alloc();

	if (nlh && t) {
		nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_NETDEV);
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, DRILL_TABLE);
		nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, NFT_TABLE_F_OWNER);
		nftnl_table_nlmsg_build_payload(nlh, t);
		nft_batch_took(b, nlh);
	} else {
		b->failed = true;
	}
	if (t)
		nftnl_table_free(t);
}

static void put_chain(struct nft_batch *b, const char *name, const char *device, bool out)
{
	struct nlmsghdr *nlh = nft_batch_put(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "chain", name);
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (nlh && c) {
		nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_NETDEV);
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, DRILL_TABLE);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM,
				    out ? (uint32_t)NETDEV_EGRESS : (uint32_t)NF_NETDEV_INGRESS);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, BEFORE_ALL);
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, device);
		nftnl_chain_nlmsg_build_payload(nlh, c);
		nft_batch_took(b, nlh);
	} else {
		b->failed = true;
	}
	if (c)
		nftnl_chain_free(c);
}

static void put_device(struct nft_batch *b, const char *device, const struct mute_rules *rules,
		       uint64_t until_ns)
{
	for (int out = 0; out <= 1; out++) {
		char name[IF_NAMESIZE + 8];

		snprintf(name, sizeof(name), "%s-%s", out ? "out" : "in", device);
		put_chain(b, name, device, out);
		put_rule(b, name, NULL, until_ns);
		for (size_t i = 0; i < rules->n; i++)
			if (rules->list[i].out == (out != 0))
				put_rule(b, name, &rules->list[i], 0);
	}
}

/* --- interfaces --------------------------------------------------------------------------------- */

struct devices {
	char names[INTERFACES_MAX][IF_NAMESIZE];
	size_t n;
};

static int add_device(struct devices *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->names[i], name) == 0)
			return 0;
	if (d->n == INTERFACES_MAX)
		return -E2BIG;
	snprintf(d->names[d->n++], IF_NAMESIZE, "%s", name);
	return 0;
}

static int find_everywhere(struct devices *d)
{
	struct if_nameindex *all = if_nameindex();
	int code = 0;

	if (!all)
		return -errno;
	for (size_t i = 0; all[i].if_index && code == 0; i++)
		if (strcmp(all[i].if_name, "lo") != 0)
			code = add_device(d, all[i].if_name);
	if_freenameindex(all);
	return code;
}

static int find_devices(struct devices *d, uint8_t kind, const struct config *c)
{
	int code = 0;

	if (mute_is_everywhere(kind))
		return find_everywhere(d);
	for (size_t i = 0; i < c->n_vrrps && code == 0; i++)
		code = add_device(d, c->vrrps[i].interface);
	return code;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static uint64_t end_ns(uint32_t limit_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec +
	       ((uint64_t)limit_ms + LONGER_MS) * 1000000;
}

static int commit(struct nft_socket *s, const struct devices *d, const struct mute_rules *rules,
		  uint32_t limit_ms, struct err *err)
{
	uint64_t until_ns = end_ns(limit_ms);
	struct nft_batch b;
	int code;

	nft_batch_begin(&b, nft_socket_next_seq(s));
	put_table(&b);
	for (size_t i = 0; i < d->n; i++)
		put_device(&b, d->names[i], rules, until_ns);
	code = nft_batch_end(&b);
	if (code == 0 && b.failed)
		code = -ENOMEM;
	if (code == 0)
		code = nft_socket_commit(s, &b, NULL, NULL, err);
	else
		snprintf(err->text, sizeof(err->text), "no memory for the rules of a drill");
	nft_batch_clear(&b);
	return code;
}

int drill_mute_begin(struct drill_mute *m, uint8_t kind, const struct config *c, uint32_t limit_ms,
		     struct err *err)
{
	struct mute_rules rules = {0};
	struct devices devices = {0};
	int code = find_devices(&devices, kind, c);

	if (code == 0)
		code = mute_rules_make(&rules, kind, c);
	if (code < 0) {
		snprintf(err->text, sizeof(err->text), "the rules of a drill cannot be made: %s",
			 strerror(-code));
		return code;
	}
	code = nft_socket_open(&m->socket, err);
	if (code == 0)
		code = commit(&m->socket, &devices, &rules, limit_ms, err);
	m->on = code == 0;
	if (code < 0)
		nft_socket_close(&m->socket); /* and the table, if there is one, with it */
	mute_rules_clear(&rules);
	return code;
}

void drill_mute_end(struct drill_mute *m)
{
	if (m->on)
		nft_socket_close(&m->socket);
	*m = (struct drill_mute){0};
}
