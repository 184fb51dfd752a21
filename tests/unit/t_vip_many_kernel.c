/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks through the path of the traffic against the real kernel (vip_world.h): many at a time, with the
 * ruleset of a farm in the way, cancelled; and what the kernel says to them. Needs root.
 */
#include "director/health/vip_filter.h"
#include "director/health/vip_frame.h"
#include "tests/unit/loop.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"
#include "tests/unit/vip_probe.h"
#include "tests/unit/vip_world.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CROWD_PORTS = 25, CROWD = CROWD_PORTS * VIP_PORTS, FIRST_PORT = 8000, TURNS = 6 };

static void crowd_of(const char *vip)
{
	static struct vip_probe_result results[CROWD];
	struct probe *more;
	struct vip_probe_result one_more = {0};
	struct probe_ask ask = vip_probe_ask(vip, FIRST_PORT);
	int listeners[CROWD_PORTS];
	unsigned int good = 0;
	uint64_t until = uv_hrtime() + 2000000000ULL;

	memset(results, 0, sizeof(results));
	for (unsigned int i = 0; i < CROWD_PORTS; i++)
		listeners[i] = vip_world_listen(vip, (uint16_t)(FIRST_PORT + i));
	for (unsigned int i = 0; i < CROWD; i++) {
		ask.port = (uint16_t)(FIRST_PORT + i % CROWD_PORTS);
		CU_ASSERT_PTR_NOT_NULL_FATAL(
			probe_dsr.start(vip_prober, &ask, vip_probe_done, &results[i]));
	}
	more = probe_dsr.start(vip_prober, &ask, vip_probe_done, &one_more);
	CU_ASSERT_PTR_NOT_NULL_FATAL(more);
	while (good < CROWD && uv_hrtime() < until) {
		uv_run(&vip_probe_loop, UV_RUN_ONCE);
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
	vip_probe_begin();
	crowd_of(VIP_WORLD_V4);
	crowd_of(VIP_WORLD_V6);
	vip_probe_finish();
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
	vip_probe_begin();
	vip_probe_expect_listener(VIP_WORLD_V4);
	vip_probe_expect_listener(VIP_WORLD_V6);
	vip_probe_expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	vip_world_backend("ip address delete fd77::100/128 dev lo && "
			  "sysctl -qw net.ipv6.conf.all.forwarding=1");
	vip_probe_expect(VIP_WORLD_V6, VIP_PROBE_FORWARDS VIP_WORLD_V6);
	vip_probe_finish();
}

static void past_the_ruleset(void)
{
	vip_world_run(ruleset_story);
}

/* Cancelled in any state, and closed with what the backend still answers. */
static void cancel_story(void)
{
	int listener = vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT);
	const struct probe_ask ask = vip_probe_ask(VIP_WORLD_V4, VIP_WORLD_PORT);
	struct vip_probe_result r = {0};
	unsigned int ended = 0;

	vip_probe_begin();
	for (unsigned int turns = 0; turns < TURNS; turns++) {
		struct probe *p = probe_dsr.start(vip_prober, &ask, vip_probe_done, &r);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		for (unsigned int i = 0; i < turns && !r.done; i++)
			uv_run(&vip_probe_loop, UV_RUN_NOWAIT);
		if (!r.done)
			probe_dsr.cancel(p);
		else
			ended++;
		r.done = 0;
	}
	unit_loop_run(&vip_probe_loop, 30);
	EXPECT_INT(r.done, 0);
	CU_ASSERT(ended < TURNS);
	vip_probe_expect(VIP_WORLD_V4, "is well");
	vip_probe_finish();
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

UNIT_TESTS(vip_many_kernel) = {
	{"two hundred at once", a_crowd},
	{"past the ruleset", past_the_ruleset},
	{"cancelled", cancelled},
	{"resets of the kernel are counted", resets_are_counted},
	UNIT_TESTS_END,
};
