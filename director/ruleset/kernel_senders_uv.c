/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of senders as the kernel has them: those of plan_straggler.h, and whether its rules are there,
 * and those of plan_claim.c.
 */
#include "director/ruleset/kernel_attr.h"
#include "director/ruleset/kernel_set_uv.h"
#include "director/ruleset/kernel_uv.h"

#include <linux/netfilter/nf_tables.h>

struct reading {
	void (*seen)(void *data, const struct kernel_sender *sender);
	void *data;
};

static int sender_seen(const struct nlattr *element, void *data)
{
	const struct reading *g = data;
	struct kernel_sender sender = {
		.expires_ms = number_of(nested(element, NFTA_SET_ELEM_EXPIRATION)),
		.packets = element_counter(element, NFTA_COUNTER_PACKETS),
	};

	element_key(sender.key, sizeof(sender.key), element);
	g->seen(g->data, &sender);
	return MNL_CB_OK;
}

int kernel_read_senders(struct nft_socket *s, const char *table, const char *set,
			void (*seen)(void *data, const struct kernel_sender *sender), void *data)
{
	struct reading g = {.seen = seen, .data = data};

	return kernel_read_elements(s, table, set, sender_seen, &g);
}

static void put_table_name(struct nlmsghdr *nlh, void *data)
{
	(void)data;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_STRAGGLERS);
}

static int rule_seen(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	++*(size_t *)data;
	return MNL_CB_OK;
}

int kernel_count_straggler_rules(struct nft_socket *s, size_t *ret)
{
	*ret = 0;
	return nft_socket_dump(s, NFT_MSG_GETRULE, put_table_name, rule_seen, ret);
}
