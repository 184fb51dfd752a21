/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks through the path of the traffic against the real kernel: a director and a backend that owns
 * the virtual addresses, each in a namespace (vip_world.h). Needs root.
 */
#include "director/health/probe_uv.h"
#include "director/health/vip_filter.h"
#include "director/health/vip_frame.h"
#include "tests/unit/loop.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"
#include "tests/unit/vip_world.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 900,
	HASTE_MS = 200, /* in which one SYN goes out */
	CROWD_PORTS = 25,
	CROWD = CROWD_PORTS * VIP_PORTS,
	FIRST_PORT = 8000,
	TURNS = 6,
	ICMP_BURST = 6 /* XRLIM_BURST_FACTOR of the kernel */
};

static uv_loop_t loop;
static uv_timer_t waker;
static struct prober *prober;
static unsigned int patience_ms = PATIENCE_MS;

struct result {
	unsigned int done;
	struct outcome o;
};

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

static void begin(void)
{
	struct err err = {0};

	uv_loop_init(&loop);
	uv_timer_init(&loop, &waker);
	uv_timer_start(&waker, wake, 1, 5);
	EXPECT_INT(probe_dsr.open(&loop, &prober, &err), 0);
	EXPECT_TEXT(err.text, "");
}

static void finish(void)
{
	probe_dsr.close(prober);
	uv_close((uv_handle_t *)&waker, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&loop), 0);
	EXPECT_INT(vip_world_resets(), 0);
}

static void done(void *owner, const struct outcome *o)
{
	struct result *r = owner;

	r->done++;
	r->o = *o;
}

static struct probe_ask ask_for(const char *vip, uint16_t port)
{
	const struct vip_ask way = vip_world_ask(vip, port);

	return (struct probe_ask){.vip = way.vip,
				  .port = port,
				  .address = way.backend,
				  .ifindex = way.ifindex,
				  .mac = way.mac,
				  .own_mac = way.own_mac};
}

static void expect_ask(const struct probe_ask *ask, const char *sentence)
{
	struct result r = {0};
	char text[OUTCOME_TEXT];
	struct probe *p = probe_dsr.start(prober, ask, done, &r);
	uint64_t until = uv_hrtime() + patience_ms * 1000000ULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	EXPECT_INT(r.done, 0);
	while (!r.done && uv_hrtime() < until)
		uv_run(&loop, UV_RUN_ONCE);
	if (!r.done)
		probe_dsr.expire(p);
	EXPECT_INT(r.done, 1);
	EXPECT_TEXT(outcome_text(&r.o, text), sentence);
}

static void expect(const char *vip, const char *sentence)
{
	const struct probe_ask ask = ask_for(vip, VIP_WORLD_PORT);

	expect_ask(&ask, sentence);
}

#define FORWARDS "does not have the virtual address and forwards what is sent to it: "

/* --- how one ends ----------------------------------------------------------------------------- */

static void one_that_listens(const char *vip)
{
	int listener = vip_world_listen(vip, VIP_WORLD_PORT);

	for (int i = 0; i < 2 * VIP_PORTS; i++)
		expect(vip, "is well");
	close(listener);
}

static void well_story(void)
{
	begin();
	one_that_listens(VIP_WORLD_V4);
	one_that_listens(VIP_WORLD_V6);
	expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	expect(VIP_WORLD_V6, "refuses connections: port 80 of fd77::100");
	/* On the master the virtual addresses are the machine's own. */
	vip_world_director("ip address add 10.77.0.100/32 dev eth0 && "
			   "ip address add fd77::100/128 dev eth0 nodad");
	one_that_listens(VIP_WORLD_V4);
	one_that_listens(VIP_WORLD_V6);
	expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	expect(VIP_WORLD_V6, "refuses connections: port 80 of fd77::100");
	finish();
}

static void well_and_refused(void)
{
	vip_world_run(well_story);
}

static void absent_story(void)
{
	begin();
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "ip address delete fd77::100/128 dev lo");
	expect(VIP_WORLD_V4, "does not answer: port 80 of 10.77.0.100");
	expect(VIP_WORLD_V6, "does not answer: port 80 of fd77::100");
	vip_world_backend("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
	expect(VIP_WORLD_V4,
	       "does not have the virtual address and forwards what is sent to it: 10.77.0.100");
	expect(VIP_WORLD_V6,
	       "does not have the virtual address and forwards what is sent to it: fd77::100");
	vip_world_backend("ip route add unreachable 10.77.0.100/32 && "
			  "ip -6 route add unreachable fd77::100/128");
	expect(VIP_WORLD_V4,
	       "cannot be reached: 10.77.0.21 says of port 80 of 10.77.0.100: no host");
	expect(VIP_WORLD_V6, "cannot be reached: fd77::21 says of port 80 of fd77::100: no route");
	finish();
}

static void without_the_address(void)
{
	vip_world_run(absent_story);
}

/* More often than the backend's kernel says within that time that it forwards. */
static void often_story(void)
{
	begin();
	patience_ms = HASTE_MS;
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "sysctl -qw net.ipv4.ip_forward=1");
	for (int i = 0; i < 2 * ICMP_BURST; i++)
		expect(VIP_WORLD_V4, FORWARDS VIP_WORLD_V4);
	vip_world_backend("ip address add 10.77.0.100/32 dev lo");
	expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	vip_world_backend("sysctl -qw net.ipv4.ip_forward=0 && "
			  "ip address delete 10.77.0.100/32 dev lo");
	expect(VIP_WORLD_V4, "does not answer: port 80 of 10.77.0.100");
	finish();
}

static void asked_often(void)
{
	vip_world_run(often_story);
}

/* --- whose answer it is ------------------------------------------------------------------------ */

#define QUIET                                                                                      \
	"nft add chain inet docker out '{ type filter hook output priority 0; }' && "              \
	"nft add rule inet docker out icmp type time-exceeded drop && "                            \
	"nft add rule inet docker out icmpv6 type time-exceeded drop"

/* The backend takes the frame and answers through another interface of its own. */
static void other_mac_story(void)
{
	begin();
	vip_world_backend("ip link add link eth0 name other address 02:00:00:00:00:16 type macvlan "
			  "mode bridge && ip link set other up && "
			  "ip route add 10.77.0.2/32 dev other src 10.77.0.21");
	one_that_listens(VIP_WORLD_V4);
	expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	finish();
}

static void by_another_mac(void)
{
	vip_world_run(other_mac_story);
}

static void expect_both(const char *sentence)
{
	expect(VIP_WORLD_V4, sentence);
	expect(VIP_WORLD_V6, sentence);
}

/* The kernel of the backend sends six such ICMP errors, and then one a second. */
static void container_story(void)
{
	int listener;

	vip_world_contain();
	listener = vip_world_listen_inside(VIP_WORLD_INNER_PORT);
	begin();
	for (int i = 0; i < 2 * VIP_PORTS; i++)
		expect_both("is well");
	close(listener);
	expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	expect(VIP_WORLD_V6, "refuses connections: port 80 of fd77::100");
	/* The address is gone, and with it the rule for it. */
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "ip address delete fd77::100/128 dev lo");
	expect(VIP_WORLD_V4, FORWARDS VIP_WORLD_V4);
	expect(VIP_WORLD_V6, FORWARDS VIP_WORLD_V6);
	finish();
}

static void in_a_container(void)
{
	vip_world_run(container_story);
}

/* A backend that says nothing of what it forwards. */
static void quiet_story(void)
{
	int listener;

	vip_world_contain();
	vip_world_backend(QUIET);
	listener = vip_world_listen_inside(VIP_WORLD_INNER_PORT);
	begin();
	expect_both("is well");
	patience_ms = HASTE_MS; /* now it is known */
	for (int i = 0; i < 2 * VIP_PORTS; i++)
		expect_both("is well");
	finish();
	close(listener);
}

static void in_a_quiet_container(void)
{
	vip_world_run(quiet_story);
}

/* It has lost the address, and the machine that it forwards to is another one on the same network. */
static void next_hop_story(void)
{
	int listener;

	vip_world_contain();
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "ip route add 10.77.0.100/32 via 172.17.0.2 dev inner");
	vip_world_container("ip address add 10.77.0.100/32 dev lo && ip link set wire up && "
			    "ip route add 10.77.0.2/32 dev wire && "
			    "ip neighbour add 10.77.0.2 lladdr 02:00:00:00:00:02 dev wire");
	listener = vip_world_listen_inside(VIP_WORLD_PORT);
	begin();
	expect(VIP_WORLD_V4, FORWARDS VIP_WORLD_V4);
	vip_world_backend(QUIET);
	expect(VIP_WORLD_V4, "does not answer, another machine does: 02:00:00:00:00:17 answers for "
			     "port 80 of 10.77.0.100");
	finish();
	close(listener);
}

static void at_the_next_hop(void)
{
	vip_world_run(next_hop_story);
}

static void nowhere_story(void)
{
	struct probe_ask ask;

	begin();
	vip_world_director("ip address flush dev eth0 && ip address add 10.77.0.100/24 dev eth0");
	expect(VIP_WORLD_V4, "cannot be checked: no address of its own on eth0 to ask from");
	ask = ask_for(VIP_WORLD_V4, VIP_WORLD_PORT);
	ask.ifindex = 4711;
	expect_ask(&ask, "cannot be checked: cannot open a packet socket on its interface: "
			 "No such device");
	finish();
}

static void nowhere_to_ask_from(void)
{
	vip_world_run(nowhere_story);
}

/* A link that was down: the socket hears again. */
static void flap_story(void)
{
	int listener = vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT);

	begin();
	expect(VIP_WORLD_V4, "is well");
	vip_world_director("ip link set eth0 down");
	unit_loop_run(&loop, 20);
	expect(VIP_WORLD_V4, "cannot be checked: cannot send: Network is down");
	vip_world_director("ip link set eth0 up");
	unit_loop_run(&loop, 20);
	expect(VIP_WORLD_V4, "is well");
	finish();
	close(listener);
}

static void a_link_that_was_down(void)
{
	vip_world_run(flap_story);
}

/* --- many ------------------------------------------------------------------------------------- */

static void crowd_of(const char *vip)
{
	static struct result results[CROWD];
	struct probe *more;
	struct result one_more = {0};
	struct probe_ask ask = ask_for(vip, FIRST_PORT);
	int listeners[CROWD_PORTS];
	unsigned int good = 0;
	uint64_t until = uv_hrtime() + 2000000000ULL;

	memset(results, 0, sizeof(results));
	for (unsigned int i = 0; i < CROWD_PORTS; i++)
		listeners[i] = vip_world_listen(vip, (uint16_t)(FIRST_PORT + i));
	for (unsigned int i = 0; i < CROWD; i++) {
		ask.port = (uint16_t)(FIRST_PORT + i % CROWD_PORTS);
		CU_ASSERT_PTR_NOT_NULL_FATAL(probe_dsr.start(prober, &ask, done, &results[i]));
	}
	more = probe_dsr.start(prober, &ask, done, &one_more);
	CU_ASSERT_PTR_NOT_NULL_FATAL(more);
	while (good < CROWD && uv_hrtime() < until) {
		uv_run(&loop, UV_RUN_ONCE);
		good = 0;
		for (unsigned int i = 0; i < CROWD; i++)
			good += results[i].done == 1 && results[i].o.code == OUTCOME_GOOD;
	}
	EXPECT_INT(good, CROWD);
	EXPECT_INT(one_more.done, 1);
	EXPECT_INT(one_more.o.code, OUTCOME_CANNOT_RUN);
	CU_ASSERT_PTR_NOT_NULL(strstr(one_more.o.detail, "8 connections to port 8024 of"));
	for (unsigned int i = 0; i < CROWD_PORTS; i++)
		close(listeners[i]);
}

static void crowd_story(void)
{
	begin();
	crowd_of(VIP_WORLD_V4);
	crowd_of(VIP_WORLD_V6);
	finish();
}

static void a_crowd(void)
{
	vip_world_run(crowd_story);
}

/* The ruleset of a farm at these addresses is on the interface; what answers to checks comes past it. */
static void ruleset_story(void)
{
	struct ruleset_case c;
	char *text;

	CU_ASSERT_FATAL(
		ruleset_case_init(&c, "tests/golden/ruleset/guards.conf", if_nametoindex("eth0")));
	text = ruleset_case_text(&c.ruleset);
	unit_feed("nft -f -", text);
	free(text);
	ruleset_case_clear(&c);
	vip_world_director("ip address add 10.77.0.100/32 dev eth0 && "
			   "ip address add fd77::100/128 dev eth0 nodad");
	begin();
	one_that_listens(VIP_WORLD_V4);
	one_that_listens(VIP_WORLD_V6);
	expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	vip_world_backend("ip address delete fd77::100/128 dev lo && "
			  "sysctl -qw net.ipv6.conf.all.forwarding=1");
	expect(VIP_WORLD_V6,
	       "does not have the virtual address and forwards what is sent to it: fd77::100");
	finish();
}

static void past_the_ruleset(void)
{
	vip_world_run(ruleset_story);
}

/* Cancelled in any state, and closed with what the backend still answers. */
static void cancel_story(void)
{
	int listener = vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT);
	const struct probe_ask ask = ask_for(VIP_WORLD_V4, VIP_WORLD_PORT);
	struct result r = {0};
	unsigned int ended = 0;

	begin();
	for (unsigned int turns = 0; turns < TURNS; turns++) {
		struct probe *p = probe_dsr.start(prober, &ask, done, &r);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		for (unsigned int i = 0; i < turns && !r.done; i++)
			uv_run(&loop, UV_RUN_NOWAIT);
		if (!r.done)
			probe_dsr.cancel(p);
		else
			ended++;
		r.done = 0;
	}
	unit_loop_run(&loop, 30);
	EXPECT_INT(r.done, 0);
	CU_ASSERT(ended < TURNS);
	expect(VIP_WORLD_V4, "is well");
	finish();
	close(listener);
}

static void cancelled(void)
{
	vip_world_run(cancel_story);
}

/* --- the kernel ------------------------------------------------------------------------------- */

/* From a port that nobody has reserved the kernel does answer: so the counter counts. */
static void reset_story(void)
{
	const struct vip_ask ask = vip_world_ask(VIP_WORLD_V4, VIP_WORLD_PORT);
	struct vip_segment s = {.source = ask.own_mac,
				.destination = ask.mac,
				.to = ask.vip,
				.from_port = 9,
				.to_port = VIP_WORLD_PORT,
				.tcp = {.bits = SMALL_TCP_SYN, .seq = 7, .window = 1000}};
	int listener = vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT), fd;
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IP),
				 .sll_ifindex = (int)ask.ifindex,
				 .sll_halen = MAC_LEN};
	uint8_t frame[100];
	size_t len;

	EXPECT_INT(addr_parse("10.77.0.2", &s.from), 0);
	len = vip_frame_put(&s, frame, sizeof(frame));
	memcpy(to.sll_addr, ask.mac.bytes, MAC_LEN);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	EXPECT_INT(sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)), (ssize_t)len);
	for (int i = 0; i < 100 && vip_world_resets() == 0; i++)
		usleep(5000);
	EXPECT_INT(vip_world_resets(), 1);
	close(fd);
	close(listener);
}

static void resets_are_counted(void)
{
	vip_world_run(reset_story);
}

UNIT_TESTS(vip_kernel) = {
	{"well and refused, whoever has the address", well_and_refused},
	{"without the virtual address", without_the_address},
	{"it forwards, and says so only so often", asked_often},
	{"it answers by another MAC", by_another_mac},
	{"its service is in a container", in_a_container},
	{"in one, and it does not say so", in_a_quiet_container},
	{"another machine answers", at_the_next_hop},
	{"nowhere to ask from", nowhere_to_ask_from},
	{"a link that was down", a_link_that_was_down},
	{"two hundred at once", a_crowd},
	{"past the ruleset", past_the_ruleset},
	{"cancelled", cancelled},
	{"resets of the kernel are counted", resets_are_counted},
	UNIT_TESTS_END,
};
