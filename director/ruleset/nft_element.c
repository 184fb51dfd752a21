/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_element.h"

#include <netinet/in.h>
#include <string.h>

const char *nft_element_macs(char text[static NFT_ELEMENT_MACS],
			     const uint8_t macs[static RULESET_DATA_MAX])
{
	size_t i = 0;
	int at;

	while (i + 1 < RULESET_DATA_MAX && macs[i] == 0)
		i++;
	at = sprintf(text, "0x%x", macs[i]);
	while (++i < RULESET_DATA_MAX)
		at += sprintf(text + at, "%02x", macs[i]);
	return text;
}

const char *nft_element_nd_name(uint8_t type)
{
	return type == ND_SOLICITATION	  ? "nd-neighbor-solicit"
	       : type == ND_ADVERTISEMENT ? "nd-neighbor-advert"
					  : "nd-router-advert";
}

uint16_t nft_element_port(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

const char *nft_element_address(char text[static ADDR_TEXT], uint8_t family, const uint8_t *bytes)
{
	struct addr addr = {.family = family};

	memcpy(addr.bytes, bytes, family == AF_INET6 ? 16 : 4);
	return addr_format(&addr, text);
}

static void print_address(FILE *out, uint8_t family, const uint8_t *bytes)
{
	char text[ADDR_TEXT];

	fputs(nft_element_address(text, family, bytes), out);
}

int nft_element_prefix(uint8_t family, const uint8_t key[static RULESET_KEY_MAX])
{
	size_t len = family == AF_INET6 ? 16 : 4, same = 0, host;
	const uint8_t *last = key + len;

	while (same < 8 * len && ((key[same / 8] ^ last[same / 8]) & (0x80 >> same % 8)) == 0)
		same++;
	for (host = same; host < 8 * len; host++)
		if ((key[host / 8] & (0x80 >> host % 8)) != 0 ||
		    (last[host / 8] & (0x80 >> host % 8)) == 0)
			return -1;
	return (int)same;
}

/* As nft writes it: an address, a prefix or the first and the last one. */
static void print_range(FILE *out, uint8_t family, const uint8_t key[static RULESET_KEY_MAX])
{
	int len = family == AF_INET6 ? 16 : 4, prefix = nft_element_prefix(family, key);

	print_address(out, family, key);
	if (prefix < 0) {
		fputc('-', out);
		print_address(out, family, key + len);
	} else if (prefix < 8 * len) {
		fprintf(out, "/%d", prefix);
	}
}

static void print_service_key(FILE *out, uint8_t family, const uint8_t key[static RULESET_KEY_MAX])
{
	const uint8_t *rest = key + (family == AF_INET6 ? 16 : 4);

	print_address(out, family, key);
	fprintf(out, " . %s . %u", rest[0] == IPPROTO_TCP ? "tcp" : "udp",
		nft_element_port(rest + 4));
}

/* The octets of another packet have no names of protocols and ports. */
static void print_error_key(FILE *out, uint8_t family, const uint8_t key[static RULESET_KEY_MAX])
{
	const uint8_t *rest = key + (family == AF_INET6 ? 16 : 4);

	print_address(out, family, key);
	fprintf(out, " . 0x%x . 0x%x", rest[0], nft_element_port(rest + 4));
}

static void print_later_key(FILE *out, uint8_t family, const uint8_t key[static RULESET_KEY_MAX])
{
	print_address(out, family, key);
	fprintf(out, " . %s", key[family == AF_INET6 ? 16 : 4] == IPPROTO_TCP ? "tcp" : "udp");
}

/* As the integer that nft takes a nameless field for. */
static void print_target(FILE *out, const uint8_t key[static RULESET_KEY_MAX])
{
	fputs("0x", out);
	for (size_t i = 0; i < 16; i++)
		fprintf(out, "%02x", key[i]);
}

static void print_mac(FILE *out, const uint8_t key[static RULESET_KEY_MAX])
{
	struct mac mac;
	char text[MAC_TEXT];

	memcpy(mac.bytes, key, MAC_LEN);
	fputs(mac_format(&mac, text), out);
}

void nft_element_print_key(FILE *out, enum ruleset_set_kind kind, const struct ruleset_element *e)
{
	switch (kind) {
	case SET_SERVICES: print_service_key(out, AF_INET, e->key); return;
	case SET_SERVICES6: print_service_key(out, AF_INET6, e->key); return;
	case SET_ADDRESSES: print_address(out, AF_INET, e->key); return;
	case SET_ADDRESSES6: print_address(out, AF_INET6, e->key); return;
	case SET_RANGES:
	case SET_STATIC: print_range(out, AF_INET, e->key); return;
	case SET_RANGES6:
	case SET_STATIC6: print_range(out, AF_INET6, e->key); return;
	case SET_BUCKETS:
	case SET_SLOTS: fprintf(out, "%u", ruleset_key_number(e)); return;
	case SET_BACKENDS:
	case SET_LEAVING: fprintf(out, "0x%08x", ruleset_key_number(e)); return;
	case SET_MACS:
	case SET_OUTPUTS: print_mac(out, e->key); return;
	case SET_TARGETS6: print_target(out, e->key); return;
	case SET_ERRORS: print_error_key(out, AF_INET, e->key); return;
	case SET_ERRORS6: print_error_key(out, AF_INET6, e->key); return;
	case SET_LATER: print_later_key(out, AF_INET, e->key); return;
	case SET_LATER6: print_later_key(out, AF_INET6, e->key); return;
	case SET_FLOWS:
	case SET_FLOWS6:
	case SET_FRAGMENTS:
	case SET_PINS:
	case SET_PINS6:
	case SET_RATES:
	case SET_RATES6:
	case SET_SENDERS:
	case SET_SENDERS6:
	case SET_CLAIMS6:
	case SET_SYNS:
	case SET_SYNS6:
	case SET_SERVED:
	case SET_SERVED6:
	case SET_FOREIGN: return;
	}
}

static void print_data(FILE *out, const struct ruleset *r, const struct ruleset_set *set,
		       const struct ruleset_element *e)
{
	char text[NFT_ELEMENT_MACS];
	uint32_t id;

	if (ruleset_kind_is_verdicts(set->kind)) {
		fprintf(out, "goto %s", r->chains[e->chain].name);
	} else if (set->kind == SET_OUTPUTS) {
		fprintf(out, "\"%s\"", set->names[e->backend]);
	} else if (ruleset_data_len(set->kind) == RULESET_DATA_MAX) {
		fputs(nft_element_macs(text, e->data), out);
	} else {
		memcpy(&id, e->data, sizeof(id));
		fprintf(out, "0x%08x", id);
	}
}

void nft_element_print(FILE *out, const struct ruleset *r, const struct ruleset_set *set,
		       const struct ruleset_element *e)
{
	if (ruleset_kind_is_dynamic(set->kind) || set->kind == SET_FOREIGN)
		return;
	nft_element_print_key(out, set->kind, e);
	if (ruleset_kind_counts(set->kind))
		fputs(" counter", out);
	if (set->kind == SET_BACKENDS)
		fprintf(out, " comment \"%s\"", set->names[e->backend]);
	if (!ruleset_kind_is_map(set->kind))
		return;
	fputs(" : ", out);
	print_data(out, r, set, e);
}
