/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* nft breaks a list of elements after so many; concatenations stand alone, addresses in pairs. */
static size_t elements_per_line(enum ruleset_set_kind kind)
{
	switch (kind) {
	case SET_SERVICES:
	case SET_FLOWS:
	case SET_FOREIGN: return 1;
	case SET_ADDRESSES: return 2;
	case SET_BUCKETS:
	case SET_BACKENDS:
	case SET_SLOTS: return 5;
	}
	abort();
}

static void print_duration(FILE *out, uint64_t ms)
{
	static const struct {
		uint64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (ms >= units[i].ms) {
			fprintf(out, "%" PRIu64 "%s", ms / units[i].ms, units[i].unit);
			ms %= units[i].ms;
		}
}

/* A 96-bit number as nft prints it: hexadecimal without leading zeros. */
static void print_macs(FILE *out, const uint8_t data[static RULESET_DATA_MAX])
{
	size_t i = 0;

	while (i + 1 < RULESET_DATA_MAX && data[i] == 0)
		i++;
	fprintf(out, "0x%x", data[i]);
	while (++i < RULESET_DATA_MAX)
		fprintf(out, "%02x", data[i]);
}

static uint16_t be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void print_service_key(FILE *out, const uint8_t key[static RULESET_KEY_MAX])
{
	fprintf(out, "%u.%u.%u.%u . %s . %u", key[0], key[1], key[2], key[3],
		key[4] == 6 ? "tcp" : "udp", be16_at(key + 8));
}

static void print_element(FILE *out, const struct ruleset *r, const struct ruleset_set *set,
			  const struct ruleset_element *e)
{
	uint32_t id;

	switch (set->kind) {
	case SET_SERVICES:
		print_service_key(out, e->key);
		fprintf(out, " : goto %s", r->chains[e->chain].name);
		return;
	case SET_ADDRESSES:
		fprintf(out, "%u.%u.%u.%u", e->key[0], e->key[1], e->key[2], e->key[3]);
		return;
	case SET_BUCKETS:
		fprintf(out, "%u counter : ", ruleset_key_number(e));
		print_macs(out, e->data);
		return;
	case SET_BACKENDS:
		fprintf(out, "0x%08x counter comment \"%s\" : ", ruleset_key_number(e),
			set->names[e->backend]);
		print_macs(out, e->data);
		return;
	case SET_SLOTS:
		memcpy(&id, e->data, sizeof(id));
		fprintf(out, "%u : 0x%08x", ruleset_key_number(e), id);
		return;
	case SET_FLOWS:
	case SET_FOREIGN: return;
	}
}

static void print_set_type(FILE *out, const struct ruleset_set *set)
{
	switch (set->kind) {
	case SET_SERVICES:
		fputs("\t\ttype ipv4_addr . inet_proto . inet_service : verdict\n", out);
		return;
	case SET_ADDRESSES: fputs("\t\ttype ipv4_addr\n", out); return;
	case SET_BUCKETS:
		fprintf(out, "\t\ttypeof numgen inc mod %u : @ll,0,96\n\t\tsize %u\n\t\tcounter\n",
			set->size, set->size);
		return;
	case SET_BACKENDS: fputs("\t\ttypeof meta mark : @ll,0,96\n\t\tcounter\n", out); return;
	case SET_SLOTS:
		fprintf(out, "\t\ttypeof numgen inc mod %u : meta mark\n\t\tsize %u\n", set->size,
			set->size);
		return;
	case SET_FLOWS:
		fprintf(out,
			"\t\ttype ipv4_addr . inet_service . inet_service : mark\n\t\tsize %u\n"
			"\t\tflags dynamic,timeout\n",
			set->size);
		return;
	case SET_FOREIGN: return;
	}
}

static void print_set(FILE *out, const struct ruleset *r, const struct ruleset_set *set)
{
	size_t per_line = elements_per_line(set->kind);

	fprintf(out, "\t%s %s {\n", set->kind == SET_ADDRESSES ? "set" : "map", set->name);
	print_set_type(out, set);
	for (size_t i = 0; i < set->n_elements; i++) {
		fputs(i == 0		  ? "\t\telements = { "
		      : i % per_line == 0 ? ",\n\t\t\t     "
					  : ", ",
		      out);
		print_element(out, r, set, &set->elements[i]);
	}
	fputs(set->n_elements ? " }\n\t}\n\n" : "\t}\n\n", out);
}

static void print_flow(FILE *out, const char *verb, const struct ruleset_set *set,
		       const struct ruleset_statement *s)
{
	fprintf(out, "%s @%s { ip saddr . tcp sport . tcp dport", verb, set->name);
	if (s->timeout_ms) {
		fputs(" timeout ", out);
		print_duration(out, s->timeout_ms);
	}
	fputs(" : meta mark }", out);
}

static void print_statement(FILE *out, const struct ruleset *r, const struct ruleset_statement *s)
{
	const struct ruleset_set *set = s->set < r->n_sets ? &r->sets[s->set] : NULL;
	const char *name = set ? set->name : "";
	char mac[MAC_TEXT];

	switch (s->kind) {
	case ST_NOT_FOR_US: fputs("meta pkttype != host", out); return;
	case ST_LOOPED_BY_PEER:
		fprintf(out, "ether saddr %s ip saddr != @%s", mac_format(&s->mac, mac), name);
		return;
	case ST_TO_SERVICE:
		fprintf(out, "ip daddr . ip protocol . th dport vmap @%s", name);
		return;
	case ST_VIP_FRAGMENT: fprintf(out, "ip daddr @%s ip frag-off & 8191 != 0", name); return;
	case ST_TCP_SYN: fputs("tcp flags syn / fin,syn,rst,ack", out); return;
	case ST_TCP_CLOSING: fputs("tcp flags fin,rst", out); return;
	case ST_MACS_BY_BUCKET:
		fprintf(out, "@ll,0,96 set jhash ip saddr . tcp sport mod %u seed 0x%x map @%s",
			s->number, s->seed, name);
		return;
	case ST_MACS_BY_MARK: fprintf(out, "@ll,0,96 set meta mark map @%s", name); return;
	case ST_MARK_BY_FLOW:
		fprintf(out, "meta mark set ip saddr . tcp sport . tcp dport map @%s", name);
		return;
	case ST_MARK_BY_TURN:
		fprintf(out, "meta mark set numgen inc mod %u map @%s", s->number, name);
		return;
	case ST_FLOW_ADD: print_flow(out, "add", set, s); return;
	case ST_FLOW_UPDATE: print_flow(out, "update", set, s); return;
	case ST_FLOW_DELETE: print_flow(out, "delete", set, s); return;
	case ST_COUNTER: fputs("counter", out); return;
	case ST_FORWARD: fprintf(out, "fwd to \"%s\"", s->ifname); return;
	case ST_GOTO: fprintf(out, "goto %s", r->chains[s->chain].name); return;
	case ST_ACCEPT: fputs("accept", out); return;
	case ST_DROP: fputs("drop", out); return;
	}
}

static void print_chain(FILE *out, const struct ruleset *r, const struct ruleset_chain *chain)
{
	fprintf(out, "\tchain %s {\n", chain->name);
	if (chain->comment[0])
		fprintf(out, "\t\tcomment \"%s\"\n", chain->comment);
	if (chain->device[0])
		fprintf(out,
			"\t\ttype filter hook ingress device \"%s\" priority filter; policy "
			"accept;\n",
			chain->device);
	for (size_t i = 0; i < chain->n_rules; i++) {
		const struct ruleset_rule *rule = &chain->rules[i];

		for (size_t k = 0; k < rule->n_statements; k++) {
			fputs(k ? " " : "\t\t", out);
			print_statement(out, r, &rule->statements[k]);
		}
		if (rule->comment)
			fprintf(out, " comment \"%s\"", rule->comment);
		fputc('\n', out);
	}
	fputs("\t}\n", out);
}

void nft_text_print(FILE *out, const struct ruleset *r)
{
	fprintf(out, "table netdev %s {\n\tcomment \"%s\"\n", RULESET_TABLE, RULESET_COMMENT);
	for (size_t i = 0; i < r->n_sets; i++)
		print_set(out, r, &r->sets[i]);
	for (size_t i = 0; i < r->n_chains; i++) {
		if (i)
			fputc('\n', out);
		print_chain(out, r, &r->chains[i]);
	}
	fputs("}\n", out);
}
