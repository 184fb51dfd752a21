/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/status.h"

#include <stdio.h>
#include <stdlib.h>

void status_clear(struct status *s)
{
	for (size_t i = 0; i < s->n_vrrps; i++)
		free(s->vrrps[i].addresses);
	for (size_t i = 0; i < s->n_peers; i++)
		free(s->peers[i].words);
	for (size_t i = 0; i < s->n_farms; i++)
		free(s->farms[i].backends);
	free(s->alarms);
	free(s->vrrps);
	free(s->peers);
	free(s->stragglers);
	free(s->claims);
	free(s->farms);
	*s = (struct status){0};
}

size_t status_count_backends(const struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_farms; i++)
		n += s->farms[i].n_backends;
	return n;
}

void status_add_drop(struct status_farm *f, const char *reason, uint64_t packets)
{
	struct status_drop *d;

	if (f->n_drops == STATUS_DROPS_MAX)
		return;
	d = &f->drops[f->n_drops++];
	snprintf(d->reason, sizeof(d->reason), "%s", reason);
	d->packets = packets;
}

void status_add_table(struct status_farm *f, const char *name, uint64_t size, uint64_t used)
{
	struct status_table *t;

	if (f->n_tables == STATUS_TABLES_MAX)
		return;
	t = &f->tables[f->n_tables++];
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->size = size;
	t->used = used;
}

void status_add_count(struct status_counts *c, const char *reason, uint64_t count)
{
	struct status_count *next;

	if (!count || c->n == STATUS_REASONS_MAX)
		return;
	next = &c->at[c->n++];
	snprintf(next->reason, sizeof(next->reason), "%s", reason);
	next->count = count;
}

void status_add_count_of(struct status_counts *c, const char *kind, const char *reason,
			 uint64_t count)
{
	char both[STATUS_NAME];

	snprintf(both, sizeof(both), "%s-%s", kind, reason);
	status_add_count(c, both, count);
}

void status_channel_none(struct status_channel *c)
{
	*c = (struct status_channel){.since_ms = STATUS_UNKNOWN,
				     .would_lose = STATUS_UNKNOWN,
				     .snapshot_age_ms = STATUS_UNKNOWN,
				     .snapshot_took_ms = STATUS_UNKNOWN,
				     .lag_median_us = STATUS_UNKNOWN,
				     .lag_p99_us = STATUS_UNKNOWN,
				     .lag_max_us = STATUS_UNKNOWN,
				     .clock_apart_ms = STATUS_UNKNOWN};
}
