/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the elements of a set have counted, which flows a table remembers, and how many. */
#include "director/ruleset/kernel_attr.h"
#include "director/ruleset/kernel_set_uv.h"
#include "director/ruleset/kernel_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

struct count_reading {
	void (*seen)(void *data, const struct kernel_count *count);
	void *data;
};

static int count_seen(const struct nlattr *element, void *data)
{
	const struct count_reading *g = data;
	struct kernel_count count = {
		.packets = element_counter(element, NFTA_COUNTER_PACKETS),
		.bytes = element_counter(element, NFTA_COUNTER_BYTES),
	};

	element_key((uint8_t *)&count.key, sizeof(count.key), element);
	g->seen(g->data, &count);
	return MNL_CB_OK;
}

int kernel_read_counts(struct nft_socket *s, const char *set,
		       void (*seen)(void *data, const struct kernel_count *count), void *data)
{
	struct count_reading g = {.seen = seen, .data = data};

	return kernel_read_elements(s, RULESET_TABLE, set, count_seen, &g);
}

bool kernel_read_gone(const struct nlmsghdr *nlh, char ret_set[static RULESET_NAME],
		      void (*seen)(void *data, const struct kernel_count *count), void *data)
{
	struct count_reading g = {.seen = seen, .data = data};
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
	kernel_each_element(nlh, count_seen, &g);
	return true;
}

struct flow_reading {
	void (*seen)(void *data, const struct kernel_flow *flow);
	void *data;
};

static int flow_seen(const struct nlattr *element, void *data)
{
	const struct flow_reading *g = data;
	struct kernel_flow flow = {
		.expires_ms = number_of(nested(element, NFTA_SET_ELEM_EXPIRATION)),
	};

	element_data((uint8_t *)&flow.id, sizeof(flow.id), element);
	element_key(flow.key, sizeof(flow.key), element);
	g->seen(g->data, &flow);
	return MNL_CB_OK;
}

int kernel_read_flows(struct nft_socket *s, const char *set,
		      void (*seen)(void *data, const struct kernel_flow *flow), void *data)
{
	struct flow_reading g = {.seen = seen, .data = data};

	return kernel_read_elements(s, RULESET_TABLE, set, flow_seen, &g);
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
