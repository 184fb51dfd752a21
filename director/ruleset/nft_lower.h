/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The netlink expressions that rules are made of, in the registers that nft gives them. Private to the
 * files that make rules: nft_expr.c, and those of tables beside the ruleset's.
 *
 * Pure: a rule grows; what fails for lack of memory is remembered in the lowering.
 */
#ifndef DIRECTOR_RULESET_NFT_LOWER_H
#define DIRECTOR_RULESET_NFT_LOWER_H

#include "director/ruleset/ruleset.h"

#include <net/if_arp.h>
#include <netinet/in.h>

/* The kernel's headers stand aside for libc's when these come first. */
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Registers: 16 octets each from 1 on, or 4 octets each from 8 on; REG_1 is the same as 8. */
enum { REG_VERDICT = NFT_REG_VERDICT, REG_1 = NFT_REG_1, REG_2 = NFT_REG_2 };

/* The register at the n-th 4 octets, as the kernel names it when it lists a rule. */
static inline uint32_t reg_at(uint32_t n)
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

/* Of a chain of our family. Without memory it has failed, and nothing is added to it. */
static inline struct lowering lowering_begin(const char *table, const char *chain)
{
	struct lowering l = {.rule = nftnl_rule_alloc()};

	l.failed = !l.rule;
	if (l.rule) {
		nftnl_rule_set_u32(l.rule, NFTNL_RULE_FAMILY, NFPROTO_NETDEV);
		nftnl_rule_set_str(l.rule, NFTNL_RULE_TABLE, table);
		nftnl_rule_set_str(l.rule, NFTNL_RULE_CHAIN, chain);
	}
	return l;
}

/* The rule, which is the caller's; NULL: there was no memory for all of it. */
static inline struct nftnl_rule *lowering_end(struct lowering *l)
{
	struct nftnl_rule *rule = l->rule;

	l->rule = NULL;
	if (!l->failed)
		return rule;
	if (rule)
		nftnl_rule_free(rule);
	return NULL;
}

/* An expression that is made already; NULL: there was no memory for it. */
static inline void expr_take(struct lowering *l, struct nftnl_expr *e)
{
	if (e && l->rule)
		nftnl_rule_add_expr(l->rule, e);
	else if (e)
		nftnl_expr_free(e);
	else
		l->failed = true;
}

static inline struct nftnl_expr *expr_add(struct lowering *l, const char *name)
{
	struct nftnl_expr *e = l->rule ? nftnl_expr_alloc(name) : NULL;

	expr_take(l, e);
	return e;
}

static inline void meta_load(struct lowering *l, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = expr_add(l, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

static inline void mark_set(struct lowering *l, uint32_t reg)
{
	struct nftnl_expr *e = expr_add(l, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, reg);
}

static inline void compare(struct lowering *l, uint32_t op, const void *value, uint32_t len)
{
	struct nftnl_expr *e = expr_add(l, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, len);
}

static inline void payload_load(struct lowering *l, uint32_t base, uint32_t offset, uint32_t len,
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

static inline void macs_write(struct lowering *l)
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

static inline void mask(struct lowering *l, const void *bits, uint32_t len, uint32_t reg)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = expr_add(l, "bitwise");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, bits, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

enum { NO_DESTINATION = UINT16_MAX }; /* a lookup that only matches */

static inline void lookup(struct lowering *l, const char *set, uint32_t dreg, bool invert)
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

static inline void verdict(struct lowering *l, int code, const char *chain)
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

static inline void ethertype_is(struct lowering *l, uint16_t ethertype)
{
	uint16_t wire = htons(ethertype);

	meta_load(l, NFT_META_PROTOCOL, REG_1);
	compare(l, NFT_CMP_EQ, &wire, sizeof(wire));
}

static inline void need_ip(struct lowering *l)
{
	if (l->is_ip)
		return;
	l->is_ip = true;
	ethertype_is(l, ETH_P_IP);
}

static inline void need_ip6(struct lowering *l)
{
	if (l->is_ip6)
		return;
	l->is_ip6 = true;
	ethertype_is(l, ETH_P_IPV6);
}

/* Once in a rule: nothing else in it asks for that. */
static inline void need_arp(struct lowering *l)
{
	ethertype_is(l, ETH_P_ARP);
}

static inline void need_ether(struct lowering *l)
{
	uint16_t ether = ARPHRD_ETHER;

	if (l->is_ether)
		return;
	l->is_ether = true;
	meta_load(l, NFT_META_IIFTYPE, REG_1);
	compare(l, NFT_CMP_EQ, &ether, sizeof(ether));
}

static inline void field_load(struct lowering *l, const struct ruleset_field *f, uint32_t n)
{
	if (f->base == FIELD_L4PROTO)
		meta_load(l, NFT_META_L4PROTO, reg_at(n));
	else
		payload_load(l, f->base, f->offset, f->len, reg_at(n));
}

/* The fields of a key, one after the other from the n-th register of 4 octets on. */
static inline uint32_t key_load(struct lowering *l, enum ruleset_key key, uint32_t n)
{
	const struct ruleset_key_parts *parts = ruleset_key_parts(key);
	uint32_t first = n;

	for (size_t i = 0; i < parts->n; i++) {
		field_load(l, &parts->parts[i], n);
		n += (parts->parts[i].len + 3U) / 4;
	}
	return 4 * (n - first);
}

/* The key of a statement, and of a client the bits that count. Octets loaded. */
static inline uint32_t statement_key_load(struct lowering *l, const struct ruleset_statement *s,
					  uint32_t n)
{
	uint32_t len = key_load(l, s->key, n);
	uint8_t bits[16] = {0};

	if (!s->prefix)
		return len;
	for (size_t i = 0; i < s->prefix; i++)
		bits[i / 8] |= (uint8_t)(0x80 >> i % 8);
	mask(l, bits, len, reg_at(n));
	return len;
}

#endif
