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
	TYPE_IP6ADDR = 8,
	TYPE_ETHERADDR = 9,
	TYPE_INET_PROTOCOL = 12,
	TYPE_INET_SERVICE = 13,
	TYPE_MARK = 19,
	TYPE_IFINDEX = 20,
	TYPE_SERVICE_KEY = TYPE_IPADDR << 12 | TYPE_INET_PROTOCOL << 6 | TYPE_INET_SERVICE,
	TYPE_SERVICE6_KEY = TYPE_IP6ADDR << 12 | TYPE_INET_PROTOCOL << 6 | TYPE_INET_SERVICE,
	TYPE_ERROR_KEY = TYPE_IPADDR << 12 | TYPE_INTEGER << 6 | TYPE_INTEGER,
	TYPE_ERROR6_KEY = TYPE_IP6ADDR << 12 | TYPE_INTEGER << 6 | TYPE_INTEGER,
	TYPE_LATER_KEY = TYPE_IPADDR << 6 | TYPE_INET_PROTOCOL,
	TYPE_LATER6_KEY = TYPE_IP6ADDR << 6 | TYPE_INET_PROTOCOL,
	TYPE_FRAGMENT_KEY =
		TYPE_INTEGER << 18 | TYPE_INTEGER << 12 | TYPE_INTEGER << 6 | TYPE_INTEGER,
	TYPE_FLOW_KEY = TYPE_INTEGER << 12 | TYPE_INTEGER << 6 | TYPE_INTEGER,
};

/* nft's byte orders, kinds of expression and types of user data (include/expression.h, libnftnl). */
enum { ORDER_NONE = 0, ORDER_HOST = 1, ORDER_NETWORK = 2 };
enum { KIND_VERDICT = 1, KIND_PAYLOAD = 7, KIND_META = 9, KIND_CONCAT = 13, KIND_NUMGEN = 23 };
enum {
	UDATA_KEY_ORDER = 0,
	UDATA_DATA_ORDER = 1,
	UDATA_KEY_TYPEOF = 3,
	UDATA_DATA_TYPEOF = 4,
	UDATA_DATA_INTERVAL = 6,
	UDATA_ROOM = 255, /* the length of a value is one octet */
};
enum { HEADER_ETHER = 17, FIELD_ETHER_DESTINATION = 1 };
enum { NOT_A_MAP = 0xff };

/* What a "typeof" names. */
enum typeof_kind {
	TYPEOF_NONE,   /* a type alone */
	TYPEOF_CONCAT, /* a concatenation of types */
	TYPEOF_KEY,    /* the fields of a key */
	TYPEOF_FIELD,  /* the only one */
	TYPEOF_NUMGEN, /* numgen inc mod SIZE */
	TYPEOF_MARK,   /* meta mark */
	TYPEOF_MACS,   /* @ll,0,96 */
	TYPEOF_MAC,    /* ether daddr */
	TYPEOF_IIF,    /* meta iif */
	TYPEOF_VERDICT,
};

struct shape {
	uint32_t flags;
	uint32_t key_type;
	uint32_t data_type;
	uint8_t key_order, data_order;
	enum typeof_kind key, data;
	enum ruleset_key fields; /* of TYPEOF_KEY, TYPEOF_FIELD */
};

enum {
	TYPE_SENDER_KEY = TYPE_ETHERADDR << 6 | TYPE_IPADDR,
	TYPE_SENDER6_KEY = TYPE_ETHERADDR << 6 | TYPE_IP6ADDR,
	TYPE_CLAIM6_KEY = TYPE_ETHERADDR << 6 | TYPE_INTEGER,
	TYPE_SYN_KEY = TYPE_INTEGER << 6 | TYPE_INTEGER,
	TYPE_SERVED_KEY = TYPE_INTEGER << 12 | TYPE_INET_SERVICE << 6 | TYPE_INTEGER,
};
enum { RATE_FLAGS = NFT_SET_EVAL | NFT_SET_TIMEOUT };
enum { FLOW_FLAGS = NFT_SET_MAP | NFT_SET_EVAL | NFT_SET_TIMEOUT };

static const struct shape shapes[] = {
	[SET_SERVICES] = {NFT_SET_MAP, TYPE_SERVICE_KEY, NFT_DATA_VERDICT, ORDER_NONE, ORDER_NONE,
			  TYPEOF_CONCAT, TYPEOF_NONE, 0},
	[SET_SERVICES6] = {NFT_SET_MAP, TYPE_SERVICE6_KEY, NFT_DATA_VERDICT, ORDER_NONE, ORDER_NONE,
			   TYPEOF_CONCAT, TYPEOF_NONE, 0},
	[SET_ADDRESSES] = {0, TYPE_IPADDR, 0, ORDER_NETWORK, NOT_A_MAP, TYPEOF_NONE, TYPEOF_NONE,
			   0},
	[SET_ADDRESSES6] = {0, TYPE_IP6ADDR, 0, ORDER_NETWORK, NOT_A_MAP, TYPEOF_NONE, TYPEOF_NONE,
			    0},
	[SET_BUCKETS] = {NFT_SET_MAP, TYPE_INTEGER, TYPE_INTEGER, ORDER_HOST, ORDER_NETWORK,
			 TYPEOF_NUMGEN, TYPEOF_MACS, 0},
	[SET_SLOTS] = {NFT_SET_MAP, TYPE_INTEGER, TYPE_MARK, ORDER_HOST, ORDER_HOST, TYPEOF_NUMGEN,
		       TYPEOF_MARK, 0},
	[SET_BACKENDS] = {NFT_SET_MAP, TYPE_MARK, TYPE_INTEGER, ORDER_HOST, ORDER_NETWORK,
			  TYPEOF_MARK, TYPEOF_MACS, 0},
	[SET_LEAVING] = {0, TYPE_MARK, 0, ORDER_HOST, NOT_A_MAP, TYPEOF_NONE, TYPEOF_NONE, 0},
	[SET_OUTPUTS] = {NFT_SET_MAP, TYPE_ETHERADDR, TYPE_IFINDEX, ORDER_NETWORK, ORDER_HOST,
			 TYPEOF_MAC, TYPEOF_IIF, 0},
	[SET_FLOWS] = {FLOW_FLAGS, TYPE_FLOW_KEY, TYPE_MARK, ORDER_NONE, ORDER_HOST, TYPEOF_KEY,
		       TYPEOF_MARK, KEY_FLOW},
	[SET_FLOWS6] = {FLOW_FLAGS, TYPE_FLOW_KEY, TYPE_MARK, ORDER_NONE, ORDER_HOST, TYPEOF_KEY,
			TYPEOF_MARK, KEY_FLOW6},
	[SET_PINS] = {FLOW_FLAGS, TYPE_INTEGER, TYPE_MARK, ORDER_NETWORK, ORDER_HOST, TYPEOF_FIELD,
		      TYPEOF_MARK, KEY_CLIENT},
	[SET_PINS6] = {FLOW_FLAGS, TYPE_INTEGER, TYPE_MARK, ORDER_NETWORK, ORDER_HOST, TYPEOF_FIELD,
		       TYPEOF_MARK, KEY_CLIENT6},
	[SET_STATIC] = {NFT_SET_MAP | NFT_SET_INTERVAL, TYPE_IPADDR, TYPE_MARK, ORDER_NETWORK,
			ORDER_HOST, TYPEOF_NONE, TYPEOF_NONE, 0},
	[SET_STATIC6] = {NFT_SET_MAP | NFT_SET_INTERVAL, TYPE_IP6ADDR, TYPE_MARK, ORDER_NETWORK,
			 ORDER_HOST, TYPEOF_NONE, TYPEOF_NONE, 0},
	[SET_ERRORS] = {NFT_SET_MAP, TYPE_ERROR_KEY, NFT_DATA_VERDICT, ORDER_NONE, ORDER_NONE,
			TYPEOF_KEY, TYPEOF_VERDICT, KEY_ERROR},
	[SET_ERRORS6] = {NFT_SET_MAP, TYPE_ERROR6_KEY, NFT_DATA_VERDICT, ORDER_NONE, ORDER_NONE,
			 TYPEOF_KEY, TYPEOF_VERDICT, KEY_ERROR6},
	[SET_LATER] = {NFT_SET_MAP, TYPE_LATER_KEY, NFT_DATA_VERDICT, ORDER_NONE, ORDER_NONE,
		       TYPEOF_CONCAT, TYPEOF_NONE, 0},
	[SET_LATER6] = {NFT_SET_MAP, TYPE_LATER6_KEY, NFT_DATA_VERDICT, ORDER_NONE, ORDER_NONE,
			TYPEOF_CONCAT, TYPEOF_NONE, 0},
	[SET_FRAGMENTS] = {FLOW_FLAGS, TYPE_FRAGMENT_KEY, TYPE_INTEGER, ORDER_NONE, ORDER_NETWORK,
			   TYPEOF_KEY, TYPEOF_MACS, KEY_FRAGMENT},
	[SET_RANGES] = {NFT_SET_INTERVAL, TYPE_IPADDR, 0, ORDER_NETWORK, NOT_A_MAP, TYPEOF_NONE,
			TYPEOF_NONE, 0},
	[SET_RANGES6] = {NFT_SET_INTERVAL, TYPE_IP6ADDR, 0, ORDER_NETWORK, NOT_A_MAP, TYPEOF_NONE,
			 TYPEOF_NONE, 0},
	[SET_RATES] = {RATE_FLAGS, TYPE_INTEGER, 0, ORDER_NETWORK, NOT_A_MAP, TYPEOF_FIELD,
		       TYPEOF_NONE, KEY_SOURCE},
	[SET_RATES6] = {RATE_FLAGS, TYPE_INTEGER, 0, ORDER_NETWORK, NOT_A_MAP, TYPEOF_FIELD,
			TYPEOF_NONE, KEY_SOURCE6},
	[SET_SENDERS] = {RATE_FLAGS, TYPE_SENDER_KEY, 0, ORDER_NONE, NOT_A_MAP, TYPEOF_CONCAT,
			 TYPEOF_NONE, 0},
	[SET_SENDERS6] = {RATE_FLAGS, TYPE_SENDER6_KEY, 0, ORDER_NONE, NOT_A_MAP, TYPEOF_CONCAT,
			  TYPEOF_NONE, 0},
	[SET_MACS] = {0, TYPE_ETHERADDR, 0, ORDER_NETWORK, NOT_A_MAP, TYPEOF_NONE, TYPEOF_NONE, 0},
	[SET_TARGETS6] = {0, TYPE_INTEGER, 0, ORDER_NETWORK, NOT_A_MAP, TYPEOF_FIELD, TYPEOF_NONE,
			  KEY_TARGET},
	[SET_CLAIMS6] = {RATE_FLAGS, TYPE_CLAIM6_KEY, 0, ORDER_NONE, NOT_A_MAP, TYPEOF_KEY,
			 TYPEOF_NONE, KEY_CLAIM6},
	[SET_SYNS] = {RATE_FLAGS, TYPE_SYN_KEY, 0, ORDER_NONE, NOT_A_MAP, TYPEOF_KEY, TYPEOF_NONE,
		      KEY_SYN},
	[SET_SYNS6] = {RATE_FLAGS, TYPE_SYN_KEY, 0, ORDER_NONE, NOT_A_MAP, TYPEOF_KEY, TYPEOF_NONE,
		       KEY_SYN6},
	[SET_SERVED] = {RATE_FLAGS, TYPE_SERVED_KEY, 0, ORDER_NONE, NOT_A_MAP, TYPEOF_KEY,
			TYPEOF_NONE, KEY_SERVED},
	[SET_SERVED6] = {RATE_FLAGS, TYPE_SERVED_KEY, 0, ORDER_NONE, NOT_A_MAP, TYPEOF_KEY,
			 TYPEOF_NONE, KEY_SERVED6},
};

/* --- user data: type, length, value; numbers in host order ------------------------------------ */

static void put_number(struct wr *w, uint8_t type, uint32_t value)
{
	wr_u8(w, type);
	wr_u8(w, sizeof(value));
	wr_bytes(w, &value, sizeof(value));
}

/* One thing within another: its type and length, then what put wrote. */
static void put_nest(struct wr *w, uint8_t type, const uint8_t *bytes, const struct wr *nest)
{
	wr_u8(w, type);
	wr_u8(w, (uint8_t)wr_used(nest));
	wr_bytes(w, bytes, wr_used(nest));
}

/* A payload field: header and field in it, or for a raw one base, offset and length in bits. */
static void put_field(struct wr *w, const struct ruleset_field *f)
{
	put_number(w, 0, f->header);
	put_number(w, 1, f->field);
	if (f->header)
		return;
	put_number(w, 2, f->base + 1U); /* nft counts its bases from 1 (link layer) */
	put_number(w, 3, 8U * f->offset);
	put_number(w, 4, 8U * f->len);
}

/* An expression: its kind, and what there is to say about it. */
static void put_expression(struct wr *w, uint8_t kind, const uint8_t *bytes, const struct wr *value)
{
	put_number(w, 0, kind);
	put_nest(w, 1, bytes, value);
}

static void put_parts(struct wr *w, enum ruleset_key key)
{
	const struct ruleset_key_parts *parts = ruleset_key_parts(key);

	for (uint8_t i = 0; i < parts->n; i++) {
		uint8_t field_bytes[UDATA_ROOM], bytes[UDATA_ROOM];
		struct wr field = wr_init(field_bytes, sizeof(field_bytes));
		struct wr nest = wr_init(bytes, sizeof(bytes));

		put_field(&field, &parts->parts[i]);
		put_expression(&nest, KIND_PAYLOAD, field_bytes, &field);
		put_nest(w, i, bytes, &nest);
	}
}

static void put_typeof(struct wr *w, uint8_t type, enum typeof_kind what, const struct shape *shape,
		       uint32_t modulus)
{
	static const struct ruleset_field macs = {
		.base = NFT_PAYLOAD_LL_HEADER, .offset = 0, .len = 2 * MAC_LEN};
	static const struct ruleset_field mac = {.header = HEADER_ETHER,
						 .field = FIELD_ETHER_DESTINATION};
	uint8_t value_bytes[UDATA_ROOM], bytes[UDATA_ROOM], kind = 0;
	struct wr value = wr_init(value_bytes, sizeof(value_bytes));
	struct wr nest = wr_init(bytes, sizeof(bytes));

	switch (what) {
	case TYPEOF_NONE: return;
	case TYPEOF_CONCAT: kind = KIND_CONCAT; break;
	case TYPEOF_VERDICT: kind = KIND_VERDICT; break;
	case TYPEOF_KEY:
		kind = KIND_CONCAT;
		put_parts(&value, shape->fields);
		break;
	case TYPEOF_FIELD:
		kind = KIND_PAYLOAD;
		put_field(&value, &ruleset_key_parts(shape->fields)->parts[0]);
		break;
	case TYPEOF_NUMGEN: /* type: inc, modulus, offset */
		kind = KIND_NUMGEN;
		put_number(&value, 0, NFT_NG_INCREMENTAL);
		put_number(&value, 1, modulus);
		put_number(&value, 2, 0);
		break;
	case TYPEOF_MARK:
		kind = KIND_META;
		put_number(&value, 0, NFT_META_MARK);
		break;
	case TYPEOF_IIF:
		kind = KIND_META;
		put_number(&value, 0, NFT_META_IIF);
		break;
	case TYPEOF_MACS:
		kind = KIND_PAYLOAD;
		put_field(&value, &macs);
		break;
	case TYPEOF_MAC:
		kind = KIND_PAYLOAD;
		put_field(&value, &mac);
		break;
	}
	put_expression(&nest, kind, value_bytes, &value);
	put_nest(w, type, bytes, &nest);
}

static void put_userdata(struct nftnl_set *s, const struct shape *shape, uint32_t modulus)
{
	uint8_t bytes[2 * UDATA_ROOM];
	struct wr w = wr_init(bytes, sizeof(bytes));

	put_number(&w, UDATA_KEY_ORDER, shape->key_order);
	if (shape->flags & NFT_SET_MAP)
		put_number(&w, UDATA_DATA_ORDER, shape->data_order);
	put_typeof(&w, UDATA_KEY_TYPEOF, shape->key, shape, modulus);
	put_typeof(&w, UDATA_DATA_TYPEOF, shape->data, shape, modulus);
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
	if (set->gc_interval_ms)
		nftnl_set_set_u32(s, NFTNL_SET_GC_INTERVAL, set->gc_interval_ms);
	put_userdata(s, shape, set->size);
	if (ruleset_kind_counts(set->kind) && put_counter(s) < 0) {
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
		     (shape->data_type == (uint32_t)NFT_DATA_VERDICT ||
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
	char *text = NULL, *shared;
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
	shared = fclose(out) == 0 ? share_text(text) : NULL;
	free(text);
	return shared;
}
