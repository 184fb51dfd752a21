/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found on a wire of the real kernel: a director and a machine that is a backend over IPv4 and
 * over IPv6, each in a namespace (vip_world.h). Needs root.
 */
#include "director/doctor/wire_uv.h"

#include "director/doctor/wire_facts.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"
#include "tests/unit/vip_world.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 512, PATIENCE_MS = 4000, CROWD = 1000, FARMS = 1000, EACH = 100 };

/* --- the configuration ------------------------------------------------------------------------ */

static struct addr vips[2];
static struct config_ports port = {VIP_WORLD_PORT, VIP_WORLD_PORT};
static struct config_backend backends[CROWD];
static struct config_farm farm;
static struct config config;
static struct doctor_wire_known known;
static int listener;

static void name_backend(struct config_backend *b, const char *name, const char *address)
{
	*b = (struct config_backend){.name = name, .interface = ""};
	EXPECT_INT(addr_parse(address, &b->address), 0);
}

static void begin(void)
{
	EXPECT_INT(addr_parse(VIP_WORLD_V4, &vips[0]), 0);
	EXPECT_INT(addr_parse(VIP_WORLD_V6, &vips[1]), 0);
	name_backend(&backends[0], "web4", "10.77.0.21");
	name_backend(&backends[1], "web6", "fd77::21");
	farm = (struct config_farm){
		.name = "www",
		.interface = "eth0",
		.addresses = vips,
		.n_addresses = 2,
		.protocol = PROTOCOL_TCP,
		.ports = &port,
		.n_ports = 1,
		.backends = backends,
		.n_backends = 2,
	};
	config = (struct config){.farms = &farm, .n_farms = 1};
	known = (struct doctor_wire_known){0};
	listener = vip_world_listen("::", VIP_WORLD_PORT); /* and over IPv4 */
}

/* --- looking ---------------------------------------------------------------------------------- */

static void look(struct findings *f)
{
	uint64_t began = uv_hrtime();
	bool is_known = known.n_held || known.n_macs || known.in_service;

	EXPECT_INT(doctor_wire(&config, NULL, is_known ? &known : NULL, f), 0);
	CU_ASSERT(uv_hrtime() - began < PATIENCE_MS * 1000000ULL);
	EXPECT_INT(f->no_memory, 0);
	findings_sort(f);
}

static void expect(const char *want)
{
	struct findings f = {0};
	char got[TEXT] = "";

	look(&f);
	for (size_t i = 0; i < f.n; i++)
		snprintf(got + strlen(got), TEXT - strlen(got), "%s%s(%s)", i ? " " : "",
			 finding_name(f.list[i].code), f.list[i].backend);
	for (size_t i = 0; i < f.n_skipped; i++)
		snprintf(got + strlen(got), TEXT - strlen(got), " skipped %s: %s",
			 f.skipped[i].what, f.skipped[i].why);
	EXPECT_TEXT(got, want);
	findings_clear(&f);
}

/* Runs what mends the backend's fault, in the backend. */
static void cure(enum finding_code code)
{
	struct findings f = {0};

	look(&f);
	for (size_t i = 0; i < f.n; i++)
		if (f.list[i].code == code && f.list[i].cure)
			vip_world_backend(f.list[i].cure);
	findings_clear(&f);
}

/* --- stories ---------------------------------------------------------------------------------- */

static void sound_story(void)
{
	begin();
	expect("");
	/* On the master. The kernel takes IPv6 addresses into use in the background. */
	vip_world_director("ip address add 10.77.0.100/32 dev eth0 && "
			   "ip address add fd77::100/128 dev eth0 nodad && "
			   "for i in $(seq 300); do ip -6 route get fd77::100 | grep -q ^local && "
			   "exit 0; sleep 0.01; done; exit 1");
	known.held = vips;
	known.n_held = 2;
	expect("");
	/* A standby that hears of no master. */
	vip_world_director("ip address delete 10.77.0.100/32 dev eth0 && "
			   "ip address delete fd77::100/128 dev eth0");
	expect("vip-unheld() vip-unheld()");
	EXPECT_INT(vip_world_resets(), 0);
}

static void spoken_story(void)
{
	begin();
	vip_world_backend("sysctl -qw net.ipv4.conf.all.arp_ignore=0 "
			  "net.ipv4.conf.all.arp_announce=0");
	expect("vip-spoken-for(web4)");
	cure(FINDING_VIP_SPOKEN);
	expect("");
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "ip address add 10.77.0.100/24 dev eth0 && "
			  "ip address delete fd77::100/128 dev lo && "
			  "ip address add fd77::100/64 dev eth0 nodad");
	expect("vip-spoken-for(web4) vip-spoken-for(web6)");
	cure(FINDING_VIP_SPOKEN);
	expect("");
}

static void missing_story(void)
{
	begin();
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo && "
			  "ip address delete fd77::100/128 dev lo");
	expect("vip-missing(web4) vip-missing(web6)");
	vip_world_backend("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
	expect("vip-missing(web4) vip-missing(web6)");
	cure(FINDING_VIP_MISSING);
	expect("");
}

/* The kernel of the backend says six times at once that it forwards, and is asked more often. */
static void container_story(void)
{
	int inside;

	begin();
	close(listener);
	vip_world_contain();
	inside = vip_world_listen_inside(VIP_WORLD_INNER_PORT);
	expect("");
	close(inside);
	expect("not-listening(web4) not-listening(web6)");
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo");
	expect("vip-missing(web4) not-listening(web6)");
}

static void service_story(void)
{
	int own;

	begin();
	close(listener);
	expect("not-listening(web4) not-listening(web6)");
	own = vip_world_listen("10.77.0.21", VIP_WORLD_PORT);
	expect("own-address-only(web4) not-listening(web6)");
	close(own);
	own = vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT);
	expect("not-listening(web6)");
	close(own);
	farm.protocol = PROTOCOL_UDP;
	expect(" skipped farm \"www\": whether its service answers over UDP cannot be asked");
}

static void filtered_story(void)
{
	begin();
	vip_world_backend("nft add table inet t && "
			  "nft 'add chain inet t in { type filter hook input priority 0; }' && "
			  "nft add rule inet t in ip protocol tcp tcp dport 80 drop");
	expect("filtered(web4)");
	vip_world_backend("nft flush chain inet t in && "
			  "nft add rule inet t in meta nfproto ipv6 tcp dport 80 reject");
	expect("filtered(web6)");
}

static void mtu_story(void)
{
	begin();
	vip_world_backend("ip link set eth0 mtu 1300");
	expect("mtu-too-small(web4) mtu-too-small(web6)");
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo");
	expect("vip-missing(web4) mtu-too-small(web4) mtu-too-small(web6)");
	cure(FINDING_MTU);
	cure(FINDING_VIP_MISSING);
	expect("");
	/* Frames of more than 1500 octets. */
	vip_world_director("ip link set eth0 mtu 9000");
	expect("mtu-too-small(web4) mtu-too-small(web6)");
	cure(FINDING_MTU);
	expect("");
}

static bool is_far(void *owner, const char *farm_name, const char *backend)
{
	const struct config_backend *far = owner;

	EXPECT_TEXT(farm_name, "www");
	return strcmp(backend, far->name) == 0;
}

static void away_story(void)
{
	begin();
	farm.n_backends = 5;
	name_backend(&backends[2], "gone4", "10.77.0.22");
	name_backend(&backends[3], "gone6", "fd77::22");
	name_backend(&backends[4], "far", "10.88.0.5");
	vip_world_director("ip route add 10.88.0.0/24 via 10.77.0.21");
	expect("backend-off-link(far) backend-absent(gone4) backend-absent(gone6)");
	backends[2].state = backends[3].state = backends[4].state = ADMIN_DISABLED;
	expect("");
	/* The daemon's word counts. */
	backends[2].state = ADMIN_ENABLED;
	known.in_service = is_far;
	known.owner = &backends[4];
	expect("backend-off-link(far)");
	known.in_service = NULL;
	backends[2].state = ADMIN_DISABLED;
	farm.n_addresses = 1;
	farm.interface = "eth9";
	expect(" skipped virtual address 10.77.0.100 of farm \"www\": interface eth9 is not there, "
	       "or down");
}

/* A machine with two MACs on the wire stands for two machines. */
static void other_macs_story(void)
{
	begin();
	vip_world_backend("ip link add link eth0 name other address 02:00:00:00:00:16 type macvlan "
			  "mode bridge && ip link set other up && "
			  "ip address add 10.77.0.100/32 dev other");
	expect("vip-foreign()");
	known.macs = &(const struct mac){{2, 0, 0, 0, 0, 0x16}};
	known.n_macs = 1;
	expect("");
	vip_world_backend("ip address add 10.77.0.21/32 dev other");
	expect("address-twice(web4)");
	vip_world_backend("ip address flush dev other");
	backends[0].has_mac = true;
	backends[0].mac = (struct mac){{2, 0, 0, 0, 0, 0x44}};
	expect("wrong-mac(web4)");
	backends[0].mac.bytes[5] = 0x15;
	expect("");
	vip_world_backend("ip route add 10.77.0.2/32 dev other src 10.77.0.21");
	expect("answers-elsewhere(web4)");
}

/* The master by its own MAC, as a standby sees it. */
static void peer_story(void)
{
	begin();
	config.has_cluster = true;
	config.cluster.n_nodes = 2;
	EXPECT_INT(addr_parse("10.77.0.2", &config.cluster.nodes[0].address), 0);
	EXPECT_INT(addr_parse("fd77::3", &config.cluster.nodes[1].address), 0);
	vip_world_backend("ip link add link eth0 name other address 02:00:00:00:00:16 type macvlan "
			  "mode bridge && ip link set other up && "
			  "ip address add 10.77.0.100/32 dev other");
	known.held = vips;
	known.n_held = 1;
	expect(" skipped virtual address 10.77.0.100 of farm \"www\": 02:00:00:00:00:16 answers "
	       "for "
	       "it, and which MAC the other director has there is not known");
	EXPECT_INT(addr_parse("10.77.0.3", &config.cluster.nodes[1].address), 0);
	vip_world_backend("ip address add 10.77.0.3/32 dev other");
	expect("");
	/* The one that has it here knows better. */
	vip_world_backend("ip address delete 10.77.0.3/32 dev other");
	vip_world_director("ip address add 10.77.0.100/32 dev eth0");
	expect("vip-foreign()");
}

/* A thousand farms, and none of their backends is in a network of this host. */
static void many_farms_story(void)
{
	static struct config_backend list[FARMS][EACH];
	static struct config_farm farms[FARMS];
	static struct addr addresses[FARMS];
	struct findings f = {0};

	begin();
	for (uint32_t i = 0; i < FARMS; i++) {
		farms[i] = farm;
		farms[i].addresses = &addresses[i];
		farms[i].n_addresses = 1;
		farms[i].backends = list[i];
		farms[i].n_backends = EACH;
		addresses[i] = addr_v4(0x0b000000 + i);
		for (uint32_t k = 0; k < EACH; k++) {
			name_backend(&list[i][k], "web", "::");
			list[i][k].address = addr_v4(0x0c000000 + i * EACH + k);
		}
	}
	config.farms = farms;
	config.n_farms = FARMS;
	look(&f);
	EXPECT_INT(f.n, WIRE_BACKENDS_MAX);
	CU_ASSERT_EQUAL_FATAL(f.n_skipped, 1);
	EXPECT_TEXT(f.skipped[0].why, "98000 of them are too many for one time: ask for one farm");
	findings_clear(&f);
}

/* A thousand, of which one is there, within the time. */
static void crowd_story(void)
{
	static char names[CROWD][CONFIG_NAME_MAX + 1];
	struct findings f = {0};

	begin();
	farm.n_backends = CROWD;
	for (size_t i = 1; i < CROWD; i++) {
		snprintf(names[i], sizeof(names[i]), "web%zu", i);
		backends[i] = (struct config_backend){.name = names[i], .interface = ""};
		backends[i].address = addr_v4(0x0a4d0100 + (uint32_t)i);
	}
	vip_world_director("ip address add 10.77.128.2/16 dev eth0");
	look(&f);
	EXPECT_INT(f.n, CROWD - 1);
	EXPECT_INT(findings_have(&f, FINDING_ABSENT, "www", "web4"), 1);
	findings_clear(&f);
	/* All of them on one machine. */
	vip_world_backend("ip address add 10.77.128.21/16 dev eth0; i=1; while [ $i -lt 1000 ]; do "
			  "echo address add 10.77.$((1 + i / 256)).$((i % 256))/32 dev eth0; "
			  "i=$((i + 1)); done | ip -batch -");
	look(&f);
	EXPECT_INT(f.n, 0);
	EXPECT_INT(f.n_skipped, 0);
	findings_clear(&f);
}

static void sound(void)
{
	vip_world_run(sound_story);
}

static void spoken(void)
{
	vip_world_run(spoken_story);
}

static void container(void)
{
	vip_world_run(container_story);
}

static void missing(void)
{
	vip_world_run(missing_story);
}

static void services(void)
{
	vip_world_run(service_story);
}

static void filtered(void)
{
	vip_world_run(filtered_story);
}

static void mtu(void)
{
	vip_world_run(mtu_story);
}

static void away(void)
{
	vip_world_run(away_story);
}

static void other_macs(void)
{
	vip_world_run(other_macs_story);
}

static void peer(void)
{
	vip_world_run(peer_story);
}

static void many_farms(void)
{
	vip_world_run(many_farms_story);
}

static void crowd(void)
{
	vip_world_run(crowd_story);
}

UNIT_TESTS(wire_kernel) = {
	{"sound, whoever has the addresses", sound},
	{"a backend speaks for them, and is cured", spoken},
	{"a backend lacks them, and is cured", missing},
	{"the service is in a container", container},
	{"the service", services},
	{"a firewall", filtered},
	{"the MTU", mtu},
	{"not there, behind a router", away},
	{"other MACs", other_macs},
	{"the other director", peer},
	{"a thousand", crowd},
	{"a thousand farms", many_farms},
	UNIT_TESTS_END,
};
