/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames injected at an interface's ingress at almost no cost of their own: the kernel runs a small
 * XDP program over live frames (BPF_PROG_TEST_RUN, BPF_F_TEST_XDP_LIVE_FRAMES; Linux 5.18,
 * net/bpf/test_run.c) and hands what it passes to the stack as received on that interface.
 *
 * The program numbers the frames, across calls, and derives the flow of each from its number, so
 * that a table can be filled flow by flow and afterwards be hit in any order.
 */
#ifndef TESTS_BENCH_FRAMES_H
#define TESTS_BENCH_FRAMES_H

#include "include/addr.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_ROOM = 128,
	FRAMES_FLOWS_MAX = 1 << 30, /* 16,384 source ports for each of 65,536 clients */
	FRAMES_FIN = 0x01,
	FRAMES_SYN = 0x02,
	FRAMES_ACK = 0x10,
};

/* What is sent; the rows of the case table. */
struct traffic {
	uint32_t flows; /* different ones, at most FRAMES_FLOWS_MAX */
	bool in_turn;	/* one flow after the other; else evenly at random */
	uint8_t train;	/* 2^train frames of a flow in a row */
	uint16_t vips;	/* 0, 1: all to the first VIP; else spread over so many in a row */
	bool udp;
	bool ipv6;
	uint8_t first_flags; /* TCP flags of the first frame of each train … */
	uint8_t flags;	     /* … and of the others; trains of one frame have the first's only */
};

struct frame_ends {
	struct mac to, from;
	struct addr client; /* the low 16 bits are overwritten by the number of the flow */
	struct addr vip;    /* the first; others follow in the low 16 bits */
	uint16_t port;
};

struct frames {
	uint8_t bytes[FRAME_ROOM];
	size_t len;
	int program, counter, held; /* file descriptors */
};

/* Writes the template and loads the program. 0 or negative errno. */
int frames_open(struct frames *f, const struct traffic *t, const struct frame_ends *ends);
/*
 * Binds the program to an interface that nothing else uses, as its XDP program. A test run of a
 * program that is bound nowhere waits 28 ms for the kernel's dispatcher of XDP programs
 * (bpf_prog_change_xdp() in net/bpf/test_run.c), and the caches belong to somebody else meanwhile.
 * 0 or negative errno.
 */
int frames_hold(struct frames *f, uint32_t ifindex);
/*
 * Sends n frames to an interface of the caller's network namespace; the mean time of one, in
 * nanoseconds, in *ret_ns. 0 or negative errno.
 */
int frames_send(const struct frames *f, uint32_t ifindex, uint32_t n, double *ret_ns);
/* Accepts one that was never opened (zeroed). */
void frames_close(struct frames *f);

#endif
