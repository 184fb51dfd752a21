/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of senders as the kernel has them: those of plan_straggler.h, and whether its rules are there,
 * and those of plan_claim.c.
 */
#include "director/ruleset/kernel_attr.h"
#include "director/ruleset/kernel_uv.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

struct reading {
	const char *table, *set;
	void (*seen)(void *data, const struct kernel_sender *sender);
	void *data;
	size_t rules;
};

static void put_set_name(struct nlmsghdr *nlh, void *data)
{
	const struct reading *g = data;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, g->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, g->set);
}

/* 0 when it is missing. */
static uint64_t number_of(const struct nlattr *attr)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_U64) >= 0 ? be64toh(mnl_attr_get_u64(attr))
								  : 0;
}

static void sender_seen(const struct reading *g, const struct nlattr *element)
{
	const struct nlattr *left = nested(element, NFTA_SET_ELEM_EXPIRATION);
	struct kernel_sender sender = {0};

	copy_value(sender.key, sizeof(sender.key),
		   nested(nested(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE));
	sender.expires_ms = number_of(left);
	sender.packets = number_of(nested(
		nested(nested(element, NFTA_SET_ELEM_EXPR), NFTA_EXPR_DATA), NFTA_COUNTER_PACKETS));
	g->seen(g->data, &sender);
}

static int elements_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *element;

	NLATTR_EACH (attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		NLATTR_EACH_NESTED (element, attr)
			sender_seen(data, element);
	}
	return MNL_CB_OK;
}

int kernel_read_senders(struct nft_socket *s, const char *table, const char *set,
			void (*seen)(void *data, const struct kernel_sender *sender), void *data)
{
	struct reading g = {.table = table, .set = set, .seen = seen, .data = data};

	return nft_socket_dump(s, NFT_MSG_GETSETELEM, put_set_name, elements_seen, &g);
}

static void put_table_name(struct nlmsghdr *nlh, void *data)
{
	(void)data;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_STRAGGLERS);
}

static int rule_seen(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	((struct reading *)data)->rules++;
	return MNL_CB_OK;
}

int kernel_count_straggler_rules(struct nft_socket *s, size_t *ret)
{
	struct reading g = {0};
	int err = nft_socket_dump(s, NFT_MSG_GETRULE, put_table_name, rule_seen, &g);

	*ret = g.rules;
	return err;
}
