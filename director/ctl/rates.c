/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/rates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fill_row(struct rates_row *row, const char *farm, const char *backend, uint64_t flows,
		     uint64_t packets, uint64_t bytes)
{
	*row = (struct rates_row){
		.counters = {flows, packets, bytes},
		.per_second = {STATUS_UNKNOWN, STATUS_UNKNOWN, STATUS_UNKNOWN},
	};
	snprintf(row->farm, sizeof(row->farm), "%s", farm);
	snprintf(row->backend, sizeof(row->backend), "%s", backend);
}

static void fill_rows(struct rates_row *row, const struct status *s)
{
	for (size_t i = 0; i < s->n_farms; i++) {
		const struct status_farm *f = &s->farms[i];

		fill_row(row++, f->name, "", f->new_flows, f->packets, f->bytes);
		for (size_t k = 0; k < f->n_backends; k++) {
			const struct status_backend *b = &f->backends[k];

			fill_row(row++, f->name, b->name, b->new_flows, b->packets, b->bytes);
		}
	}
}

/*
 * The row of the same name before. The order is that of the configuration: the next one is the right one,
 * but after a reload.
 */
static const struct rates_row *find(const struct rates *r, const struct rates_row *row,
				    size_t *next)
{
	for (size_t i = 0; i < r->n; i++) {
		size_t at = (*next + i) % r->n;

		if (strcmp(r->rows[at].farm, row->farm) == 0 &&
		    strcmp(r->rows[at].backend, row->backend) == 0) {
			*next = at + 1;
			return &r->rows[at];
		}
	}
	return NULL;
}

static uint64_t rate_of(uint64_t before, uint64_t now, uint64_t ms)
{
	if (before == STATUS_UNKNOWN || now == STATUS_UNKNOWN || now < before)
		return STATUS_UNKNOWN;
	return (uint64_t)((double)(now - before) * 1000 / (double)ms + 0.5);
}

/* From the row before; without a newer reading it stays what it was. */
static void fill_rates(struct rates_row *row, const struct rates_row *before, uint64_t ms)
{
	if (!ms) {
		*row = *before;
		return;
	}
	for (size_t i = 0; i < RATES; i++)
		row->per_second[i] = rate_of(before->counters[i], row->counters[i], ms);
}

static void add_up(struct rates *r)
{
	for (size_t i = 0; i < RATES; i++) {
		r->total[i] = STATUS_UNKNOWN;
		for (size_t k = 0; k < r->n; k++) {
			const struct rates_row *row = &r->rows[k];

			if (row->backend[0] || row->per_second[i] == STATUS_UNKNOWN)
				continue;
			r->total[i] = row->per_second[i] +
				      (r->total[i] == STATUS_UNKNOWN ? 0 : r->total[i]);
		}
	}
}

int rates_take(struct rates *r, const struct status *s, uint64_t now_ms)
{
	size_t n = s->n_farms + status_count_backends(s), next = 0;
	struct rates_row *rows = calloc(n + 1, sizeof(*rows));
	uint64_t read_ms = s->counters_age_ms < now_ms ? now_ms - s->counters_age_ms : 0;
	uint64_t ms = read_ms >= r->read_ms + RATES_APART_MS ? read_ms - r->read_ms : 0;

	if (!rows)
		return -ENOMEM;
	fill_rows(rows, s);
	for (size_t i = 0; i < n; i++) {
		const struct rates_row *before = find(r, &rows[i], &next);

		if (before)
			fill_rates(&rows[i], before, ms);
		else if (r->n && !ms) /* its counters were not read at the time of the others' */
			memset(rows[i].counters, 0xff, sizeof(rows[i].counters));
	}
	free(r->rows);
	r->rows = rows;
	if (ms || !r->n)
		r->read_ms = read_ms;
	r->n = n;
	add_up(r);
	return 0;
}

void rates_clear(struct rates *r)
{
	free(r->rows);
	*r = (struct rates){0};
}
