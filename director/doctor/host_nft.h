/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what is asked of chains and rules that others made. A rule that is not understood is taken
 * for one that says nothing.
 *
 * Pure.
 */
#ifndef DIRECTOR_DOCTOR_HOST_NFT_H
#define DIRECTOR_DOCTOR_HOST_NFT_H

#include "director/doctor/host_facts.h"

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>

/* Adds it, once for each of its devices; a chain of ours is passed over. */
void host_nft_chain(struct host_facts *facts, const struct nftnl_chain *c);
/* Counts it for its chain, which is there already, and keeps it when it names what it stops. */
void host_nft_rule(struct host_facts *facts, const struct nftnl_rule *nr);
/* The elements of the set of a rule. Of a range the first counts. */
void host_nft_elements(struct host_rule *rule, const struct nftnl_set *elements);
/* The number of a family as nft names it; 0: one that is of no interest. */
uint8_t host_nft_family(const char *name);

#endif
