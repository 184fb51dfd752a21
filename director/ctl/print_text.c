/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status for people. */
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

static void print_vrrp(FILE *out, const struct status_vrrp *v)
{
	char text[PRINT_AGE];

	fprintf(out, "vrrp %-10s %-8s for %s (%s)\n", v->name, v->state,
		print_age(v->since_ms, text), v->reason[0] ? v->reason : "started");
	fprintf(out, "  %s, virtual router %u, priority %u%s, %" PRIu64 " transitions\n",
		v->interface, v->virtual_router_id, v->priority,
		v->yielded ? " (handed over by the operator)" : "", v->transitions);
	fputs("  addresses", out);
	for (size_t i = 0; i < v->n_addresses; i++)
		fprintf(out, " %s", v->addresses[i]);
	fputc('\n', out);
	if (strcmp(v->state, "backup") == 0 && v->master[0])
		fprintf(out, "  master is %s, priority %u, last heard %s ago\n", v->master,
			v->master_priority, print_age(v->master_age_ms, text));
	if (v->error[0])
		fprintf(out, "  trouble: %s\n", v->error);
}

static void print_head(FILE *out, const struct status *s)
{
	char text[PRINT_AGE];

	if (s->node[0])
		fprintf(out, "node %s", s->node);
	else
		fputs("standalone", out);
	fprintf(out, ", director %s, running for %s, ruleset %s\n", s->version,
		print_age(s->uptime_ms, text),
		s->ruleset_in_sync ? "in sync" : "NOT in sync with the kernel");
	if (s->index_missed || s->index_unindexed)
		fprintf(out,
			"%" PRIu64 " new connections were not heard of, %" PRIu64
			" found no place in the index\n",
			s->index_missed, s->index_unindexed);
}

/* "412 us", "35 ms": under 10 ms to the microsecond. */
static void print_late(FILE *out, uint64_t us)
{
	if (us < 10000)
		fprintf(out, "%" PRIu64 " us", us);
	else
		fprintf(out, "%" PRIu64 " ms", us / 1000);
}

static void print_latency(FILE *out, const struct status *s)
{
	fputs("election at most ", out);
	print_late(out, s->election_late.max_us);
	fprintf(out, " late in %" PRIu64 " deadlines%s, main loop ", s->election_late.count,
		s->election_realtime ? " (real-time)" : "");
	print_late(out, s->main_late.max_us);
	fputc('\n', out);
}

/* Whoever needs more takes the JSON. */
enum { STRAGGLERS_SHOWN = 20 };

static void print_straggler(FILE *out, const struct status_straggler *s)
{
	char text[PRINT_AGE];

	fprintf(out,
		"straggler %s on %s sends here what is for %s, last %s ago: it has not heard of "
		"the "
		"new master\n",
		s->mac, s->interface, s->address, print_age(s->age_ms, text));
}

void print_cluster(FILE *out, const struct status *s)
{
	print_head(out, s);
	if (!s->n_vrrps)
		fputs("no vrrp section: nobody holds a virtual address\n", out);
	else
		print_latency(out, s);
	for (size_t i = 0; i < s->n_vrrps; i++)
		print_vrrp(out, &s->vrrps[i]);
	for (size_t i = 0; i < s->n_peers; i++)
		fprintf(out, "peer %-10s %s, channel %s, tables %s\n", s->peers[i].node,
			s->peers[i].address, s->peers[i].state, s->peers[i].sync);
	for (size_t i = 0; i < s->n_stragglers && i < STRAGGLERS_SHOWN; i++)
		print_straggler(out, &s->stragglers[i]);
	if (s->n_stragglers > STRAGGLERS_SHOWN)
		fprintf(out, "… and %zu more\n", s->n_stragglers - STRAGGLERS_SHOWN);
}

static void print_farm_line(FILE *out, const struct status_farm *f)
{
	char connections[PRINT_COUNT], packets[PRINT_COUNT];

	fprintf(out, "farm %-10s %-8s %s, %s, %s connections held, %s packets", f->name, f->state,
		f->services, f->scheduler, print_count(f->connections, connections),
		print_count(f->packets, packets));
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

	fprintf(out, "%s%-12s %-10s %-15s %-17s weight %-3u %5.1f %%  %s packets", indent, b->name,
		b->state, b->address, b->mac[0] ? b->mac : "-", b->weight, 100 * b->share,
		print_count(b->packets, packets));
	print_override(out, b);
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
