/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the elements of a set have counted, which flows a table remembers, and how many. */
#include "director/ruleset/kernel_attr.h"
#include "director/ruleset/kernel_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

struct reading {
	const char *set;
	void (*count_seen)(void *data, const struct kernel_count *count);
	void (*flow_seen)(void *data, const struct kernel_flow *flow);
	void *data;
};

/* The number in a nested attribute, 0 when there is none. */
static uint64_t counter_value(const struct nlattr *counter, uint16_t type)
{
	const struct nlattr *attr = nested(counter, type);

	return attr && mnl_attr_validate(attr, MNL_TYPE_U64) >= 0 ? be64toh(mnl_attr_get_u64(attr))
								  : 0;
}

static void element_count(const struct reading *g, const struct nlattr *element)
{
	const struct nlattr *counter = nested(nested(element, NFTA_SET_ELEM_EXPR), NFTA_EXPR_DATA);
	struct kernel_count count = {
		.packets = counter_value(counter, NFTA_COUNTER_PACKETS),
		.bytes = counter_value(counter, NFTA_COUNTER_BYTES),
	};

	copy_value((uint8_t *)&count.key, sizeof(count.key),
		   nested(nested(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE));
	g->count_seen(g->data, &count);
}

static void element_flow(const struct reading *g, const struct nlattr *element)
{
	struct kernel_flow flow = {.expires_ms = counter_value(element, NFTA_SET_ELEM_EXPIRATION)};

	copy_value((uint8_t *)&flow.id, sizeof(flow.id),
		   nested(nested(element, NFTA_SET_ELEM_DATA), NFTA_DATA_VALUE));
	copy_value(flow.key, sizeof(flow.key),
		   nested(nested(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE));
	g->flow_seen(g->data, &flow);
}

static void put_set_name(struct nlmsghdr *nlh, void *data)
{
	const struct reading *g = data;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, g->set);
}

static int elements_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct reading *g = data;
	const struct nlattr *attr, *element;

	NLATTR_EACH (attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		NLATTR_EACH_NESTED (element, attr)
			if (g->count_seen)
				element_count(g, element);
			else if (g->flow_seen)
				element_flow(g, element);
	}
	return MNL_CB_OK;
}

int kernel_read_counts(struct nft_socket *s, const char *set,
		       void (*seen)(void *data, const struct kernel_count *count), void *data)
{
	struct reading g = {.set = set, .count_seen = seen, .data = data};

	return nft_socket_dump(s, NFT_MSG_GETSETELEM, put_set_name, elements_seen, &g);
}

bool kernel_read_gone(const struct nlmsghdr *nlh, char ret_set[static RULESET_NAME],
		      void (*seen)(void *data, const struct kernel_count *count), void *data)
{
	struct reading g = {.count_seen = seen, .data = data};
	const struct nlattr *attr, *set = NULL;

	if ((nlh->nlmsg_type & 0xff) != NFT_MSG_DELSETELEM)
		return false;
	NLATTR_EACH (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_SET &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			set = attr;
	if (!set)
		return false;
	snprintf(ret_set, RULESET_NAME, "%s", mnl_attr_get_str(set));
	elements_seen(nlh, &g);
	return true;
}

int kernel_read_flows(struct nft_socket *s, const char *set,
		      void (*seen)(void *data, const struct kernel_flow *flow), void *data)
{
	struct reading g = {.set = set, .flow_seen = seen, .data = data};

	return nft_socket_dump(s, NFT_MSG_GETSETELEM, put_set_name, elements_seen, &g);
}

/* One set's declaration, for its number of elements. */
struct size_reading {
	const char *set;
	uint32_t size;
	bool told;
};

/* NFTA_SET_COUNT of Linux 6.16; the headers of Debian 12 do not have it. */
enum { ATTR_SET_COUNT = 20 };

static void put_set_of_size(struct nlmsghdr *nlh, void *data)
{
	const struct size_reading *g = data;

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, g->set);
}

static int size_seen(const struct nlmsghdr *nlh, void *data)
{
	struct size_reading *g = data;
	const struct nlattr *attr;

	NLATTR_EACH (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == ATTR_SET_COUNT &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
			g->size = ntohl(mnl_attr_get_u32(attr));
			g->told = true;
		}
	return MNL_CB_OK;
}

int kernel_read_size(struct nft_socket *s, const char *set, uint32_t *ret)
{
	struct size_reading g = {.set = set};
	int err = nft_socket_get(s, NFT_MSG_GETSET, put_set_of_size, size_seen, &g);

	if (err)
		return err;
	if (!g.told)
		return -EOPNOTSUPP;
	*ret = g.size;
	return 0;
}
