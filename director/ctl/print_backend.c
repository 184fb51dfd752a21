/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One backend in detail: its checks and what has become of it. */
#include "director/ctl/ctl.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { MOMENT = 24 }; /* "2026-11-27 18:12:55 UTC" */

static const char *print_moment(uint64_t unix_ms, char buf[static MOMENT])
{
	time_t at = (time_t)(unix_ms / 1000);
	struct tm utc;

	if (!gmtime_r(&at, &utc) || !strftime(buf, MOMENT, "%Y-%m-%d %H:%M:%S UTC", &utc))
		memcpy(buf, "?", 2);
	return buf;
}

static void print_check(FILE *out, const struct detail_check *c)
{
	char age[PRINT_AGE], since[PRINT_AGE], every[PRINT_AGE];

	fprintf(out, "  check %-10s %-8s %s, every %s: ", c->name, c->type, c->target,
		print_age(c->interval_ms, every));
	if (c->age_ms == STATUS_UNKNOWN) {
		fputs("not tried yet\n", out);
		return;
	}
	print_state(out, c->state, 0);
	fprintf(out, " for %s\n", print_age(c->since_ms, since));
	fprintf(out, "    %s ago: %s (in %.1f ms)\n", print_age(c->age_ms, age), c->text,
		(double)c->took_us / 1000);
}

bool print_is_claim_of(const struct status_claim *c, const char *farm,
		       const struct status_backend *b)
{
	return strcmp(c->mac, b->mac) == 0 ||
	       (strcmp(c->farm, farm) == 0 && strcmp(c->backend, b->name) == 0);
}

static void print_claim(FILE *out, const struct status_claim *c)
{
	char age[PRINT_AGE], since[PRINT_AGE];

	fprintf(out, "  %s the virtual address %s, %" PRIu64 " times, first %s ago, last %s ago\n",
		c->goes_on ? "CLAIMS" : "claimed", c->address, c->count,
		print_age(c->since_ms, since), print_age(c->age_ms, age));
}

static void print_view(FILE *out, const char *node, const char *state, uint64_t ms)
{
	char age[PRINT_AGE];

	fprintf(out, "%s ", node);
	print_state(out, state, 0);
	if (ms != STATUS_UNKNOWN)
		fprintf(out, " for %s", print_age(ms, age));
}

/* What the checks of either node find. */
static void print_views(FILE *out, const struct status *s, const struct status_backend *b)
{
	if (!b->peer_state[0] || s->n_peers == 0)
		return;
	fputs("  seen by      ", out);
	print_view(out, s->node, b->own_state, b->own_ms);
	fputs(", ", out);
	print_view(out, s->peers[0].node, b->peer_state, b->peer_ms);
	fprintf(out, "%s%s\n", b->peer_reason[0] ? ": " : "", b->peer_reason);
}

/* Nothing, as long as there is nothing to tell. */
static void print_retries(FILE *out, const struct status_backend *b)
{
	char age[PRINT_AGE];

	if (b->syn_retries == STATUS_UNKNOWN || !b->syn_retries)
		return;
	fprintf(out, "  SYN retries  %" PRIu64 ", %u of %u in the last seconds", b->syn_retries,
		b->syn_repeated, b->syn_tried);
	if (b->inhibited_ms != STATUS_UNKNOWN)
		fprintf(out, "; no new connections for %s", print_age(b->inhibited_ms, age));
	fputc('\n', out);
}

void print_backend(FILE *out, const struct status *s, const struct status_backend *b,
		   const struct backend_detail *d)
{
	char connections[PRINT_COUNT], begun[PRINT_COUNT], moment[MOMENT], age[PRINT_AGE];

	fprintf(out, "backend %s of farm %s: ", b->name, s->farms[0].name);
	print_state(out, b->state, 0);
	if (d->since_ms)
		fprintf(out, " since %s", print_moment(d->since_ms, moment));
	fputc('\n', out);
	if (b->reason[0])
		fprintf(out, "  %s\n", b->reason);
	fprintf(out, "  address      %s, %s\n", b->address, b->mac[0] ? b->mac : "MAC unknown");
	fprintf(out, "  weight       %u, %.1f %% of the new connections\n", b->weight,
		100 * b->share);
	if (b->slow_start_ms != STATUS_UNKNOWN)
		fprintf(out, "  slow start   %g of it counts, %.0f %%; all of it in %s\n",
			b->effective_weight,
			b->weight ? 100 * b->effective_weight / b->weight : 100,
			print_age(b->slow_start_ms, age));
	fprintf(out, "  connections  %s held, %s begun\n", print_count(b->connections, connections),
		print_count(b->new_flows, begun));
	print_retries(out, b);
	print_views(out, s, b);
	for (size_t i = 0; i < s->n_claims; i++)
		if (print_is_claim_of(&s->claims[i], s->farms[0].name, b))
			print_claim(out, &s->claims[i]);
	for (size_t i = 0; i < d->n_checks; i++)
		print_check(out, &d->checks[i]);
	for (size_t i = 0; i < d->n_changes; i++)
		fprintf(out, "  %s  %s -> %s%s%s\n", print_moment(d->changes[i].at_ms, moment),
			d->changes[i].from, d->changes[i].to, d->changes[i].reason[0] ? ": " : "",
			d->changes[i].reason);
}
