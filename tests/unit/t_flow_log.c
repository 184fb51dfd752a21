/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_log.h"
#include "include/wr.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter/nfnetlink_log.h>

#define CORPUS "tests/fuzz/corpus/fuzz_flow_log"

enum { MAX = 2048, MESSAGE_TYPE = 4 << 8, HEADERS = 20, TCP_SYN = 0x02 };

/* --- building messages as the kernel does ------------------------------------------------------ */

struct message {
	uint8_t bytes[MAX];
	struct wr w;
};

static void attribute(struct message *m, uint16_t type, const void *value, size_t len)
{
	uint16_t header[2] = {(uint16_t)(4 + len), type};
	static const uint8_t zero[4];

	wr_bytes(&m->w, header, sizeof(header));
	wr_bytes(&m->w, value, len);
	wr_bytes(&m->w, zero, (4 - len % 4) % 4);
}

static void attribute32(struct message *m, uint16_t type, uint32_t v)
{
	uint32_t value = htonl(v);

	attribute(m, type, &value, sizeof(value));
}

static void begin(struct message *m, uint16_t ethertype)
{
	uint8_t hdr[4] = {(uint8_t)(ethertype >> 8), (uint8_t)ethertype, 0, 0};
	uint8_t header[HEADERS] = {0};
	uint16_t type = MESSAGE_TYPE;

	m->w = wr_init(m->bytes, sizeof(m->bytes));
	memcpy(header + 4, &type, sizeof(type));
	wr_bytes(&m->w, header, sizeof(header));
	attribute(m, NFULA_PACKET_HDR, hdr, sizeof(hdr));
	attribute(m, NFULA_PREFIX, "www", 4);
}

static const char *finish(struct message *m, struct flow_log_event *ret)
{
	uint32_t len = (uint32_t)wr_used(&m->w);

	CU_ASSERT(wr_ok(&m->w));
	memcpy(m->bytes, &len, sizeof(len));
	return flow_log_reject_name(flow_log_parse(m->bytes, len, ret));
}

/* One packet in the smallest message. */
static const char *parse(uint16_t ethertype, const struct wr *packet, struct flow_log_event *ret)
{
	struct message m;

	begin(&m, ethertype);
	attribute(&m, NFULA_PAYLOAD, packet->start, wr_used(packet));
	return finish(&m, ret);
}

static struct wr ipv4(uint8_t *bytes, size_t options, uint8_t protocol)
{
	struct wr w = wr_init(bytes, MAX);

	wr_u8(&w, (uint8_t)(0x45 + options / 4));
	wr_u8(&w, 0);
	wr_be16(&w, (uint16_t)(20 + options + 20));
	wr_be32(&w, 0x12344000); /* identification, don't fragment */
	wr_u8(&w, 64);
	wr_u8(&w, protocol);
	wr_be16(&w, 0);
	wr_be32(&w, 0x0a4d0009);
	wr_be32(&w, 0x0a4d0064);
	while (options--)
		wr_u8(&w, 1);
	return w;
}

static struct wr ipv6(uint8_t *bytes, uint8_t next, size_t extensions)
{
	struct wr w = wr_init(bytes, MAX);
	uint8_t address[16] = {0xfd, 0x77};

	wr_be32(&w, 0x60000000);
	wr_be16(&w, (uint16_t)(extensions + 20));
	wr_u8(&w, next);
	wr_u8(&w, 64);
	address[15] = 9;
	wr_bytes(&w, address, 16);
	address[15] = 100;
	wr_bytes(&w, address, 16);
	return w;
}

static void tcp(struct wr *w)
{
	wr_be16(w, 40000);
	wr_be16(w, 443);
	wr_be32(w, 1);
	wr_be32(w, 0);
	wr_be16(w, 0x5000 | TCP_SYN);
	wr_be16(w, 0xffff);
	wr_be32(w, 0);
}

static void expect_flow(const struct flow_log_event *e, const char *client, const char *vip,
			uint8_t protocol)
{
	char text[ADDR_TEXT];

	EXPECT_TEXT(addr_format(&e->key.client, text), client);
	EXPECT_TEXT(addr_format(&e->key.vip, text), vip);
	EXPECT_INT(e->key.client_port, 40000);
	EXPECT_INT(e->key.vip_port, 443);
	EXPECT_INT(e->key.protocol, protocol);
	EXPECT_INT(e->tcp_flags, protocol == IPPROTO_TCP ? TCP_SYN : 0);
	EXPECT_TEXT(e->prefix, "www");
}

/* --- tests ------------------------------------------------------------------------------------- */

static void everything_that_a_message_may_carry(void)
{
	static const uint8_t ethernet[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0};
	uint8_t packet[MAX];
	struct wr w = ipv4(packet, 0, IPPROTO_TCP);
	uint16_t hwtype = htons(ARPHRD_ETHER);
	struct flow_log_event e;
	char mac[MAC_TEXT];
	struct message m;

	tcp(&w);
	begin(&m, ETH_P_IP);
	attribute32(&m, NFULA_MARK, 0x15);
	attribute32(&m, NFULA_IFINDEX_INDEV, 7);
	attribute32(&m, NFULA_SEQ, 0xfffffffe);
	attribute(&m, NFULA_HWTYPE, &hwtype, 2);
	attribute(&m, NFULA_HWHEADER, ethernet, sizeof(ethernet));
	attribute(&m, 99, "something new", 13);
	attribute(&m, NFULA_PAYLOAD, packet, wr_used(&w));
	EXPECT_TEXT(finish(&m, &e), "none");
	expect_flow(&e, "10.77.0.9", "10.77.0.100", IPPROTO_TCP);
	EXPECT_INT(e.mark, 0x15);
	EXPECT_INT(e.ifindex, 7);
	EXPECT_INT(e.has_sequence, true);
	EXPECT_INT(e.sequence, 0xfffffffe);
	EXPECT_INT(e.hook, 0);
	EXPECT_INT(e.has_macs, true);
	EXPECT_TEXT(mac_format(&e.source, mac), "02:00:00:00:00:09");
	EXPECT_TEXT(mac_format(&e.destination, mac), "02:00:00:00:00:01");
}

static void and_the_least(void)
{
	struct flow_log_event e;
	uint8_t packet[MAX];
	struct wr w = ipv4(packet, 0, IPPROTO_UDP);

	wr_be16(&w, 40000);
	wr_be16(&w, 443);
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "none");
	expect_flow(&e, "10.77.0.9", "10.77.0.100", IPPROTO_UDP);
	EXPECT_INT(e.mark, 0);
	EXPECT_INT(e.has_macs, false);
	EXPECT_INT(e.has_sequence, false);
}

static void ipv4_options(void)
{
	struct flow_log_event e;
	uint8_t packet[MAX];

	for (size_t options = 0; options <= 40; options += 4) {
		struct wr w = ipv4(packet, options, IPPROTO_TCP);

		tcp(&w);
		CU_ASSERT(20 + options + 14 <= FLOW_LOG_SNAPLEN);
		EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "none");
		expect_flow(&e, "10.77.0.9", "10.77.0.100", IPPROTO_TCP);
	}
}

/* n extension headers of that type and 8 octets, then TCP. */
static struct wr extended(uint8_t *packet, uint8_t type, size_t n)
{
	struct wr w = ipv6(packet, n ? type : IPPROTO_TCP, 8 * n);

	for (size_t i = 1; i <= n; i++) {
		wr_u8(&w, i == n ? IPPROTO_TCP : type);
		wr_u8(&w, 0);
		wr_bytes(&w, (uint8_t[6]){0}, 6);
	}
	tcp(&w);
	return w;
}

static void ipv6_extension_headers(void)
{
	static const uint8_t types[] = {IPPROTO_HOPOPTS,  IPPROTO_ROUTING, IPPROTO_DSTOPTS,
					IPPROTO_FRAGMENT, IPPROTO_AH,	   IPPROTO_MH};
	struct flow_log_event e;
	uint8_t packet[MAX];

	for (size_t i = 0; i < sizeof(types); i++)
		for (size_t n = 0; n <= FLOW_LOG_EXTENSIONS + 1; n++) {
			struct wr w = extended(packet, types[i], n);

			EXPECT_TEXT(parse(ETH_P_IPV6, &w, &e),
				    n <= FLOW_LOG_EXTENSIONS ? "none" : "extensions");
			if (n <= FLOW_LOG_EXTENSIONS)
				expect_flow(&e, "fd77::9", "fd77::64", IPPROTO_TCP);
		}
}

static void extension_headers_have_lengths(void)
{
	struct flow_log_event e;
	uint8_t packet[MAX];
	struct wr w = ipv6(packet, IPPROTO_AH, 24 + 16);

	wr_be16(&w, IPPROTO_DSTOPTS << 8 | 4); /* AH: (4 + 2) * 4 octets */
	wr_bytes(&w, (uint8_t[22]){0}, 22);
	wr_be16(&w, IPPROTO_TCP << 8 | 1); /* (1 + 1) * 8 octets */
	wr_bytes(&w, (uint8_t[14]){0}, 14);
	tcp(&w);
	EXPECT_TEXT(parse(ETH_P_IPV6, &w, &e), "none");
	expect_flow(&e, "fd77::9", "fd77::64", IPPROTO_TCP);
	packet[40 + 24 + 1] = 255; /* longer than what was captured */
	EXPECT_TEXT(parse(ETH_P_IPV6, &w, &e), "snaplen");
}

static void packets_without_ports(void)
{
	struct flow_log_event e;
	uint8_t packet[MAX];
	struct wr w = ipv4(packet, 0, IPPROTO_TCP);

	tcp(&w);
	packet[7] = 1;
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "fragment");
	packet[6] = 0x20, packet[7] = 0; /* the first one has its ports */
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "none");
	packet[9] = IPPROTO_ICMP;
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "protocol");
	w = extended(packet, IPPROTO_FRAGMENT, 1);
	packet[40 + 3] = 8;
	EXPECT_TEXT(parse(ETH_P_IPV6, &w, &e), "fragment");
	packet[40 + 3] = 1; /* more follow */
	EXPECT_TEXT(parse(ETH_P_IPV6, &w, &e), "none");
	w = ipv6(packet, IPPROTO_NONE, 0);
	tcp(&w);
	EXPECT_TEXT(parse(ETH_P_IPV6, &w, &e), "protocol");
}

static void headers_that_contradict_themselves(void)
{
	struct flow_log_event e;
	uint8_t packet[MAX];
	struct wr w = ipv4(packet, 0, IPPROTO_TCP);

	tcp(&w);
	packet[0] = 0x44;
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "header");
	packet[0] = 0x45;
	packet[3] = 19;
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "header");
	packet[3] = 20;
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "header");
	packet[3] = 24; /* the rest is padding of the link */
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "snaplen");
	packet[3] = 0; /* BIG TCP */
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "none");
	packet[0] = 0x65;
	EXPECT_TEXT(parse(ETH_P_IP, &w, &e), "not-ip");
	packet[0] = 0x45;
	EXPECT_TEXT(parse(ETH_P_IPV6, &w, &e), "not-ip");
}

static void other_messages(void)
{
	struct flow_log_event e = {.mark = 42};
	uint8_t packet[MAX];
	struct wr w = ipv4(packet, 0, IPPROTO_TCP);
	struct message m;

	tcp(&w);
	EXPECT_TEXT(parse(ETH_P_ARP, &w, &e), "not-ip");
	begin(&m, ETH_P_IP);
	EXPECT_TEXT(finish(&m, &e), "no-payload");
	attribute(&m, NFULA_PAYLOAD, packet, wr_used(&w));
	m.bytes[4] = NFULNL_MSG_CONFIG;
	EXPECT_TEXT(finish(&m, &e), "not-packet");
	m.bytes[4] = NFULNL_MSG_PACKET;
	attribute(&m, NFULA_MARK, "abc", 3);
	EXPECT_TEXT(finish(&m, &e), "attribute");
	begin(&m, ETH_P_IP);
	m.w.used = HEADERS + 8;
	attribute(&m, NFULA_PAYLOAD, packet, wr_used(&w));
	EXPECT_TEXT(finish(&m, &e), "prefix");
	attribute(&m, NFULA_PREFIX, "no end", 6);
	EXPECT_TEXT(finish(&m, &e), "prefix");
	attribute(&m, NFULA_PREFIX, (char[FLOW_LOG_PREFIX + 1]){"x"}, FLOW_LOG_PREFIX + 1);
	EXPECT_TEXT(finish(&m, &e), "prefix");
	attribute(&m, NFULA_PREFIX, "", 1);
	EXPECT_INT(e.mark, 42); /* untouched by all of them */
	EXPECT_TEXT(finish(&m, &e), "none");
	EXPECT_TEXT(e.prefix, "");
}

/* Any length but the whole one is refused, and nothing beyond it is read. */
static void every_truncation(void)
{
	struct flow_log_event e;
	uint8_t packet[MAX];
	struct wr w = extended(packet, IPPROTO_DSTOPTS, 2);
	struct message m;
	size_t whole;

	begin(&m, ETH_P_IPV6);
	attribute(&m, NFULA_PAYLOAD, packet, 40 + 16 + 14);
	EXPECT_TEXT(finish(&m, &e), "none");
	whole = wr_used(&m.w);
	for (size_t len = 0; len < whole; len++) {
		uint8_t *cut = malloc(len ? len : 1); /* so that one octet too far is found */
		uint32_t told = (uint32_t)len;

		memcpy(cut, m.bytes, len);
		EXPECT_TEXT(flow_log_reject_name(flow_log_parse(cut, len, &e)), "truncated");
		if (len >= sizeof(told)) {
			memcpy(cut, &told, sizeof(told));
			CU_ASSERT(flow_log_parse(cut, len, &e) != FLOW_LOG_REJECT_NONE ||
				  len >= whole - 2); /* the padding of the last attribute */
		}
		free(cut);
	}
	for (size_t len = 0; len < 40 + 16 + 14; len++) {
		w.used = len;
		EXPECT_TEXT(parse(ETH_P_IPV6, &w, &e), len ? "snaplen" : "no-payload");
	}
}

static void words(void)
{
	for (int r = 0; r < FLOW_LOG_REJECT_COUNT; r++) {
		CU_ASSERT_PTR_NOT_NULL(flow_log_reject_name((enum flow_log_reject)r));
		CU_ASSERT_PTR_NOT_NULL(flow_log_reject_text((enum flow_log_reject)r));
	}
}

static const char *verdict_of(const uint8_t *bytes, size_t len)
{
	struct flow_log_event e;

	return flow_log_reject_name(flow_log_parse(bytes, len, &e));
}

/* What fuzzing found worth keeping; a file's name begins with the verdict it must get. */
static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, verdict_of) >= FLOW_LOG_REJECT_COUNT);
}

UNIT_TESTS(flow_log) = {
	{"everything that a message may carry", everything_that_a_message_may_carry},
	{"and the least", and_the_least},
	{"IPv4 options", ipv4_options},
	{"IPv6 extension headers", ipv6_extension_headers},
	{"extension headers have lengths", extension_headers_have_lengths},
	{"packets without ports", packets_without_ports},
	{"headers that contradict themselves", headers_that_contradict_themselves},
	{"other messages", other_messages},
	{"every truncation", every_truncation},
	{"words", words},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
