/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset as a netlink batch (libmnl messages), and the signatures by which two rulesets are
 * compared. The twin of nft_text.c.
 *
 * A batch is one transaction: begin, messages, end. It is never split; what does not fit into
 * memory fails as a whole.
 *
 * Pure: makes bytes in memory; apply_uv.c sends them.
 */
#ifndef DIRECTOR_RULESET_NFT_NETLINK_H
#define DIRECTOR_RULESET_NFT_NETLINK_H

#include "director/ruleset/ruleset.h"

struct nftnl_rule;

/* What a message is about, for the sentence when the kernel refuses it. */
struct nft_label {
	const char *what; /* "chain", "rule of chain", … a constant */
	char name[RULESET_NAME];
};

#define NFT_LABEL_FLUSH "rules of chain"

struct nft_batch {
	uint8_t *bytes;
	size_t used, size;
	uint32_t first_seq, n_messages;
	struct nft_label *labels; /* of message first_seq + i */
	size_t labels_size;
	bool failed; /* no memory; sticky */
	uint32_t next_set_id;
	const char *table; /* a constant: whose objects the messages are about */
};

/*
 * Starts a batch about RULESET_TABLE, whose messages are numbered from first_seq. The caller ends it
 * with nft_batch_clear().
 */
void nft_batch_begin(struct nft_batch *b, uint32_t first_seq);
/*
 * Ends it. The end and the last message before it ask for an acknowledgement: that of the end means
 * "committed" (Linux 6.10 and newer answer it), older kernels answer the last message only.
 * 0, or -ENOMEM when anything before did not fit.
 */
int nft_batch_end(struct nft_batch *b);
void nft_batch_clear(struct nft_batch *b);
/*
 * For who makes messages of other tables: opens one, NULL when there is no memory; it counts once it is
 * completed and nft_batch_took().
 */
struct nlmsghdr *nft_batch_put(struct nft_batch *b, uint16_t type, uint16_t flags, const char *what,
			       const char *name);
void nft_batch_took(struct nft_batch *b, const struct nlmsghdr *nlh);
/* What the message of this number was about; NULL when it is none of this batch's. */
const struct nft_label *nft_batch_label(const struct nft_batch *b, uint32_t seq);

void nft_put_table(struct nft_batch *b);
void nft_put_delete_table(struct nft_batch *b);
void nft_put_chain(struct nft_batch *b, const struct ruleset_chain *chain);
void nft_put_delete_chain(struct nft_batch *b, const char *name);
void nft_put_flush_chain(struct nft_batch *b, const char *name);
void nft_put_rule(struct nft_batch *b, const struct ruleset *r, const struct ruleset_chain *chain,
		  const struct ruleset_rule *rule);
/* One that nft_lower.h made, of that chain; takes it. NULL: there was no memory for it. */
void nft_put_made_rule(struct nft_batch *b, const char *chain, struct nftnl_rule *rule);
/* The set without its elements. */
void nft_put_set(struct nft_batch *b, const struct ruleset_set *set);
void nft_put_delete_set(struct nft_batch *b, const char *name);
/* Elements, to be added or deleted; cut into as many messages as they need. */
void nft_put_elements(struct nft_batch *b, const struct ruleset *r, const struct ruleset_set *set,
		      const struct ruleset_element *elements, size_t n);
/*
 * At most `most` elements of a set, of any kind, from *at on: an index into its list, or a bucket.
 * Afterwards *at is where to go on. Returns how many elements were put.
 */
size_t nft_put_elements_from(struct nft_batch *b, const struct ruleset *r,
			     const struct ruleset_set *set, size_t *at, size_t most);
/* Of a counting set: the kernel is asked to tell what they had counted in the end. */
void nft_put_delete_elements(struct nft_batch *b, const struct ruleset_set *set,
			     const struct ruleset_element *elements, size_t n);

/* All of a ruleset's table, which is not there: it, its sets with their elements, chains and rules. */
void nft_put_whole(struct nft_batch *b, const struct ruleset *r);

/* Fills in every signature that is missing. 0 or -ENOMEM. */
int nft_sign(struct ruleset *r);

#endif
