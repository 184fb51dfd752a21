/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_guard.h"

#include <linux/netfilter/nf_tables.h>

struct nftnl_expr *nft_guard_rate(uint32_t rate)
{
	struct nftnl_expr *e = nftnl_expr_alloc("limit");

	if (!e)
		return NULL;
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, rate);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1); /* second */
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, rate);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	return e;
}

/* Each element has an expression of its own; NULL: there was no memory for it. */
static struct nftnl_expr *update(const char *set, uint32_t reg, uint32_t timeout_ms,
				 struct nftnl_expr *own)
{
	struct nftnl_expr *e = own ? nftnl_expr_alloc("dynset") : NULL;

	if (!e) {
		if (own)
			nftnl_expr_free(own);
		return NULL;
	}
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, reg);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, set);
	if (timeout_ms) /* a set without timeouts takes none, not even 0 */
		nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT, timeout_ms);
	nftnl_expr_set(e, NFTNL_EXPR_DYNSET_EXPR, own, 0); /* it is the other's now */
	return e;
}

struct nftnl_expr *nft_guard_source_rate(const char *set, uint32_t reg, uint32_t rate,
					 uint32_t timeout_ms)
{
	return update(set, reg, timeout_ms, nft_guard_rate(rate));
}

struct nftnl_expr *nft_guard_count(const char *set, uint32_t reg, uint32_t timeout_ms)
{
	struct nftnl_expr *counter = nftnl_expr_alloc("counter");

	if (counter) {
		nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_PACKETS, 0);
		nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_BYTES, 0);
	}
	return update(set, reg, timeout_ms, counter);
}

static struct nftnl_expr *reject_new(uint32_t type, uint8_t code)
{
	struct nftnl_expr *e = nftnl_expr_alloc("reject");

	if (!e)
		return NULL;
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, type);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, code);
	return e;
}

struct nftnl_expr *nft_guard_reset(void)
{
	return reject_new(NFT_REJECT_TCP_RST, 0);
}

struct nftnl_expr *nft_guard_reject(void)
{
	return reject_new(NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_PORT_UNREACH);
}
