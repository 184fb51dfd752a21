/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hears of every transaction on the ruleset and of who made it. A filter in the kernel lets nothing
 * pass but that: a transaction of a hundred thousand elements is one message.
 *
 * Shell: owns one socket and one poll handle; calls its user no more than once a second.
 */
#ifndef DIRECTOR_RULESET_NFT_WATCH_UV_H
#define DIRECTOR_RULESET_NFT_WATCH_UV_H

#include "include/err.h"

#include <uv.h>

struct nft_watch;

/*
 * Others have made transactions since the last call: who, for people ("nft (process 4711)", or
 * "one of …" when there were several), or "" when that is not known.
 */
typedef void nft_watch_changed(void *owner, const char *who);

/* 0, or a negative errno with *err filled. */
int nft_watch_new(uv_loop_t *loop, nft_watch_changed *changed, void *owner, struct nft_watch **ret,
		  struct err *err);
/*
 * Who has made transactions since the last call, as it would be called with; for a user that looks
 * at the ruleset by itself. Returns buf.
 */
enum { NFT_WATCH_WHO = 128 };
const char *nft_watch_who(struct nft_watch *w, char buf[static NFT_WATCH_WHO]);
/* Asynchronous, no callback after it; accepts NULL. */
void nft_watch_close(struct nft_watch *w);

#endif
