/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pair for people: alarms first, then this node's virtual routers, then what the other says. */
#include "director/ctl/ctl.h"

#include <inttypes.h>
#include <string.h>

/* ", rejected 3 checksum, 1 ttl"; nothing when nothing was. */
static void print_counts(FILE *out, const char *what, const struct status_counts *c)
{
	for (size_t i = 0; i < c->n; i++)
		fprintf(out, "%s%s %" PRIu64 " %s", i ? "," : ", ", i ? "" : what, c->at[i].count,
			c->at[i].reason);
}

static void print_addresses(FILE *out, const struct status_vrrp *v)
{
	fputs("  addresses", out);
	for (size_t i = 0; i < v->n_addresses; i++)
		fprintf(out, " %s", v->addresses[i]);
	if (v->lease_s)
		fprintf(out, ", held for %" PRIu64 " s at a time", v->lease_s);
	if (v->restored)
		fprintf(out, ", put back %" PRIu64 " times", v->restored);
	if (v->claims)
		fprintf(out, ", claimed by others %" PRIu64 " times", v->claims);
	fputc('\n', out);
}

static void print_adverts(FILE *out, const struct status_vrrp *v)
{
	fprintf(out, "  adverts %" PRIu64 " sent, %" PRIu64 " accepted", v->adverts_sent,
		v->adverts_received);
	print_counts(out, "rejected", &v->rejected);
	print_counts(out, "noted", &v->notes);
	fprintf(out, ", authentication %s\n", v->authentication);
}

static void print_vrrp(FILE *out, const struct status_vrrp *v)
{
	char text[PRINT_AGE];

	fprintf(out, "vrrp %-10s ", v->name);
	print_state(out, v->state, 8);
	fprintf(out, " for %s (%s)\n", print_age(v->since_ms, text),
		v->reason[0] ? v->reason : "started");
	fprintf(out, "  %s%s%s, virtual router %u, priority %u%s, %" PRIu64 " transitions\n",
		v->device, v->device[0] ? " on " : "", v->interface, v->virtual_router_id,
		v->priority, v->yielded ? " (handed over by the operator)" : "", v->transitions);
	print_addresses(out, v);
	if (strcmp(v->state, "backup") == 0 && v->master[0])
		fprintf(out, "  master is %s, priority %u, last heard %s ago\n", v->master,
			v->master_priority, print_age(v->master_age_ms, text));
	if (v->gate[0])
		fprintf(out, "  %s\n", v->gate);
	print_adverts(out, v);
	if (v->error[0])
		fprintf(out, "  trouble: %s\n", v->error);
}

static void print_word(FILE *out, const struct status_word *w)
{
	char text[PRINT_AGE];

	fputs("  there: ", out);
	if (w->name[0])
		fprintf(out, "vrrp %s", w->name);
	else
		fprintf(out, "virtual router %u, which is not ours,", w->virtual_router_id);
	fprintf(out, "%s %s, priority %u%s%s, said %s ago\n", w->family == 6 ? " (IPv6)" : "",
		w->state, w->priority, w->holds ? ", holds the addresses" : "",
		w->link_up ? "" : ", link down", print_age(w->age_ms, text));
}

static void print_heartbeat(FILE *out, const struct status_peer *p)
{
	char text[PRINT_AGE];

	if (strcmp(p->heartbeat, "off") == 0) {
		fputs("  no heartbeats\n", out);
		return;
	}
	fputs("  heartbeat ", out);
	print_state(out, p->heartbeat, 0);
	fprintf(out, " for %s (%s)", print_age(p->since_ms, text), p->cause);
	if (p->age_ms != STATUS_UNKNOWN)
		fprintf(out, ", the last one is %s old, round trip %" PRIu64 " us",
			print_age(p->age_ms, text), p->round_trip_us);
	fprintf(out, "\n  %" PRIu64 " sent, %" PRIu64 " received", p->sent, p->received);
	print_counts(out, "rejected", &p->rejected);
	fputc('\n', out);
	if (p->error[0])
		fprintf(out, "  trouble: %s\n", p->error);
}

/* "1.2 MB", "80 kB", "512 octets": two digits are enough at a glance. */
static const char *print_octets(uint64_t n, char buf[static PRINT_COUNT])
{
	static const struct {
		uint64_t octets;
		const char *unit;
	} units[] = {{1000000000000, "TB"}, {1000000000, "GB"}, {1000000, "MB"}, {1000, "kB"}};
	size_t i = 0;

	if (n < 1000) {
		snprintf(buf, PRINT_COUNT, "%" PRIu64 " octets", n);
		return buf;
	}
	while (n < units[i].octets)
		i++;
	if (n < 10 * units[i].octets)
		snprintf(buf, PRINT_COUNT, "%" PRIu64 ".%" PRIu64 " %s", n / units[i].octets,
			 n % units[i].octets * 10 / units[i].octets, units[i].unit);
	else
		snprintf(buf, PRINT_COUNT, "%" PRIu64 " %s", n / units[i].octets, units[i].unit);
	return buf;
}

static void print_connection(FILE *out, const struct status_channel *c)
{
	char age[PRINT_AGE], sent[PRINT_COUNT], received[PRINT_COUNT];

	if (c->connected)
		fprintf(out, "  channel up for %s, %s sent, %s received",
			print_age(c->since_ms, age), print_octets(c->octets_sent, sent),
			print_octets(c->octets_received, received));
	else
		fprintf(out, "  channel DOWN: %s",
			c->trouble[0] ? c->trouble : "no connection yet");
	if (c->ended[0])
		fprintf(out, "; %s ended when the other director %s",
			c->connected ? "the one before" : "the last one", c->ended);
	fputc('\n', out);
}

static const char *tables_text(const struct status_channel *c)
{
	if (c->current_here && c->current_there)
		return "in sync both ways";
	if (c->current_there)
		return "in sync there, NOT here";
	if (c->current_here)
		return "in sync here, NOT there";
	return "NOT in sync";
}

static void print_tables(FILE *out, const struct status_peer *p)
{
	const struct status_channel *c = &p->channel;
	char age[PRINT_AGE], lose[PRINT_COUNT];

	fprintf(out, "  tables %s, %" PRIu64 " flows ours, %" PRIu64 " theirs", tables_text(c),
		c->held_ours, c->held_theirs);
	if (p->lag_ms != STATUS_UNKNOWN)
		fprintf(out, ", lag %s", print_age(p->lag_ms, age));
	fprintf(out, "; %s would be lost if it took over now\n", print_count(c->would_lose, lose));
}

static void print_flows(FILE *out, const struct status_channel *c)
{
	fprintf(out, "  flows %" PRIu64 " sent, %" PRIu64 " received", c->flows_sent,
		c->flows_received);
	if (c->queued || c->unacknowledged)
		fprintf(out, ", %" PRIu64 " entries wait, %" PRIu64 " are on their way", c->queued,
			c->unacknowledged);
	if (c->flows_unknown)
		fprintf(out, ", %" PRIu64 " for backends that we do not have", c->flows_unknown);
	if (c->flows_refused)
		fprintf(out, ", %" PRIu64 " that found no place", c->flows_refused);
	if (c->lost)
		fprintf(out, ", lost track %" PRIu64 " times", c->lost);
	print_counts(out, "rejected", &c->rejected);
	fputc('\n', out);
}

static void print_channel(FILE *out, const struct status_peer *p)
{
	if (!p->channel.enabled)
		return;
	print_connection(out, &p->channel);
	print_tables(out, p);
	print_flows(out, &p->channel);
	if (p->channel.config_differs)
		fputs("  its configuration is another one (`directorctl doctor` tells where): "
		      "flows of backends that only one of us has are not kept\n",
		      out);
}

static void print_peer(FILE *out, const struct status_peer *p)
{
	fprintf(out, "peer %-10s %s, ", p->node, p->address);
	print_state(out, p->state, 0);
	fprintf(out, ", tables %s\n", p->sync);
	print_heartbeat(out, p);
	print_channel(out, p);
	for (size_t i = 0; i < p->n_words; i++)
		print_word(out, &p->words[i]);
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

static void print_head(FILE *out, const struct status *s)
{
	char text[PRINT_AGE];

	for (size_t i = 0; i < s->n_alarms; i++) {
		print_state(out, "ALARM", 0);
		fprintf(out, " %s\n", s->alarms[i]);
	}
	if (s->node[0])
		fprintf(out, "node %s", s->node);
	else
		fputs("standalone", out);
	fprintf(out, ", director %s, running for %s, ruleset %s\n", s->version,
		print_age(s->uptime_ms, text),
		s->ruleset_in_sync ? "in sync" : "NOT in sync with the kernel");
	if (s->unconfirmed_ms)
		fprintf(out,
			"configuration NOT confirmed: what ran before comes back in %s, unless "
			"`directorctl config confirm` is said\n",
			print_age(s->unconfirmed_ms, text));
	if (s->given_up)
		fputs("configuration: what ran before the file, which was not confirmed\n", out);
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
		print_peer(out, &s->peers[i]);
	for (size_t i = 0; i < s->n_stragglers && i < STRAGGLERS_SHOWN; i++)
		print_straggler(out, &s->stragglers[i]);
}
