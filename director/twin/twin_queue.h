/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * News of flows that wait to be told to the other director, in their order. A message has flows of
 * one IP version, so each has a queue of its own. Of bounded length: what does not fit is lost, and
 * a snapshot has to make up for it.
 *
 * Pure.
 */
#ifndef DIRECTOR_TWIN_TWIN_QUEUE_H
#define DIRECTOR_TWIN_TWIN_QUEUE_H

#include "include/sync.h"

/* As many as the window of the channel holds: half a second at 130,000 new flows a second. */
enum { TWIN_QUEUE = 65536 };

struct twin_queue {
	struct sync_flow *flows; /* TWIN_QUEUE of them; the kernel gives the pages that are used */
	size_t first, n;
	uint64_t since_us; /* when the first one came, or one before it; 0: it is empty */
};

/* 0 or -ENOMEM. */
int twin_queue_init(struct twin_queue *q);
void twin_queue_free(struct twin_queue *q);
/* False: it is full. */
bool twin_queue_add(struct twin_queue *q, const struct sync_flow *flow, uint64_t now_us);
/* NULL: it is empty. */
const struct sync_flow *twin_queue_first(const struct twin_queue *q);
void twin_queue_drop_first(struct twin_queue *q);
void twin_queue_clear(struct twin_queue *q);

#endif
