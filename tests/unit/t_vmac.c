/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/vmac.h"
#include "ha/vrrp_frame.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>

static void addresses(void)
{
	const struct mac v4 = vmac_address(AF_INET, 51), v6 = vmac_address(AF_INET6, 255);
	char text[MAC_TEXT];

	EXPECT_TEXT(mac_format(&v4, text), "00:00:5e:00:01:33");
	EXPECT_TEXT(mac_format(&v6, text), "00:00:5e:00:02:ff");
}

static void names(void)
{
	char a[VMAC_NAME], b[VMAC_NAME];

	EXPECT_TEXT(vmac_name(a, AF_INET, 51, "eth0"), "v4-51-eth0");
	EXPECT_TEXT(vmac_name(a, AF_INET6, 255, "enp129s0"), "v6-255-enp129s0");
	/* Too long for 15 letters with the largest id: cut, and told apart by a checksum. */
	vmac_name(a, AF_INET, 7, "enp129s0f1");
	vmac_name(b, AF_INET, 7, "enp129s0f2");
	CU_ASSERT(strlen(a) < VMAC_NAME && strncmp(a, "v4-7-enp1", 9) == 0);
	CU_ASSERT(strcmp(a, b) != 0);
	EXPECT_INT(strlen(vmac_name(a, AF_INET, 255, "enp129s0f1np1.7")), VMAC_NAME - 1);
}

static struct vrrp_packet packet(const char *source, const char *vip)
{
	struct vrrp_packet p = {.version = 3,
				.virtual_router_id = 51,
				.priority = 150,
				.interval_ms = 1000,
				.n_addresses = 1};

	EXPECT_INT(addr_parse(source, &p.source), 0);
	EXPECT_INT(addr_parse(vip, &p.addresses[0]), 0);
	p.destination = vrrp_group(p.source.family);
	return p;
}

/* RFC 9568, 7.2; the header's checksum worked out by hand. */
static void frame_ipv4(void)
{
	static const uint8_t headers[] = {
		0x01, 0x00, 0x5e, 0x00, 0x00, 0x12, 0x00, 0x00, 0x5e, 0x00, 0x01, 0x33, 0x08, 0x00,
		0x45, 0xc0, 0x00, 0x20, 0x00, 0x00, 0x40, 0x00, 0xff, 0x70, 0x90, 0x4c, /* IPv4 */
		0x0a, 0x4d, 0x00, 0x02, 0xe0, 0x00, 0x00, 0x12,
	};
	const struct vrrp_expect expect = {.version = 3, .virtual_router_id = 51};
	const struct mac from = vmac_address(AF_INET, 51);
	struct vrrp_packet p = packet("10.77.0.2", "10.77.0.100"), got;
	uint8_t bytes[VRRP_FRAME_MAX];
	size_t len = vrrp_frame_build(&p, &from, bytes, sizeof(bytes));

	EXPECT_INT(len, sizeof(headers) + 12);
	CU_ASSERT(memcmp(bytes, headers, sizeof(headers)) == 0);
	EXPECT_INT(vrrp_packet_parse(bytes + 14, len - 14, &expect, &got), VRRP_REJECT_NONE);
	CU_ASSERT(addr_equal(&got.addresses[0], &p.addresses[0]));
	EXPECT_INT(vrrp_frame_build(&p, &from, bytes, len - 1), 0);
	p.destination = p.source;
	EXPECT_INT(vrrp_frame_build(&p, &from, bytes, sizeof(bytes)), 0);
}

static void frame_ipv6(void)
{
	static const uint8_t headers[] = {
		0x33, 0x33, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x5e, 0x00, 0x02, 0x33,
		0x86, 0xdd, 0x6c, 0x00, 0x00, 0x00, 0x00, 0x18, 0x70, 0xff, /* IPv6 */
		0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,		    /* from */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0x02, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x12,
	};
	const struct vrrp_expect expect = {.version = 3, .virtual_router_id = 51};
	const struct mac from = vmac_address(AF_INET6, 51);
	const struct vrrp_packet p = packet("fe80::2", "fe80::100");
	struct vrrp_ip ip = {.ttl = 255, .source = p.source, .destination = p.destination};
	struct vrrp_packet got;
	uint8_t bytes[VRRP_FRAME_MAX];
	size_t len = vrrp_frame_build(&p, &from, bytes, sizeof(bytes));

	EXPECT_INT(len, sizeof(headers) + 24);
	CU_ASSERT(memcmp(bytes, headers, sizeof(headers)) == 0);
	EXPECT_INT(vrrp_message_parse(&ip, bytes + 54, len - 54, &expect, &got), VRRP_REJECT_NONE);
	EXPECT_INT(vrrp_frame_build(&p, &from, bytes, len - 1), 0);
}

UNIT_TESTS(vmac) = {
	{"the address is the one of the RFC", addresses},
	{"the device's name fits and is the section's own", names},
	{"an advert as a frame, IPv4", frame_ipv4},
	{"an advert as a frame, IPv6", frame_ipv6},
	UNIT_TESTS_END,
};
