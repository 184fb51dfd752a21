/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel lets through to the packet sockets of checks: a classic BPF program, so that
 * nothing else that arrives on the interface wakes the daemon.
 *
 * Pure: makes the program.
 */
#ifndef DIRECTOR_HEALTH_VIP_FILTER_H
#define DIRECTOR_HEALTH_VIP_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VIP_PORTS =
		8, /* source ports of checks: connections at a time from here to one backend's port */
	VIP_FILTER_MAX = 24 + VIP_PORTS,
};

/*
 * Passes frames to this machine that are TCP to one of the ports, or ICMP errors that may be about
 * such a one. family: AF_INET, AF_INET6. Returns the number of instructions.
 */
size_t vip_filter_make(uint8_t family, const uint16_t ports[static VIP_PORTS],
		       struct sock_filter ret[static VIP_FILTER_MAX]);

#endif
