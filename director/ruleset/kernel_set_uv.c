/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/kernel_set_uv.h"

#include "include/nlattr.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

struct reading {
	const char *table, *set;
	mnl_attr_cb_t seen;
	void *data;
};

static void put_set_name(struct nlmsghdr *nlh, void *data)
{
	const struct reading *g = data;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, g->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, g->set);
}

int kernel_each_element(const struct nlmsghdr *nlh, mnl_attr_cb_t seen, void *data)
{
	const struct nlattr *attr, *element;

	NLATTR_EACH (attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		NLATTR_EACH_NESTED (element, attr) {
			int code = seen(element, data);

			if (code != MNL_CB_OK)
				return code;
		}
	}
	return MNL_CB_OK;
}

static int elements_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct reading *g = data;

	return kernel_each_element(nlh, g->seen, g->data);
}

int kernel_read_elements(struct nft_socket *s, const char *table, const char *set,
			 mnl_attr_cb_t seen, void *data)
{
	struct reading g = {.table = table, .set = set, .seen = seen, .data = data};

	return nft_socket_dump(s, NFT_MSG_GETSETELEM, put_set_name, elements_seen, &g);
}
