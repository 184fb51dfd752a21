/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Declarations of sets and maps as libnftnl objects: types, lengths, flags, and the user data in
 * which nft (1.0.6, src/mnl.c, src/netlink.c) keeps the "typeof" of a set so that it can list it.
 *
 * Pure: makes objects in memory.
 */
#ifndef DIRECTOR_RULESET_NFT_SET_H
#define DIRECTOR_RULESET_NFT_SET_H

#include "director/ruleset/ruleset.h"

#include <libnftnl/set.h>

/* A new declaration without elements; id is unique within its transaction. NULL: no memory. */
struct nftnl_set *nft_set_new(const struct ruleset_set *set, uint32_t id);

/* The signature of a set as libnftnl holds it, a shared block; or NULL. */
char *nft_set_signature(const struct nftnl_set *set);
/* Which of our kinds has this shape (types, lengths, flags); SET_FOREIGN when none has. */
enum ruleset_set_kind nft_set_kind(const struct nftnl_set *set);

#endif
