/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others do to the ruleset. After every transaction, anybody's, the kernel sends a message for
 * each object that it changed and then one with the number of the new generation and who made it
 * (NFT_MSG_NEWGEN; nf_tables_commit() in net/netfilter/nf_tables_api.c). Generations follow each
 * other by one.
 *
 * Pure: bytes in, structs out.
 */
#ifndef DIRECTOR_RULESET_NFT_WATCH_H
#define DIRECTOR_RULESET_NFT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NFT_WATCH_NAME = 17 }; /* TASK_COMM_LEN and a NUL */

struct nft_generation {
	uint32_t id;
	uint32_t pid;		      /* 0: not told */
	char process[NFT_WATCH_NAME]; /* printable; "" when not told */
};

/*
 * Which generations of others have left our table alone: those of the last run of them that follow
 * each other.
 */
struct nft_history {
	bool any; /* there is such a run */
	uint32_t first, last;
	bool touched; /* the transaction that is being told of changes our table */
};

/* A whole netlink message about an object of RULESET_TABLE, or about that table. */
bool nft_message_is_ours(const uint8_t *bytes, size_t len);
/* A transaction is told to its end. True when it has changed our table. */
bool nft_history_end(struct nft_history *h, uint32_t generation);
/* Messages were lost: what was known is not known any more. */
void nft_history_lose(struct nft_history *h);
/* All generations behind `from`, up to `to`, were told of by who made them: they are harmless. */
void nft_history_pass(struct nft_history *h, uint32_t from, uint32_t to);
/* All generations behind `from`, up to `to`, have left our table alone. */
bool nft_history_is_harmless(const struct nft_history *h, uint32_t from, uint32_t to);

/* One whole netlink message. False when it is another one, or not well-formed. */
bool nft_generation_parse(const uint8_t *bytes, size_t len, struct nft_generation *ret);

#endif
