/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one socket through which the ruleset is read and changed. The kernel does the work inside
 * send(), so the answers are there when it returns; nothing waits for them longer than a second.
 *
 * Shell: owns the socket; must not decide anything.
 */
#ifndef DIRECTOR_RULESET_NFT_SOCKET_UV_H
#define DIRECTOR_RULESET_NFT_SOCKET_UV_H

#include "director/ruleset/nft_netlink.h"
#include "include/err.h"

#include <libmnl/libmnl.h>

struct nft_socket {
	struct mnl_socket *nl;
	uint32_t portid;
	uint32_t seq;  /* of the last message sent */
	bool end_acks; /* this kernel acknowledges the end of a batch (6.10 and newer) */
};

/* Opens it and finds out how this kernel says "committed". -EPERM etc. with *err filled. */
int nft_socket_open(struct nft_socket *s, struct err *err);
/* Accepts one that was never opened (zeroed). */
void nft_socket_close(struct nft_socket *s);

/*
 * Sends an ended batch. 0: committed. -EIO: the verdict is unknown, read the ruleset again. Any
 * other negative errno: refused, nothing was changed, *err names the first message refused.
 * heard (or NULL) is given the notifications that the batch asked for (NLM_F_ECHO).
 */
int nft_socket_commit(struct nft_socket *s, struct nft_batch *b,
		      void (*heard)(void *data, const struct nlmsghdr *nlh), void *data,
		      struct err *err);
/*
 * Sends a batch that was not ended, which the kernel looks at as a whole and undoes again: nothing
 * is ever changed. 0: it would accept it; else a negative errno with *err, as above.
 */
int nft_socket_try(struct nft_socket *s, struct nft_batch *b, struct err *err);
/* The number for the first message of the next batch. */
uint32_t nft_socket_next_seq(const struct nft_socket *s);

/*
 * A dump: asks with a message of that type (netdev family) that put() completed, gives every answer to cb. When it was
 * interrupted by a change (-EINTR) the caller starts over. 0 or negative errno.
 */
int nft_socket_dump(struct nft_socket *s, uint16_t type, void (*put)(struct nlmsghdr *, void *),
		    mnl_cb_t cb, void *data);
/* One object, or -ENOENT. */
int nft_socket_get(struct nft_socket *s, uint16_t type, void (*put)(struct nlmsghdr *, void *),
		   mnl_cb_t cb, void *data);
/* Number of the kernel's current ruleset generation: it changes with every transaction, anyone's. */
int nft_socket_generation(struct nft_socket *s, uint32_t *ret);

#endif
