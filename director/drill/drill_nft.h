/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tables of a drill have alike (drill_mute_uv.h, drill_tap_uv.h): a table that belongs to the
 * socket that made it, so that the kernel takes it away when the process ends, however it ends (flag
 * owner, Linux 5.12); chains of an interface, from whose first rule on everything passes when the time
 * is over.
 *
 * Pure: makes messages in memory. What there is no memory for makes the batch a failed one.
 */
#ifndef DIRECTOR_DRILL_DRILL_NFT_H
#define DIRECTOR_DRILL_DRILL_NFT_H

#include "director/ruleset/nft_netlink.h"

enum drill_hook {
	DRILL_HOOK_NONE, /* others go to the chain */
	DRILL_HOOK_IN,
	DRILL_HOOK_OUT, /* Linux 5.16 */
};

void drill_nft_table(struct nft_batch *b, const char *table);
/* device: of one with a hook; else NULL. */
void drill_nft_chain(struct nft_batch *b, const char *table, const char *name, enum drill_hook hook,
		     const char *device, int32_t priority);

/* A rule: from until_ns on, since 1970, all that comes to the chain passes it. */
void drill_nft_until(struct nft_batch *b, const char *table, const char *chain, uint64_t until_ns);

#endif
