/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_expr.h"

#include "director/ruleset/nft_guard.h"
#include "director/ruleset/nft_lower.h"

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
	AT_IP_FRAGMENT = 4, /* and the identification in front */
	AT_TCP_FLAGS = 12,  /* and what is around them */
	TCP_FLAGS_SHIFT = 16,
};

/* --- statements ------------------------------------------------------------------------------- */

static void packet_type(struct lowering *l, uint32_t op, uint8_t type)
{
	meta_load(l, NFT_META_PKTTYPE, REG_1);
	compare(l, op, &type, sizeof(type));
}

static void looped_by_peer(struct lowering *l, const struct ruleset_statement *s, const char *nodes)
{
	bool ipv6 = ruleset_key_is_ipv6(s->key);
	uint16_t ethertype = htons(ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	uint8_t source_and_type[MAC_LEN + 2];

	need_ether(l);
	/* nft joins the neighbouring matches of the source MAC and of the ethertype into one. */
	memcpy(source_and_type, s->mac.bytes, MAC_LEN);
	memcpy(source_and_type + MAC_LEN, &ethertype, sizeof(ethertype));
	payload_load(l, NFT_PAYLOAD_LL_HEADER, AT_ETHER_SOURCE, sizeof(source_and_type), REG_1);
	compare(l, NFT_CMP_EQ, source_and_type, sizeof(source_and_type));
	l->is_ip |= !ipv6;
	l->is_ip6 |= ipv6;
	key_load(l, s->key, 0);
	lookup(l, nodes, NO_DESTINATION, true);
}

static void from_others(struct lowering *l, const struct mac *peer)
{
	need_ether(l);
	payload_load(l, NFT_PAYLOAD_LL_HEADER, AT_ETHER_SOURCE, MAC_LEN, REG_1);
	compare(l, NFT_CMP_NEQ, peer->bytes, MAC_LEN);
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

/*
 * Bits of a header. Always of 4 octets at a multiple of 4: the kernel has a short path for masks of
 * just that length (net/netfilter/nft_bitwise.c, nft_bitwise_fast_ops) and calls nobody on it; two
 * octets of the fragment field took 25 ns instead of 3.
 */
static void bits(struct lowering *l, uint32_t base, uint32_t offset, uint32_t which, uint32_t op,
		 uint32_t value)
{
	uint32_t bits_of_field = htonl(which), wanted = htonl(value);

	payload_load(l, base, offset, sizeof(wanted), REG_1);
	mask(l, &bits_of_field, sizeof(bits_of_field), REG_1);
	compare(l, op, &wanted, sizeof(wanted));
}

/*
 * The bits of the fragment field (RFC 791): more to come, and the offset. That the packet is IPv4
 * the next statement of the rule matches.
 */
static void fragment(struct lowering *l, uint16_t which, uint32_t op)
{
	bits(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_FRAGMENT, which, op, 0);
}

/* One service, without a map: cheaper than its lookup. */
static void is_service(struct lowering *l, enum ruleset_key key, const struct ruleset_element *e)
{
	const struct ruleset_key_parts *parts = ruleset_key_parts(key);
	const uint8_t *value = e->key;

	if (ruleset_key_is_ipv6(key))
		need_ip6(l);
	else
		need_ip(l);
	for (size_t i = 0; i < parts->n; i++) {
		const struct ruleset_field *f = &parts->parts[i];

		field_load(l, f, 0);
		compare(l, NFT_CMP_EQ, value, f->len);
		value += 4 * ((f->len + 3U) / 4);
	}
}

/* The fragment header of IPv6 (RFC 8200, 4.5): 13 bits of offset behind two octets. */
static void later_fragment6(struct lowering *l)
{
	uint16_t offset = htons(0xfff8), zero = 0;
	struct nftnl_expr *e;

	need_ip6(l);
	e = expr_add(l, "exthdr");
	if (!e)
		return;
	nftnl_expr_set_u8(e, NFTNL_EXPR_EXTHDR_TYPE, IPPROTO_FRAGMENT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_OFFSET, 2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_LEN, 2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_DREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_FLAGS, 0);
	mask(l, &offset, sizeof(offset), REG_1);
	compare(l, NFT_CMP_NEQ, &zero, sizeof(zero));
}

static void protocol(struct lowering *l, uint8_t value)
{
	meta_load(l, NFT_META_L4PROTO, REG_1);
	compare(l, NFT_CMP_EQ, &value, sizeof(value));
}

static void octet(struct lowering *l, const struct ruleset_statement *s, uint32_t op)
{
	payload_load(l, NFT_PAYLOAD_TRANSPORT_HEADER, s->number, 1, REG_1);
	compare(l, op, &s->value, sizeof(s->value));
}

static void too_many(struct lowering *l, uint32_t per_second)
{
	struct nftnl_expr *e = expr_add(l, "limit");

	if (!e)
		return;
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, per_second);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, ruleset_burst(per_second));
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
}

static void tcp_flags(struct lowering *l, const struct ruleset_statement *s)
{
	bits(l, NFT_PAYLOAD_TRANSPORT_HEADER, AT_TCP_FLAGS, (uint32_t)s->mask << TCP_FLAGS_SHIFT,
	     s->negate ? NFT_CMP_NEQ : NFT_CMP_EQ, (uint32_t)s->value << TCP_FLAGS_SHIFT);
}

static void source_in(struct lowering *l, const struct ruleset_statement *s, const char *set)
{
	if (s->key == KEY_SYN || s->key == KEY_SYN6)
		; /* raw fields, which nft asks nothing in front of */
	else if (s->key == KEY_FROM)
		need_ether(l);
	else if (s->key == KEY_ARP)
		need_arp(l);
	else if (ruleset_key_is_ipv6(s->key))
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
	uint32_t len = statement_key_load(l, s, 4); /* behind the 16 octets of REG_1 */
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
	case BY_KEY:
		if (s->key == KEY_STATIC)
			need_ip(l);
		if (s->key == KEY_STATIC6)
			need_ip6(l);
		statement_key_load(l, s, 0);
		break;
	case BY_HASH: hash(l, s); break;
	case BY_TURN: number(l, NFT_NG_INCREMENTAL, s->number); break;
	case BY_RANDOM: number(l, NFT_NG_RANDOM, s->number); break;
	case BY_MARK: meta_load(l, NFT_META_MARK, REG_1); break;
	}
	lookup(l, map, REG_1, false);
}

/* The key is in REG_1, the data in REG_2. */
static void dynset(struct lowering *l, uint32_t op, const struct ruleset_statement *s,
		   const char *map)
{
	struct nftnl_expr *e = expr_add(l, "dynset");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, op);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_DATA, REG_2);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, map);
	nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT,
			   s->timeout_ms); /* 0 too, as the kernel does */
}

static void change(struct lowering *l, uint32_t op, const struct ruleset_statement *s,
		   const char *flows)
{
	statement_key_load(l, s, 0);
	meta_load(l, NFT_META_MARK, REG_2);
	dynset(l, op, s, flows);
}

/* The key alone, in REG_1. A set that is full ends the rule (nft_dynset_eval()), nothing else. */
static void note(struct lowering *l, const struct ruleset_statement *s, const char *set)
{
	struct nftnl_expr *e;

	if (s->key == KEY_SENDER || s->key == KEY_SENDER6)
		need_ether(l);
	key_load(l, s->key, 0);
	e = expr_add(l, "dynset");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, set);
	nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT, s->timeout_ms);
}

/* A number in a register. */
static void immediate(struct lowering *l, const void *value, uint32_t len)
{
	struct nftnl_expr *e = expr_add(l, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, REG_1);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, value, len);
}

static void macs_are(struct lowering *l, const struct ruleset_statement *s)
{
	uint8_t macs[2 * MAC_LEN];

	memcpy(macs, s->mac.bytes, MAC_LEN);
	memcpy(macs + MAC_LEN, s->from.bytes, MAC_LEN);
	immediate(l, macs, sizeof(macs));
	macs_write(l);
}

static void record_change(struct lowering *l, uint32_t op, const struct ruleset_statement *s,
			  const char *fragments)
{
	key_load(l, s->key, 0);
	payload_load(l, NFT_PAYLOAD_LL_HEADER, 0, 2 * MAC_LEN, REG_2);
	dynset(l, op, s, fragments);
}

/* Adding what is there would leave it as it is. */
static void record(struct lowering *l, const struct ruleset_statement *s, const char *fragments)
{
	struct ruleset_statement old = *s;

	old.timeout_ms = 0;
	record_change(l, NFT_DYNSET_OP_DELETE, &old, fragments);
	record_change(l, NFT_DYNSET_OP_ADD, s, fragments);
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
	struct nftnl_expr *e;

	immediate(l, &ifindex, sizeof(ifindex));
	e = expr_add(l, "fwd");
	if (e)
		nftnl_expr_set_u32(e, NFTNL_EXPR_FWD_SREG_DEV, REG_1);
}

static void copy(struct lowering *l, uint32_t ifindex)
{
	struct nftnl_expr *e;

	immediate(l, &ifindex, sizeof(ifindex));
	e = expr_add(l, "dup");
	if (e)
		nftnl_expr_set_u32(e, NFTNL_EXPR_DUP_SREG_DEV, REG_1);
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
	case ST_FOR_US: packet_type(l, NFT_CMP_EQ, PACKET_HOST); return;
	case ST_NOT_FOR_OTHERS: packet_type(l, NFT_CMP_NEQ, PACKET_OTHERHOST); return;
	case ST_LOOPED_BY_PEER: looped_by_peer(l, s, set); return;
	case ST_FROM_OTHERS: from_others(l, &s->mac); return;
	case ST_WHOLE: fragment(l, 0x3fff, NFT_CMP_EQ); return;
	case ST_LATER_FRAGMENT: fragment(l, 0x1fff, NFT_CMP_NEQ); return;
	case ST_FIRST_FRAGMENT: fragment(l, 0x1fff, NFT_CMP_EQ); return;
	case ST_LATER6: later_fragment6(l); return;
	case ST_TO_SERVICE: to_service(l, s->key, set); return;
	case ST_IS_SERVICE: is_service(l, s->key, &r->sets[s->set].elements[s->number]); return;
	case ST_PROTOCOL: protocol(l, s->value); return;
	case ST_ND:
		need_ip6(l);
		protocol(l, IPPROTO_ICMPV6);
		octet(l, s, NFT_CMP_EQ); /* the first one */
		return;
	case ST_OCTET: octet(l, s, s->negate ? NFT_CMP_NEQ : NFT_CMP_EQ); return;
	case ST_OCTET_ABOVE: octet(l, s, NFT_CMP_GT); return;
	case ST_TOO_MANY: too_many(l, s->number); return;
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
	case ST_MACS_ARE: macs_are(l, s); return;
	case ST_RECORD: record(l, s, set); return;
	case ST_MARK:
		choose(l, s, set);
		mark_set(l, REG_1);
		return;
	case ST_ADD: change(l, NFT_DYNSET_OP_ADD, s, set); return;
	case ST_UPDATE: change(l, NFT_DYNSET_OP_UPDATE, s, set); return;
	case ST_DELETE: change(l, NFT_DYNSET_OP_DELETE, s, set); return;
	case ST_NOTE: note(l, s, set); return;
	case ST_NOTE_COUNT:
		key_load(l, s->key, 0);
		expr_take(l, nft_guard_count(set, REG_1, s->timeout_ms));
		return;
	case ST_LOG: log_packet(l, s->text); return;
	case ST_COUNTER: counter(l); return;
	case ST_FORWARD: forward(l, s->number); return;
	case ST_COPY: copy(l, s->number); return;
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
	struct lowering l = lowering_begin(ruleset_table(r), chain->name);

	for (size_t i = 0; i < rule->n_statements; i++)
		lower(&l, r, &rule->statements[i]);
	if (!l.failed && rule->comment && set_comment(l.rule, rule->comment) < 0)
		l.failed = true;
	return lowering_end(&l);
}
