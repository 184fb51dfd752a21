/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `probe` was asked and what came of it, for its renderers. */
#ifndef DIRECTOR_CTL_PROBE_H
#define DIRECTOR_CTL_PROBE_H

#include "director/probe/probe_run_uv.h"

#include <stdio.h>

struct probe_report {
	struct probe_target target;
	struct probe_order order;
	struct probe_result result;
	uint64_t max_gap_ms, max_lost; /* UINT64_MAX: not asked for */
	bool good;		       /* something answered, and nothing of these was exceeded */

	/* The renderer's own, while it runs. */
	bool live, unicode, colour;
	size_t gaps_printed;
};

/* Rounded up: a gap is never told shorter than it was. */
uint64_t probe_report_gap_ms(uint64_t us);
/* How many of the held connections are so. */
uint32_t probe_report_held(const struct probe_result *r, bool (*is)(const struct probe_held *h));
bool probe_report_is_lost(const struct probe_held *h);

/*
 * For people: what is asked; while it runs each gap and each held connection that is lost, on a terminal over
 * a line of its near past; at the end all of it.
 */
void print_probe_begin(FILE *out, struct probe_report *report);
void print_probe_so_far(void *report, const struct probe_result *so_far);
void print_probe_held_lost(void *report, const struct probe_result *so_far,
			   const struct probe_held *h);
void print_probe(FILE *out, struct probe_report *report);
/* 0 or -1 without memory. */
int print_json_probe(FILE *out, const struct probe_report *report);

#endif
