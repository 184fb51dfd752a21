/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_text.h"

#include "director/ruleset/nft_element.h"
#include "director/ruleset/note.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* nft breaks a list of elements after so many; concatenations stand alone, IPv4 addresses in pairs. */
static size_t elements_per_line(enum ruleset_set_kind kind)
{
	switch (kind) {
	case SET_SERVICES:
	case SET_SERVICES6:
	case SET_ADDRESSES6:
	case SET_RANGES6:
	case SET_FLOWS:
	case SET_FLOWS6:
	case SET_PINS:
	case SET_PINS6:
	case SET_STATIC6:
	case SET_ERRORS:
	case SET_ERRORS6:
	case SET_LATER:
	case SET_LATER6:
	case SET_FRAGMENTS:
	case SET_OUTPUTS:
	case SET_RATES:
	case SET_RATES6:
	case SET_SENDERS:
	case SET_SENDERS6:
	case SET_MACS:
	case SET_CLAIMS6:
	case SET_SYNS:
	case SET_SYNS6:
	case SET_SERVED:
	case SET_SERVED6:
	case SET_FOREIGN: return 1;
	case SET_ADDRESSES:
	case SET_RANGES:
	case SET_STATIC: return 2;
	case SET_LEAVING:
	case SET_TARGETS6:
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

/* A table that the packet path fills. */
static void print_flows_type(FILE *out, const struct ruleset_set *set, enum ruleset_key key)
{
	fputs("\t\ttypeof ", out);
	ruleset_key_print(out, key);
	fprintf(out, " : meta mark\n\t\tsize %u\n\t\tflags dynamic,timeout\n", set->size);
	if (set->gc_interval_ms) {
		fputs("\t\t# gc-interval ", out);
		print_duration(out, set->gc_interval_ms);
		fputc('\n', out);
	}
}

static void print_type_of_key(FILE *out, enum ruleset_key key)
{
	fputs("\t\ttypeof ", out);
	ruleset_key_print(out, key);
	fputc('\n', out);
}

/* Keys alone, from the packet path. */
static void print_noted_type(FILE *out, const struct ruleset_set *set, enum ruleset_key key)
{
	print_type_of_key(out, key);
	fprintf(out, "\t\tsize %u\n\t\tflags dynamic,timeout\n", set->size);
}

static void print_set_type(FILE *out, const struct ruleset_set *set)
{
	switch (set->kind) {
	case SET_SERVICES:
	case SET_SERVICES6:
		fprintf(out, "\t\ttype %s . inet_proto . inet_service : verdict\n",
			set->kind == SET_SERVICES6 ? "ipv6_addr" : "ipv4_addr");
		return;
	case SET_ADDRESSES: fputs("\t\ttype ipv4_addr\n", out); return;
	case SET_ADDRESSES6: fputs("\t\ttype ipv6_addr\n", out); return;
	case SET_RANGES: fputs("\t\ttype ipv4_addr\n\t\tflags interval\n", out); return;
	case SET_RANGES6: fputs("\t\ttype ipv6_addr\n\t\tflags interval\n", out); return;
	case SET_RATES: print_noted_type(out, set, KEY_SOURCE); return;
	case SET_RATES6: print_noted_type(out, set, KEY_SOURCE6); return;
	case SET_SYNS: print_noted_type(out, set, KEY_SYN); return;
	case SET_SYNS6: print_noted_type(out, set, KEY_SYN6); return;
	case SET_SERVED: print_noted_type(out, set, KEY_SERVED); return;
	case SET_SERVED6: print_noted_type(out, set, KEY_SERVED6); return;
	case SET_SENDERS:
	case SET_SENDERS6:
		fprintf(out, "\t\ttype ether_addr . %s\n\t\tsize %u\n\t\tflags dynamic,timeout\n",
			set->kind == SET_SENDERS6 ? "ipv6_addr" : "ipv4_addr", set->size);
		return;
	case SET_MACS: fputs("\t\ttype ether_addr\n", out); return;
	case SET_TARGETS6: print_type_of_key(out, KEY_TARGET); return;
	case SET_CLAIMS6: print_noted_type(out, set, KEY_CLAIM6); return;
	case SET_BUCKETS:
		fprintf(out, "\t\ttypeof numgen inc mod %u : @ll,0,96\n\t\tsize %u\n\t\tcounter\n",
			set->size, set->size);
		return;
	case SET_BACKENDS: fputs("\t\ttypeof meta mark : @ll,0,96\n\t\tcounter\n", out); return;
	case SET_SLOTS:
		fprintf(out, "\t\ttypeof numgen inc mod %u : meta mark\n\t\tsize %u\n", set->size,
			set->size);
		return;
	case SET_LEAVING: fputs("\t\ttype mark\n", out); return;
	case SET_OUTPUTS: fputs("\t\ttypeof ether daddr : iif\n", out); return;
	case SET_FLOWS: print_flows_type(out, set, KEY_FLOW); return;
	case SET_FLOWS6: print_flows_type(out, set, KEY_FLOW6); return;
	case SET_PINS: print_flows_type(out, set, KEY_CLIENT); return;
	case SET_PINS6: print_flows_type(out, set, KEY_CLIENT6); return;
	case SET_STATIC: fputs("\t\ttype ipv4_addr : mark\n\t\tflags interval\n", out); return;
	case SET_STATIC6: fputs("\t\ttype ipv6_addr : mark\n\t\tflags interval\n", out); return;
	case SET_ERRORS:
	case SET_ERRORS6:
		fputs("\t\ttypeof ", out);
		ruleset_key_print(out, set->kind == SET_ERRORS6 ? KEY_ERROR6 : KEY_ERROR);
		fputs(" : verdict\n", out);
		return;
	case SET_LATER: fputs("\t\ttype ipv4_addr . inet_proto : verdict\n", out); return;
	case SET_LATER6: fputs("\t\ttype ipv6_addr . inet_proto : verdict\n", out); return;
	case SET_FRAGMENTS:
		fputs("\t\ttypeof ", out);
		ruleset_key_print(out, KEY_FRAGMENT);
		fprintf(out, " : @ll,0,96\n\t\tsize %u\n\t\tflags dynamic,timeout\n", set->size);
		return;
	case SET_FOREIGN: return;
	}
}

static void print_nth(FILE *out, const struct ruleset *r, const struct ruleset_set *set,
		      const struct ruleset_element *e, size_t n)
{
	fputs(n == 0				      ? "\t\telements = { "
	      : n % elements_per_line(set->kind) == 0 ? ",\n\t\t\t     "
						      : ", ",
	      out);
	nft_element_print(out, r, set, e);
}

static size_t print_elements(FILE *out, const struct ruleset *r, const struct ruleset_set *set)
{
	size_t n = 0;

	if (!set->owners) {
		for (; n < set->n_elements; n++)
			print_nth(out, r, set, &set->elements[n], n);
		return n;
	}
	for (uint32_t i = 0; i < set->size; i++) {
		if (set->owners[i] != RULESET_NO_OWNER) {
			struct ruleset_element e = ruleset_bucket_element(set, i);

			print_nth(out, r, set, &e, n++);
		}
	}
	return n;
}

static void print_set(FILE *out, const struct ruleset *r, const struct ruleset_set *set)
{
	fprintf(out, "\t%s %s {\n", ruleset_kind_is_map(set->kind) ? "map" : "set", set->name);
	print_set_type(out, set);
	fputs(print_elements(out, r, set) ? " }\n\t}\n\n" : "\t}\n\n", out);
}

/* The fields of the statement's key, and of a client the bits that count. */
static void print_key(FILE *out, const struct ruleset_statement *s)
{
	unsigned int digits = ruleset_key_is_ipv6(s->key) ? 32 : 8;

	ruleset_key_print(out, s->key);
	if (!s->prefix)
		return;
	fputs(" & 0x", out);
	for (unsigned int i = 0; i < digits; i++) {
		unsigned int bits = s->prefix > 4 * i ? s->prefix - 4 * i : 0;

		fputc("08cef"[bits < 4 ? bits : 4], out);
	}
}

static void print_change(FILE *out, const char *verb, const char *name,
			 const struct ruleset_statement *s)
{
	fprintf(out, "%s @%s { ", verb, name);
	print_key(out, s);
	if (s->timeout_ms && strcmp(verb, "delete") != 0) {
		fputs(" timeout ", out);
		print_duration(out, s->timeout_ms);
	}
	fputs(s->kind == ST_RECORD	 ? " : @ll,0,96 }"
	      : s->kind == ST_NOTE	 ? " }"
	      : s->kind == ST_NOTE_COUNT ? " counter }"
					 : " : meta mark }",
	      out);
}

/* nft leaves a burst of 5 out: its default. */
static void print_rate(FILE *out, uint32_t rate)
{
	fprintf(out, "limit rate over %u/second", rate);
	if (rate != 5)
		fprintf(out, " burst %u packets", rate);
}

static void print_source_rate(FILE *out, const char *name, const struct ruleset_statement *s)
{
	fprintf(out, "update @%s { ", name);
	ruleset_key_print(out, s->key);
	fputs(" timeout ", out);
	print_duration(out, s->timeout_ms);
	fputc(' ', out);
	print_rate(out, s->number);
	fputs(" }", out);
}

/* The key of a map, with a blank behind it. */
static void print_chooser(FILE *out, const struct ruleset_statement *s)
{
	switch (s->by) {
	case BY_KEY: print_key(out, s); break;
	case BY_HASH:
		fputs("jhash ", out);
		print_key(out, s);
		fprintf(out, " mod %u seed 0x%x", s->number, s->seed);
		break;
	case BY_TURN: fprintf(out, "numgen inc mod %u", s->number); break;
	case BY_RANDOM: fprintf(out, "numgen random mod %u", s->number); break;
	case BY_MARK: fputs("meta mark", out); break;
	}
	fputc(' ', out);
}

static void print_map(FILE *out, const char *target, const char *name,
		      const struct ruleset_statement *s)
{
	fprintf(out, "%s set ", target);
	print_chooser(out, s);
	fprintf(out, "map @%s", name);
}

static void print_is_service(FILE *out, enum ruleset_key key, const struct ruleset_element *e)
{
	bool ipv6 = ruleset_key_is_ipv6(key);
	const uint8_t *rest = e->key + (ipv6 ? 16 : 4);
	char text[ADDR_TEXT];

	fprintf(out, "%s daddr %s %s dport %u", ipv6 ? "ip6" : "ip",
		nft_element_address(text, ipv6 ? AF_INET6 : AF_INET, e->key),
		rest[0] == IPPROTO_TCP ? "tcp" : "udp", nft_element_port(rest + 4));
}

static void print_macs_are(FILE *out, const struct ruleset_statement *s)
{
	uint8_t macs[RULESET_DATA_MAX];
	char text[NFT_ELEMENT_MACS];

	memcpy(macs, s->mac.bytes, MAC_LEN);
	memcpy(macs + MAC_LEN, s->from.bytes, MAC_LEN);
	fprintf(out, "@ll,0,96 set %s", nft_element_macs(text, macs));
}

static void print_statement(FILE *out, const struct ruleset *r, const struct ruleset_statement *s)
{
	const char *name = s->set < r->n_sets ? r->sets[s->set].name : "";
	char mac[MAC_TEXT];

	switch (s->kind) {
	case ST_FOR_US: fputs("meta pkttype host", out); return;
	case ST_NOT_FOR_OTHERS: fputs("meta pkttype != other", out); return;
	case ST_LOOPED_BY_PEER:
		fprintf(out, "ether saddr %s ", mac_format(&s->mac, mac));
		ruleset_key_print(out, s->key);
		fprintf(out, " != @%s", name);
		return;
	case ST_FROM_OTHERS: fprintf(out, "ether saddr != %s", mac_format(&s->mac, mac)); return;
	case ST_WHOLE: fputs("@nh,32,32 & 0x3fff == 0x0", out); return;
	case ST_LATER_FRAGMENT: fputs("@nh,32,32 & 0x1fff != 0x0", out); return;
	case ST_FIRST_FRAGMENT: fputs("@nh,32,32 & 0x1fff == 0x0", out); return;
	case ST_LATER6: fputs("frag frag-off != 0", out); return;
	case ST_PROTOCOL:
		fprintf(out, "meta l4proto %s", s->value == IPPROTO_ICMP ? "icmp" : "ipv6-icmp");
		return;
	case ST_ND: fprintf(out, "icmpv6 type %s", nft_element_nd_name(s->value)); return;
	case ST_OCTET:
		fprintf(out, "@th,%u,8 %s0x%x", 8 * s->number, s->negate ? "!= " : "", s->value);
		return;
	case ST_OCTET_ABOVE: fprintf(out, "@th,%u,8 > 0x%x", 8 * s->number, s->value); return;
	case ST_TOO_MANY:
		fprintf(out, "limit rate over %u/second burst %u packets", s->number,
			ruleset_burst(s->number));
		return;
	case ST_TO_SERVICE:
		ruleset_key_print(out, s->key);
		fprintf(out, " vmap @%s", name);
		return;
	case ST_IS_SERVICE:
		print_is_service(out, s->key, &r->sets[s->set].elements[s->number]);
		return;
	case ST_TCP_FLAGS:
		fprintf(out, "@th,96,32 & 0x%x %s 0x%x", (unsigned int)s->mask << 16,
			s->negate ? "!=" : "==", (unsigned int)s->value << 16);
		return;
	case ST_SOURCE_IN:
		ruleset_key_print(out, s->key);
		fprintf(out, " %s@%s", s->negate ? "!= " : "", name);
		return;
	case ST_SOURCE_RATE: print_source_rate(out, name, s); return;
	case ST_RATE: print_rate(out, s->number); return;
	case ST_TCP: fputs("meta l4proto tcp", out); return;
	case ST_MARK_IN: fprintf(out, "meta mark @%s", name); return;
	case ST_MACS: print_map(out, "@ll,0,96", name, s); return;
	case ST_MACS_ARE: print_macs_are(out, s); return;
	case ST_RECORD:
		print_change(out, "delete", name, s);
		print_change(out, " add", name, s);
		return;
	case ST_MARK: print_map(out, "meta mark", name, s); return;
	case ST_ADD: print_change(out, "add", name, s); return;
	case ST_UPDATE: print_change(out, "update", name, s); return;
	case ST_DELETE: print_change(out, "delete", name, s); return;
	case ST_NOTE:
	case ST_NOTE_COUNT: print_change(out, "update", name, s); return;
	case ST_LOG:
		fprintf(out, "log prefix \"%s\" group %u snaplen %u queue-threshold %u", s->text,
			(unsigned int)RULESET_LOG_GROUP, (unsigned int)RULESET_LOG_SNAPLEN,
			(unsigned int)RULESET_LOG_THRESHOLD);
		return;
	case ST_COUNTER: fputs("counter", out); return;
	case ST_FORWARD: fprintf(out, "fwd to \"%s\"", s->text); return;
	case ST_COPY: fprintf(out, "dup to \"%s\"", s->text); return;
	case ST_FORWARD_BY_MAC: fprintf(out, "fwd to ether daddr map @%s", name); return;
	case ST_GOTO: fprintf(out, "goto %s", r->chains[s->chain].name); return;
	case ST_ACCEPT: fputs("accept", out); return;
	case ST_DROP: fputs("drop", out); return;
	case ST_RESET: fputs("reject with tcp reset", out); return;
	case ST_REJECT: fputs("reject", out); return;
	}
}

/* The priority as nft writes it: "filter" is 0. */
static void print_hook(FILE *out, const struct ruleset_chain *chain)
{
	fprintf(out, "\t\ttype filter hook ingress device \"%s\" priority filter", chain->device);
	if (chain->priority)
		fprintf(out, " %c %d", chain->priority < 0 ? '-' : '+', abs(chain->priority));
	fputs("; policy accept;\n", out);
}

static void print_chain(FILE *out, const struct ruleset *r, const struct ruleset_chain *chain)
{
	fprintf(out, "\tchain %s {\n", chain->name);
	if (chain->comment[0])
		fprintf(out, "\t\tcomment \"%s\"\n", chain->comment);
	if (chain->device[0])
		print_hook(out, chain);
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

static void print_note(FILE *out, bool wanted, const char *farm, const char *note)
{
	if (wanted && note)
		fprintf(out, "\t# %s%s%s%s\n", farm[0] ? "farm " : "", farm, farm[0] ? ": " : "",
			note);
}

static void print_table(FILE *out, const struct ruleset *r, bool noted)
{
	fprintf(out, "table netdev %s {\n\tcomment \"%s\"\n", ruleset_table(r), RULESET_COMMENT);
	for (size_t i = 0; i < r->n_sets; i++) {
		print_note(out, noted, r->sets[i].farm, note_of_set(&r->sets[i]));
		print_set(out, r, &r->sets[i]);
	}
	for (size_t i = 0; i < r->n_chains; i++) {
		if (i)
			fputc('\n', out);
		print_note(out, noted, r->chains[i].farm, note_of_chain(r, &r->chains[i]));
		print_chain(out, r, &r->chains[i]);
	}
	fputs("}\n", out);
}

void nft_text_print(FILE *out, const struct ruleset *r)
{
	print_table(out, r, false);
}

void nft_text_print_noted(FILE *out, const struct ruleset *r)
{
	print_table(out, r, true);
}
