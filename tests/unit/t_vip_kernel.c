/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks through the path of the traffic against the real kernel: a director and a backend that owns
 * the virtual addresses, each in a namespace (vip_world.h). Needs root.
 */
#include "director/health/vip_filter.h"
#include "tests/unit/loop.h"
#include "tests/unit/unit.h"
#include "tests/unit/vip_probe.h"
#include "tests/unit/vip_world.h"

#include <unistd.h>

enum { ICMP_BURST = 6 /* XRLIM_BURST_FACTOR of the kernel */ };

/* --- how one ends ----------------------------------------------------------------------------- */

static void well_story(void)
{
	vip_probe_begin();
	vip_probe_expect_listener(VIP_WORLD_V4);
	vip_probe_expect_listener(VIP_WORLD_V6);
	vip_probe_expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	vip_probe_expect(VIP_WORLD_V6, "refuses connections: port 80 of fd77::100");
	/* On the master the virtual addresses are the machine's own. */
	vip_world_director("ip address add 10.77.0.100/32 dev eth0 && "
			   "ip address add fd77::100/128 dev eth0 nodad");
	vip_probe_expect_listener(VIP_WORLD_V4);
	vip_probe_expect_listener(VIP_WORLD_V6);
	vip_probe_expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	vip_probe_expect(VIP_WORLD_V6, "refuses connections: port 80 of fd77::100");
	vip_probe_finish();
}

static void well_and_refused(void)
{
	vip_world_run(well_story);
}

static void absent_story(void)
{
	vip_probe_begin();
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "ip address delete fd77::100/128 dev lo");
	vip_probe_expect(VIP_WORLD_V4, "does not answer: port 80 of 10.77.0.100");
	vip_probe_expect(VIP_WORLD_V6, "does not answer: port 80 of fd77::100");
	vip_world_backend("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
	vip_probe_expect(VIP_WORLD_V4, VIP_PROBE_FORWARDS VIP_WORLD_V4);
	vip_probe_expect(VIP_WORLD_V6, VIP_PROBE_FORWARDS VIP_WORLD_V6);
	vip_world_backend("ip route add unreachable 10.77.0.100/32 && "
			  "ip -6 route add unreachable fd77::100/128");
	vip_probe_expect(VIP_WORLD_V4,
			 "cannot be reached: 10.77.0.21 says of port 80 of 10.77.0.100: no host");
	vip_probe_expect(VIP_WORLD_V6,
			 "cannot be reached: fd77::21 says of port 80 of fd77::100: no route");
	vip_probe_finish();
}

static void without_the_address(void)
{
	vip_world_run(absent_story);
}

/* More often than the backend's kernel says within that time that it forwards. */
static void often_story(void)
{
	vip_probe_begin();
	vip_probe_set_patience(VIP_PROBE_HASTE_MS);
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "sysctl -qw net.ipv4.ip_forward=1");
	for (int i = 0; i < 2 * ICMP_BURST; i++)
		vip_probe_expect(VIP_WORLD_V4, VIP_PROBE_FORWARDS VIP_WORLD_V4);
	vip_world_backend("ip address add 10.77.0.100/32 dev lo");
	vip_probe_expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	vip_world_backend("sysctl -qw net.ipv4.ip_forward=0 && "
			  "ip address delete 10.77.0.100/32 dev lo");
	vip_probe_expect(VIP_WORLD_V4, "does not answer: port 80 of 10.77.0.100");
	vip_probe_finish();
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
	vip_probe_begin();
	vip_world_backend("ip link add link eth0 name other address 02:00:00:00:00:16 type macvlan "
			  "mode bridge && ip link set other up && "
			  "ip route add 10.77.0.2/32 dev other src 10.77.0.21");
	vip_probe_expect_listener(VIP_WORLD_V4);
	vip_probe_expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	vip_probe_finish();
}

static void by_another_mac(void)
{
	vip_world_run(other_mac_story);
}

static void expect_both(const char *sentence)
{
	vip_probe_expect(VIP_WORLD_V4, sentence);
	vip_probe_expect(VIP_WORLD_V6, sentence);
}

/* The kernel of the backend sends six such ICMP errors, and then one a second. */
static void container_story(void)
{
	int listener;

	vip_world_contain();
	listener = vip_world_listen_inside(VIP_WORLD_INNER_PORT);
	vip_probe_begin();
	for (int i = 0; i < 2 * VIP_PORTS; i++)
		expect_both("is well");
	close(listener);
	vip_probe_expect(VIP_WORLD_V4, "refuses connections: port 80 of 10.77.0.100");
	vip_probe_expect(VIP_WORLD_V6, "refuses connections: port 80 of fd77::100");
	/* The address is gone, and with it the rule for it. */
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "ip address delete fd77::100/128 dev lo");
	vip_probe_expect(VIP_WORLD_V4, VIP_PROBE_FORWARDS VIP_WORLD_V4);
	vip_probe_expect(VIP_WORLD_V6, VIP_PROBE_FORWARDS VIP_WORLD_V6);
	vip_probe_finish();
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
	vip_probe_begin();
	expect_both("is well");
	vip_probe_set_patience(VIP_PROBE_HASTE_MS); /* now it is known */
	for (int i = 0; i < 2 * VIP_PORTS; i++)
		expect_both("is well");
	vip_probe_finish();
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
	vip_probe_begin();
	vip_probe_expect(VIP_WORLD_V4, VIP_PROBE_FORWARDS VIP_WORLD_V4);
	vip_world_backend(QUIET);
	vip_probe_expect(VIP_WORLD_V4,
			 "does not answer, another machine does: 02:00:00:00:00:17 answers for "
			 "port 80 of 10.77.0.100");
	vip_probe_finish();
	close(listener);
}

static void at_the_next_hop(void)
{
	vip_world_run(next_hop_story);
}

static void nowhere_story(void)
{
	struct probe_ask ask;

	vip_probe_begin();
	vip_world_director("ip address flush dev eth0 && ip address add 10.77.0.100/24 dev eth0");
	vip_probe_expect(VIP_WORLD_V4,
			 "cannot be checked: no address of its own on eth0 to ask from");
	ask = vip_probe_ask(VIP_WORLD_V4, VIP_WORLD_PORT);
	ask.ifindex = 4711;
	vip_probe_expect_ask(&ask,
			     "cannot be checked: cannot open a packet socket on its interface: "
			     "No such device");
	vip_probe_finish();
}

static void nowhere_to_ask_from(void)
{
	vip_world_run(nowhere_story);
}

/* A link that was down: the socket hears again. */
static void flap_story(void)
{
	int listener = vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT);

	vip_probe_begin();
	vip_probe_expect(VIP_WORLD_V4, "is well");
	vip_world_director("ip link set eth0 down");
	unit_loop_run(&vip_probe_loop, 20);
	vip_probe_expect(VIP_WORLD_V4, "cannot be checked: cannot send: Network is down");
	vip_world_director("ip link set eth0 up");
	unit_loop_run(&vip_probe_loop, 20);
	vip_probe_expect(VIP_WORLD_V4, "is well");
	vip_probe_finish();
	close(listener);
}

static void a_link_that_was_down(void)
{
	vip_world_run(flap_story);
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
	UNIT_TESTS_END,
};
