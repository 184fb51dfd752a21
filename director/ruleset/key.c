/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields that rules look things up by, and how nft spells them.
 *
 * Fields of the farms' own chains are raw ("@nh,96,32", the IPv4 source address): nft gives a named
 * field such as "ip saddr" a match of the protocol in front, in every rule again, and these packets
 * have passed that match already. A port is "th sport": that needs none.
 *
 * An IPv6 flow is known by 16 octets: the client's network (the first 64 bits), the low 32 bits of
 * its address, both ports. nft 1.0.6 ends with an assertion on a text that updates a map with a
 * longer key. Two clients are taken for one when they share a network, the low half of the
 * interface identifier and the port: then both are served, by the same backend. Who is outside of
 * the client's own network cannot bring that about.
 *
 * Pure.
 */
#include "director/ruleset/ruleset.h"

/* The kernel's headers stand aside for libc's when these come first. */
#include <linux/netfilter/nf_tables.h>

/* nft's data types (include/datatype.h) and headers (include/proto.h). */
enum { TYPE_INTEGER = 4, TYPE_INET_SERVICE = 13 };
enum { HEADER_TRANSPORT = 11, FIELD_SPORT = 1, FIELD_DPORT = 2 };

#define NETWORK(text, offset, len)                                                                 \
	{                                                                                          \
		text, NFT_PAYLOAD_NETWORK_HEADER, offset, len, TYPE_INTEGER, 0, 0                  \
	}
#define SOURCE_PORT                                                                                \
	{                                                                                          \
		"th sport", NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, TYPE_INET_SERVICE,                 \
			HEADER_TRANSPORT, FIELD_SPORT                                              \
	}
#define DESTINATION_PORT                                                                           \
	{                                                                                          \
		"th dport", NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, TYPE_INET_SERVICE,                 \
			HEADER_TRANSPORT, FIELD_DPORT                                              \
	}
#define BOTH_PORTS                                                                                 \
	{                                                                                          \
		"@th,0,32", NFT_PAYLOAD_TRANSPORT_HEADER, 0, 4, TYPE_INTEGER, 0, 0                 \
	}
#define PROTOCOL                                                                                   \
	{                                                                                          \
		"meta l4proto", FIELD_L4PROTO, 0, 1, 0, 0, 0                                       \
	}

/* Offsets: RFC 791 section 3.1, RFC 8200 section 3. */
static const struct ruleset_key_parts keys[] = {
	[KEY_SERVICE] = {3, {NETWORK("ip daddr", 16, 4), PROTOCOL, DESTINATION_PORT}},
	[KEY_SERVICE6] = {3, {NETWORK("ip6 daddr", 24, 16), PROTOCOL, DESTINATION_PORT}},
	[KEY_FLOW] = {4,
		      {NETWORK("@nh,96,32", 12, 4), NETWORK("@nh,128,32", 16, 4), SOURCE_PORT,
		       DESTINATION_PORT}},
	[KEY_FLOW6] = {3, {NETWORK("@nh,64,64", 8, 8), NETWORK("@nh,160,32", 20, 4), BOTH_PORTS}},
	[KEY_PEER] = {2, {NETWORK("@nh,96,32", 12, 4), SOURCE_PORT}},
	[KEY_PEER6] = {2, {NETWORK("@nh,64,128", 8, 16), SOURCE_PORT}},
	[KEY_SOURCE] = {1, {NETWORK("@nh,96,32", 12, 4)}},
	[KEY_SOURCE6] = {1, {NETWORK("@nh,64,128", 8, 16)}},
	[KEY_ADDRESS] = {1, {NETWORK("ip saddr", 12, 4)}},
	[KEY_ADDRESS6] = {1, {NETWORK("ip6 saddr", 8, 16)}},
};

const struct ruleset_key_parts *ruleset_key_parts(enum ruleset_key key)
{
	return &keys[key];
}

bool ruleset_key_is_ipv6(enum ruleset_key key)
{
	switch (key) {
	case KEY_SERVICE6:
	case KEY_FLOW6:
	case KEY_PEER6:
	case KEY_SOURCE6:
	case KEY_ADDRESS6: return true;
	case KEY_SERVICE:
	case KEY_FLOW:
	case KEY_PEER:
	case KEY_SOURCE:
	case KEY_ADDRESS: return false;
	}
	return false;
}

void ruleset_key_print(FILE *out, enum ruleset_key key)
{
	for (size_t i = 0; i < keys[key].n; i++)
		fprintf(out, "%s%s", i ? " . " : "", keys[key].parts[i].text);
}
