/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_nft_uv.h"

#include "director/doctor/host_nft.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum { READ_TRIES = 20 }; /* a ruleset that changes meanwhile is read again, but not for ever */

/* --- what the kernel can do ------------------------------------------------------------------- */

/* An expression, a family or a logger that is not there. */
static bool is_missing(int code)
{
	return code == -ENOENT || code == -EOPNOTSUPP || code == -EAFNOSUPPORT ||
	       code == -EPROTONOSUPPORT;
}

static int try_one(struct nft_socket *s, enum host_feature feature, struct err *err)
{
	struct ruleset r;
	struct nft_batch b;
	int code = host_feature_ruleset(feature, &r);

	if (code < 0)
		return err_set(err, code, "no memory");
	nft_batch_begin(&b, nft_socket_next_seq(s));
	b.table = ruleset_table(&r);
	nft_put_whole(&b, &r);
	code = nft_socket_try(s, &b, err);
	nft_batch_clear(&b);
	ruleset_clear(&r);
	return code;
}

int host_nft_try(struct nft_socket *s, struct host_facts *facts, struct err *err)
{
	for (size_t i = 0; i < HOST_FEATURES; i++) {
		int code = try_one(s, (enum host_feature)i, err);

		facts->missing[i] = is_missing(code);
		if (code < 0 && !facts->missing[i])
			return code;
	}
	return 0;
}

/* --- what others have put into it ------------------------------------------------------------- */

static void set_family(struct nlmsghdr *nlh, uint8_t family)
{
	struct nfgenmsg *message = mnl_nlmsg_get_payload(nlh);

	message->nfgen_family = family;
}

static void put_all_families(struct nlmsghdr *nlh, void *data)
{
	(void)data;
	set_family(nlh, NFPROTO_UNSPEC);
}

static int chain_seen(const struct nlmsghdr *nlh, void *data)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (c && nftnl_chain_nlmsg_parse(nlh, c) == 0)
		host_nft_chain(data, c);
	if (c)
		nftnl_chain_free(c);
	return MNL_CB_OK;
}

static int rule_seen(const struct nlmsghdr *nlh, void *data)
{
	struct nftnl_rule *nr = nftnl_rule_alloc();

	if (nr && nftnl_rule_nlmsg_parse(nlh, nr) == 0)
		host_nft_rule(data, nr);
	if (nr)
		nftnl_rule_free(nr);
	return MNL_CB_OK;
}

static void put_set(struct nlmsghdr *nlh, void *data)
{
	const struct host_rule *rule = data;

	set_family(nlh, host_nft_family(rule->family));
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, rule->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, rule->set);
}

static int elements_seen(const struct nlmsghdr *nlh, void *data)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (s && nftnl_set_elems_nlmsg_parse(nlh, s) == 0)
		host_nft_elements(data, s);
	if (s)
		nftnl_set_free(s);
	return MNL_CB_OK;
}

/* A set that cannot be read leaves its rule unclear, and that is no finding. */
static void look_sets(struct nft_socket *s, struct host_facts *facts)
{
	for (size_t i = 0; i < facts->n_rules; i++) {
		/* It forgets the set's name at the first element; the question needs it once. */
		if (facts->rules[i].set[0])
			nft_socket_dump(s, NFT_MSG_GETSETELEM, put_set, elements_seen,
					&facts->rules[i]);
	}
}

int host_nft_look(struct nft_socket *s, struct host_facts *facts)
{
	int code = -EINTR;

	for (int i = 0; i < READ_TRIES && code == -EINTR; i++) {
		facts->n_chains = facts->n_rules = 0;
		code = nft_socket_dump(s, NFT_MSG_GETCHAIN, put_all_families, chain_seen, facts);
		if (code == 0)
			code = nft_socket_dump(s, NFT_MSG_GETRULE, put_all_families, rule_seen,
					       facts);
	}
	if (code == 0)
		look_sets(s, facts);
	return code;
}
