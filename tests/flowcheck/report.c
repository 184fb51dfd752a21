/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as text:
 *
 *	flowcheck backend web1              or: flowcheck sent
 *	plan 10.99.0.0 100000 0 0           the sender's: client, lasting flows, tuples, apart
 *	overload 0
 *	strange 0
 *	NUMBER PACKETS FIRST LAST DUPLICATES REORDERED LATE FIRST-MS LAST-MS
 *	end ROWS
 */
#include "tests/flowcheck/flow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A longer line is nobody's. */
enum { LINE_MAX_LEN = 200 };

int flow_report_write(FILE *out, const struct flow_report *r)
{
	char client[ADDR_TEXT];

	if (r->name[0])
		fprintf(out, "flowcheck backend %s\n", r->name);
	else
		fprintf(out, "flowcheck sent\nplan %s %u %u %d\n",
			addr_format(&r->plan.client, client), r->plan.lasting, r->plan.tuples,
			r->plan.apart);
	fprintf(out, "overload %" PRIu64 "\nstrange %" PRIu64 "\n", r->overload, r->strange);
	for (size_t i = 0; i < r->n; i++) {
		const struct flow_row *row = &r->rows[i];

		fprintf(out, "%u %u %u %u %u %u %u %" PRId64 " %" PRId64 "\n", row->number,
			row->packets, row->first, row->last, row->duplicates, row->reordered,
			row->late, row->first_ms, row->last_ms);
	}
	fprintf(out, "end %zu\n", r->n);
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}

static bool read_plan(const char *line, struct flow_plan *plan)
{
	char client[ADDR_TEXT];
	unsigned int apart;

	if (sscanf(line, "plan %45s %u %u %1u", client, &plan->lasting, &plan->tuples, &apart) != 4)
		return false;
	plan->apart = apart;
	return addr_parse(client, &plan->client) == 0;
}

static bool read_head(FILE *in, struct flow_report *r)
{
	char line[LINE_MAX_LEN];

	if (!fgets(line, sizeof(line), in))
		return false;
	if (strcmp(line, "flowcheck sent\n") == 0) {
		if (!fgets(line, sizeof(line), in) || !read_plan(line, &r->plan))
			return false;
	} else if (sscanf(line, "flowcheck backend %31s", r->name) != 1) {
		return false;
	}
	return fscanf(in, "overload %" SCNu64 "\n", &r->overload) == 1 &&
	       fscanf(in, "strange %" SCNu64 "\n", &r->strange) == 1;
}

/* Millions of lines: scanf would take longer than the run that made them. */
static bool read_row(char *line, struct flow_row *row)
{
	uint32_t *const counts[] = {&row->number,     &row->packets,   &row->first, &row->last,
				    &row->duplicates, &row->reordered, &row->late};
	char *end, *at = line;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		*counts[i] = (uint32_t)strtoul(at, &end, 10);
		if (end == at || *end != ' ')
			return false;
		at = end;
	}
	row->first_ms = strtoll(at, &end, 10);
	if (end == at || *end != ' ')
		return false;
	at = end;
	row->last_ms = strtoll(at, &end, 10);
	return end > at && *end == '\n';
}

static bool append(struct flow_report *r, size_t *room, const struct flow_row *row)
{
	struct flow_row *rows;

	if (r->n == *room) {
		*room = *room ? *room * 2 : 4096;
		rows = realloc(r->rows, *room * sizeof(*rows));
		if (!rows)
			return false;
		r->rows = rows;
	}
	r->rows[r->n++] = *row;
	return true;
}

static bool read_rows(FILE *in, struct flow_report *r, char why[static FLOW_WHY])
{
	char line[LINE_MAX_LEN];
	struct flow_row row;
	size_t room = 0, n;

	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "end %zu", &n) == 1) {
			if (n == r->n)
				return true;
			snprintf(why, FLOW_WHY, "%zu rows of %zu", r->n, n);
			return false;
		}
		if (!read_row(line, &row)) {
			snprintf(why, FLOW_WHY, "row %zu is not a row", r->n + 1);
			return false;
		}
		if (!append(r, &room, &row)) {
			snprintf(why, FLOW_WHY, "out of memory");
			return false;
		}
	}
	snprintf(why, FLOW_WHY, "it ends early, after %zu rows", r->n);
	return false;
}

bool flow_report_read(FILE *in, struct flow_report *ret, char why[static FLOW_WHY])
{
	struct flow_report r = {.rows = NULL};

	if (!read_head(in, &r)) {
		snprintf(why, FLOW_WHY, "it is not a report");
		return false;
	}
	if (!read_rows(in, &r, why)) {
		flow_report_clear(&r);
		return false;
	}
	*ret = r;
	return true;
}

void flow_report_clear(struct flow_report *r)
{
	free(r->rows);
	*r = (struct flow_report){.rows = NULL};
}
