/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The elements of one set, one after the other, whatever is in them (kernel_attr.h).
 *
 * Shell: reads through the socket; must not decide anything.
 */
#ifndef DIRECTOR_RULESET_KERNEL_SET_UV_H
#define DIRECTOR_RULESET_KERNEL_SET_UV_H

#include "director/ruleset/nft_socket_uv.h"

/*
 * Calls seen() for every element of a set, as long as that returns MNL_CB_OK; one that wants no more
 * returns MNL_CB_STOP. 0 or negative errno; -ENOENT: no such set; -EINTR: not all, somebody's transaction came.
 */
int kernel_read_elements(struct nft_socket *s, const char *table, const char *set,
			 mnl_attr_cb_t seen, void *data);
/* The same for those that one message tells of. MNL_CB_OK, or what seen() returned. */
int kernel_each_element(const struct nlmsghdr *nlh, mnl_attr_cb_t seen, void *data);

#endif
