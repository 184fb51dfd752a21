/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The netlink expressions of guards: rates, rejections, and keys that are counted. nft_expr.c puts them into rules.
 *
 * Pure. Each function returns NULL without memory.
 */
#ifndef DIRECTOR_RULESET_NFT_GUARD_H
#define DIRECTOR_RULESET_NFT_GUARD_H

#include <stdint.h>
#include <stdio.h> /* libnftnl's headers need it */

#include <libnftnl/expr.h>

/* Matches packets above so many a second, or so many at once. */
struct nftnl_expr *nft_guard_rate(uint32_t rate);
/* The same for each key, from that register, in a set that remembers it for a time. */
struct nftnl_expr *nft_guard_source_rate(const char *set, uint32_t reg, uint32_t rate,
					 uint32_t timeout_ms);
/* Remembers each key, from that register, for a time after its last packet (0: for ever), and counts those. */
struct nftnl_expr *nft_guard_count(const char *set, uint32_t reg, uint32_t timeout_ms);
/* Answers a TCP segment with a reset. */
struct nftnl_expr *nft_guard_reset(void);
/* Answers with ICMP or ICMPv6: port unreachable. */
struct nftnl_expr *nft_guard_reject(void);

#endif
