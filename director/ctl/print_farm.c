/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One farm in detail, for people: fits 80 columns with names of usual length. */
#include "director/ctl/ctl.h"

#include <inttypes.h>
#include <string.h>

static void print_transition(FILE *out, const struct status_transition *t)
{
	char exceptions[PRINT_COUNT], left[PRINT_AGE];

	if (!t->moved && !t->exceptions)
		return;
	fputs("  transition   ", out);
	if (t->moved)
		fprintf(out, "%" PRIu64 " of %" PRIu64 " buckets move, %s left, ", t->moved,
			t->buckets, print_age(t->remaining_ms, left));
	fprintf(out, "%s exceptions held\n", print_count(t->exceptions, exceptions));
}

enum { SECOND_MS = 1000 }; /* younger than that is now, for people */

static void print_tables(FILE *out, const struct status_farm *f)
{
	char used[PRINT_COUNT];

	for (size_t i = 0; i < f->n_tables; i++) {
		const struct status_table *t = &f->tables[i];

		fprintf(out, "  table        %s: %s of %" PRIu64, t->name,
			print_count(t->used, used), t->size);
		if (t->used != STATUS_UNKNOWN && t->size)
			fprintf(out, " (%.1f %%)", 100.0 * (double)t->used / (double)t->size);
		fputc('\n', out);
	}
}

static void print_drops(FILE *out, const struct status_farm *f)
{
	char packets[PRINT_COUNT];

	for (size_t i = 0; i < f->n_drops; i++)
		fprintf(out, "  dropped      %s packets: %s\n",
			print_count(f->drops[i].packets, packets), f->drops[i].reason);
}

static void print_numbers(FILE *out, const struct status_farm *f, uint64_t age_ms)
{
	char a[PRINT_COUNT], b[PRINT_COUNT], c[PRINT_COUNT];

	fprintf(out, "  connections  %s held, %s half-open, %s clients pinned\n",
		print_count(f->connections, a), print_count(f->half_open, b),
		print_count(f->pins, c));
	fprintf(out, "  forwarded    %s packets, %s bytes, %s new connections\n",
		print_count(f->packets, a), print_count(f->bytes, b), print_count(f->new_flows, c));
	if (age_ms != STATUS_UNKNOWN && age_ms >= SECOND_MS)
		fprintf(out, "  counters     were read %s ago\n", print_age(age_ms, a));
	if (f->scheduler_age_ms != STATUS_UNKNOWN)
		fprintf(out, "  counts       of least-connections are %s old\n",
			print_age(f->scheduler_age_ms, a));
}

/* What the operator's word replaces, in a line of its own. */
static void print_override(FILE *out, const struct status_backend *b)
{
	char left[PRINT_AGE];

	if (!b->override)
		return;
	fprintf(out, "    by the operator; configured: %s, weight %u", b->configured_state,
		b->configured_weight);
	if (b->deadline_ms != STATUS_UNKNOWN)
		fprintf(out, "; disabled in %s", print_age(b->deadline_ms, left));
	fputc('\n', out);
}

static void print_row(FILE *out, const struct status_backend *b)
{
	char held[PRINT_COUNT], begun[PRINT_COUNT], packets[PRINT_COUNT];

	fprintf(out, "  %-10s ", b->name);
	print_state(out, b->state, 10);
	fprintf(out, " %-15s %6u %5.1f %7s %7s %10s\n", b->address, b->weight, 100 * b->share,
		print_count(b->connections, held), print_count(b->new_flows, begun),
		print_count(b->packets, packets));
	print_override(out, b);
	if (b->reason[0])
		fprintf(out, "    %s\n", b->reason);
}

void print_farm(FILE *out, const struct status_farm *f, uint64_t counters_age_ms)
{
	fprintf(out, "farm %s: ", f->name);
	print_state(out, f->state, 0);
	fprintf(out, "%s%s%s\n", f->reason[0] ? " (" : "", f->reason, f->reason[0] ? ")" : "");
	fprintf(out, "  serves       %s\n", f->services);
	fprintf(out, "  scheduler    %s\n", f->scheduler);
	print_numbers(out, f, counters_age_ms);
	print_tables(out, f);
	print_transition(out, &f->transition);
	print_drops(out, f);
	fprintf(out, "  %-10s %-10s %-15s %6s %5s %7s %7s %10s\n", "backend", "state", "address",
		"weight", "%", "held", "new", "packets");
	for (size_t i = 0; i < f->n_backends; i++)
		print_row(out, &f->backends[i]);
}
