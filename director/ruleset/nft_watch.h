/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who made a new generation of the ruleset: the message that the kernel sends after every
 * transaction, anybody's (NFT_MSG_NEWGEN).
 *
 * Pure: bytes in, a struct out.
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

/* One whole netlink message. False when it is another one, or not well-formed. */
bool nft_generation_parse(const uint8_t *bytes, size_t len, struct nft_generation *ret);

#endif
