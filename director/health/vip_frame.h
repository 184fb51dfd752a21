/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames of a check through the path of the traffic: TCP in IPv4 or IPv6 in Ethernet, made and
 * read; and what routers say of frames of ours (ICMP).
 *
 * A packet has a TTL of 1: a backend that owns the virtual address does not mind, and one that has
 * lost it and forwards says so (RFC 792, RFC 4443, 3.3: time exceeded) instead of sending the check to
 * another machine. So what answers is the backend itself, whatever MAC the answer comes from. A service
 * in a container of the backend, to which it translates the virtual address, costs a hop, too; to reach
 * that, packets have VIP_FRAME_TTL_BEHIND.
 *
 * Pure; never sends.
 */
#ifndef DIRECTOR_HEALTH_VIP_FRAME_H
#define DIRECTOR_HEALTH_VIP_FRAME_H

#include "director/health/small_tcp.h"
#include "include/addr.h"

enum {
	VIP_FRAME_ETHERNET = 14,
	VIP_FRAME_IPV4 = 20,
	VIP_FRAME_IPV6 = 40,
	VIP_FRAME_TCP = 20,
	VIP_FRAME_TTL = 1,
	/* A container is one hop behind; a cluster's network of services, over other machines, a few. */
	VIP_FRAME_TTL_BEHIND = 8,
	VIP_FRAME_ICMP_UNREACHABLE = 3,
	VIP_FRAME_ICMP_EXCEEDED = 11,
	VIP_FRAME_ICMPV6_UNREACHABLE = 1,
	VIP_FRAME_ICMPV6_EXCEEDED = 3,
	/* Received ones: with offloading many segments come as one packet. */
	VIP_FRAME_READ_MAX = VIP_FRAME_ETHERNET + VIP_FRAME_IPV6 + 65535,
};

struct vip_segment {
	struct mac source, destination;
	struct addr from, to;
	uint16_t from_port, to_port;
	uint8_t ttl; /* of one that is made; 0: VIP_FRAME_TTL */
	struct small_tcp_segment tcp;
};

enum vip_heard_kind {
	VIP_HEARD_SEGMENT,
	VIP_HEARD_EXCEEDED,    /* its TTL was used up: the sender of this forwards */
	VIP_HEARD_UNREACHABLE, /* code says why */
};

struct vip_heard {
	enum vip_heard_kind kind;
	/* Of ICMP: the frame's source, and of what it quotes the addresses, the ports and seq alone. */
	struct vip_segment segment;
	uint8_t code;
	struct addr router; /* who says so */
};

/* Why a frame says nothing: id, name (stable, for scripts), what it is. */
#define VIP_REJECT_LIST(X)                                                                         \
	X(NONE, "none", "is good")                                                                 \
	X(OTHER, "other", "is neither TCP nor an ICMP error about it")                             \
	X(TRUNCATED, "truncated", "ends too early")                                                \
	X(HEADER, "header", "has a header of an impossible length")                                \
	X(FRAGMENT, "fragment", "is a fragment")                                                   \
	X(CHECKSUM, "checksum", "has a wrong checksum")                                            \
	X(OPTION, "option", "has an option of an impossible length")                               \
	X(MAC, "mac", "comes from a MAC that no single station has")

enum vip_reject {
#define X(id, name, text) VIP_REJECT_##id,
	VIP_REJECT_LIST(X)
#undef X
		VIP_REJECT_COUNT
};

/* The whole frame; its length, or 0 when it does not fit or the families differ. */
size_t vip_frame_put(const struct vip_segment *s, uint8_t *bytes, size_t size);
/*
 * An Ethernet frame -> *ret, set only when the result is VIP_REJECT_NONE; its payload points into
 * bytes. verify: the checksum of TCP is in the packet (a sender on this machine leaves it to a device
 * that it never comes to); all others are looked at in any case.
 */
enum vip_reject vip_frame_parse(const uint8_t *bytes, size_t len, bool verify,
				struct vip_heard *ret);
const char *vip_reject_name(enum vip_reject r);

#endif
