/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program of the checks' packet sockets; see vip_filter.h. */
#include "director/health/vip_filter.h"

#include "director/health/vip_frame.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

enum {
	IPV4_AT = VIP_FRAME_ETHERNET,
	FRAGMENT_AT = IPV4_AT + 6,
	PROTOCOL_AT = IPV4_AT + 9,
	IPV6_NEXT_AT = VIP_FRAME_ETHERNET + 6,
	IPV6_UPPER_AT = VIP_FRAME_ETHERNET + VIP_FRAME_IPV6,
	PORT_AT = 2, /* the destination's, in TCP */
	TCP = 6,
	ICMP = 1,
	ICMPV6 = 58,
	OFFSET_BITS = 0x1fff,
	ALL = 0x7fffffff,
};

struct program {
	struct sock_filter *at;
	size_t n;
};

static void put(struct program *p, uint16_t code, uint32_t k, size_t yes, size_t no)
{
	p->at[p->n++] = (struct sock_filter){code, (uint8_t)yes, (uint8_t)no, k};
}

static void load(struct program *p, uint16_t how, uint32_t at)
{
	put(p, BPF_LD | how, at, 0, 0);
}

/* Goes on when equal, else over the next `skip` instructions. */
static void only(struct program *p, uint32_t value, size_t skip)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

static void put_end(struct program *p, uint32_t octets)
{
	put(p, BPF_RET | BPF_K, octets, 0, 0);
}

/* What is loaded is one of these; ends the program. */
static void put_one_of(struct program *p, const uint16_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(p, BPF_JMP | BPF_JEQ | BPF_K, values[i], n - i, 0);
	put_end(p, 0);
	put_end(p, ALL);
}

size_t vip_filter_make(uint8_t family, const uint16_t ports[static VIP_PORTS],
		       struct sock_filter ret[static VIP_FILTER_MAX])
{
	static const uint16_t errors[] = {VIP_FRAME_ICMP_UNREACHABLE, VIP_FRAME_ICMP_EXCEEDED};
	static const uint16_t errors6[] = {VIP_FRAME_ICMPV6_UNREACHABLE, VIP_FRAME_ICMPV6_EXCEEDED};
	struct program p = {.at = ret};
	bool v6 = family == AF_INET6;

	/* Of others' frames on a promiscuous interface nothing. */
	load(&p, BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
	only(&p, PACKET_HOST, v6 ? 1 : 2);
	if (!v6) {
		load(&p, BPF_H | BPF_ABS, FRAGMENT_AT);
		put(&p, BPF_JMP | BPF_JSET | BPF_K, OFFSET_BITS, 0, 1);
		put_end(&p, 0);
		put(&p, BPF_LDX | BPF_B | BPF_MSH, IPV4_AT, 0, 0);
	} else {
		put(&p, BPF_JMP | BPF_JA, 1, 0, 0);
		put_end(&p, 0);
	}
	load(&p, BPF_B | BPF_ABS, v6 ? IPV6_NEXT_AT : PROTOCOL_AT);
	only(&p, TCP, 1 + VIP_PORTS + 2);
	load(&p, BPF_H | (v6 ? BPF_ABS : BPF_IND), (v6 ? IPV6_UPPER_AT : IPV4_AT) + PORT_AT);
	put_one_of(&p, ports, VIP_PORTS);
	/* Still the protocol. */
	only(&p, v6 ? ICMPV6 : ICMP, 1 + 2);
	load(&p, BPF_B | (v6 ? BPF_ABS : BPF_IND), v6 ? IPV6_UPPER_AT : IPV4_AT);
	put_one_of(&p, v6 ? errors6 : errors, 2);
	return p.n;
}
