/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status for people: the farms; print_cluster.c has the rest. */
#include "director/ctl/ctl.h"

#include <inttypes.h>
#include <string.h>

/* "12 s", "5 min", "3 h", "2 d": one unit is enough at a glance. */
const char *print_age(uint64_t ms, char buf[static PRINT_AGE])
{
	static const struct {
		uint64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
	size_t i = 0;

	while (i < 4 && ms < 2 * units[i].ms)
		i++;
	snprintf(buf, PRINT_AGE, "%" PRIu64 " %s", ms / units[i].ms, units[i].unit);
	return buf;
}

const char *print_count(uint64_t n, char buf[static PRINT_COUNT])
{
	if (n == STATUS_UNKNOWN)
		memcpy(buf, "?", 2);
	else
		snprintf(buf, PRINT_COUNT, "%" PRIu64, n);
	return buf;
}

void print_lines(FILE *out, const char *text, const char *before)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		fprintf(out, "%s%.*s\n", before, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void print_farm_line(FILE *out, const struct status_farm *f)
{
	char connections[PRINT_COUNT], packets[PRINT_COUNT];

	fprintf(out, "farm %-10s ", f->name);
	print_state(out, f->state, 8);
	fprintf(out, " %s, %s, %s connections held, %s packets", f->services, f->scheduler,
		print_count(f->connections, connections), print_count(f->packets, packets));
	fprintf(out, f->reason[0] ? " (%s)\n" : "%s\n", f->reason);
}

/* "  (operator)": state or weight is not the configuration's. */
static void print_override(FILE *out, const struct status_backend *b)
{
	char text[PRINT_AGE];

	if (b->deadline_ms != STATUS_UNKNOWN)
		fprintf(out, "  (operator, disabled in %s)", print_age(b->deadline_ms, text));
	else if (b->override)
		fputs("  (operator)", out);
}

static void print_backend_line(FILE *out, const char *indent, const struct status_backend *b)
{
	char packets[PRINT_COUNT];

	fprintf(out, "%s%-12s ", indent, b->name);
	print_state(out, b->state, 10);
	fprintf(out, " %-15s %-17s weight %-3u %5.1f %%  %s packets", b->address,
		b->mac[0] ? b->mac : "-", b->weight, 100 * b->share,
		print_count(b->packets, packets));
	print_override(out, b);
	if (b->reason[0])
		fprintf(out, "  (%s)", b->reason);
	fputc('\n', out);
}

void print_farms(FILE *out, const struct status *s)
{
	for (size_t i = 0; i < s->n_farms; i++)
		print_farm_line(out, &s->farms[i]);
}

void print_backends(FILE *out, const struct status *s)
{
	char name[2 * STATUS_NAME + 2];

	for (size_t i = 0; i < s->n_farms; i++)
		for (size_t k = 0; k < s->farms[i].n_backends; k++) {
			struct status_backend b = s->farms[i].backends[k];

			snprintf(name, sizeof(name), "%s/", s->farms[i].name);
			print_backend_line(out, name, &b);
		}
}

void print_status(FILE *out, const struct status *s)
{
	print_cluster(out, s);
	for (size_t i = 0; i < s->n_farms; i++) {
		print_farm_line(out, &s->farms[i]);
		for (size_t k = 0; k < s->farms[i].n_backends; k++)
			print_backend_line(out, "  ", &s->farms[i].backends[k]);
	}
}
