/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One backend in detail: its checks and what has become of it. */
#include "director/ctl/ctl.h"

#include <inttypes.h>
#include <jansson.h>
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
	fprintf(out, "%s for %s\n", c->state, print_age(c->since_ms, since));
	fprintf(out, "    %s ago: %s (in %.1f ms)\n", print_age(c->age_ms, age), c->text,
		(double)c->took_us / 1000);
}

void print_backend(FILE *out, const struct status_farm *f, const struct status_backend *b,
		   const struct backend_detail *d)
{
	char connections[PRINT_COUNT], begun[PRINT_COUNT], moment[MOMENT];

	fprintf(out, "backend %s of farm %s: %s", b->name, f->name, b->state);
	if (d->since_ms)
		fprintf(out, " since %s", print_moment(d->since_ms, moment));
	fputc('\n', out);
	if (b->reason[0])
		fprintf(out, "  %s\n", b->reason);
	fprintf(out, "  address      %s, %s\n", b->address, b->mac[0] ? b->mac : "MAC unknown");
	fprintf(out, "  weight       %u, %.1f %% of the new connections\n", b->weight,
		100 * b->share);
	fprintf(out, "  connections  %s held, %s begun\n", print_count(b->connections, connections),
		print_count(b->new_flows, begun));
	for (size_t i = 0; i < d->n_checks; i++)
		print_check(out, &d->checks[i]);
	for (size_t i = 0; i < d->n_changes; i++)
		fprintf(out, "  %s  %s -> %s%s%s\n", print_moment(d->changes[i].at_ms, moment),
			d->changes[i].from, d->changes[i].to, d->changes[i].reason[0] ? ": " : "",
			d->changes[i].reason);
}

/* A number that JSON readers keep whole, or null. */
static json_t *number(uint64_t n)
{
	return n == STATUS_UNKNOWN ? json_null() : json_integer((json_int_t)n);
}

int print_json_detail(FILE *out, const struct status_farm *f, const struct status_backend *b,
		      const struct backend_detail *d)
{
	json_t *document = json_backend(f, b), *checks = json_array(), *history = json_array();

	for (size_t i = 0; i < d->n_checks; i++) {
		const struct detail_check *c = &d->checks[i];

		json_array_append_new(
			checks,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name",
				  c->name, "type", c->type, "target", c->target, "state", c->state,
				  "outcome", c->outcome, "text", c->text, "took_us",
				  number(c->took_us), "age_ms", number(c->age_ms), "since_ms",
				  number(c->since_ms), "interval_ms", number(c->interval_ms)));
	}
	for (size_t i = 0; i < d->n_changes; i++)
		json_array_append_new(history, json_pack("{s:o, s:s, s:s, s:s}", "at_ms",
							 number(d->changes[i].at_ms), "from",
							 d->changes[i].from, "to", d->changes[i].to,
							 "reason", d->changes[i].reason));
	json_object_set_new(document, "since_ms", d->since_ms ? number(d->since_ms) : json_null());
	json_object_set_new(document, "checks", checks);
	json_object_set_new(document, "history", history);
	return print_json_document(out, document);
}
