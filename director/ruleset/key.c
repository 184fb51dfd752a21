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
enum {
	TYPE_INTEGER = 4,
	TYPE_IPADDR = 7,
	TYPE_IP6ADDR = 8,
	TYPE_ETHERADDR = 9,
	TYPE_INET_SERVICE = 13
};
enum { HEADER_TRANSPORT = 11, FIELD_SPORT = 1, FIELD_DPORT = 2 };
enum { HEADER_ETHER = 17, FIELD_ETHER_SADDR = 2 };
enum { HEADER_IP = 12, FIELD_IP_DADDR = 12, HEADER_IP6 = 13, FIELD_IP6_DADDR = 9 };

#define NETWORK(text, offset, len)                                                                 \
	{                                                                                          \
		text, NFT_PAYLOAD_NETWORK_HEADER, offset, len, TYPE_INTEGER, 0, 0                  \
	}
#define EMBEDDED(text, offset, len)                                                                \
	{                                                                                          \
		text, NFT_PAYLOAD_TRANSPORT_HEADER, offset, len, TYPE_INTEGER, 0, 0                \
	}
#define TO                                                                                         \
	{                                                                                          \
		"ip daddr", NFT_PAYLOAD_NETWORK_HEADER, 16, 4, TYPE_IPADDR, HEADER_IP,             \
			FIELD_IP_DADDR                                                             \
	}
#define TO6                                                                                        \
	{                                                                                          \
		"ip6 daddr", NFT_PAYLOAD_NETWORK_HEADER, 24, 16, TYPE_IP6ADDR, HEADER_IP6,         \
			FIELD_IP6_DADDR                                                            \
	}
#define SOURCE_PORT                                                                                \
	{                                                                                          \
		"th sport", NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, TYPE_INET_SERVICE,                 \
			HEADER_TRANSPORT, FIELD_SPORT                                              \
	}
#define PORTS_AND_SEQUENCE                                                                         \
	{                                                                                          \
		"@th,0,64", NFT_PAYLOAD_TRANSPORT_HEADER, 0, 8, TYPE_INTEGER, 0, 0                 \
	}
#define DESTINATION_MAC                                                                            \
	{                                                                                          \
		"@ll,0,48", NFT_PAYLOAD_LL_HEADER, 0, 6, TYPE_INTEGER, 0, 0                        \
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

/* Six octets, which take two registers. */
#define SOURCE_MAC                                                                                 \
	{                                                                                          \
		"ether saddr", NFT_PAYLOAD_LL_HEADER, 6, 6, TYPE_ETHERADDR, HEADER_ETHER,          \
			FIELD_ETHER_SADDR                                                          \
	}

/* RFC 826 with Ethernet and IPv4; RFC 4861, 4.4. nft 1.0.6 has no name for the latter. */
#define ARP_SENDER NETWORK("arp saddr ip", 14, 4)
#define ND_TARGET  EMBEDDED("@th,64,128", 8, 16)

/*
 * Offsets: RFC 791 section 3.1, RFC 8200 section 3. An ICMP error (RFC 792, RFC 4443) has 8 octets
 * of its own and then the header of the packet that it is about, which the VIP sent.
 */
static const struct ruleset_key_parts keys[] = {
	[KEY_SERVICE] = {3, {NETWORK("ip daddr", 16, 4), PROTOCOL, DESTINATION_PORT}},
	[KEY_SERVICE6] = {3, {NETWORK("ip6 daddr", 24, 16), PROTOCOL, DESTINATION_PORT}},
	[KEY_FLOW] = {3, {NETWORK("@nh,96,32", 12, 4), NETWORK("@nh,128,32", 16, 4), BOTH_PORTS}},
	[KEY_FLOW6] = {3, {NETWORK("@nh,64,64", 8, 8), NETWORK("@nh,160,32", 20, 4), BOTH_PORTS}},
	[KEY_PEER] = {2, {NETWORK("@nh,96,32", 12, 4), SOURCE_PORT}},
	[KEY_PEER6] = {2, {NETWORK("@nh,64,128", 8, 16), SOURCE_PORT}},
	[KEY_SOURCE] = {1, {NETWORK("@nh,96,32", 12, 4)}},
	[KEY_SOURCE6] = {1, {NETWORK("@nh,64,128", 8, 16)}},
	[KEY_CLIENT] = {1, {NETWORK("@nh,96,32", 12, 4)}},
	[KEY_CLIENT6] = {1, {NETWORK("@nh,64,128", 8, 16)}},
	[KEY_STATIC] = {1, {NETWORK("ip saddr", 12, 4)}},
	[KEY_STATIC6] = {1, {NETWORK("ip6 saddr", 8, 16)}},
	[KEY_ERROR] = {3, {TO, EMBEDDED("@th,136,8", 17, 1), EMBEDDED("@th,224,16", 28, 2)}},
	[KEY_ERROR6] = {3, {TO6, EMBEDDED("@th,112,8", 14, 1), EMBEDDED("@th,384,16", 48, 2)}},
	[KEY_ERROR_PEER] = {2, {EMBEDDED("@th,192,32", 24, 4), EMBEDDED("@th,240,16", 30, 2)}},
	[KEY_ERROR_PEER6] = {2, {EMBEDDED("@th,256,128", 32, 16), EMBEDDED("@th,400,16", 50, 2)}},
	[KEY_ERROR_SOURCE] = {1, {EMBEDDED("@th,192,32", 24, 4)}},
	[KEY_ERROR_SOURCE6] = {1, {EMBEDDED("@th,256,128", 32, 16)}},
	[KEY_LATER] = {2, {TO, NETWORK("ip protocol", 9, 1)}},
	[KEY_LATER6] = {2, {TO6, PROTOCOL}},
	[KEY_VIP] = {1, {NETWORK("ip daddr", 16, 4)}},
	[KEY_VIP6] = {1, {NETWORK("ip6 daddr", 24, 16)}},
	[KEY_SENDER] = {2, {SOURCE_MAC, TO}},
	[KEY_SENDER6] = {2, {SOURCE_MAC, TO6}},
	[KEY_FROM] = {1, {SOURCE_MAC}},
	[KEY_ARP] = {1, {ARP_SENDER}},
	[KEY_TARGET] = {1, {ND_TARGET}},
	[KEY_CLAIM] = {2, {SOURCE_MAC, ARP_SENDER}},
	[KEY_CLAIM6] = {2, {SOURCE_MAC, ND_TARGET}},
	[KEY_SYN] = {2, {NETWORK("@nh,96,32", 12, 4), PORTS_AND_SEQUENCE}},
	[KEY_SYN6] = {2, {NETWORK("@nh,64,128", 8, 16), PORTS_AND_SEQUENCE}},
	[KEY_SERVED] = {3, {NETWORK("@nh,128,32", 16, 4), DESTINATION_PORT, DESTINATION_MAC}},
	[KEY_SERVED6] = {3, {NETWORK("@nh,192,128", 24, 16), DESTINATION_PORT, DESTINATION_MAC}},
	[KEY_FRAGMENT] = {4,
			  {NETWORK("@nh,96,32", 12, 4), NETWORK("@nh,128,32", 16, 4),
			   NETWORK("@nh,32,16", 4, 2), NETWORK("@nh,72,8", 9, 1)}},
};

const struct ruleset_key_parts *ruleset_key_parts(enum ruleset_key key)
{
	return &keys[key];
}

bool ruleset_key_is_ipv6(enum ruleset_key key)
{
	switch (key) {
	case KEY_SERVICE6:
	case KEY_ERROR6:
	case KEY_ERROR_PEER6:
	case KEY_ERROR_SOURCE6:
	case KEY_LATER6:
	case KEY_FLOW6:
	case KEY_PEER6:
	case KEY_SOURCE6:
	case KEY_CLIENT6:
	case KEY_VIP6:
	case KEY_SENDER6:
	case KEY_TARGET:
	case KEY_CLAIM6:
	case KEY_SYN6:
	case KEY_SERVED6:
	case KEY_STATIC6: return true;
	case KEY_SERVICE:
	case KEY_ERROR:
	case KEY_ERROR_PEER:
	case KEY_ERROR_SOURCE:
	case KEY_LATER:
	case KEY_FRAGMENT:
	case KEY_FLOW:
	case KEY_PEER:
	case KEY_SOURCE:
	case KEY_CLIENT:
	case KEY_VIP:
	case KEY_SENDER:
	case KEY_FROM:
	case KEY_ARP:
	case KEY_CLAIM:
	case KEY_SYN:
	case KEY_SERVED:
	case KEY_STATIC: return false;
	}
	return false;
}

void ruleset_key_print(FILE *out, enum ruleset_key key)
{
	for (size_t i = 0; i < keys[key].n; i++)
		fprintf(out, "%s%s", i ? " . " : "", keys[key].parts[i].text);
}
