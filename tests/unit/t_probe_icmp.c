/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Echo requests with the real kernel, in a namespace; answers that no honest host gives are put on the
 * wire as frames. Needs root.
 */
#include "tests/unit/namespace.h"
#include "tests/unit/probe_case.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * p0 answers nothing by itself; 192.0.2.0/24 is on eth0, 192.0.2.9 somebody silent, 192.0.2.10 nobody;
 * 198.51.100.0/24 is nowhere. Who has an address is asked once, for 50 ms.
 */
#define NETWORK                                                                                    \
	UNIT_ETH0                                                                                  \
	" && ip link set lo up && ip address add 192.0.2.1/24 dev eth0 && "                        \
	"ip -6 address add fd00::1/64 dev eth0 nodad && "                                          \
	"ip -6 address add fe80::9/64 dev eth0 nodad && "                                          \
	"sysctl -qw net.ipv4.neigh.eth0.mcast_solicit=1 "                                          \
	"net.ipv4.neigh.eth0.retrans_time_ms=50 net.ipv6.neigh.eth0.mcast_solicit=1 "              \
	"net.ipv6.neigh.eth0.retrans_time_ms=50 && "                                               \
	"ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0 && "                         \
	"ip route add unreachable 203.0.113.0/24 && ip route add blackhole 203.0.114.0/24"         \
	" && ip route add prohibit 203.0.115.0/24 && ip route add unreachable fd01::/64"

#define SILENT "192.0.2.9"

enum {
	FOUND_MS = 300,
	KNOWN_MS = 20
}; /* until the answer is there; what the kernel knows at once */

static void expect(const char *address, uint64_t ms, const char *want)
{
	struct probe_case c;

	probe_case_begin(&c, &probe_icmp, address);
	c.ask.ifindex = if_nametoindex("eth0");
	EXPECT_TEXT(probe_case_run(&c, ms), want);
	probe_case_end(&c);
}

static void story_of_answers(void)
{
	expect("127.0.0.1", FOUND_MS, "good: ");
	expect("192.0.2.1", FOUND_MS, "good: ");
	expect("::1", FOUND_MS, "good: ");
	expect("fd00::1", FOUND_MS, "good: ");
	expect("fe80::9", FOUND_MS, "good: "); /* of that interface alone */
}

static void who_answers(void)
{
	unit_in_namespace(NETWORK, story_of_answers);
}

static void story_of_silence(void)
{
	expect(SILENT, FOUND_MS, "silent: no answer to an echo request");
	expect("203.0.113.1", KNOWN_MS, "unreachable: No route to host");
	expect("203.0.115.1", KNOWN_MS, "unreachable: Permission denied");
	expect("198.51.100.1", KNOWN_MS, "unreachable: Network is unreachable");
	expect("203.0.114.1", KNOWN_MS, "unreachable: Invalid argument");
	expect("fd01::1", KNOWN_MS, "unreachable: No route to host");
	/* Nobody has it, says this host. */
	expect("192.0.2.10", FOUND_MS,
	       "unreachable: destination host unreachable (ICMP from 192.0.2.1)");
	expect("fd00::10", FOUND_MS,
	       "unreachable: destination address unreachable (ICMP from fd00::1)");
}

static void who_does_not(void)
{
	unit_in_namespace(NETWORK, story_of_silence);
}

/* Two of three requests are lost where they arrive. */
#define LOSSY                                                                                      \
	" && nft add table inet t && nft 'add chain inet t in { type filter hook input priority "  \
	"0; }'"                                                                                    \
	" && nft add rule inet t in icmp type echo-request numgen inc mod 3 0-1 drop"

static void story_of_losses(void)
{
	for (int i = 0; i < 2; i++)
		expect("192.0.2.1", FOUND_MS, "good: ");
}

static void lost_packets(void)
{
	unit_in_namespace(NETWORK LOSSY, story_of_losses);
}

/* There are no descriptors when it is begun, and some for the next one. */
static void story_of_no_socket(void)
{
	struct rlimit before, none;
	struct probe_case c;
	int next;

	probe_case_begin(&c, &probe_icmp, "::1");
	next = dup(0);
	close(next);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){(rlim_t)next, before.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	EXPECT_TEXT(probe_case_run(&c, FOUND_MS),
		    "cannot-run: no socket for echo requests: Too many open files");
	setrlimit(RLIMIT_NOFILE, &before);
	EXPECT_TEXT(probe_case_run(&c, FOUND_MS), "good: ");
	probe_case_end(&c);
}

static void no_socket(void)
{
	unit_in_namespace(NETWORK, story_of_no_socket);
}

/* --- on the wire ------------------------------------------------------------------------------ */

enum { ETHERNET = 14, IPV4 = 20, ECHO_LEN = 16, ROOM = 200 };

/* A request as it came out of eth0, and what is said to it. */
struct wire {
	struct probe_case c;
	int fd; /* at the other end of the cable */
	uint8_t request[ROOM];
	uint8_t frame[ROOM];
};

static uint16_t sum_of(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static void put_sum(uint8_t *bytes, size_t len, size_t at)
{
	uint16_t sum;

	bytes[at] = bytes[at + 1] = 0;
	sum = sum_of(bytes, len);
	bytes[at] = (uint8_t)(sum >> 8);
	bytes[at + 1] = (uint8_t)sum;
}

static void wire_open(struct wire *w)
{
	struct sockaddr_ll here = {.sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_IP),
				   .sll_ifindex = (int)if_nametoindex("p0")};

	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP));
	CU_ASSERT_EQUAL_FATAL(bind(w->fd, (struct sockaddr *)&here, sizeof(here)), 0);
	probe_case_begin(&w->c, &probe_icmp, SILENT);
}

static void wire_close(struct wire *w)
{
	probe_case_end(&w->c);
	close(w->fd);
}

/* The next request to arrive. */
static void wire_take(struct wire *w)
{
	uint64_t end = uv_hrtime() + 1000000000;

	do {
		uv_run(&w->c.loop, UV_RUN_NOWAIT);
		if (recv(w->fd, w->request, ROOM, 0) == ETHERNET + IPV4 + ECHO_LEN)
			return;
	} while (uv_hrtime() < end);
	CU_FAIL_FATAL("no request");
}

/* The frame of an ICMP message so long, in w->frame, from `from` to who has asked. */
static void wire_send(struct wire *w, const char *from, size_t len, bool spoil)
{
	uint8_t *ip = w->frame + ETHERNET, *message = ip + IPV4;
	size_t total = IPV4 + len;

	memcpy(w->frame, w->request + 6, 6);
	memcpy(w->frame + 6, w->request, 6);
	memcpy(w->frame + 12, "\x08\x00", 2);
	memcpy(ip, "\x45\0\0\0\0\0\0\0\x40\x01\0\0", 12);
	ip[3] = (uint8_t)total;
	CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET, from, ip + 12), 1);
	memcpy(ip + 16, w->request + ETHERNET + 12, 4);
	put_sum(ip, IPV4, 10);
	put_sum(message, len, 2);
	message[3] ^= spoil;
	EXPECT_INT(send(w->fd, w->frame, ETHERNET + total, 0), ETHERNET + total);
	for (int i = 0; i < 5; i++)
		uv_run(&w->c.loop, UV_RUN_NOWAIT);
}

static uint8_t *wire_reply(struct wire *w)
{
	uint8_t *message = w->frame + ETHERNET + IPV4;

	memcpy(message, w->request + ETHERNET + IPV4, ECHO_LEN);
	message[0] = 0;
	return message;
}

/* Host unreachable; so much of the request is quoted. */
static uint8_t *wire_error(struct wire *w, size_t quoted)
{
	uint8_t *message = w->frame + ETHERNET + IPV4;

	memcpy(message, "\x03\x01\0\0\0\0\0", 8);
	memcpy(message + 8, w->request + ETHERNET, quoted);
	return message;
}

/* Ends the probe: what it has believed until now. */
static void wire_expect(struct wire *w, struct probe *p, const char *want)
{
	char text[OUTCOME_DETAIL + 32];

	if (p)
		probe_icmp.expire(p);
	EXPECT_INT(w->c.done, 1);
	snprintf(text, sizeof(text), "%s: %s", outcome_word(w->c.outcome.code),
		 w->c.outcome.detail);
	EXPECT_TEXT(text, want);
}

/* From another address, with another token, id or number, spoilt on the way: not a word of it counts. */
static void story_of_forged_replies(void)
{
	struct wire w;

	wire_open(&w);
	probe_case_start(&w.c);
	wire_take(&w);
	wire_reply(&w);
	wire_send(&w, "192.0.2.8", ECHO_LEN, false);
	for (size_t at = 4; at < ECHO_LEN; at++) {
		wire_reply(&w)[at] ^= 1;
		wire_send(&w, SILENT, ECHO_LEN, false);
	}
	wire_reply(&w);
	wire_send(&w, SILENT, ECHO_LEN, true);
	EXPECT_INT(w.c.done, 0);
	wire_reply(&w);
	wire_send(&w, SILENT, ECHO_LEN, false);
	wire_expect(&w, NULL, "good: ");
	wire_send(&w, SILENT, ECHO_LEN, false); /* it comes twice */
	EXPECT_INT(w.c.done, 1);
	wire_close(&w);
}

static void forged_replies(void)
{
	unit_in_namespace(NETWORK, story_of_forged_replies);
}

static void story_of_forged_errors(void)
{
	struct wire w;
	struct probe *p;

	wire_open(&w);
	p = probe_case_start(&w.c);
	wire_take(&w);
	wire_error(&w, IPV4 + ECHO_LEN)[8 + 19] ^= 1; /* of a request to somebody else */
	wire_send(&w, "192.0.2.8", 8 + IPV4 + ECHO_LEN, false);
	wire_error(&w, IPV4 + ECHO_LEN)[8 + IPV4 + 12] ^= 1; /* with another token */
	wire_send(&w, "192.0.2.8", 8 + IPV4 + ECHO_LEN, false);
	wire_error(&w, IPV4 + ECHO_LEN);
	wire_send(&w, "192.0.2.8", 8 + IPV4 + ECHO_LEN, true);
	wire_expect(&w, p, "silent: no answer to an echo request");
	wire_close(&w);
}

static void forged_errors(void)
{
	unit_in_namespace(NETWORK, story_of_forged_errors);
}

/* A router may quote eight octets of a request, and all of it is as good. */
static void story_of_errors(void)
{
	static const size_t quoted[] = {IPV4 + 8, IPV4 + ECHO_LEN};

	for (size_t i = 0; i < 2; i++) {
		struct wire w;
		struct probe *p;

		wire_open(&w);
		p = probe_case_start(&w.c);
		wire_take(&w);
		wire_error(&w, quoted[i]);
		wire_send(&w, "192.0.2.8", 8 + quoted[i], false);
		EXPECT_INT(w.c.done, 0);
		wire_expect(&w, p,
			    "unreachable: destination host unreachable (ICMP from 192.0.2.8)");
		wire_close(&w);
	}
}

/* It was said of the first request; the second one is answered. */
static void story_of_a_host_that_comes(void)
{
	struct wire w;

	wire_open(&w);
	probe_case_start(&w.c);
	wire_take(&w);
	wire_error(&w, IPV4 + ECHO_LEN);
	wire_send(&w, "192.0.2.8", 8 + IPV4 + ECHO_LEN, false);
	wire_take(&w);
	wire_reply(&w);
	wire_send(&w, SILENT, ECHO_LEN, false);
	wire_expect(&w, NULL, "good: ");
	wire_close(&w);
}

static void errors_of_routers(void)
{
	unit_in_namespace(NETWORK, story_of_errors);
	unit_in_namespace(NETWORK, story_of_a_host_that_comes);
}

/* --- many ------------------------------------------------------------------------------------- */

enum { MANY = 1000 };

/* All at once, each with its own answer; some are not waited for. */
static void story_of_many(void)
{
	static struct probe *probes[MANY];
	struct probe_case c;
	uint64_t end;

	probe_case_begin(&c, &probe_icmp, "127.0.0.1");
	for (int i = 0; i < MANY; i++) {
		CU_ASSERT_FATAL(addr_parse(i % 2 ? "127.0.0.1" : SILENT, &c.ask.address) == 0);
		probes[i] = probe_case_start(&c);
	}
	end = uv_hrtime() + 3000000000;
	while (c.done < MANY / 2 && uv_hrtime() < end)
		uv_run(&c.loop, UV_RUN_ONCE);
	EXPECT_INT(c.done, MANY / 2);
	EXPECT_INT(c.outcome.code, OUTCOME_GOOD);
	for (int i = 0; i < MANY; i += 2)
		if (i % 4)
			probe_icmp.cancel(probes[i]);
		else
			probe_icmp.expire(probes[i]);
	EXPECT_INT(c.done, MANY / 2 + MANY / 4);
	EXPECT_INT(c.outcome.code, OUTCOME_SILENT);
	probe_case_end(&c);
}

static void many_at_once(void)
{
	unit_in_namespace(NETWORK, story_of_many);
}

/* Whoever hears of the last one closes the prober. */
static void close_it(void *owner, const struct outcome *o)
{
	struct probe_case *c = owner;

	(void)o;
	c->done++;
	probe_icmp.close(c->prober);
	c->prober = NULL;
}

static void story_of_an_end_from_inside(void)
{
	struct probe_case c;
	uint64_t end = uv_hrtime() + 1000000000;

	probe_case_begin(&c, &probe_icmp, "127.0.0.1");
	CU_ASSERT_PTR_NOT_NULL_FATAL(probe_icmp.start(c.prober, &c.ask, close_it, &c));
	while (!c.done && uv_hrtime() < end)
		uv_run(&c.loop, UV_RUN_ONCE);
	EXPECT_INT(c.done, 1);
	probe_case_end(&c);
}

static void an_end_from_inside(void)
{
	unit_in_namespace(NETWORK, story_of_an_end_from_inside);
}

UNIT_TESTS(probe_icmp) = {
	{"who answers", who_answers},
	{"who does not", who_does_not},
	{"lost packets are no verdict", lost_packets},
	{"no socket", no_socket},
	{"forged replies", forged_replies},
	{"forged errors", forged_errors},
	{"errors of routers", errors_of_routers},
	{"many at once", many_at_once},
	{"an end from inside", an_end_from_inside},
	UNIT_TESTS_END,
};
