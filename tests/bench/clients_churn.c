/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * churn ADDRESS PORT FLOWS PACKETS_A_SECOND FIRST_CLIENT: up to so many TCP flows at a time, from
 * addresses that nobody owns, begin, go on, close (FIN), break (RST) and fall silent. It runs on the
 * client, whose own kernel knows who has the address; the backends have to drop what comes.
 *
 * Ends on SIGTERM, or after LIMIT_MS. Then it says how many packets of each kind were sent.
 */
#include "tests/bench/clients.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	LIMIT_MS = 20 * 60 * 1000,
	FLOWS_MAX = 1000000,
	PORTS = 32, /* flows of one client address */
	/* Of a thousand packets of flows that live. */
	FINS = 80,
	RSTS = 20,
	SILENCES = 40,
};

enum what { BEGUN, WENT_ON, CLOSED, BROKEN, SILENT, WHATS };

struct churn {
	int fd;
	struct sockaddr_in there;
	uint32_t flows, first;
	uint64_t rate, sent[WHATS];
	uint64_t random;
};

static uint8_t lives[FLOWS_MAX];
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static uint32_t draw(struct churn *c, uint32_t below)
{
	c->random = c->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((c->random >> 33) % below);
}

static uint32_t sum16(const void *at, size_t len)
{
	const uint8_t *bytes = at;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void send_packet(struct churn *c, uint32_t flow, uint8_t flags)
{
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} p = {.ip = {.version = 4,
		      .ihl = 5,
		      .ttl = 64,
		      .protocol = IPPROTO_TCP,
		      .tot_len = htons(sizeof(p)),
		      .saddr = htonl(c->first + flow / PORTS),
		      .daddr = c->there.sin_addr.s_addr},
	       .tcp = {.source = htons((uint16_t)(20000 + flow % PORTS)),
		       .dest = c->there.sin_port,
		       .doff = 5,
		       .window = htons(1000)}};

	((uint8_t *)&p.tcp)[13] = flags;
	p.tcp.check = folded(sum16(&p.ip.saddr, 8) + sum16(&p.tcp, sizeof(p.tcp)) + IPPROTO_TCP +
			     (uint32_t)sizeof(p.tcp));
	/* Refused while nobody has the address: lost, like any other. */
	sendto(c->fd, &p, sizeof(p), 0, (struct sockaddr *)&c->there, sizeof(c->there));
}

static void one(struct churn *c)
{
	uint32_t flow = draw(c, c->flows), dice = draw(c, 1000);
	enum what what = WENT_ON;
	uint8_t flags = TH_ACK;

	if (!lives[flow]) {
		what = BEGUN;
		flags = TH_SYN;
	} else if (dice < FINS) {
		what = CLOSED;
		flags = TH_FIN | TH_ACK;
	} else if (dice < FINS + RSTS) {
		what = BROKEN;
		flags = TH_RST;
	} else if (dice < FINS + RSTS + SILENCES) {
		what = SILENT;
	}
	lives[flow] = what == BEGUN || what == WENT_ON;
	c->sent[what]++;
	if (what != SILENT)
		send_packet(c, flow, flags);
	if (what ==
	    BEGUN) /* else it would be half-open, which the directors do not tell each other */
		send_packet(c, flow, TH_ACK);
}

static void run(struct churn *c)
{
	static const struct timespec pause = {.tv_nsec = 1000000};
	int64_t began_ms = clients_now_ms(), now_ms = began_ms;
	uint64_t n = 0;

	for (; !stop && now_ms - began_ms < LIMIT_MS; now_ms = clients_now_ms()) {
		for (; n < (uint64_t)(now_ms - began_ms) * c->rate / 1000; n++)
			one(c);
		nanosleep(&pause, NULL);
	}
}

int clients_churn(int argc, char **argv)
{
	struct churn c = {
		.fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW),
		.there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))},
		.flows = (uint32_t)strtoul(argv[2], NULL, 10),
		.rate = strtoull(argv[3], NULL, 10),
		.random = (uint64_t)time(NULL)};
	struct in_addr first;

	(void)argc;
	if (c.fd < 0 || c.flows == 0 || c.flows > FLOWS_MAX ||
	    inet_pton(AF_INET, argv[0], &c.there.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[4], &first) != 1) {
		fprintf(stderr, "no socket, or an argument that cannot be\n");
		return 2;
	}
	c.first = ntohl(first.s_addr);
	signal(SIGTERM, on_signal);
	puts("ready");
	fflush(stdout);
	run(&c);
	printf("begun %llu, went on %llu, closed %llu, broken %llu, fell silent %llu\n",
	       (unsigned long long)c.sent[BEGUN], (unsigned long long)c.sent[WENT_ON],
	       (unsigned long long)c.sent[CLOSED], (unsigned long long)c.sent[BROKEN],
	       (unsigned long long)c.sent[SILENT]);
	return 0;
}
