/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hears of every transaction of others on the ruleset, of who made it and whether it changed our
 * table. A filter in the kernel keeps back what our own socket does.
 *
 * While somebody listens the kernel makes a message for each element that is written, before any
 * filter (nf_tables_setelem_notify()): a third of what writing costs it. So the watch listens no more
 * while much passes; a second later at the latest, or when somebody asks, the number of generations
 * says whether others were there, too. Then it is not known who and what, and counts as a change of
 * our table.
 *
 * Shell: owns one socket and one poll handle; calls its user no more than once a second.
 */
#ifndef DIRECTOR_RULESET_NFT_WATCH_UV_H
#define DIRECTOR_RULESET_NFT_WATCH_UV_H

#include "include/err.h"

#include <stdbool.h>
#include <uv.h>

struct nft_watch;

/*
 * Others have changed our table since the last call, or it is not known: who, for people ("nft (process 4711)", or
 * "one of …" when there were several), or "" when that is not known.
 */
typedef void nft_watch_changed(void *owner, const char *who);

/* port: of the netlink socket that is our own. 0, or a negative errno with *err filled. */
int nft_watch_new(uv_loop_t *loop, uint32_t port, nft_watch_changed *changed, void *owner,
		  struct nft_watch **ret, struct err *err);
/*
 * Transactions through another socket of ours, of that port, count as harmless from now on, whatever
 * they do: they change nothing but elements that the packet path changes, too (flow_write_uv.h).
 * There is one such socket. 0 or negative errno.
 */
int nft_watch_pass(struct nft_watch *w, uint32_t port);
/*
 * That socket is about to make a transaction of which it does not know whether it changes anything, so
 * whether it makes a generation.
 */
void nft_watch_doubt(struct nft_watch *w);
/* That socket has made a transaction, of so many elements. To be told of each. */
void nft_watch_passed(struct nft_watch *w, size_t elements);
/*
 * True when all generations behind `from`, up to `to`, are known to have left our table alone: made by
 * others, or through the socket that passes. Accepts NULL, who knows nothing.
 */
bool nft_watch_is_harmless(struct nft_watch *w, uint32_t from, uint32_t to);
/*
 * Who has changed our table since the last call, as it would be called with; for a user that looks
 * at the ruleset by itself. Returns buf.
 */
enum { NFT_WATCH_WHO = 128 };
const char *nft_watch_who(struct nft_watch *w, char buf[static NFT_WATCH_WHO]);
/* Asynchronous, no callback after it; accepts NULL. */
void nft_watch_close(struct nft_watch *w);

#endif
