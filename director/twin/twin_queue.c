/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/twin/twin_queue.h"

#include <errno.h>
#include <stdlib.h>

int twin_queue_init(struct twin_queue *q)
{
	*q = (struct twin_queue){.flows = calloc(TWIN_QUEUE, sizeof(*q->flows))};
	return q->flows ? 0 : -ENOMEM;
}

void twin_queue_free(struct twin_queue *q)
{
	free(q->flows);
	*q = (struct twin_queue){0};
}

bool twin_queue_add(struct twin_queue *q, const struct sync_flow *flow, uint64_t now_us)
{
	if (q->n == TWIN_QUEUE)
		return false;
	if (q->n == 0)
		q->since_us = now_us;
	q->flows[(q->first + q->n++) % TWIN_QUEUE] = *flow;
	return true;
}

const struct sync_flow *twin_queue_first(const struct twin_queue *q)
{
	return q->n ? &q->flows[q->first] : NULL;
}

void twin_queue_drop_first(struct twin_queue *q)
{
	q->first = (q->first + 1) % TWIN_QUEUE;
	q->n--;
	if (q->n == 0)
		twin_queue_clear(q); /* the same pages are used again */
}

void twin_queue_clear(struct twin_queue *q)
{
	q->first = q->n = 0;
	q->since_us = 0;
}
