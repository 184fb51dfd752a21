/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_netlink.h"

#include "director/ruleset/nft_expr.h"
#include "director/ruleset/nft_set.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum {
	MESSAGE_ROOM = 65536,  /* longest message: nested attributes have 16-bit lengths */
	ELEMENTS_ROOM = 48000, /* octets of elements in one message, well below that */
	BATCH_START = 4 * MESSAGE_ROOM,
};

/* --- the batch -------------------------------------------------------------------------------- */

static void *batch_room(struct nft_batch *b)
{
	if (b->failed)
		return NULL;
	if (b->size - b->used < MESSAGE_ROOM) {
		size_t size = b->size ? 2 * b->size : BATCH_START;
		uint8_t *bytes = realloc(b->bytes, size);

		if (!bytes) {
			b->failed = true;
			return NULL;
		}
		/* libmnl leaves padding as it is; nothing of our memory goes to the kernel. */
		memset(bytes + b->size, 0, size - b->size);
		b->bytes = bytes;
		b->size = size;
	}
	return b->bytes + b->used;
}

static bool batch_label(struct nft_batch *b, const char *what, const char *name)
{
	if (b->n_messages == b->labels_size) {
		size_t size = b->labels_size ? 2 * b->labels_size : 64;
		struct nft_label *labels = reallocarray(b->labels, size, sizeof(*labels));

		if (!labels) {
			b->failed = true;
			return false;
		}
		b->labels = labels;
		b->labels_size = size;
	}
	b->labels[b->n_messages].what = what;
	snprintf(b->labels[b->n_messages].name, RULESET_NAME, "%s", name);
	return true;
}

/* Opens a message about an object of the table; NULL when there is no memory. */
static struct nlmsghdr *put_header(struct nft_batch *b, uint16_t type, uint16_t flags,
				   const char *what, const char *name)
{
	void *room = batch_room(b);

	if (!room || !batch_label(b, what, name))
		return NULL;
	return nftnl_nlmsg_build_hdr(room, type, NFPROTO_NETDEV, flags,
				     b->first_seq + b->n_messages);
}

static size_t aligned_len(const struct nlmsghdr *nlh)
{
	return (nlh->nlmsg_len + (NLMSG_ALIGNTO - 1)) & ~(size_t)(NLMSG_ALIGNTO - 1);
}

static void put_done(struct nft_batch *b, const struct nlmsghdr *nlh)
{
	b->used += aligned_len(nlh);
	b->n_messages++;
}

struct nlmsghdr *nft_batch_put(struct nft_batch *b, uint16_t type, uint16_t flags, const char *what,
			       const char *name)
{
	return put_header(b, type, flags, what, name);
}

void nft_batch_took(struct nft_batch *b, const struct nlmsghdr *nlh)
{
	put_done(b, nlh);
}

void nft_batch_begin(struct nft_batch *b, uint32_t first_seq)
{
	void *room;

	*b = (struct nft_batch){.first_seq = first_seq, .next_set_id = 1, .table = RULESET_TABLE};
	room = batch_room(b);
	if (room && batch_label(b, "the transaction", ""))
		put_done(b, nftnl_batch_begin(room, first_seq));
}

int nft_batch_end(struct nft_batch *b)
{
	struct nlmsghdr *last = NULL, *end;
	size_t at = 0;
	void *room = batch_room(b);

	if (!room || !batch_label(b, "the transaction", ""))
		return -ENOMEM;
	while (at < b->used) {
		last = (struct nlmsghdr *)(void *)(b->bytes + at);
		at += aligned_len(last);
	}
	if (b->n_messages > 1 && last)
		last->nlmsg_flags |= NLM_F_ACK;
	end = nftnl_batch_end(room, b->first_seq + b->n_messages);
	end->nlmsg_flags |= NLM_F_ACK;
	put_done(b, end);
	return 0;
}

void nft_batch_clear(struct nft_batch *b)
{
	free(b->bytes);
	free(b->labels);
	*b = (struct nft_batch){0};
}

const struct nft_label *nft_batch_label(const struct nft_batch *b, uint32_t seq)
{
	return seq - b->first_seq < b->n_messages ? &b->labels[seq - b->first_seq] : NULL;
}

/* --- table, chains, rules --------------------------------------------------------------------- */

/* A comment as nft stores it: one TLV of type 0 in every kind of object but sets. */
static struct nftnl_udata_buf *comment_new(const char *text)
{
	struct nftnl_udata_buf *buf = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (buf)
		nftnl_udata_put_strz(buf, 0, text);
	return buf;
}

/*
 * The table has no flags, by decision; tests/unit/t_owner_kernel.c holds the facts. With the flag
 * owner nobody else can change it, but it vanishes with the daemon's socket, and a restart must not
 * interrupt forwarding. With persist beside it (Linux 6.9) it survives, but not untouched: while
 * nobody owns it anybody may change it. As long as the daemon runs, the host's own `nft list ruleset`
 * cannot be loaded again (EPERM), with all the other rules in it, and between two daemons not
 * either: nft 1.0.6 lists an orphan with a bare "flags ", which it takes for a mistake itself. What
 * protects the table instead: the daemon hears of every transaction, names who made it and mends
 * what differs within a second (nft_watch_uv.c, keeper_check()).
 */
static void put_table(struct nft_batch *b, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = put_header(b, type, flags, "table", b->table);
	struct nftnl_table *t = nftnl_table_alloc();
	struct nftnl_udata_buf *comment = comment_new(RULESET_COMMENT);

	if (nlh && t && comment) {
		nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_NETDEV);
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, b->table);
		if (type == NFT_MSG_NEWTABLE) {
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, 0);
			nftnl_table_set_data(t, NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(comment),
					     nftnl_udata_buf_len(comment));
		}
		nftnl_table_nlmsg_build_payload(nlh, t);
		put_done(b, nlh);
	} else {
		b->failed = true;
	}
	if (comment)
		nftnl_udata_buf_free(comment);
	nftnl_table_free(t);
}

void nft_put_table(struct nft_batch *b)
{
	put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
}

void nft_put_delete_table(struct nft_batch *b)
{
	put_table(b, NFT_MSG_DELTABLE, 0);
}

static void chain_fill(struct nftnl_chain *c, const struct ruleset_chain *chain)
{
	struct nftnl_udata_buf *comment;

	if (chain->device[0]) {
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, NF_NETDEV_INGRESS);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, chain->priority);
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, chain->device);
	}
	if (!chain->comment[0])
		return;
	comment = comment_new(chain->comment);
	if (!comment)
		return;
	nftnl_chain_set_data(c, NFTNL_CHAIN_USERDATA, nftnl_udata_buf_data(comment),
			     nftnl_udata_buf_len(comment));
	nftnl_udata_buf_free(comment);
}

void nft_put_chain(struct nft_batch *b, const struct ruleset_chain *chain)
{
	struct nlmsghdr *nlh = put_header(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "chain", chain->name);
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (nlh && c) {
		nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_NETDEV);
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, b->table);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain->name);
		chain_fill(c, chain);
		nftnl_chain_nlmsg_build_payload(nlh, c);
		put_done(b, nlh);
	} else {
		b->failed = true;
	}
	nftnl_chain_free(c);
}

/* A deletion by name: every kind of object has its table and its name in these two attributes. */
static void put_named(struct nft_batch *b, uint16_t type, uint16_t table_attr, uint16_t name_attr,
		      const char *what, const char *name)
{
	struct nlmsghdr *nlh = put_header(b, type, 0, what, name);

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, table_attr, b->table);
	mnl_attr_put_strz(nlh, name_attr, name);
	put_done(b, nlh);
}

void nft_put_delete_chain(struct nft_batch *b, const char *name)
{
	put_named(b, NFT_MSG_DELCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, "deletion of chain",
		  name);
}

void nft_put_flush_chain(struct nft_batch *b, const char *name)
{
	put_named(b, NFT_MSG_DELRULE, NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFT_LABEL_FLUSH, name);
}

void nft_put_made_rule(struct nft_batch *b, const char *chain, struct nftnl_rule *rule)
{
	struct nlmsghdr *nlh =
		put_header(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "rule of chain", chain);

	if (nlh && rule) {
		nftnl_rule_nlmsg_build_payload(nlh, rule);
		put_done(b, nlh);
	} else {
		b->failed = true;
	}
	if (rule)
		nftnl_rule_free(rule);
}

void nft_put_rule(struct nft_batch *b, const struct ruleset *r, const struct ruleset_chain *chain,
		  const struct ruleset_rule *rule)
{
	nft_put_made_rule(b, chain->name, nft_expr_rule(r, chain, rule));
}

/* --- sets ------------------------------------------------------------------------------------- */

void nft_put_set(struct nft_batch *b, const struct ruleset_set *set)
{
	struct nlmsghdr *nlh = put_header(b, NFT_MSG_NEWSET, NLM_F_CREATE, "set", set->name);
	struct nftnl_set *s = nft_set_new(set, b->next_set_id++);

	if (nlh && s) {
		nftnl_set_set_str(s, NFTNL_SET_TABLE, b->table);
		nftnl_set_nlmsg_build_payload(nlh, s);
		put_done(b, nlh);
	} else {
		b->failed = true;
	}
	nftnl_set_free(s);
}

void nft_put_delete_set(struct nft_batch *b, const char *name)
{
	put_named(b, NFT_MSG_DELSET, NFTA_SET_TABLE, NFTA_SET_NAME, "deletion of set", name);
}

static void put_verdict(struct nlmsghdr *nlh, const char *chain)
{
	struct nlattr *verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);

	mnl_attr_put_u32(nlh, NFTA_VERDICT_CODE, htonl((uint32_t)NFT_GOTO));
	mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(nlh, verdict);
}

static void put_element_comment(struct nlmsghdr *nlh, const char *text)
{
	uint8_t tlv[2 + RULESET_NAME] = {NFTNL_UDATA_SET_ELEM_COMMENT, (uint8_t)(strlen(text) + 1)};

	memcpy(tlv + 2, text, strlen(text) + 1);
	mnl_attr_put(nlh, NFTA_SET_ELEM_USERDATA, 2 + strlen(text) + 1, tlv);
}

/* nft's flag of a range, in its user data (include/rule.h). */
enum { RANGE_IS_OPEN = 1 };

static void put_key(struct nlmsghdr *nlh, const uint8_t *key, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, key);
	mnl_attr_nest_end(nlh, nest);
}

static void put_data(struct nlmsghdr *nlh, const uint8_t *data, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, data);
	mnl_attr_nest_end(nlh, nest);
}

/* One element; its data only when r is given (a deletion needs the key alone). */
static void put_element(struct nlmsghdr *nlh, const struct ruleset *r,
			const struct ruleset_set *set, const struct ruleset_element *e)
{
	struct nlattr *element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM), *nest;

	put_key(nlh, e->key, ruleset_key_len(set->kind));
	if (r && (ruleset_kind_is_verdicts(set->kind) || ruleset_data_len(set->kind))) {
		nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
		if (ruleset_kind_is_verdicts(set->kind))
			put_verdict(nlh, r->chains[e->chain].name);
		else
			mnl_attr_put(nlh, NFTA_DATA_VALUE, ruleset_data_len(set->kind), e->data);
		mnl_attr_nest_end(nlh, nest);
	}
	if (r && set->kind == SET_BACKENDS)
		put_element_comment(nlh, set->names[e->backend]);
	mnl_attr_nest_end(nlh, element);
}

/*
 * A range: where it begins, and the address behind it as an element of its own. One that reaches to
 * the last address has no such end; nft notes that in user data (flags: open).
 */
static void put_range(struct nlmsghdr *nlh, const struct ruleset *r, const struct ruleset_set *set,
		      const struct ruleset_element *e)
{
	static const uint8_t open_range[] = {NFTNL_UDATA_SET_ELEM_FLAGS, sizeof(uint32_t)};
	size_t len = ruleset_key_len(set->kind), i = len;
	uint8_t end[sizeof(e->key)], tlv[sizeof(open_range) + sizeof(uint32_t)];
	uint32_t open = RANGE_IS_OPEN;
	struct nlattr *element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

	memcpy(end, e->key + len, len);
	while (i > 0 && ++end[i - 1] == 0)
		i--;
	put_key(nlh, e->key, len);
	if (r && ruleset_data_len(set->kind))
		put_data(nlh, e->data, ruleset_data_len(set->kind));
	if (r && i == 0) {
		memcpy(tlv, open_range, sizeof(open_range));
		memcpy(tlv + sizeof(open_range), &open, sizeof(open));
		mnl_attr_put(nlh, NFTA_SET_ELEM_USERDATA, sizeof(tlv), tlv);
	}
	mnl_attr_nest_end(nlh, element);
	if (i == 0)
		return;
	element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	put_key(nlh, end, len);
	mnl_attr_put_u32(nlh, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	mnl_attr_nest_end(nlh, element);
}

static void put_elements(struct nft_batch *b, uint16_t type, uint16_t flags,
			 const struct ruleset *r, const struct ruleset_set *set,
			 const struct ruleset_element *elements, size_t n)
{
	const char *what = r ? "elements of set" : "deletion of elements of set";

	for (size_t i = 0; i < n;) {
		struct nlmsghdr *nlh = put_header(b, type, flags, what, set->name);
		struct nlattr *list;

		if (!nlh)
			return;
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, b->table);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
		list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
		while (i < n && nlh->nlmsg_len < ELEMENTS_ROOM)
			(ruleset_kind_is_ranges(set->kind) ? put_range : put_element)(
				nlh, r, set, &elements[i++]);
		mnl_attr_nest_end(nlh, list);
		put_done(b, nlh);
	}
}

void nft_put_elements(struct nft_batch *b, const struct ruleset *r, const struct ruleset_set *set,
		      const struct ruleset_element *elements, size_t n)
{
	put_elements(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, r, set, elements, n);
}

void nft_put_delete_elements(struct nft_batch *b, const struct ruleset_set *set,
			     const struct ruleset_element *elements, size_t n)
{
	put_elements(b, NFT_MSG_DELSETELEM, ruleset_kind_counts(set->kind) ? NLM_F_ECHO : 0, NULL,
		     set, elements, n);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t nft_put_elements_from(struct nft_batch *b, const struct ruleset *r,
			     const struct ruleset_set *set, size_t *at, size_t most)
{
	struct ruleset_element some[256];
	size_t room = sizeof(some) / sizeof(some[0]), put = 0;

	if (!set->owners) {
		put = least(most, set->n_elements - *at);
		nft_put_elements(b, r, set, &set->elements[*at], put);
		*at += put;
		return put;
	}
	while (*at < set->size && put < most) {
		size_t n = 0;

		for (; *at < set->size && n < least(room, most - put); (*at)++)
			if (set->owners[*at] != RULESET_NO_OWNER)
				some[n++] = ruleset_bucket_element(set, (uint32_t)*at);
		nft_put_elements(b, r, set, some, n);
		put += n;
	}
	return put;
}

void nft_put_whole(struct nft_batch *b, const struct ruleset *r)
{
	nft_put_table(b);
	for (size_t i = 0; i < r->n_chains; i++)
		nft_put_chain(b, &r->chains[i]);
	for (size_t i = 0; i < r->n_sets; i++) {
		size_t at = 0;

		nft_put_set(b, &r->sets[i]);
		nft_put_elements_from(b, r, &r->sets[i], &at, SIZE_MAX);
	}
	for (size_t i = 0; i < r->n_chains; i++)
		for (size_t k = 0; k < r->chains[i].n_rules; k++)
			nft_put_rule(b, r, &r->chains[i], &r->chains[i].rules[k]);
}
