/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/kernel_uv.h"

#include "director/ruleset/bucket.h"
#include "director/ruleset/kernel_attr.h"
#include "director/ruleset/kernel_set_uv.h"
#include "director/ruleset/nft_expr.h"
#include "director/ruleset/nft_set.h"
#include "include/nlattr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* A dump that another transaction interrupts starts over; a busy host firewall does not for ever. */
enum { READ_TRIES = 20 };

/* One reading, and what its callbacks fill. */
struct reading {
	const char *table;
	struct ruleset *r;
	struct ruleset_set *set; /* whose elements are being read */
	size_t room;
	bool no_memory;
};

static int stop_without_memory(struct reading *g)
{
	g->no_memory = true;
	return MNL_CB_STOP;
}

static bool is_ours(const struct reading *g, const char *table)
{
	return table && strcmp(table, g->table) == 0;
}

static void put_table_name(struct nlmsghdr *nlh, void *data)
{
	const struct reading *g = data;

	/* NFTA_TABLE_NAME, NFTA_SET_TABLE, NFTA_RULE_TABLE: all the first attribute */
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, g->table);
}

static int table_seen(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	((struct reading *)data)->r->exists = true;
	return MNL_CB_OK;
}

static int chain_seen(const struct nlmsghdr *nlh, void *data)
{
	struct reading *g = data;
	struct nftnl_chain *c = nftnl_chain_alloc();
	const char *device;
	int at = 0;

	if (!c)
		return stop_without_memory(g);
	if (nftnl_chain_nlmsg_parse(nlh, c) == 0 &&
	    is_ours(g, nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE))) {
		at = ruleset_add_chain(g->r, "%.*s", RULESET_NAME - 1,
				       nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
		device = at < 0 ? NULL : nftnl_chain_get_str(c, NFTNL_CHAIN_DEV);
		if (device)
			snprintf(g->r->chains[at].device, RULESET_IFNAME, "%s", device);
	}
	nftnl_chain_free(c);
	return at < 0 ? stop_without_memory(g) : MNL_CB_OK;
}

/* A table of buckets that does not say how many there are is none of ours. */
static enum ruleset_set_kind kind_of(const struct nftnl_set *s)
{
	enum ruleset_set_kind kind = nft_set_kind(s);
	uint32_t size = nftnl_set_get_u32(s, NFTNL_SET_DESC_SIZE);

	return ruleset_kind_is_indexed(kind) && (size == 0 || size > BUCKET_TABLE_MAX) ? SET_FOREIGN
										       : kind;
}

static int set_declared(struct ruleset_set *set, const struct nftnl_set *s)
{
	set->size = nftnl_set_get_u32(s, NFTNL_SET_DESC_SIZE);
	set->signature = nft_set_signature(s);
	if (!set->signature)
		return -ENOMEM;
	return ruleset_kind_is_indexed(set->kind) ? ruleset_set_index(set, set->size, 0) : 0;
}

static int set_seen(const struct nlmsghdr *nlh, void *data)
{
	struct reading *g = data;
	struct nftnl_set *s = nftnl_set_alloc();
	int at = 0;

	if (!s)
		return stop_without_memory(g);
	/* An anonymous set belongs to a rule (somebody else's: ours have none) and goes with it. */
	if (nftnl_set_nlmsg_parse(nlh, s) == 0 &&
	    is_ours(g, nftnl_set_get_str(s, NFTNL_SET_TABLE)) &&
	    !(nftnl_set_get_u32(s, NFTNL_SET_FLAGS) & NFT_SET_ANONYMOUS)) {
		at = ruleset_add_set(g->r, kind_of(s), "%.*s", RULESET_NAME - 1,
				     nftnl_set_get_str(s, NFTNL_SET_NAME));
		if (at >= 0)
			at = set_declared(&g->r->sets[at], s) < 0 ? -ENOMEM : at;
	}
	nftnl_set_free(s);
	return at < 0 ? stop_without_memory(g) : MNL_CB_OK;
}

static int rule_add_read(struct reading *g, const struct nftnl_rule *nr)
{
	int at = ruleset_find_chain(g->r, nftnl_rule_get_str(nr, NFTNL_RULE_CHAIN));
	struct ruleset_rule *rule;

	if (at < 0)
		return 0; /* of a chain made after the chains were read: the generation tells */
	rule = ruleset_add_rule(g->r, at, NULL);
	if (!rule)
		return -ENOMEM;
	rule->handle = nftnl_rule_get_u64(nr, NFTNL_RULE_HANDLE);
	rule->signature = nft_expr_signature(nr);
	return rule->signature ? 0 : -ENOMEM;
}

static int rule_seen(const struct nlmsghdr *nlh, void *data)
{
	struct reading *g = data;
	struct nftnl_rule *nr = nftnl_rule_alloc();
	int err = 0;

	if (!nr)
		return stop_without_memory(g);
	if (nftnl_rule_nlmsg_parse(nlh, nr) == 0 &&
	    is_ours(g, nftnl_rule_get_str(nr, NFTNL_RULE_TABLE)))
		err = rule_add_read(g, nr);
	nftnl_rule_free(nr);
	return err ? stop_without_memory(g) : MNL_CB_OK;
}

/* --- elements --------------------------------------------------------------------------------- */

static uint32_t verdict_chain(const struct ruleset *r, const struct nlattr *data)
{
	const struct nlattr *verdict = nested(data, NFTA_DATA_VERDICT);
	const struct nlattr *code = nested(verdict, NFTA_VERDICT_CODE);
	const struct nlattr *chain = nested(verdict, NFTA_VERDICT_CHAIN);
	int at = -1;

	if (code && mnl_attr_validate(code, MNL_TYPE_U32) >= 0 &&
	    (int32_t)ntohl(mnl_attr_get_u32(code)) == NFT_GOTO && chain &&
	    mnl_attr_validate(chain, MNL_TYPE_NUL_STRING) >= 0)
		at = ruleset_find_chain(r, mnl_attr_get_str(chain));
	return at < 0 ? UINT32_MAX : (uint32_t)at;
}

/* The number of a value of an indexed set, a new one when it was not seen before; or -ENOMEM. */
static int value_number(struct ruleset_set *set, const uint8_t value[static RULESET_DATA_MAX])
{
	uint8_t(*values)[RULESET_DATA_MAX];

	for (size_t i = 0; i < set->n_values; i++)
		if (memcmp(set->values[i], value, RULESET_DATA_MAX) == 0)
			return (int)i;
	values = share_resize(set->values, set->n_values + 1, sizeof(*values));
	if (!values)
		return -ENOMEM;
	set->values = values;
	memcpy(values[set->n_values], value, RULESET_DATA_MAX);
	return (int)set->n_values++;
}

static int bucket_read(struct ruleset_set *set, const struct nlattr *element)
{
	uint8_t value[RULESET_DATA_MAX] = {0};
	uint32_t bucket = UINT32_MAX;
	int number;

	element_key((uint8_t *)&bucket, sizeof(bucket), element);
	element_data(value, sizeof(value), element);
	if (bucket >= set->size)
		return 0; /* no rule can ask for it */
	number = value_number(set, value);
	if (number < 0)
		return number;
	set->owners[bucket] = (uint16_t)number;
	return 0;
}

static bool is_range_end(const struct nlattr *element)
{
	const struct nlattr *flags = nested(element, NFTA_SET_ELEM_FLAGS);

	return flags && mnl_attr_validate(flags, MNL_TYPE_U32) >= 0 &&
	       ntohl(mnl_attr_get_u32(flags)) & NFT_SET_ELEM_INTERVAL_END;
}

/* Of an end of a range, while the elements are read: where its key has a 1. */
enum { END_AT = RULESET_KEY_MAX - 1 };

/*
 * The kernel holds where a range begins and, as an element of its own, the first address behind it;
 * none when it reaches to the last address. An end without a beginning (nft sets one at 0) is none
 * of a range. At the same address, an end belongs in front of a beginning.
 */
static int compare_points(const void *a, const void *b)
{
	const struct ruleset_element *x = a, *y = b;
	int order = memcmp(x->key, y->key, END_AT);

	return order ? order : y->key[END_AT] - x->key[END_AT];
}

static void join_ranges(struct ruleset_set *set)
{
	size_t len = ruleset_key_len(set->kind), n = 0;

	if (set->n_elements)
		qsort(set->elements, set->n_elements, sizeof(*set->elements), compare_points);
	for (size_t i = 0; i < set->n_elements; i++) {
		struct ruleset_element e = set->elements[i], *next = &set->elements[i + 1];
		uint8_t *last = e.key + len;

		if (e.key[END_AT])
			continue;
		memset(last, 0, len);
		if (i + 1 < set->n_elements)
			memcpy(last, next->key, len);
		for (size_t k = len; k > 0 && last[k - 1]-- == 0;)
			k--;
		set->elements[n++] = e;
	}
	set->n_elements = n;
}

static int element_read(struct reading *g, const struct nlattr *element)
{
	struct ruleset_set *set = g->set;
	struct ruleset_element *e;

	if (set->owners)
		return bucket_read(set, element);
	if (set->n_elements == g->room) {
		size_t room = g->room ? 2 * g->room : 64;
		struct ruleset_element *bigger = share_resize(set->elements, room, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		set->elements = bigger;
		g->room = room;
	}
	e = &set->elements[set->n_elements++];
	*e = (struct ruleset_element){0};
	element_key(e->key, sizeof(e->key), element);
	if (ruleset_kind_is_verdicts(set->kind))
		e->chain = verdict_chain(g->r, nested(element, NFTA_SET_ELEM_DATA));
	else
		element_data(e->data, sizeof(e->data), element);
	if (ruleset_kind_is_ranges(set->kind))
		e->key[END_AT] = is_range_end(element);
	return 0;
}

static int element_seen(const struct nlattr *element, void *data)
{
	return element_read(data, element) < 0 ? stop_without_memory(data) : MNL_CB_OK;
}

static bool is_static(const struct ruleset_set *set)
{
	return !ruleset_kind_is_dynamic(set->kind) && set->kind != SET_FOREIGN;
}

static int read_elements(struct nft_socket *s, struct reading *g)
{
	int err = 0;

	for (size_t i = 0; !err && i < g->r->n_sets; i++) {
		if (!is_static(&g->r->sets[i]))
			continue;
		g->set = &g->r->sets[i];
		g->room = 0;
		err = kernel_read_elements(s, g->table, g->set->name, element_seen, g);
		if (ruleset_kind_is_ranges(g->set->kind))
			join_ranges(g->set);
		ruleset_set_sort(g->set);
	}
	return err;
}

static int read_once(struct nft_socket *s, const char *table, struct ruleset *ret)
{
	struct reading g = {.table = table, .r = ret};
	int err;

	ruleset_init(ret);
	ret->table = table;
	err = nft_socket_get(s, NFT_MSG_GETTABLE, put_table_name, table_seen, &g);
	if (err)
		return err == -ENOENT ? 0 : err;
	err = nft_socket_dump(s, NFT_MSG_GETCHAIN, NULL, chain_seen, &g);
	if (!err)
		err = nft_socket_dump(s, NFT_MSG_GETSET, put_table_name, set_seen, &g);
	if (!err)
		err = read_elements(s, &g);
	if (!err)
		err = nft_socket_dump(s, NFT_MSG_GETRULE, put_table_name, rule_seen, &g);
	return g.no_memory ? -ENOMEM : err;
}

/* What was read is of one moment when nobody's transaction came in between. */
int kernel_read_table(struct nft_socket *s, const char *table, struct ruleset *ret)
{
	uint32_t before, after;
	int err = -EINTR;

	ruleset_init(ret);
	for (int i = 0; err == -EINTR && i < READ_TRIES; i++) {
		err = nft_socket_generation(s, &before);
		if (!err)
			err = read_once(s, table, ret);
		if (!err)
			err = nft_socket_generation(s, &after);
		if (!err && before != after)
			err = -EINTR;
		if (err)
			ruleset_clear(ret);
	}
	return err;
}

int kernel_read(struct nft_socket *s, struct ruleset *ret)
{
	return kernel_read_table(s, RULESET_TABLE, ret);
}
