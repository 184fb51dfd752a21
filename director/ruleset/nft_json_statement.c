/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements of rules in nft's JSON schema, each spelled as nft_text.c has it. */
#include "director/ruleset/nft_element.h"
#include "director/ruleset/nft_json.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>

/* The kernel's headers stand aside for libc's when these come first. */
#include <linux/netfilter/nf_tables.h>

/* --- expressions ------------------------------------------------------------------------------ */

static json_t *raw(uint8_t base, uint32_t offset_bits, uint32_t bits)
{
	return json_pack("{s:{s:s, s:i, s:i}}", "payload", "base",
			 base == NFT_PAYLOAD_LL_HEADER	      ? "ll"
			 : base == NFT_PAYLOAD_NETWORK_HEADER ? "nh"
							      : "th",
			 "offset", (int)offset_bits, "len", (int)bits);
}

static json_t *named(const char *protocol, const char *field)
{
	return json_pack("{s:{s:s, s:s}}", "payload", "protocol", protocol, "field", field);
}

static json_t *meta(const char *key)
{
	return json_pack("{s:{s:s}}", "meta", "key", key);
}

json_t *nft_json_frame_macs(void)
{
	return raw(NFT_PAYLOAD_LL_HEADER, 0, 8 * 2 * MAC_LEN);
}

/* "ip saddr" is the field saddr of ip, "arp saddr ip" the field "saddr ip" of arp. */
static json_t *field(const struct ruleset_field *f)
{
	const char *end = strchr(f->text, ' ');

	if (f->base == FIELD_L4PROTO)
		return meta("l4proto");
	if (f->text[0] == '@' || !end)
		return raw(f->base, 8U * f->offset, 8U * f->len);
	return json_pack("{s:{s:s%, s:s}}", "payload", "protocol", f->text, (size_t)(end - f->text),
			 "field", end + 1);
}

json_t *nft_json_key(enum ruleset_key key)
{
	const struct ruleset_key_parts *parts = ruleset_key_parts(key);
	json_t *list;

	if (parts->n == 1)
		return field(&parts->parts[0]);
	list = json_array();
	for (size_t i = 0; i < parts->n; i++)
		if (json_array_append_new(list, field(&parts->parts[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return json_pack("{s:o}", "concat", list);
}

/* The bits of an address that count: a number, or of IPv6 as nft writes those that are longer. */
static json_t *prefix_mask(uint8_t prefix, bool ipv6)
{
	char text[sizeof("0x") + 32] = "0x";
	size_t digits = ipv6 ? 32 : 8, at = 2;

	if (!ipv6)
		return json_integer((json_int_t)(UINT32_MAX << (32 - prefix)));
	for (size_t i = 0; i < digits; i++) {
		size_t bits = prefix > 4 * i ? prefix - 4 * i : 0;

		text[at++] = "08cef"[bits < 4 ? bits : 4];
	}
	text[at] = '\0';
	return json_string(text);
}

static json_t *statement_key(const struct ruleset_statement *s)
{
	json_t *key = nft_json_key(s->key);

	if (!s->prefix)
		return key;
	return json_pack("{s:[o, o]}", "&", key,
			 prefix_mask(s->prefix, ruleset_key_is_ipv6(s->key)));
}

/* The key of a map. */
static json_t *chooser(const struct ruleset_statement *s)
{
	switch (s->by) {
	case BY_KEY: return statement_key(s);
	case BY_HASH:
		return json_pack("{s:{s:I, s:I, s:o}}", "jhash", "mod", (json_int_t)s->number,
				 "seed", (json_int_t)s->seed, "expr", statement_key(s));
	case BY_TURN:
	case BY_RANDOM:
		return json_pack("{s:{s:s, s:I, s:i}}", "numgen", "mode",
				 s->by == BY_TURN ? "inc" : "random", "mod", (json_int_t)s->number,
				 "offset", 0);
	case BY_MARK: return meta("mark");
	}
	return NULL;
}

/* "@name". */
static json_t *named_set(const char *name)
{
	return json_pack("s+", "@", name);
}

/* --- statements ------------------------------------------------------------------------------- */

static json_t *match(const char *op, json_t *left, json_t *right)
{
	return json_pack("{s:{s:s, s:o, s:o}}", "match", "op", op, "left", left, "right", right);
}

static const char *is_or_not(const struct ruleset_statement *s)
{
	return s->negate ? "!=" : "==";
}

static json_t *match_masked(const char *op, json_t *left, uint32_t mask, uint32_t value)
{
	return match(op, json_pack("{s:[o, I]}", "&", left, (json_int_t)mask),
		     json_integer((json_int_t)value));
}

/* Flags and offset of IPv4 fragments; RFC 791, 3.1. */
static json_t *match_fragment(const char *op, uint32_t mask)
{
	return match_masked(op, raw(NFT_PAYLOAD_NETWORK_HEADER, 32, 32), mask, 0);
}

static json_t *match_octet(const char *op, const struct ruleset_statement *s)
{
	return match(op, raw(NFT_PAYLOAD_TRANSPORT_HEADER, 8 * s->number, 8),
		     json_integer(s->value));
}

static json_t *match_mac(const char *op, const struct mac *mac)
{
	char text[MAC_TEXT];

	return match(op, named("ether", "saddr"), json_string(mac_format(mac, text)));
}

static json_t *limit(uint32_t per_second, uint32_t burst)
{
	return json_pack("{s:{s:I, s:I, s:s, s:b}}", "limit", "rate", (json_int_t)per_second,
			 "burst", (json_int_t)burst, "per", "second", "inv", 1);
}

/* Writes what a map knows. */
static json_t *mangle(json_t *target, const char *name, const struct ruleset_statement *s)
{
	return json_pack("{s:{s:o, s:{s:{s:o, s:o}}}}", "mangle", "key", target, "value", "map",
			 "key", chooser(s), "data", named_set(name));
}

static json_t *mangle_macs(const struct ruleset_statement *s)
{
	uint8_t macs[RULESET_DATA_MAX];
	char text[NFT_ELEMENT_MACS];

	memcpy(macs, s->mac.bytes, MAC_LEN);
	memcpy(macs + MAC_LEN, s->from.bytes, MAC_LEN);
	return json_pack("{s:{s:o, s:s}}", "mangle", "key", nft_json_frame_macs(), "value",
			 nft_element_macs(text, macs));
}

/* What is kept or refreshed under the key, for as long as the statement says; what is forgotten has no time. */
static json_t *element(const char *op, const struct ruleset_statement *s)
{
	json_t *key = statement_key(s);

	if (!s->timeout_ms || strcmp(op, "delete") == 0)
		return key;
	return json_pack("{s:{s:o, s:I}}", "elem", "val", key, "timeout",
			 (json_int_t)((s->timeout_ms + 999) / 1000));
}

static json_t *change_map(const char *op, const char *name, const struct ruleset_statement *s)
{
	return json_pack("{s:{s:s, s:o, s:o, s:o}}", "map", "op", op, "elem", element(op, s),
			 "data", s->kind == ST_RECORD ? nft_json_frame_macs() : meta("mark"), "map",
			 named_set(name));
}

/* with: what counts or limits there, taken over; NULL: nothing. */
static json_t *update_set(const char *name, const struct ruleset_statement *s, json_t *with)
{
	json_t *set = json_pack("{s:s, s:o, s:o}", "op", "update", "elem", element("update", s),
				"set", named_set(name));

	if (with && json_object_set_new(set, "stmt", json_pack("[o]", with)) < 0) {
		json_decref(set);
		return NULL;
	}
	return json_pack("{s:o}", "set", set);
}

/* {"accept": null} and the like. */
static json_t *alone(const char *name)
{
	return json_pack("{s:n}", name);
}

/* Of those that are two for nft: the second is what statement() makes. */
static json_t *first_of_two(const struct ruleset *r, const struct ruleset_statement *s)
{
	const struct ruleset_set *set = &r->sets[s->set];
	bool ipv6 = ruleset_key_is_ipv6(s->key);
	char text[ADDR_TEXT];

	if (s->kind == ST_RECORD)
		return change_map("delete", set->name, s);
	if (s->kind == ST_LOOPED_BY_PEER)
		return match_mac("==", &s->mac);
	return match("==", named(ipv6 ? "ip6" : "ip", "daddr"),
		     json_string(nft_element_address(text, ipv6 ? AF_INET6 : AF_INET,
						     set->elements[s->number].key)));
}

/* The port of a service, behind its address. */
static json_t *match_port(const struct ruleset *r, const struct ruleset_statement *s)
{
	const uint8_t *rest =
		r->sets[s->set].elements[s->number].key + (ruleset_key_is_ipv6(s->key) ? 16 : 4);

	return match("==", named(rest[0] == IPPROTO_TCP ? "tcp" : "udp", "dport"),
		     json_integer(nft_element_port(rest + 4)));
}

static json_t *statement_log(const struct ruleset_statement *s)
{
	return json_pack("{s:{s:s, s:i, s:i, s:i}}", "log", "prefix", s->text, "group",
			 RULESET_LOG_GROUP, "snaplen", RULESET_LOG_SNAPLEN, "queue-threshold",
			 RULESET_LOG_THRESHOLD);
}

static json_t *statement(const struct ruleset *r, const struct ruleset_statement *s)
{
	const char *name = s->set < r->n_sets ? r->sets[s->set].name : "";

	switch (s->kind) {
	case ST_FOR_US: return match("==", meta("pkttype"), json_string("host"));
	case ST_NOT_FOR_OTHERS: return match("!=", meta("pkttype"), json_string("other"));
	case ST_LOOPED_BY_PEER: return match("!=", nft_json_key(s->key), named_set(name));
	case ST_FROM_OTHERS: return match_mac("!=", &s->mac);
	case ST_WHOLE: return match_fragment("==", 0x3fff);
	case ST_LATER_FRAGMENT: return match_fragment("!=", 0x1fff);
	case ST_FIRST_FRAGMENT: return match_fragment("==", 0x1fff);
	case ST_LATER6:
		return match(
			"!=",
			json_pack("{s:{s:s, s:s}}", "exthdr", "name", "frag", "field", "frag-off"),
			json_integer(0));
	case ST_PROTOCOL:
		return match("==", meta("l4proto"),
			     json_string(s->value == IPPROTO_ICMP ? "icmp" : "ipv6-icmp"));
	case ST_ND:
		return match("==", named("icmpv6", "type"),
			     json_string(nft_element_nd_name(s->value)));
	case ST_OCTET: return match_octet(is_or_not(s), s);
	case ST_OCTET_ABOVE: return match_octet(">", s);
	case ST_TOO_MANY: return limit(s->number, ruleset_burst(s->number));
	case ST_TO_SERVICE:
		return json_pack("{s:{s:o, s:o}}", "vmap", "key", nft_json_key(s->key), "data",
				 named_set(name));
	case ST_IS_SERVICE: return match_port(r, s);
	case ST_TCP_FLAGS:
		return match_masked(is_or_not(s), raw(NFT_PAYLOAD_TRANSPORT_HEADER, 96, 32),
				    (uint32_t)s->mask << 16, (uint32_t)s->value << 16);
	case ST_SOURCE_IN: return match(is_or_not(s), nft_json_key(s->key), named_set(name));
	case ST_SOURCE_RATE: return update_set(name, s, limit(s->number, s->number));
	case ST_RATE: return limit(s->number, s->number);
	case ST_TCP: return match("==", meta("l4proto"), json_string("tcp"));
	case ST_MARK_IN: return match("==", meta("mark"), named_set(name));
	case ST_MACS: return mangle(nft_json_frame_macs(), name, s);
	case ST_MACS_ARE: return mangle_macs(s);
	case ST_RECORD:
	case ST_ADD: return change_map("add", name, s);
	case ST_MARK: return mangle(meta("mark"), name, s);
	case ST_UPDATE: return change_map("update", name, s);
	case ST_DELETE: return change_map("delete", name, s);
	case ST_NOTE: return update_set(name, s, NULL);
	case ST_NOTE_COUNT: return update_set(name, s, alone("counter"));
	case ST_LOG: return statement_log(s);
	case ST_COUNTER: return alone("counter");
	case ST_FORWARD: return json_pack("{s:{s:s}}", "fwd", "dev", s->text);
	case ST_COPY: return json_pack("{s:{s:s}}", "dup", "addr", s->text);
	case ST_FORWARD_BY_MAC:
		return json_pack("{s:{s:{s:{s:o, s:o}}}}", "fwd", "dev", "map", "key",
				 named("ether", "daddr"), "data", named_set(name));
	case ST_GOTO: return json_pack("{s:{s:s}}", "goto", "target", r->chains[s->chain].name);
	case ST_ACCEPT: return alone("accept");
	case ST_DROP: return alone("drop");
	case ST_RESET: return json_pack("{s:{s:s}}", "reject", "type", "tcp reset");
	case ST_REJECT:
		return json_pack("{s:{s:s, s:s}}", "reject", "type", "icmpx", "expr",
				 "port-unreachable");
	}
	return NULL;
}

int nft_json_statement(json_t *list, const struct ruleset *r, const struct ruleset_statement *s)
{
	bool two = s->kind == ST_RECORD || s->kind == ST_LOOPED_BY_PEER || s->kind == ST_IS_SERVICE;

	if (two && json_array_append_new(list, first_of_two(r, s)) < 0)
		return -1;
	return json_array_append_new(list, statement(r, s));
}
