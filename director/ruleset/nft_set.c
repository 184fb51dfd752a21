/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_set.h"

#include "include/wr.h"

#include <stdio.h>
#include <stdlib.h>

#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* nft's datatypes (include/datatype.h); a concatenation has six bits for each of its parts. */
enum {
	TYPE_INTEGER = 4,
	TYPE_IPADDR = 7,
	TYPE_INET_PROTOCOL = 12,
	TYPE_INET_SERVICE = 13,
	TYPE_MARK = 19,
	TYPE_SERVICE_KEY = TYPE_IPADDR << 12 | TYPE_INET_PROTOCOL << 6 | TYPE_INET_SERVICE,
	TYPE_FLOW_KEY = TYPE_IPADDR << 12 | TYPE_INET_SERVICE << 6 | TYPE_INET_SERVICE,
};

/* nft's byte orders, kinds of expression and types of user data (include/expression.h, libnftnl). */
enum { ORDER_NONE = 0, ORDER_HOST = 1, ORDER_NETWORK = 2 };
enum { KIND_PAYLOAD = 7, KIND_META = 9, KIND_CONCAT = 13, KIND_NUMGEN = 23 };
enum {
	UDATA_KEY_ORDER = 0,
	UDATA_DATA_ORDER = 1,
	UDATA_KEY_TYPEOF = 3,
	UDATA_DATA_TYPEOF = 4,
	UDATA_DATA_INTERVAL = 6,
	UDATA_ROOM = 128,
};
enum { NOT_A_MAP = 0xff };

struct shape {
	uint32_t flags;
	uint32_t key_type;
	uint32_t data_type;
	uint8_t key_order, data_order;
	uint8_t key_kind, data_kind; /* 0: named by its type alone */
	bool counts;
};

static const struct shape shapes[] = {
	[SET_SERVICES] = {NFT_SET_MAP, TYPE_SERVICE_KEY, NFT_DATA_VERDICT, ORDER_NONE, ORDER_NONE,
			  KIND_CONCAT, 0, false},
	[SET_ADDRESSES] = {0, TYPE_IPADDR, 0, ORDER_NETWORK, NOT_A_MAP, 0, 0, false},
	[SET_BUCKETS] = {NFT_SET_MAP, TYPE_INTEGER, TYPE_INTEGER, ORDER_HOST, ORDER_NETWORK,
			 KIND_NUMGEN, KIND_PAYLOAD, true},
	[SET_BACKENDS] = {NFT_SET_MAP, TYPE_MARK, TYPE_INTEGER, ORDER_HOST, ORDER_NETWORK,
			  KIND_META, KIND_PAYLOAD, true},
	[SET_SLOTS] = {NFT_SET_MAP, TYPE_INTEGER, TYPE_MARK, ORDER_HOST, ORDER_HOST, KIND_NUMGEN,
		       KIND_META, false},
	[SET_FLOWS] = {NFT_SET_MAP | NFT_SET_EVAL | NFT_SET_TIMEOUT, TYPE_FLOW_KEY, TYPE_MARK,
		       ORDER_NONE, ORDER_HOST, KIND_CONCAT, 0, false},
};

/* --- user data: type, length, value; numbers in host order ------------------------------------ */

static void put_number(struct wr *w, uint8_t type, uint32_t value)
{
	wr_u8(w, type);
	wr_u8(w, sizeof(value));
	wr_bytes(w, &value, sizeof(value));
}

/* What the value of a "typeof" says beside the kind of the expression. */
static void put_typeof_value(struct wr *w, uint8_t kind, uint32_t modulus)
{
	switch (kind) {
	case KIND_NUMGEN: /* type: inc, modulus, offset */
		put_number(w, 0, NFT_NG_INCREMENTAL);
		put_number(w, 1, modulus);
		put_number(w, 2, 0);
		return;
	case KIND_META: put_number(w, 0, NFT_META_MARK); return;
	case KIND_PAYLOAD: /* protocol and field: raw; base, offset and length in bits: @ll,0,96 */
		put_number(w, 0, 0);
		put_number(w, 1, 0);
		put_number(w, 2, 1);
		put_number(w, 3, 0);
		put_number(w, 4, 96);
		return;
	default: return;
	}
}

static void put_typeof(struct wr *w, uint8_t type, uint8_t kind, uint32_t modulus)
{
	uint8_t value_bytes[UDATA_ROOM], bytes[UDATA_ROOM];
	struct wr value = wr_init(value_bytes, sizeof(value_bytes));
	struct wr nest = wr_init(bytes, sizeof(bytes));

	if (!kind)
		return;
	put_typeof_value(&value, kind, modulus);
	put_number(&nest, 0, kind);
	wr_u8(&nest, 1);
	wr_u8(&nest, (uint8_t)wr_used(&value));
	wr_bytes(&nest, value_bytes, wr_used(&value));
	wr_u8(w, type);
	wr_u8(w, (uint8_t)wr_used(&nest));
	wr_bytes(w, bytes, wr_used(&nest));
}

static void put_userdata(struct nftnl_set *s, const struct shape *shape, uint32_t modulus)
{
	uint8_t bytes[UDATA_ROOM];
	struct wr w = wr_init(bytes, sizeof(bytes));

	put_number(&w, UDATA_KEY_ORDER, shape->key_order);
	if (shape->flags & NFT_SET_MAP)
		put_number(&w, UDATA_DATA_ORDER, shape->data_order);
	put_typeof(&w, UDATA_KEY_TYPEOF, shape->key_kind, modulus);
	put_typeof(&w, UDATA_DATA_TYPEOF, shape->data_kind, modulus);
	if (shape->flags & NFT_SET_MAP)
		put_number(&w, UDATA_DATA_INTERVAL, 0);
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, bytes, (uint32_t)wr_used(&w));
}

/* --- declarations ----------------------------------------------------------------------------- */

static int put_counter(struct nftnl_set *s)
{
	struct nftnl_expr *counter = nftnl_expr_alloc("counter");

	if (!counter)
		return -1;
	nftnl_set_add_expr(s, counter);
	return 0;
}

struct nftnl_set *nft_set_new(const struct ruleset_set *set, uint32_t id)
{
	const struct shape *shape = &shapes[set->kind];
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s)
		return NULL;
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_NETDEV);
	nftnl_set_set_str(s, NFTNL_SET_TABLE, RULESET_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(s, NFTNL_SET_ID, id);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, shape->flags);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, shape->key_type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, (uint32_t)ruleset_key_len(set->kind));
	if (shape->flags & NFT_SET_MAP) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, shape->data_type);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, (uint32_t)ruleset_data_len(set->kind));
	}
	if (set->size)
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, set->size);
	put_userdata(s, shape, set->size);
	if (shape->counts && put_counter(s) < 0) {
		nftnl_set_free(s);
		return NULL;
	}
	return s;
}

enum ruleset_set_kind nft_set_kind(const struct nftnl_set *set)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *shape = &shapes[i];
		enum ruleset_set_kind kind = (enum ruleset_set_kind)i;

		if (nftnl_set_get_u32(set, NFTNL_SET_FLAGS) != shape->flags ||
		    nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE) != shape->key_type ||
		    nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN) != ruleset_key_len(kind))
			continue;
		if (!(shape->flags & NFT_SET_MAP) ||
		    (nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE) == shape->data_type &&
		     (kind == SET_SERVICES ||
		      nftnl_set_get_u32(set, NFTNL_SET_DATA_LEN) == ruleset_data_len(kind))))
			return kind;
	}
	return SET_FOREIGN;
}

static int print_name(struct nftnl_expr *e, void *data)
{
	fprintf(data, " %s", nftnl_expr_get_str(e, NFTNL_EXPR_NAME));
	return 0;
}

char *nft_set_signature(const struct nftnl_set *set)
{
	char *text = NULL;
	size_t size;
	uint32_t len = 0;
	FILE *out = open_memstream(&text, &size);
	const uint8_t *udata;

	if (!out)
		return NULL;
	/* The length of a verdict is the kernel's own business: it shows another one than it was given. */
	fprintf(out, "flags %x key %x/%u data %x", nftnl_set_get_u32(set, NFTNL_SET_FLAGS),
		nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE),
		nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN),
		nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE));
	if (nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE) != (uint32_t)NFT_DATA_VERDICT)
		fprintf(out, "/%u", nftnl_set_get_u32(set, NFTNL_SET_DATA_LEN));
	fprintf(out, " size %u expressions", nftnl_set_get_u32(set, NFTNL_SET_DESC_SIZE));
	nftnl_set_expr_foreach(set, print_name, out);
	udata = nftnl_set_get_data(set, NFTNL_SET_USERDATA, &len);
	fputs(" userdata ", out);
	for (uint32_t i = 0; udata && i < len; i++)
		fprintf(out, "%02x", udata[i]);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
