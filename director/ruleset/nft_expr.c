/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_expr.h"

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
	AT_IP_PROTOCOL = 9,
	AT_IP_SOURCE = 12,
	AT_IP_DESTINATION = 16,
	AT_TH_SOURCE_PORT = 0,
	AT_TH_DESTINATION_PORT = 2,
	AT_TCP_FLAGS = 13,
};

enum { FLAG_FIN = 1, FLAG_SYN = 2, FLAG_RST = 4, FLAG_ACK = 16 };

/* Registers: 16 octets each from 1 on, or 4 octets each from 8 on; REG_1 is R32(0). */
enum { REG_VERDICT = NFT_REG_VERDICT, REG_1 = NFT_REG_1, REG_2 = NFT_REG_2 };
#define R32(n) (NFT_REG32_00 + (n))

/* A rule under construction. A dependency, once matched in a rule, is not matched again. */
struct lowering {
	struct nftnl_rule *rule;
	bool is_ip;
	bool is_tcp;
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

static void need_tcp(struct lowering *l)
{
	uint8_t protocol = IPPROTO_TCP;

	if (l->is_tcp)
		return;
	l->is_tcp = true;
	meta_load(l, NFT_META_L4PROTO, REG_1);
	compare(l, NFT_CMP_EQ, &protocol, sizeof(protocol));
}

/* --- statements ------------------------------------------------------------------------------- */

static void not_for_us(struct lowering *l)
{
	uint8_t host = PACKET_HOST;

	meta_load(l, NFT_META_PKTTYPE, REG_1);
	compare(l, NFT_CMP_NEQ, &host, sizeof(host));
}

static void looped_by_peer(struct lowering *l, const struct mac *mac, const char *nodes)
{
	uint16_t ether = ARPHRD_ETHER, ethertype = htons(ETH_P_IP);
	uint8_t source_and_type[MAC_LEN + 2];

	meta_load(l, NFT_META_IIFTYPE, REG_1);
	compare(l, NFT_CMP_EQ, &ether, sizeof(ether));
	/* nft joins the neighbouring matches of the source MAC and of the ethertype into one. */
	memcpy(source_and_type, mac->bytes, MAC_LEN);
	memcpy(source_and_type + MAC_LEN, &ethertype, sizeof(ethertype));
	payload_load(l, NFT_PAYLOAD_LL_HEADER, AT_ETHER_SOURCE, sizeof(source_and_type), REG_1);
	compare(l, NFT_CMP_EQ, source_and_type, sizeof(source_and_type));
	l->is_ip = true;
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_SOURCE, 4, REG_1);
	lookup(l, nodes, NO_DESTINATION, true);
}

static void to_service(struct lowering *l, const char *services)
{
	need_ip(l);
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_DESTINATION, 4, REG_1);
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_PROTOCOL, 1, R32(1));
	payload_load(l, NFT_PAYLOAD_TRANSPORT_HEADER, AT_TH_DESTINATION_PORT, 2, R32(2));
	lookup(l, services, REG_VERDICT, false);
}

static void vip_fragment(struct lowering *l, const char *vips)
{
	uint16_t offset_bits = htons(0x1fff), zero = 0;

	need_ip(l);
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_DESTINATION, 4, REG_1);
	lookup(l, vips, NO_DESTINATION, false);
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_FRAGMENT, 2, REG_1);
	mask(l, &offset_bits, sizeof(offset_bits));
	compare(l, NFT_CMP_NEQ, &zero, sizeof(zero));
}

static void tcp_flags(struct lowering *l, uint8_t bits, uint32_t op, uint8_t value)
{
	need_tcp(l);
	payload_load(l, NFT_PAYLOAD_TRANSPORT_HEADER, AT_TCP_FLAGS, 1, REG_1);
	mask(l, &bits, sizeof(bits));
	compare(l, op, &value, sizeof(value));
}

static void macs_by_bucket(struct lowering *l, const struct ruleset_statement *s, const char *map)
{
	struct nftnl_expr *e;

	need_ip(l);
	need_tcp(l);
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_SOURCE, 4, REG_2);
	payload_load(l, NFT_PAYLOAD_TRANSPORT_HEADER, AT_TH_SOURCE_PORT, 2, R32(5));
	e = expr_add(l, "hash");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_SREG, REG_2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_DREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_LEN, 8);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_MODULUS, s->number);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_SEED, s->seed);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_OFFSET, 0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_TYPE, NFT_HASH_JENKINS);
	lookup(l, map, REG_1, false);
	macs_write(l);
}

static void macs_by_mark(struct lowering *l, const char *map)
{
	meta_load(l, NFT_META_MARK, REG_1);
	lookup(l, map, REG_1, false);
	macs_write(l);
}

static void flow_key(struct lowering *l)
{
	need_ip(l);
	need_tcp(l);
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, AT_IP_SOURCE, 4, REG_1);
	payload_load(l, NFT_PAYLOAD_TRANSPORT_HEADER, AT_TH_SOURCE_PORT, 2, R32(1));
	payload_load(l, NFT_PAYLOAD_TRANSPORT_HEADER, AT_TH_DESTINATION_PORT, 2, R32(2));
}

static void mark_by_flow(struct lowering *l, const char *flows)
{
	flow_key(l);
	lookup(l, flows, REG_1, false);
	mark_set(l, REG_1);
}

static void mark_by_turn(struct lowering *l, uint32_t modulus, const char *slots)
{
	struct nftnl_expr *e = expr_add(l, "numgen");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_NG_DREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NG_MODULUS, modulus);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NG_TYPE, NFT_NG_INCREMENTAL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NG_OFFSET, 0);
	lookup(l, slots, REG_1, false);
	mark_set(l, REG_1);
}

static void flow_change(struct lowering *l, uint32_t op, uint32_t timeout_ms, const char *flows)
{
	struct nftnl_expr *e;

	flow_key(l);
	meta_load(l, NFT_META_MARK, REG_2);
	e = expr_add(l, "dynset");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, op);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_DATA, REG_2);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, flows);
	nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT,
			   timeout_ms); /* 0 too, as the kernel does */
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
	case ST_NOT_FOR_US: not_for_us(l); return;
	case ST_LOOPED_BY_PEER: looped_by_peer(l, &s->mac, set); return;
	case ST_TO_SERVICE: to_service(l, set); return;
	case ST_VIP_FRAGMENT: vip_fragment(l, set); return;
	case ST_TCP_SYN:
		tcp_flags(l, FLAG_FIN | FLAG_SYN | FLAG_RST | FLAG_ACK, NFT_CMP_EQ, FLAG_SYN);
		return;
	case ST_TCP_CLOSING: tcp_flags(l, FLAG_FIN | FLAG_RST, NFT_CMP_NEQ, 0); return;
	case ST_MACS_BY_BUCKET: macs_by_bucket(l, s, set); return;
	case ST_MACS_BY_MARK: macs_by_mark(l, set); return;
	case ST_MARK_BY_FLOW: mark_by_flow(l, set); return;
	case ST_MARK_BY_TURN: mark_by_turn(l, s->number, set); return;
	case ST_FLOW_ADD: flow_change(l, NFT_DYNSET_OP_ADD, s->timeout_ms, set); return;
	case ST_FLOW_UPDATE: flow_change(l, NFT_DYNSET_OP_UPDATE, s->timeout_ms, set); return;
	case ST_FLOW_DELETE: flow_change(l, NFT_DYNSET_OP_DELETE, s->timeout_ms, set); return;
	case ST_COUNTER: counter(l); return;
	case ST_FORWARD: forward(l, s->number); return;
	case ST_GOTO: verdict(l, NFT_GOTO, r->chains[s->chain].name); return;
	case ST_ACCEPT: verdict(l, NF_ACCEPT, NULL); return;
	case ST_DROP: verdict(l, NF_DROP, NULL); return;
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

static int print_expr(struct nftnl_expr *e, void *data)
{
	char buf[512] = "";
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);

	/* What a counter has counted does not make another rule of it. */
	if (strcmp(name, "counter") != 0)
		nftnl_expr_snprintf(buf, sizeof(buf), e, NFTNL_OUTPUT_DEFAULT, 0);
	fprintf(data, "  [ %s %s]\n", name, buf);
	return 0;
}

char *nft_expr_signature(const struct nftnl_rule *rule)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const uint8_t *comment;
	uint32_t len = 0;

	if (!out)
		return NULL;
	nftnl_expr_foreach((struct nftnl_rule *)rule, print_expr, out);
	comment = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &len);
	/* type, length, text with its NUL */
	if (comment && len > 2)
		fprintf(out, "  comment %.*s\n", (int)(len - 3), (const char *)comment + 2);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
