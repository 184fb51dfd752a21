/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets and maps in nft's JSON schema: of what they are, then an element a line. */
#include "director/ruleset/nft_element.h"
#include "director/ruleset/nft_json.h"
#include "director/ruleset/note.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* --- of what a set is ------------------------------------------------------------------------- */

static json_t *type_of(json_t *expression)
{
	return json_pack("{s:o}", "typeof", expression);
}

static json_t *type_of_key(enum ruleset_key key)
{
	return type_of(nft_json_key(key));
}

static json_t *key_type(const struct ruleset_set *set)
{
	switch (set->kind) {
	case SET_SERVICES: return json_pack("[s, s, s]", "ipv4_addr", "inet_proto", "inet_service");
	case SET_SERVICES6:
		return json_pack("[s, s, s]", "ipv6_addr", "inet_proto", "inet_service");
	case SET_ADDRESSES:
	case SET_RANGES:
	case SET_STATIC: return json_string("ipv4_addr");
	case SET_ADDRESSES6:
	case SET_RANGES6:
	case SET_STATIC6: return json_string("ipv6_addr");
	case SET_BUCKETS:
	case SET_SLOTS:
		return type_of(json_pack("{s:{s:s, s:I, s:i}}", "numgen", "mode", "inc", "mod",
					 (json_int_t)set->size, "offset", 0));
	case SET_BACKENDS:
	case SET_LEAVING: return json_string("mark");
	case SET_OUTPUTS:
	case SET_MACS: return json_string("ether_addr");
	case SET_FLOWS: return type_of_key(KEY_FLOW);
	case SET_FLOWS6: return type_of_key(KEY_FLOW6);
	case SET_PINS: return type_of_key(KEY_CLIENT);
	case SET_PINS6: return type_of_key(KEY_CLIENT6);
	case SET_ERRORS: return type_of_key(KEY_ERROR);
	case SET_ERRORS6: return type_of_key(KEY_ERROR6);
	case SET_LATER: return json_pack("[s, s]", "ipv4_addr", "inet_proto");
	case SET_LATER6: return json_pack("[s, s]", "ipv6_addr", "inet_proto");
	case SET_FRAGMENTS: return type_of_key(KEY_FRAGMENT);
	case SET_RATES: return type_of_key(KEY_SOURCE);
	case SET_RATES6: return type_of_key(KEY_SOURCE6);
	case SET_SENDERS: return json_pack("[s, s]", "ether_addr", "ipv4_addr");
	case SET_SENDERS6: return json_pack("[s, s]", "ether_addr", "ipv6_addr");
	case SET_TARGETS6: return type_of_key(KEY_TARGET);
	case SET_CLAIMS6: return type_of_key(KEY_CLAIM6);
	case SET_SYNS: return type_of_key(KEY_SYN);
	case SET_SYNS6: return type_of_key(KEY_SYN6);
	case SET_SERVED: return type_of_key(KEY_SERVED);
	case SET_SERVED6: return type_of_key(KEY_SERVED6);
	case SET_FOREIGN: break;
	}
	return NULL;
}

/* What a map leads to. */
static json_t *data_type(enum ruleset_set_kind kind)
{
	if (ruleset_kind_is_verdicts(kind))
		return json_string("verdict");
	if (kind == SET_OUTPUTS)
		return json_string("iface_index");
	if (ruleset_data_len(kind) == RULESET_DATA_MAX)
		return type_of(nft_json_frame_macs());
	return json_string("mark");
}

static json_t *flags(enum ruleset_set_kind kind)
{
	if (ruleset_kind_is_dynamic(kind))
		return json_pack("[s, s]", "timeout", "dynamic");
	return json_pack("[s]", "interval");
}

static json_t *declaration(const struct ruleset *r, const struct ruleset_set *set)
{
	json_t *o = nft_json_begin(r, "name", set->name);
	const char *note = note_of_set(set);
	int code = json_object_set_new(o, "type", key_type(set));

	if (ruleset_kind_is_map(set->kind))
		code |= json_object_set_new(o, "map", data_type(set->kind));
	if (set->size)
		code |= json_object_set_new(o, "size", json_integer(set->size));
	if (ruleset_kind_is_dynamic(set->kind) || ruleset_kind_is_ranges(set->kind))
		code |= json_object_set_new(o, "flags", flags(set->kind));
	if (set->gc_interval_ms)
		code |= json_object_set_new(o, "gc-interval",
					    json_integer((set->gc_interval_ms + 999) / 1000));
	if (ruleset_kind_counts(set->kind))
		code |= json_object_set_new(o, "stmt", json_pack("[{s:n}]", "counter"));
	if (set->farm[0])
		code |= json_object_set_new(o, "farm", json_string(set->farm));
	if (note)
		code |= json_object_set_new(o, "note", json_string(note));
	if (code == 0)
		return o;
	json_decref(o);
	return NULL;
}

/* --- elements --------------------------------------------------------------------------------- */

static json_t *address(uint8_t family, const uint8_t *bytes)
{
	char text[ADDR_TEXT];

	return json_string(nft_element_address(text, family, bytes));
}

static json_t *range(uint8_t family, const uint8_t key[static RULESET_KEY_MAX])
{
	int len = family == AF_INET6 ? 16 : 4, prefix = nft_element_prefix(family, key);

	if (prefix < 0)
		return json_pack("{s:[o, o]}", "range", address(family, key),
				 address(family, key + len));
	if (prefix == 8 * len)
		return address(family, key);
	return json_pack("{s:{s:o, s:i}}", "prefix", "addr", address(family, key), "len", prefix);
}

static json_t *protocol(uint8_t number)
{
	return json_string(number == IPPROTO_TCP ? "tcp" : "udp");
}

/* Address, protocol and port; of the fields of another packet, which have no names, the numbers. */
static json_t *service(uint8_t family, const uint8_t *key, bool named)
{
	const uint8_t *rest = key + (family == AF_INET6 ? 16 : 4);

	return json_pack("{s:[o, o, i]}", "concat", address(family, key),
			 named ? protocol(rest[0]) : json_integer(rest[0]),
			 nft_element_port(rest + 4));
}

static json_t *later(uint8_t family, const uint8_t *key)
{
	return json_pack("{s:[o, o]}", "concat", address(family, key),
			 protocol(key[family == AF_INET6 ? 16 : 4]));
}

/* The others are text for nft, too. */
static json_t *text_key(enum ruleset_set_kind kind, const struct ruleset_element *e)
{
	char text[64] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	if (!out)
		return NULL;
	nft_element_print_key(out, kind, e);
	fclose(out);
	return json_string(text);
}

static json_t *key_of(enum ruleset_set_kind kind, const struct ruleset_element *e)
{
	switch (kind) {
	case SET_SERVICES: return service(AF_INET, e->key, true);
	case SET_SERVICES6: return service(AF_INET6, e->key, true);
	case SET_ERRORS: return service(AF_INET, e->key, false);
	case SET_ERRORS6: return service(AF_INET6, e->key, false);
	case SET_LATER: return later(AF_INET, e->key);
	case SET_LATER6: return later(AF_INET6, e->key);
	case SET_RANGES:
	case SET_STATIC: return range(AF_INET, e->key);
	case SET_RANGES6:
	case SET_STATIC6: return range(AF_INET6, e->key);
	case SET_BACKENDS:
	case SET_LEAVING: return json_integer((json_int_t)ruleset_key_number(e));
	case SET_BUCKETS:
	case SET_SLOTS:
	case SET_ADDRESSES:
	case SET_ADDRESSES6:
	case SET_MACS:
	case SET_OUTPUTS:
	case SET_TARGETS6: return text_key(kind, e);
	case SET_FLOWS:
	case SET_FLOWS6:
	case SET_PINS:
	case SET_PINS6:
	case SET_FRAGMENTS:
	case SET_RATES:
	case SET_RATES6:
	case SET_SENDERS:
	case SET_SENDERS6:
	case SET_CLAIMS6:
	case SET_SYNS:
	case SET_SYNS6:
	case SET_SERVED:
	case SET_SERVED6:
	case SET_FOREIGN: break; /* filled by packets: no element is ours */
	}
	return NULL;
}

static json_t *data_of(const struct ruleset *r, const struct ruleset_set *set,
		       const struct ruleset_element *e)
{
	char text[NFT_ELEMENT_MACS];
	uint32_t id;

	if (ruleset_kind_is_verdicts(set->kind))
		return json_pack("{s:{s:s}}", "goto", "target", r->chains[e->chain].name);
	if (set->kind == SET_OUTPUTS)
		return json_string(set->names[e->backend]);
	if (ruleset_data_len(set->kind) == RULESET_DATA_MAX)
		return json_string(nft_element_macs(text, e->data));
	memcpy(&id, e->data, sizeof(id));
	return json_integer(id);
}

static json_t *element(const struct ruleset *r, const struct ruleset_set *set,
		       const struct ruleset_element *e)
{
	json_t *key = key_of(set->kind, e);

	if (set->kind == SET_BACKENDS)
		key = json_pack("{s:{s:o, s:s}}", "elem", "val", key, "comment",
				set->names[e->backend]);
	if (!ruleset_kind_is_map(set->kind))
		return key;
	return json_pack("[o, o]", key, data_of(r, set, e));
}

/* In front of the n-th. */
static void print_separator(FILE *out, size_t n)
{
	fputs(n ? ",\n" : ", \"elem\": [\n", out);
}

static int print_list(FILE *out, const struct ruleset *r, const struct ruleset_set *set, size_t *n)
{
	for (; *n < set->n_elements; ++*n) {
		print_separator(out, *n);
		if (nft_json_dump(out, element(r, set, &set->elements[*n]), JSON_ENCODE_ANY) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Millions of these: what an owner's buckets lead to is spelled once. */
static int print_indexed(FILE *out, const struct ruleset_set *set, size_t *n)
{
	char(*values)[NFT_ELEMENT_MACS] = calloc(set->n_values + 1, sizeof(*values));
	uint32_t id;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_values; i++) {
		if (set->kind == SET_BUCKETS) {
			nft_element_macs(values[i], set->values[i]);
		} else {
			memcpy(&id, set->values[i], sizeof(id));
			snprintf(values[i], sizeof(values[i]), "%u", id);
		}
	}
	for (uint32_t i = 0; i < set->size; i++) {
		if (set->owners[i] == RULESET_NO_OWNER)
			continue;
		print_separator(out, (*n)++);
		fprintf(out, set->kind == SET_BUCKETS ? "[%u, \"%s\"]" : "[%u, %s]", i,
			values[set->owners[i]]);
	}
	free(values);
	return 0;
}

int nft_json_set_print(FILE *out, const struct ruleset *r, const struct ruleset_set *set)
{
	size_t n = 0;
	int code;

	fprintf(out, ",\n{\"%s\": {", ruleset_kind_is_map(set->kind) ? "map" : "set");
	if (nft_json_dump(out, declaration(r, set), JSON_EMBED) < 0)
		return -ENOMEM;
	code = set->owners ? print_indexed(out, set, &n) : print_list(out, r, set, &n);
	fputs(n ? "\n]}}" : "}}", out);
	return code;
}
