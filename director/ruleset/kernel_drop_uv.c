/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters of rules: each rule that drops packets of a farm says why in its comment. The rest of
 * the reading is in kernel_uv.c.
 */
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
	void (*seen)(void *data, const char *chain, const char *reason, uint64_t packets);
	void *data;
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

static int drop_seen(const struct nlmsghdr *nlh, void *data)
{
	struct drop_reading *g = data;
	struct nftnl_rule *nr = nftnl_rule_alloc();
	char reason[RULESET_NAME];
	uint64_t packets = 0;

	if (!nr) {
		g->no_memory = true;
		return MNL_CB_STOP;
	}
	if (nftnl_rule_nlmsg_parse(nlh, nr) == 0 && nftnl_rule_get_str(nr, NFTNL_RULE_TABLE) &&
	    nftnl_rule_get_str(nr, NFTNL_RULE_CHAIN) &&
	    strcmp(nftnl_rule_get_str(nr, NFTNL_RULE_TABLE), RULESET_TABLE) == 0 &&
	    comment_of(nr, reason)) {
		nftnl_expr_foreach(nr, add_packets, &packets);
		g->seen(g->data, nftnl_rule_get_str(nr, NFTNL_RULE_CHAIN), reason, packets);
	}
	nftnl_rule_free(nr);
	return MNL_CB_OK;
}

static void put_table_name(struct nlmsghdr *nlh, void *data)
{
	(void)data;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
}

int kernel_read_drops(struct nft_socket *s,
		      void (*seen)(void *data, const char *chain, const char *reason,
				   uint64_t packets),
		      void *data)
{
	struct drop_reading g = {.seen = seen, .data = data};
	int err = nft_socket_dump(s, NFT_MSG_GETRULE, put_table_name, drop_seen, &g);

	return g.no_memory ? -ENOMEM : err;
}
