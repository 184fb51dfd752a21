/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flow log against the real kernel: frames are put on a veth pair, a rule logs them, and what
 * comes out of the group is compared. In a network namespace of the test's own. Needs root.
 */
#include "director/flow/flow_log_uv.h"
#include "include/wr.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_ether.h>

enum {
	WAIT_MS = 2000,
	PROMPT_TRIES = 10,
	MANY = 2000, /* at a time; so often */
	MANY_TIMES = 60,
	FLOOD = 200000, /* more than 8 MiB of batches hold */
	FRAME = 100,
	EVENTS_KEPT = 16,
};

static const char ruleset[] =
	"table netdev director {\nchain ingress {\ntype filter hook ingress device \"eth0\" "
	"priority 0;"
	" meta mark set 0x15 ip daddr 10.77.0.100 log prefix \"www\" group 8405 snaplen 96 drop;"
	" ip6 daddr fd77::64 log prefix \"a-longer-name-of-a-farm-31-chars\" group 8405 snaplen 96"
	" drop; drop\n}\n}\n";

/* Runs a story in a child with a namespace of its own; eth0 is there with the rules, p0 its peer. */
static void in_namespace(void (*story)(void))
{
	unsigned int before;
	int status = -1;
	FILE *nft;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNET) < 0 ||
		    system("ip link add eth0 type veth peer name p0 && "
			   "ip link set eth0 up && ip link set p0 up") != 0)
			_exit(100);
		nft = popen("nft -f -", "w");
		if (!nft || fputs(ruleset, nft) < 0 || pclose(nft) != 0)
			_exit(101);
		before = CU_get_number_of_failures();
		story();
		fflush(stdout);
		_exit(CU_get_number_of_failures() == before ? 0 : 1);
	}
	waitpid(child, &status, 0);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* --- frames ------------------------------------------------------------------------------------ */

static void ethernet(struct wr *w, uint16_t ethertype)
{
	static const uint8_t macs[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9};

	wr_bytes(w, macs, sizeof(macs));
	wr_be16(w, ethertype);
}

static size_t tcp_frame(uint8_t *bytes, uint16_t client_port, uint8_t flags)
{
	struct wr w = wr_init(bytes, FRAME);

	ethernet(&w, ETH_P_IP);
	wr_be32(&w, 0x45000028);
	wr_be32(&w, 0);
	wr_be32(&w, 0x40060000);
	wr_be32(&w, 0x0a4d0009);
	wr_be32(&w, 0x0a4d0064);
	wr_be16(&w, client_port);
	wr_be16(&w, 443);
	wr_be32(&w, 1);
	wr_be32(&w, 0);
	wr_be32(&w, 0x50000000u | (uint32_t)flags << 16 | 0xffff);
	wr_be32(&w, 0);
	return wr_used(&w);
}

/* With a hop-by-hop header between IPv6 and UDP. */
static size_t udp6_frame(uint8_t *bytes)
{
	struct wr w = wr_init(bytes, FRAME);
	uint8_t address[16] = {0xfd, 0x77};

	ethernet(&w, ETH_P_IPV6);
	wr_be32(&w, 0x60000000);
	wr_be32(&w, 16 << 16 | IPPROTO_HOPOPTS << 8 | 64);
	address[15] = 9;
	wr_bytes(&w, address, sizeof(address));
	address[15] = 0x64;
	wr_bytes(&w, address, sizeof(address));
	wr_be32(&w, (uint32_t)IPPROTO_UDP << 24 | 0x0104); /* PadN */
	wr_be32(&w, 0);
	wr_be16(&w, 40001);
	wr_be16(&w, 53);
	wr_be32(&w, 8 << 16);
	return wr_used(&w);
}

struct port {
	int fd;
	struct sockaddr_ll to;
};

static struct port port_open(void)
{
	struct port p = {
		.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0),
		.to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("p0")},
	};

	CU_ASSERT_FATAL(p.fd >= 0);
	return p;
}

static void port_send(const struct port *p, const uint8_t *frame, size_t len)
{
	while (sendto(p->fd, frame, len, 0, (const struct sockaddr *)&p->to, sizeof(p->to)) < 0 &&
	       errno == ENOBUFS)
		;
}

/* --- the listener ------------------------------------------------------------------------------ */

struct listener {
	uv_loop_t loop;
	uv_timer_t timer;
	struct flow_log *log;
	struct flow_log_event events[EVENTS_KEPT];
	size_t n_events, n_lost, n_settled, wanted;
};

static void on_event(void *owner, const struct flow_log_event *e)
{
	struct listener *l = owner;

	if (l->n_events < EVENTS_KEPT)
		l->events[l->n_events] = *e;
	l->n_events++;
}

static void on_lost(void *owner)
{
	((struct listener *)owner)->n_lost++;
}

static void on_settled(void *owner)
{
	struct listener *l = owner;

	l->n_settled++;
	if (l->wanted && l->n_events >= l->wanted)
		uv_stop(&l->loop);
}

static void on_time(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void listener_open(struct listener *l)
{
	const struct flow_log_handler handler = {
		.event = on_event, .lost = on_lost, .settled = on_settled, .owner = l};
	struct err err = {0};

	memset(l, 0, sizeof(*l));
	uv_loop_init(&l->loop);
	uv_timer_init(&l->loop, &l->timer);
	CU_ASSERT_EQUAL_FATAL(flow_log_new(&l->loop, FLOW_LOG_GROUP, &handler, &l->log, &err), 0);
}

/* Until that many events came, or that much time passed. */
static void listen_for(struct listener *l, size_t wanted, uint64_t ms)
{
	l->wanted = wanted;
	uv_update_time(&l->loop);
	uv_timer_start(&l->timer, on_time, ms, 0);
	uv_run(&l->loop, UV_RUN_DEFAULT);
}

static void listener_close(struct listener *l)
{
	flow_log_close(l->log);
	flow_log_close(NULL);
	uv_close((uv_handle_t *)&l->timer, NULL);
	uv_run(&l->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&l->loop), 0);
}

/* --- stories ----------------------------------------------------------------------------------- */

static void expect_first(const struct flow_log_event *e)
{
	char text[ADDR_TEXT];

	EXPECT_TEXT(e->prefix, "www");
	EXPECT_INT(e->mark, 0x15);
	EXPECT_INT(e->ifindex, if_nametoindex("eth0"));
	EXPECT_INT(e->key.protocol, IPPROTO_TCP);
	EXPECT_TEXT(addr_format(&e->key.client, text), "10.77.0.9");
	EXPECT_TEXT(addr_format(&e->key.vip, text), "10.77.0.100");
	EXPECT_INT(e->key.client_port, 40000);
	EXPECT_INT(e->key.vip_port, 443);
	EXPECT_INT(e->tcp_flags, 0x10);
	EXPECT_INT(e->has_sequence, true);
	EXPECT_INT(e->sequence, 0);
	EXPECT_INT(e->has_macs, true);
	EXPECT_TEXT(mac_format(&e->source, text), "02:00:00:00:00:09");
	EXPECT_TEXT(mac_format(&e->destination, text), "02:00:00:00:00:01");
}

static void two_packets(void)
{
	struct port p = port_open();
	struct listener l;
	uint8_t frame[FRAME];
	char text[ADDR_TEXT];

	listener_open(&l);
	port_send(&p, frame, tcp_frame(frame, 40000, 0x10));
	port_send(&p, frame, udp6_frame(frame));
	listen_for(&l, 2, WAIT_MS);
	CU_ASSERT_EQUAL_FATAL(l.n_events, 2);
	expect_first(&l.events[0]);
	EXPECT_TEXT(l.events[1].prefix, "a-longer-name-of-a-farm-31-chars");
	EXPECT_TEXT(addr_format(&l.events[1].key.client, text), "fd77::9");
	EXPECT_TEXT(addr_format(&l.events[1].key.vip, text), "fd77::64");
	EXPECT_INT(l.events[1].key.protocol, IPPROTO_UDP);
	EXPECT_INT(l.events[1].key.client_port, 40001);
	EXPECT_INT(l.events[1].key.vip_port, 53);
	EXPECT_INT(l.events[1].sequence, 1);
	EXPECT_INT(l.n_settled >= 1, true);
	EXPECT_INT(flow_log_stats(l.log)->events, 2);
	EXPECT_INT(flow_log_stats(l.log)->missed, 0);
	listener_close(&l);
}

static void a_logged_packet_becomes_an_event(void)
{
	in_namespace(two_packets);
}

static void second_listener(void)
{
	const struct flow_log_handler handler = {.event = on_event, .lost = on_lost};
	struct flow_log *other = NULL;
	struct err err = {0};
	struct listener l;

	listener_open(&l);
	EXPECT_INT(flow_log_new(&l.loop, FLOW_LOG_GROUP, &handler, &other, &err), -EBUSY);
	CU_ASSERT_PTR_NULL(other);
	CU_ASSERT(strncmp(err.text, "the log group 8405 is taken by another program", 46) == 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "netlink port"));
	listener_close(&l);
	listener_open(&l); /* it is free again */
	listener_close(&l);
	CU_ASSERT_EQUAL_FATAL(setresuid(65534, 65534, 65534), 0);
	uv_loop_init(&l.loop);
	EXPECT_INT(flow_log_new(&l.loop, FLOW_LOG_GROUP, &handler, &other, &err), -EPERM);
	EXPECT_TEXT(err.text, "listening to the log group 8405 needs CAP_NET_ADMIN");
	EXPECT_INT(uv_loop_close(&l.loop), 0);
}

static void one_listener_a_group(void)
{
	in_namespace(second_listener);
}

/* The kernel's own timer has 8 ms at the least. */
static void expect_prompt(struct listener *l, const struct port *p)
{
	uint64_t least_us = UINT64_MAX;
	uint8_t frame[FRAME];

	for (int i = 0; i < PROMPT_TRIES; i++) {
		uint64_t began = uv_hrtime(), us;

		port_send(p, frame, tcp_frame(frame, (uint16_t)i, 0x10));
		listen_for(l, l->n_events + 1, WAIT_MS);
		us = (uv_hrtime() - began) / 1000;
		if (us < least_us)
			least_us = us;
		listen_for(l, 0, 20);
	}
	printf("\n    an event after %llu us at best ", (unsigned long long)least_us);
	CU_ASSERT(least_us < 5000);
}

static void few_and_many(void)
{
	struct port p = port_open();
	struct listener l;
	uint8_t frame[FRAME];
	const struct flow_log_stats *stats;
	uint64_t events = 0, datagrams = 0;

	listener_open(&l);
	stats = flow_log_stats(l.log);
	expect_prompt(&l, &p);
	for (int i = 0; i < MANY_TIMES; i++) {
		if (i == MANY_TIMES / 2) {
			events = stats->events;
			datagrams = stats->datagrams;
		}
		for (int k = 0; k < MANY; k++)
			port_send(&p, frame, tcp_frame(frame, (uint16_t)k, 0x10));
		listen_for(&l, l.n_events + MANY, WAIT_MS);
	}
	events = stats->events - events;
	datagrams = stats->datagrams - datagrams;
	EXPECT_INT(stats->missed, 0);
	EXPECT_INT(events, MANY * MANY_TIMES / 2);
	printf("\n    %llu events in %llu datagrams ", (unsigned long long)events,
	       (unsigned long long)datagrams);
	CU_ASSERT(datagrams * 3 < events * 2); /* on a slow machine they come slowly, too */
	listen_for(&l, 0, 100);
	port_send(&p, frame, tcp_frame(frame, 1, 0x10)); /* from here on there are few again */
	listen_for(&l, l.n_events + 1, WAIT_MS);
	expect_prompt(&l, &p);
	listener_close(&l);
}

static void few_come_at_once_many_together(void)
{
	in_namespace(few_and_many);
}

/* What could not be kept is told and counted, and the listener is not deaf afterwards. */
static void flood(void)
{
	struct port p = port_open();
	struct listener l;
	uint8_t frame[FRAME];
	const struct flow_log_stats *stats;
	uint64_t begin;
	size_t before;

	listener_open(&l);
	for (int i = 0; i < FLOOD; i++)
		port_send(&p, frame, tcp_frame(frame, (uint16_t)i, 0x10));
	uv_update_time(&l.loop);
	begin = uv_hrtime();
	do {
		before = l.n_events;
		uv_run(&l.loop, UV_RUN_NOWAIT);
	} while (l.n_events != before || !before);
	printf("\n    %zu events read, %.0f a second ", before,
	       (double)before * 1e9 / (double)(uv_hrtime() - begin));
	listen_for(&l, 0, 100); /* the last batch is flushed by time */
	stats = flow_log_stats(l.log);
	CU_ASSERT(l.n_lost >= 1);
	EXPECT_INT(stats->overruns, l.n_lost);
	CU_ASSERT(l.n_events > 10000 && l.n_events < FLOOD);
	port_send(&p, frame, tcp_frame(frame, 1, 0x10));
	listen_for(&l, l.n_events + 1, WAIT_MS);
	EXPECT_INT(stats->events + stats->missed, FLOOD + 1);
	EXPECT_INT(stats->events, l.n_events);
	listener_close(&l);
}

static void what_was_lost_is_told(void)
{
	in_namespace(flood);
}

UNIT_TESTS(flow_log_kernel) = {
	{"a logged packet becomes an event", a_logged_packet_becomes_an_event},
	{"few events come at once, many together", few_come_at_once_many_together},
	{"one listener a group", one_listener_a_group},
	{"what was lost is told", what_was_lost_is_told},
	UNIT_TESTS_END,
};
