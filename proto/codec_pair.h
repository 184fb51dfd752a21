/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a status that tells of the pair: alarms, virtual routers, the other director, stragglers,
 * and of backends that claim an address. As codec_status.h, which uses it. Private to proto/.
 */
#ifndef PROTO_CODEC_PAIR_H
#define PROTO_CODEC_PAIR_H

#include "include/status.h"
#include "proto/control.pb-c.h"

/* The generated messages in blocks, and a list of pointers to them and to borrowed strings. */
struct packed_pair {
	Control__Vrrp *vrrps;
	Control__Peer *peers;
	Control__Count *counts;	    /* of all routers and peers */
	Control__Word *words;	    /* of all peers */
	Control__Channel *channels; /* one for each peer */
	Control__Straggler *stragglers;
	Control__Claim *claims;
	void **pointers; /* of all lists */
	size_t n_vrrps, n_peers, n_stragglers, n_claims, n_alarms;
};

/* 0 or -ENOMEM; to be cleared in either case. Strings stay in the status. */
int packed_pair_init(struct packed_pair *p, const struct status *s);
void packed_pair_link(struct packed_pair *p, Control__Status *m);
void packed_pair_clear(struct packed_pair *p);

/* A list that is no longer than STATUS_REASONS_MAX. */
void codec_take_counts(struct status_counts *c, Control__Count *const *list, size_t n);
/* As codec_take_status(). */
int codec_take_pair(struct status *s, const Control__Status *m);

#endif
