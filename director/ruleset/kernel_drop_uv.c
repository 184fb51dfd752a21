/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters of rules: each rule that drops packets of a farm says why in its comment. The rest of
 * the reading is in kernel_uv.c.
 */
#include "director/netlink/nl_reader.h"
#include "director/ruleset/kernel_uv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>

struct drop_reading {
	struct drop_book *book;
	const struct ruleset *planned;
	size_t at_planned;	  /* chain that was found last */
	const char *chain, *farm; /* of that chain alone; NULL: of all */
	bool no_memory;
};

/* Adds up; a rule has one counter. */
static int add_packets(struct nftnl_expr *e, void *data)
{
	uint64_t *packets = data;

	if (strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_NAME), "counter") == 0)
		*packets += nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
	return 0;
}

/* The comment of a rule (type, length, text with its NUL) in buf; false without one. */
static bool comment_of(const struct nftnl_rule *nr, char buf[static RULESET_NAME])
{
	uint32_t len = 0;
	const uint8_t *tlv = nftnl_rule_get_data(nr, NFTNL_RULE_USERDATA, &len);

	if (!tlv || len < 3 || tlv[0] != NFTNL_UDATA_RULE_COMMENT)
		return false;
	snprintf(buf, RULESET_NAME, "%.*s", (int)(len - 3), (const char *)tlv + 2);
	return true;
}

/* The farm of a chain, "": none. Chains come in much the same order in which they were planned. */
static const char *chain_farm(const struct ruleset *r, size_t *at, const char *chain)
{
	for (size_t i = 0; i < r->n_chains; i++, (*at)++) {
		if (*at >= r->n_chains)
			*at = 0;
		if (strcmp(r->chains[*at].name, chain) == 0)
			return r->chains[*at].farm;
	}
	return "";
}

static int add_drop(struct drop_reading *g, const char *chain, const char *reason, uint64_t packets)
{
	const char *farm = g->farm;

	if (packets == 0)
		return 0;
	if (!farm)
		farm = chain_farm(g->planned, &g->at_planned, chain);
	return farm[0] ? drop_book_add(g->book, farm, reason, packets) : 0;
}

/* Most rules say nothing, and have many expressions, which are not of interest then. */
static bool says_something(const struct nlmsghdr *nlh)
{
	struct nl_message m;
	uint16_t type = NFTA_RULE_UNSPEC;
	struct rd value;

	if (!nl_read_message((const uint8_t *)nlh, nlh->nlmsg_len, &m))
		return false;
	rd_take(&m.body, NL_FAMILY_HEADER);
	while (type != NFTA_RULE_USERDATA && nl_next_attribute(&m.body, &type, &value))
		;
	return type == NFTA_RULE_USERDATA;
}

static int drop_seen(const struct nlmsghdr *nlh, void *data)
{
	struct drop_reading *g = data;
	struct nftnl_rule *nr;
	const char *table, *chain;
	char reason[RULESET_NAME];
	uint64_t packets = 0;

	if (!says_something(nlh))
		return MNL_CB_OK;
	nr = nftnl_rule_alloc();
	if (nr && nftnl_rule_nlmsg_parse(nlh, nr) == 0) {
		table = nftnl_rule_get_str(nr, NFTNL_RULE_TABLE);
		chain = nftnl_rule_get_str(nr, NFTNL_RULE_CHAIN);
		if (table && chain && strcmp(table, RULESET_TABLE) == 0 && comment_of(nr, reason)) {
			nftnl_expr_foreach(nr, add_packets, &packets);
			g->no_memory = add_drop(g, chain, reason, packets) < 0;
		}
	}
	g->no_memory |= !nr;
	nftnl_rule_free(nr);
	return g->no_memory ? MNL_CB_STOP : MNL_CB_OK;
}

static void put_names(struct nlmsghdr *nlh, void *data)
{
	const struct drop_reading *g = data;

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
	if (g->chain)
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, g->chain);
}

static int read_rules(struct nft_socket *s, struct drop_reading *g)
{
	int err = nft_socket_dump(s, NFT_MSG_GETRULE, put_names, drop_seen, g);

	return g->no_memory ? -ENOMEM : err;
}

int kernel_read_drops(struct nft_socket *s, struct drop_book *book, const struct ruleset *planned)
{
	struct drop_reading g = {.book = book, .planned = planned};

	drop_book_restart(book, NULL);
	return read_rules(s, &g);
}

int kernel_read_drops_of(struct nft_socket *s, struct drop_book *book, const char *chain,
			 const char *farm)
{
	struct drop_reading g = {.book = book, .chain = chain, .farm = farm};

	return read_rules(s, &g);
}
