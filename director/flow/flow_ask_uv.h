/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the kernel for chosen elements of a big nft map; see flow_ask.h.
 *
 * Shell: owns one socket. The kernel does the work inside send(), so nothing is waited for: a call
 * takes about 3 µs a key.
 */
#ifndef DIRECTOR_FLOW_FLOW_ASK_UV_H
#define DIRECTOR_FLOW_FLOW_ASK_UV_H

#include "director/flow/flow_ask.h"
#include "include/err.h"

struct flow_asker;

/* 0, or a negative errno with *err filled. */
int flow_asker_new(struct flow_asker **ret, struct err *err);
/* Accepts NULL. */
void flow_asker_free(struct flow_asker *a);
/*
 * Looks n keys of set->key_len octets up; answers has n places. Give it as many as the loop may wait
 * for: a thousand are 3 ms. 0; -ENOENT: there is no such table or set; -EINVAL: the kernel takes no
 * such key (its length); -EIO: the answers are not what was asked for. On an error the answers mean
 * nothing.
 */
int flow_ask(struct flow_asker *a, const struct flow_ask_set *set, const uint8_t *keys, size_t n,
	     struct flow_answer *answers);

#endif
