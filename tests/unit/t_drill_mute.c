/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node no longer hears or says in a rehearsal: judged on frames made by hand. */
#include "director/drill/drill_mute.h"
#include "include/sync.h"
#include "tests/unit/unit.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

enum { PORT = 8405, FRAME = 128, IP_LEN = 20, IP6_LEN = 40 };

static struct prefix addresses[2];
static struct config_vrrp section = {.addresses = addresses, .n_addresses = 2};
static struct config config = {.cluster = {.sync_port = PORT}, .vrrps = &section, .n_vrrps = 1};

/* From its network header on. */
struct packet {
	uint16_t ethertype;
	uint8_t bytes[FRAME];
};

static struct packet ip(uint8_t protocol, const char *from, const char *to)
{
	struct packet p = {.ethertype = ETH_P_IP};
	struct addr a;

	p.bytes[9] = protocol;
	CU_ASSERT_FATAL(addr_parse(from, &a) == 0);
	memcpy(p.bytes + 12, a.bytes, 4);
	CU_ASSERT_FATAL(addr_parse(to, &a) == 0);
	memcpy(p.bytes + 16, a.bytes, 4);
	return p;
}

static struct packet ip6(uint8_t protocol, const char *from, const char *to)
{
	struct packet p = {.ethertype = ETH_P_IPV6};
	struct addr a;

	p.bytes[6] = protocol;
	CU_ASSERT_FATAL(addr_parse(from, &a) == 0);
	memcpy(p.bytes + 8, a.bytes, 16);
	CU_ASSERT_FATAL(addr_parse(to, &a) == 0);
	memcpy(p.bytes + 24, a.bytes, 16);
	return p;
}

static struct packet ports(struct packet p, uint16_t from, uint16_t to)
{
	uint8_t *th = p.bytes + (p.ethertype == ETH_P_IP ? IP_LEN : IP6_LEN);

	th[0] = (uint8_t)(from >> 8), th[1] = (uint8_t)from;
	th[2] = (uint8_t)(to >> 8), th[3] = (uint8_t)to;
	return p;
}

static struct packet arp(const char *from, const char *to)
{
	struct packet p = {.ethertype = ETH_P_ARP};
	struct addr a;

	CU_ASSERT_FATAL(addr_parse(from, &a) == 0);
	memcpy(p.bytes + 14, a.bytes, 4);
	CU_ASSERT_FATAL(addr_parse(to, &a) == 0);
	memcpy(p.bytes + 24, a.bytes, 4);
	return p;
}

static struct packet nd(uint8_t type, const char *target)
{
	struct packet p = ip6(IPPROTO_ICMPV6, "fe80::1", "fe80::2");
	struct addr a;

	p.bytes[IP6_LEN] = type;
	CU_ASSERT_FATAL(addr_parse(target, &a) == 0);
	memcpy(p.bytes + IP6_LEN + 8, a.bytes, 16);
	return p;
}

static bool fits(const struct mute_rule *r, const struct packet *p)
{
	size_t transport = p->ethertype == ETH_P_IP ? IP_LEN : IP6_LEN;

	if (r->ethertype != p->ethertype)
		return false;
	for (size_t i = 0; i < r->n; i++) {
		const struct mute_match *m = &r->matches[i];
		size_t at = m->offset + (m->base == MUTE_TRANSPORT ? transport : 0);

		if (memcmp(p->bytes + at, m->bytes, m->len) != 0)
			return false;
	}
	return true;
}

/* "in", "out", "both" or "-": in which direction it is dropped. */
static const char *dropped(uint8_t kind, struct packet p)
{
	struct mute_rules rules;
	bool way[2] = {false, false};

	CU_ASSERT_FATAL(prefix_parse("10.77.0.100/24", &addresses[0]) == 0);
	CU_ASSERT_FATAL(prefix_parse("fd77::100/64", &addresses[1]) == 0);
	CU_ASSERT_FATAL(mute_rules_make(&rules, kind, &config) == 0);
	for (size_t i = 0; i < rules.n; i++)
		if (fits(&rules.list[i], &p))
			way[rules.list[i].out] = true;
	mute_rules_clear(&rules);
	return way[0] && way[1] ? "both" : way[0] ? "in" : way[1] ? "out" : "-";
}

static void the_dead_say_nothing(void)
{
	for (uint8_t kind = SYNC_DRILL_CRASH; kind <= SYNC_DRILL_LINK; kind++) {
		EXPECT_TEXT(dropped(kind, ip(112, "10.77.0.2", "224.0.0.18")), "both");
		EXPECT_TEXT(dropped(kind, ip6(112, "fe80::2", "ff02::12")), "both");
		EXPECT_TEXT(dropped(kind, ports(ip(17, "10.77.0.2", "10.77.0.3"), PORT, PORT)),
			    "both");
		EXPECT_TEXT(dropped(kind, ports(ip(6, "10.77.0.2", "10.77.0.3"), 40000, PORT)),
			    "both");
		EXPECT_TEXT(dropped(kind, ports(ip6(6, "fd77::2", "fd77::3"), PORT, 40000)),
			    "both");
		EXPECT_TEXT(dropped(kind, arp("10.77.0.9", "10.77.0.100")), "in");
		EXPECT_TEXT(dropped(kind, arp("10.77.0.100", "10.77.0.9")), "out");
		EXPECT_TEXT(dropped(kind, nd(135, "fd77::100")), "in");
		EXPECT_TEXT(dropped(kind, nd(136, "fd77::100")), "out");
	}
}

static void nothing_is_forwarded(void)
{
	for (uint8_t kind = SYNC_DRILL_CRASH; kind <= SYNC_DRILL_LINK; kind++) {
		EXPECT_TEXT(dropped(kind, ports(ip(6, "10.77.0.9", "10.77.0.100"), 5000, 80)),
			    "in");
		EXPECT_TEXT(dropped(kind, ports(ip6(17, "fd77::9", "fd77::100"), 5000, 53)), "in");
		EXPECT_TEXT(dropped(kind, ip(1, "10.77.0.100", "10.77.0.9")), "out");
		EXPECT_TEXT(dropped(kind, ip6(58, "fd77::100", "fd77::9")), "out");
	}
}

static void the_operator_stays(void)
{
	for (uint8_t kind = SYNC_DRILL_CRASH; kind <= SYNC_DRILL_SPLIT; kind++) {
		EXPECT_TEXT(dropped(kind, ports(ip(6, "10.77.0.9", "10.77.0.2"), 5000, 22)), "-");
		EXPECT_TEXT(dropped(kind, arp("10.77.0.9", "10.77.0.2")), "-");
		EXPECT_TEXT(dropped(kind, nd(135, "fd77::2")), "-");
	}
	EXPECT_INT(mute_is_everywhere(SYNC_DRILL_CRASH), true);
	EXPECT_INT(mute_is_everywhere(SYNC_DRILL_LINK), false);
	EXPECT_INT(mute_silences(SYNC_DRILL_GRACEFUL), false);
	EXPECT_INT(mute_silences(SYNC_DRILL_DAEMON_KILL), false);
}

static void a_split_loses_adverts_alone(void)
{
	const uint8_t kind = SYNC_DRILL_SPLIT;

	EXPECT_TEXT(dropped(kind, ip(112, "10.77.0.2", "224.0.0.18")), "both");
	EXPECT_TEXT(dropped(kind, ip6(112, "fe80::2", "ff02::12")), "both");
	EXPECT_TEXT(dropped(kind, ports(ip(17, "10.77.0.2", "10.77.0.3"), PORT, PORT)), "-");
	EXPECT_TEXT(dropped(kind, ports(ip(6, "10.77.0.2", "10.77.0.3"), 40000, PORT)), "-");
	EXPECT_TEXT(dropped(kind, ports(ip(6, "10.77.0.9", "10.77.0.100"), 5000, 80)), "-");
	EXPECT_TEXT(dropped(kind, arp("10.77.0.9", "10.77.0.100")), "-");
}

/* Its attempts go the other way than a client's frames that it is to forward. */
static void a_probe_lives_on(void)
{
	static const uint8_t kinds[] = {SYNC_DRILL_CRASH, SYNC_DRILL_LINK};

	for (size_t i = 0; i < 2; i++) {
		/* Out, and the answer in; the other directions are forwarded, and said in its name. */
		EXPECT_TEXT(dropped(kinds[i], ports(ip(6, "10.77.0.2", "10.77.0.100"), 40000, 80)),
			    "in");
		EXPECT_TEXT(dropped(kinds[i], ports(ip(6, "10.77.0.100", "10.77.0.2"), 80, 40000)),
			    "out");
		EXPECT_TEXT(dropped(kinds[i], ports(ip6(6, "fd77::2", "fd77::100"), 40000, 80)),
			    "in");
		EXPECT_TEXT(dropped(kinds[i], ports(ip6(6, "fd77::100", "fd77::2"), 80, 40000)),
			    "out");
		EXPECT_TEXT(dropped(kinds[i], arp("10.77.0.21", "10.77.0.2")), "-");
		EXPECT_TEXT(dropped(kinds[i], nd(135, "fd77::2")), "-");
	}
}

UNIT_TESTS(drill_mute) = {
	{"who is dead or cut off says nothing", the_dead_say_nothing},
	{"… and forwards nothing", nothing_is_forwarded},
	{"an operator's connection lives on", the_operator_stays},
	{"a split loses adverts alone", a_split_loses_adverts_alone},
	{"a probe lives on", a_probe_lives_on},
	UNIT_TESTS_END,
};
