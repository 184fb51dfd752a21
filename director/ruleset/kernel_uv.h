/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel holds: our table read back as a struct ruleset, and the packet counters of its
 * elements. Flow tables are never dumped (a dump of a big map is quadratic in the kernel).
 *
 * Shell: reads through the socket; must not decide anything.
 */
#ifndef DIRECTOR_RULESET_KERNEL_UV_H
#define DIRECTOR_RULESET_KERNEL_UV_H

#include "director/ruleset/drop.h"
#include "director/ruleset/nft_socket_uv.h"
#include "director/ruleset/ruleset.h"

/* Fills *ret with signatures and sorted elements; ->exists is false without a table. 0 or negative errno. */
int kernel_read(struct nft_socket *s, struct ruleset *ret);
/* The same for another table of ours, whose name is a constant. */
int kernel_read_table(struct nft_socket *s, const char *table, struct ruleset *ret);

enum { KERNEL_FLOW_KEY = 16 };

/* Counts of one element of a counting set. */
struct kernel_count {
	uint32_t key; /* bucket or backend id */
	uint64_t packets, bytes;
};

/* Calls seen() for every element of a counting set. 0 or negative errno (-ENOENT: no such set). */
int kernel_read_counts(struct nft_socket *s, const char *set,
		       void (*seen)(void *data, const struct kernel_count *count), void *data);

/*
 * The same for a notification that elements of a set have gone; false: it is none. The name of the
 * set is there before the first call.
 */
bool kernel_read_gone(const struct nlmsghdr *nlh, char ret_set[static RULESET_NAME],
		      void (*seen)(void *data, const struct kernel_count *count), void *data);

/* Reads anew what the rules of farms have dropped; the chains of planned tell whose they are. 0 or
 * negative errno. */
int kernel_read_drops(struct nft_socket *s, struct drop_book *book, const struct ruleset *planned);
/* Adds what the rules of one chain of a farm have dropped. 0 or negative errno. */
int kernel_read_drops_of(struct nft_socket *s, struct drop_book *book, const char *chain,
			 const char *farm);

/*
 * How many elements a set holds, without reading them. -EOPNOTSUPP when this kernel does not tell
 * (older than 6.16), -ENOENT: no such set.
 */
int kernel_read_size(struct nft_socket *s, const char *set, uint32_t *ret);
/* One element of a flow table. */
struct kernel_flow {
	uint8_t key[KERNEL_FLOW_KEY];
	uint32_t id; /* of the backend */
	uint64_t expires_ms;
};

/* Calls seen() for every flow. For tables of at most KERNEL_FLOWS_MAX flows. */
enum {
	KERNEL_FLOWS_MAX = 10000
}; /* a dump of so many takes 10 ms, and the cost grows with the square */
int kernel_read_flows(struct nft_socket *s, const char *set,
		      void (*seen)(void *data, const struct kernel_flow *flow), void *data);

/* An element of a set of senders: source MAC in 8 octets, then the address; or of SET_SERVED. */
struct kernel_sender {
	uint8_t key[RULESET_KEY_MAX];
	uint64_t expires_ms;
	uint64_t packets; /* of a set that counts them, else 0 */
};

/* Calls seen() for every one. 0 or negative errno; -EINTR: not all, somebody's transaction came. */
int kernel_read_senders(struct nft_socket *s, const char *table, const char *set,
			void (*seen)(void *data, const struct kernel_sender *sender), void *data);
/* How many rules the table of stragglers has. */
int kernel_count_straggler_rules(struct nft_socket *s, size_t *ret);

#endif
