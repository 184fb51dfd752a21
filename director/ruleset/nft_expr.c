/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_expr.h"

#include "director/ruleset/nft_guard.h"

#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's headers stand aside for libc's when these come first. */
#include <libnftnl/expr.h>
#include <libnftnl/udata.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Field offsets and sizes: RFC 791, RFC 9293, IEEE 802.3. */
enum {
	AT_ETHER_SOURCE = 6,
	AT_IP_FRAGMENT = 6,
	AT_IP_SOURCE = 12,
	AT_IP_DESTINATION = 16,
	AT_TCP_FLAGS = 13,
};

/* Registers: 16 octets each from 1 on, or 4 octets each from 8 on; REG_1 is the same as 8. */
enum { REG_VERDICT = NFT_REG_VERDICT, REG_1 = NFT_REG_1, REG_2 = NFT_REG_2 };

/* The register at the n-th 4 octets, as the kernel names it when it lists a rule. */
static uint32_t reg_at(uint32_t n)
{
	return n % 4 == 0 ? NFT_REG_1 + n / 4 : NFT_REG32_00 + n;
}

/* A rule under construction. A dependency, once matched in a rule, is not matched again. */
struct lowering {
	struct nftnl_rule *rule;
	bool is_ip, is_ip6;
	bool is_ether;
	bool failed; /* no memory; sticky */
};

static struct nftnl_expr *expr_add(struct lowering *l, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e) {
		l->failed = true;
		return NULL;
	}
	nftnl_rule_add_expr(l->rule, e);
	return e;
}

/* An expression that is made already; NULL: there was no memory for it. */
static void expr_take(struct lowering *l, struct nftnl_expr *e)
{
	if (e)
		nftnl_rule_add_expr(l->rule, e);
	else
		l->failed = true;
}

static void meta_load(struct lowering *l, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = expr_add(l, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

static void mark_set(struct lowering *l, uint32_t reg)
{
	struct nftnl_expr *e = expr_add(l, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, reg);
}

static void compare(struct lowering *l, uint32_t op, const void *value, uint32_t len)
{
	struct nftnl_expr *e = expr_add(l, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, len);
}

static void payload_load(struct lowering *l, uint32_t base, uint32_t offset, uint32_t len,
			 uint32_t reg)
{
	struct nftnl_expr *e = expr_add(l, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

static void macs_write(struct lowering *l)
{
	struct nftnl_expr *e = expr_add(l, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_SREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_LL_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, 0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, 2 * MAC_LEN);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_NONE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, 0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_FLAGS, 0);
}

static void mask(struct lowering *l, const void *bits, uint32_t len)
{
	static const uint8_t zero[4];
	struct nftnl_expr *e = expr_add(l, "bitwise");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, bits, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

enum { NO_DESTINATION = UINT16_MAX }; /* a lookup that only matches */

static void lookup(struct lowering *l, const char *set, uint32_t dreg, bool invert)
{
	struct nftnl_expr *e = expr_add(l, "lookup");

	if (!e)
		return;
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, REG_1);
	if (dreg != NO_DESTINATION)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, dreg);
	/* Stated even when 0, as the kernel does, so that signatures agree. */
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, invert ? NFT_LOOKUP_F_INV : 0);
}

static void verdict(struct lowering *l, int code, const char *chain)
{
	struct nftnl_expr *e = expr_add(l, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)code);
	if (chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

/* --- dependencies ----------------------------------------------------------------------------- */

static void need_ip(struct lowering *l)
{
	uint16_t ethertype = htons(ETH_P_IP);

	if (l->is_ip)
		return;
	l->is_ip = true;
	meta_load(l, NFT_META_PROTOCOL, REG_1);
	compare(l, NFT_CMP_EQ, &ethertype, sizeof(ethertype));
}

static void need_ip6(struct lowering *l)
{
	uint16_t ethertype = htons(ETH_P_IPV6);

	if (l->is_ip6)
		return;
	l->is_ip6 = true;
	meta_load(l, NFT_META_PROTOCOL, REG_1);
	compare(l, NFT_CMP_EQ, &ethertype, sizeof(ethertype));
}

static void need_ether(struct lowering *l)
{
	uint16_t ether = ARPHRD_ETHER;

	if (l->is_ether)
		return;
	l->is_ether = true;
	meta_load(l, NFT_META_IIFTYPE, REG_1);
	compare(l, NFT_CMP_EQ, &ether, sizeof(ether));
}

/* The fields of a key, one after the other from the n-th register of 4 octets on. */
static uint32_t key_load(struct lowering *l, enum ruleset_key key, uint32_t n)
{
	const struct ruleset_key_parts *parts = ruleset_key_parts(key);
	uint32_t first = n;

	for (size_t i = 0; i < parts->n; i++) {
		const struct ruleset_field *f = &parts->parts[i];

		if (f->base == FIELD_L4PROTO)
			meta_load(l, NFT_META_L4PROTO, reg_at(n));
		else
			payload_load(l, f->base, f->offset, f->len, reg_at(n));
		n += (f->len + 3U) / 4;
	}
	return 4 * (n - first);
}

/* --- statements ------------------------------------------------------------------------------- */

static void for_us(struct lowering *l)
{
	uint8_t host = PACKET_HOST;

	meta_load(l, NFT_META_PKTTYPE, REG_1);
	compare(l, NFT_CMP_EQ, &host, sizeof(host));
}

static void looped_by_peer(struct lowering *l, const struct mac *mac, const char *nodes)
{
	uint16_t ethertype = htons(ETH_P_IP);
	uint8_t source_and_type[MAC_LEN + 2];

	need_ether(l);
	/* nft joins the neighbouring matches of the source MAC and of the ethertype into one. */
	memcpy(source_and_type, mac->bytes, MAC_LEN);
	memcpy(source_and_type + MAC_LEN, &ethertype, sizeof(ethertype));
	payload_load(l, NFT_PAYLOAD_LL_HEADER, AT_ETHER_SOURCE, sizeof(source_and_type), REG_1);
	compare(l, NFT_CMP_EQ, source_and_type, sizeof(source_and_type));
	l->is_ip = true;
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_SOURCE, 4, REG_1);
	lookup(l, nodes, NO_DESTINATION, true);
}

static void to_service(struct lowering *l, enum ruleset_key key, const char *services)
{
	if (ruleset_key_is_ipv6(key))
		need_ip6(l);
	else
		need_ip(l);
	key_load(l, key, 0);
	lookup(l, services, REG_VERDICT, false);
}

static void to_vip(struct lowering *l, const char *vips)
{
	need_ip(l);
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_DESTINATION, 4, REG_1);
	lookup(l, vips, NO_DESTINATION, false);
}

/* The bits of the fragment field (RFC 791): more to come, and the offset. */
static void fragment(struct lowering *l, uint16_t bits, uint32_t op)
{
	uint16_t bits_of_field = htons(bits), zero = 0;

	need_ip(l);
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_FRAGMENT, 2, REG_1);
	mask(l, &bits_of_field, sizeof(bits_of_field));
	compare(l, op, &zero, sizeof(zero));
}

static void tcp_flags(struct lowering *l, const struct ruleset_statement *s)
{
	payload_load(l, NFT_PAYLOAD_TRANSPORT_HEADER, AT_TCP_FLAGS, 1, REG_1);
	mask(l, &s->mask, sizeof(s->mask));
	compare(l, s->negate ? NFT_CMP_NEQ : NFT_CMP_EQ, &s->value, sizeof(s->value));
}

static void source_in(struct lowering *l, const struct ruleset_statement *s, const char *set)
{
	if (ruleset_key_is_ipv6(s->key))
		need_ip6(l);
	else
		need_ip(l);
	key_load(l, s->key, 0);
	lookup(l, set, NO_DESTINATION, s->negate);
}

static void is_tcp(struct lowering *l)
{
	uint8_t tcp = IPPROTO_TCP;

	meta_load(l, NFT_META_L4PROTO, REG_1);
	compare(l, NFT_CMP_EQ, &tcp, sizeof(tcp));
}

static void mark_in(struct lowering *l, const char *set)
{
	meta_load(l, NFT_META_MARK, REG_1);
	lookup(l, set, NO_DESTINATION, false);
}

static void hash(struct lowering *l, const struct ruleset_statement *s)
{
	uint32_t len = key_load(l, s->key, 4); /* behind the 16 octets of REG_1 */
	struct nftnl_expr *e = expr_add(l, "hash");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_SREG, REG_2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_DREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_MODULUS, s->number);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_SEED, s->seed);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_OFFSET, 0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_TYPE, NFT_HASH_JENKINS);
}

static void number(struct lowering *l, uint32_t type, uint32_t modulus)
{
	struct nftnl_expr *e = expr_add(l, "numgen");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_NG_DREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NG_MODULUS, modulus);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NG_TYPE, type);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NG_OFFSET, 0);
}

/* What the map says, in REG_1. */
static void choose(struct lowering *l, const struct ruleset_statement *s, const char *map)
{
	switch (s->by) {
	case BY_KEY: key_load(l, s->key, 0); break;
	case BY_HASH: hash(l, s); break;
	case BY_TURN: number(l, NFT_NG_INCREMENTAL, s->number); break;
	case BY_RANDOM: number(l, NFT_NG_RANDOM, s->number); break;
	case BY_MARK: meta_load(l, NFT_META_MARK, REG_1); break;
	}
	lookup(l, map, REG_1, false);
}

static void change(struct lowering *l, uint32_t op, const struct ruleset_statement *s,
		   const char *flows)
{
	struct nftnl_expr *e;

	key_load(l, s->key, 0);
	meta_load(l, NFT_META_MARK, REG_2);
	e = expr_add(l, "dynset");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, op);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_DATA, REG_2);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, flows);
	nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT,
			   s->timeout_ms); /* 0 too, as the kernel does */
}

static void log_packet(struct lowering *l, const char *prefix)
{
	struct nftnl_expr *e = expr_add(l, "log");

	if (!e)
		return;
	nftnl_expr_set_str(e, NFTNL_EXPR_LOG_PREFIX, prefix);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, RULESET_LOG_GROUP);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOG_SNAPLEN, RULESET_LOG_SNAPLEN);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_QTHRESHOLD, RULESET_LOG_THRESHOLD);
}

static void forward_by_mac(struct lowering *l, const char *outputs)
{
	struct nftnl_expr *e;

	need_ether(l);
	payload_load(l, NFT_PAYLOAD_LL_HEADER, 0, MAC_LEN, REG_1);
	lookup(l, outputs, REG_1, false);
	e = expr_add(l, "fwd");
	if (e)
		nftnl_expr_set_u32(e, NFTNL_EXPR_FWD_SREG_DEV, REG_1);
}

static void forward(struct lowering *l, uint32_t ifindex)
{
	struct nftnl_expr *e = expr_add(l, "immediate");

	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, REG_1);
		nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &ifindex, sizeof(ifindex));
	}
	e = expr_add(l, "fwd");
	if (e)
		nftnl_expr_set_u32(e, NFTNL_EXPR_FWD_SREG_DEV, REG_1);
}

static void counter(struct lowering *l)
{
	struct nftnl_expr *e = expr_add(l, "counter");

	if (!e)
		return;
	nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_PACKETS, 0);
	nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_BYTES, 0);
}

static void lower(struct lowering *l, const struct ruleset *r, const struct ruleset_statement *s)
{
	const char *set = s->set < r->n_sets ? r->sets[s->set].name : "";

	switch (s->kind) {
	case ST_FOR_US: for_us(l); return;
	case ST_LOOPED_BY_PEER: looped_by_peer(l, &s->mac, set); return;
	case ST_WHOLE: fragment(l, 0x3fff, NFT_CMP_EQ); return;
	case ST_LATER_FRAGMENT: fragment(l, 0x1fff, NFT_CMP_NEQ); return;
	case ST_FIRST_FRAGMENT: fragment(l, 0x1fff, NFT_CMP_EQ); return;
	case ST_TO_VIP: to_vip(l, set); return;
	case ST_TO_SERVICE: to_service(l, s->key, set); return;
	case ST_TCP_FLAGS: tcp_flags(l, s); return;
	case ST_SOURCE_IN: source_in(l, s, set); return;
	case ST_SOURCE_RATE:
		key_load(l, s->key, 0);
		expr_take(l, nft_guard_source_rate(set, REG_1, s->number, s->timeout_ms));
		return;
	case ST_RATE: expr_take(l, nft_guard_rate(s->number)); return;
	case ST_TCP: is_tcp(l); return;
	case ST_MARK_IN: mark_in(l, set); return;
	case ST_MACS:
		choose(l, s, set);
		macs_write(l);
		return;
	case ST_MARK:
		choose(l, s, set);
		mark_set(l, REG_1);
		return;
	case ST_ADD: change(l, NFT_DYNSET_OP_ADD, s, set); return;
	case ST_UPDATE: change(l, NFT_DYNSET_OP_UPDATE, s, set); return;
	case ST_DELETE: change(l, NFT_DYNSET_OP_DELETE, s, set); return;
	case ST_LOG: log_packet(l, s->text); return;
	case ST_COUNTER: counter(l); return;
	case ST_FORWARD: forward(l, s->number); return;
	case ST_FORWARD_BY_MAC: forward_by_mac(l, set); return;
	case ST_GOTO: verdict(l, NFT_GOTO, r->chains[s->chain].name); return;
	case ST_ACCEPT: verdict(l, NF_ACCEPT, NULL); return;
	case ST_DROP: verdict(l, NF_DROP, NULL); return;
	case ST_RESET: expr_take(l, nft_guard_reset()); return;
	case ST_REJECT: expr_take(l, nft_guard_reject()); return;
	}
}

static int set_comment(struct nftnl_rule *rule, const char *comment)
{
	struct nftnl_udata_buf *buf = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!buf)
		return -1;
	nftnl_udata_put_strz(buf, NFTNL_UDATA_RULE_COMMENT, comment);
	nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(buf),
			    nftnl_udata_buf_len(buf));
	nftnl_udata_buf_free(buf);
	return 0;
}

struct nftnl_rule *nft_expr_rule(const struct ruleset *r, const struct ruleset_chain *chain,
				 const struct ruleset_rule *rule)
{
	struct lowering l = {.rule = nftnl_rule_alloc()};

	if (!l.rule)
		return NULL;
	nftnl_rule_set_u32(l.rule, NFTNL_RULE_FAMILY, NFPROTO_NETDEV);
	nftnl_rule_set_str(l.rule, NFTNL_RULE_TABLE, RULESET_TABLE);
	nftnl_rule_set_str(l.rule, NFTNL_RULE_CHAIN, chain->name);
	for (size_t i = 0; i < rule->n_statements; i++)
		lower(&l, r, &rule->statements[i]);
	if (l.failed || (rule->comment && set_comment(l.rule, rule->comment) < 0)) {
		nftnl_rule_free(l.rule);
		return NULL;
	}
	return l.rule;
}
