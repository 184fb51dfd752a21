/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames injected at an interface's ingress at almost no cost of their own: the kernel runs a small
 * XDP program over live frames (BPF_PROG_TEST_RUN, BPF_F_TEST_XDP_LIVE_FRAMES; Linux 5.18,
 * net/bpf/test_run.c) and hands what it passes to the stack as received on that interface.
 */
#ifndef TESTS_BENCH_FRAMES_H
#define TESTS_BENCH_FRAMES_H

#include "include/addr.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_ROOM = 128 };

struct frame_options {
	struct mac to, from;
	struct addr client; /* the low 16 bits are overwritten by the number of the flow */
	struct addr vip;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint16_t port;
	uint8_t tcp_flags;
	uint8_t flow_bits; /* 2^n flows; at most 30: 16,384 source ports for each client */
};

struct frames {
	uint8_t bytes[FRAME_ROOM];
	size_t len;
	size_t source_port_at, source_low_at;
	uint8_t flow_bits;
	int program;
};

void frames_init(struct frames *f, const struct frame_options *o);
/* Loads the program. 0 or negative errno. */
int frames_load(struct frames *f);
/* Sends n frames; the mean time of one, in nanoseconds, in *ret_ns. 0 or negative errno. */
int frames_send(const struct frames *f, uint32_t ifindex, uint32_t n, double *ret_ns);
void frames_close(struct frames *f);

#endif
