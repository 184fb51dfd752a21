/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/plain.h"

#include "director/ruleset/nft_socket_uv.h"
#include "tests/bench/report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

enum {
	PER_TRANSACTION = 500, /* of at most 100 octets each: one attribute holds 64 KiB */
	ROOM = 70000,
};

static int make_sets(const struct ruleset *r, struct err *err)
{
	struct nft_socket s;
	struct nft_batch b;
	int code = nft_socket_open(&s, err);

	if (code < 0)
		return code;
	nft_batch_begin(&b, nft_socket_next_seq(&s));
	nft_put_table(&b);
	for (size_t i = 0; i < r->n_sets; i++)
		nft_put_set(&b, &r->sets[i]);
	for (size_t i = 0; i < r->n_chains; i++)
		if (!r->chains[i].device[0])
			nft_put_chain(&b, &r->chains[i]);
	code = nft_batch_end(&b);
	if (!code)
		code = nft_socket_commit(&s, &b, NULL, NULL, err);
	nft_batch_clear(&b);
	nft_socket_close(&s);
	return code;
}

static struct nlmsghdr *message(uint8_t *at, uint16_t type, uint16_t flags, uint8_t family,
				uint16_t resource)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(resource);
	return nlh;
}

static void put_verdict(struct nlmsghdr *nlh, const char *chain)
{
	struct nlattr *verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);

	mnl_attr_put_u32(nlh, NFTA_VERDICT_CODE, htonl((uint32_t)NFT_GOTO));
	mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(nlh, verdict);
}

static void put_element(struct nlmsghdr *nlh, const struct ruleset *r,
			const struct ruleset_set *set, const struct ruleset_element *e)
{
	size_t data = ruleset_data_len(set->kind);
	struct nlattr *element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM), *nest;

	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, ruleset_key_len(set->kind), e->key);
	mnl_attr_nest_end(nlh, nest);
	if (data || ruleset_kind_is_verdicts(set->kind)) {
		nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
		if (data)
			mnl_attr_put(nlh, NFTA_DATA_VALUE, data, e->data);
		else
			put_verdict(nlh, r->chains[e->chain].name);
		mnl_attr_nest_end(nlh, nest);
	}
	mnl_attr_nest_end(nlh, element);
}

/* One transaction; the elements are acknowledged, as older kernels do not acknowledge the end. */
static int insert_some(struct mnl_socket *nl, const struct ruleset *r,
		       const struct ruleset_set *set, const struct ruleset_element *e, size_t n)
{
	_Alignas(struct nlmsghdr) static uint8_t buf[ROOM];
	struct nlmsghdr *nlh =
		message(buf, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	size_t used = nlh->nlmsg_len;
	struct nlattr *list;
	ssize_t got;

	nlh = message(buf + used, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM,
		      NLM_F_CREATE | NLM_F_ACK, NFPROTO_NETDEV, 0);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < n; i++)
		put_element(nlh, r, set, &e[i]);
	mnl_attr_nest_end(nlh, list);
	used += nlh->nlmsg_len;
	nlh = message(buf + used, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	used += nlh->nlmsg_len;
	if (mnl_socket_sendto(nl, buf, used) < 0)
		return -errno;
	got = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	nlh = (struct nlmsghdr *)buf;
	if (got < (ssize_t)(sizeof(*nlh) + sizeof(struct nlmsgerr)) ||
	    nlh->nlmsg_type != NLMSG_ERROR)
		return -EIO;
	return ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
}

static int insert_indexed(struct mnl_socket *nl, const struct ruleset *r,
			  const struct ruleset_set *set)
{
	static struct ruleset_element some[PER_TRANSACTION];
	size_t n = 0;
	int code = 0;

	for (uint32_t i = 0; !code && i < set->size; i++) {
		if (set->owners[i] != RULESET_NO_OWNER)
			some[n++] = ruleset_bucket_element(set, i);
		if (n && (n == PER_TRANSACTION || i + 1 == set->size)) {
			code = insert_some(nl, r, set, some, n);
			n = 0;
		}
	}
	return code;
}

static int insert_all(struct mnl_socket *nl, const struct ruleset *r)
{
	int code = 0;

	for (size_t i = 0; i < r->n_sets; i++) {
		if (r->sets[i].owners)
			code = insert_indexed(nl, r, &r->sets[i]);
		for (size_t at = 0; !code && at < r->sets[i].n_elements; at += PER_TRANSACTION) {
			size_t n = r->sets[i].n_elements - at;

			code = insert_some(nl, r, &r->sets[i], &r->sets[i].elements[at],
					   n < PER_TRANSACTION ? n : PER_TRANSACTION);
		}
	}
	return code;
}

int plain_insert(const struct ruleset *r, double *ret, struct err *err)
{
	int code = make_sets(r, err), size = 4 * ROOM;
	struct mnl_socket *nl;
	double start;

	if (code < 0)
		return code;
	nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_set(err, -errno, "a netlink socket: %s", strerror(errno));
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	start = report_now();
	code = insert_all(nl, r);
	*ret = report_now() - start;
	mnl_socket_close(nl);
	return code < 0 ? err_set(err, code, "the plain program: %s", strerror(-code)) : 0;
}
