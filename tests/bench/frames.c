/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- the program ------------------------------------------------------------------------------ */

/*
 * Gives every frame the addresses of a random flow out of 2^bits and passes it to the stack:
 *
 *	if (data + need > data_end) return XDP_DROP;
 *	i = prandom() & mask;
 *	sport = htons(0x4000 | (i & 0x3fff));  low half of saddr = htons(i >> 14)
 *	destination MAC = ours: the kernel recycles the pages as the last forwarding left them
 *
 * Written out as instructions so that neither a BPF compiler nor a loader is needed.
 */
enum { R0, R1, R2, R3, R4, R5, R6, R7 };
enum { PROGRAM_MAX = 40 };

struct program {
	struct bpf_insn insns[PROGRAM_MAX];
	size_t n;
};

static void op(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	p->insns[p->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst & 15, .src_reg = src & 15, .off = off, .imm = imm};
}

static void program_write(struct program *p, const struct frames *f)
{
	int16_t sport = (int16_t)f->source_port_at, low = (int16_t)(f->source_low_at);
	int32_t need = (sport > low ? sport : low) + 2;

	op(p, BPF_LDX | BPF_MEM | BPF_W, R6, R1, offsetof(struct xdp_md, data), 0);
	op(p, BPF_LDX | BPF_MEM | BPF_W, R7, R1, offsetof(struct xdp_md, data_end), 0);
	op(p, BPF_ALU64 | BPF_MOV | BPF_X, R2, R6, 0, 0);
	op(p, BPF_ALU64 | BPF_ADD | BPF_K, R2, 0, 0, need);
	op(p, BPF_JMP | BPF_JLE | BPF_X, R2, R7, 2, 0);
	op(p, BPF_ALU64 | BPF_MOV | BPF_K, R0, 0, 0, XDP_DROP);
	op(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	op(p, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32);
	op(p, BPF_ALU64 | BPF_AND | BPF_K, R0, 0, 0, (int32_t)((1U << f->flow_bits) - 1));
	op(p, BPF_ALU64 | BPF_MOV | BPF_X, R3, R0, 0, 0);
	op(p, BPF_ALU64 | BPF_AND | BPF_K, R3, 0, 0, 0x3fff);
	op(p, BPF_ALU64 | BPF_OR | BPF_K, R3, 0, 0, 0x4000);
	op(p, BPF_ALU | BPF_END | BPF_TO_BE, R3, 0, 0, 16);
	op(p, BPF_STX | BPF_MEM | BPF_H, R6, R3, sport, 0);
	op(p, BPF_ALU64 | BPF_RSH | BPF_K, R0, 0, 0, 14);
	op(p, BPF_ALU | BPF_END | BPF_TO_BE, R0, 0, 0, 16);
	op(p, BPF_STX | BPF_MEM | BPF_H, R6, R0, low, 0);
	for (int16_t i = 0; i < 6; i++)
		op(p, BPF_ST | BPF_MEM | BPF_B, R6, 0, i, f->bytes[i]);
	op(p, BPF_ALU64 | BPF_MOV | BPF_K, R0, 0, 0, XDP_PASS);
	op(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int frames_load(struct frames *f)
{
	struct program p = {.n = 0};
	union bpf_attr attr = {0};
	long fd;

	program_write(&p, f);
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)p.insns;
	attr.insn_cnt = (uint32_t)p.n;
	attr.license = (uintptr_t) "GPL";
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		return -errno;
	f->program = (int)fd;
	return 0;
}

int frames_send(const struct frames *f, uint32_t ifindex, uint32_t n, double *ret_ns)
{
	struct xdp_md context = {.data_end = (uint32_t)f->len, .ingress_ifindex = ifindex};
	union bpf_attr attr = {0};

	attr.test.prog_fd = (uint32_t)f->program;
	attr.test.data_in = (uintptr_t)f->bytes;
	attr.test.data_size_in = (uint32_t)f->len;
	attr.test.ctx_in = (uintptr_t)&context;
	attr.test.ctx_size_in = sizeof(context);
	attr.test.repeat = n;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	attr.test.batch_size = 64;
	if (bpf(BPF_PROG_TEST_RUN, &attr) < 0)
		return -errno;
	*ret_ns = attr.test.duration;
	return 0;
}

void frames_close(struct frames *f)
{
	if (f->program >= 0)
		close(f->program);
	f->program = -1;
}

/* --- templates -------------------------------------------------------------------------------- */

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void ethernet(struct frames *f, const struct frame_options *o, uint16_t type)
{
	memcpy(f->bytes, o->to.bytes, 6);
	memcpy(f->bytes + 6, o->from.bytes, 6);
	put16(f->bytes + 12, type);
}

static void transport(struct frames *f, const struct frame_options *o, size_t at)
{
	f->source_port_at = at;
	put16(f->bytes + at, 0x4000);
	put16(f->bytes + at + 2, o->port);
	if (o->protocol == IPPROTO_TCP) {
		f->bytes[at + 12] = 5 << 4;
		f->bytes[at + 13] = o->tcp_flags;
		put16(f->bytes + at + 14, 0xffff);
	} else {
		put16(f->bytes + at + 4, 8 + 18);
	}
}

void frames_init(struct frames *f, const struct frame_options *o)
{
	size_t l4 = o->protocol == IPPROTO_TCP ? 20 : 26;

	*f = (struct frames){.program = -1, .flow_bits = o->flow_bits};
	if (o->vip.family == AF_INET6) {
		f->len = 14 + 40 + l4;
		ethernet(f, o, 0x86dd);
		f->bytes[14] = 0x60;
		put16(f->bytes + 18, (uint16_t)l4);
		f->bytes[20] = o->protocol;
		f->bytes[21] = 64;
		memcpy(f->bytes + 22, o->client.bytes, 16);
		memcpy(f->bytes + 38, o->vip.bytes, 16);
		f->source_low_at = 22 + 14;
		transport(f, o, 54);
	} else {
		f->len = 14 + 20 + l4;
		ethernet(f, o, 0x0800);
		f->bytes[14] = 0x45;
		put16(f->bytes + 16, (uint16_t)(20 + l4));
		f->bytes[22] = 64;
		f->bytes[23] = o->protocol;
		memcpy(f->bytes + 26, o->client.bytes, 4);
		memcpy(f->bytes + 30, o->vip.bytes, 4);
		f->source_low_at = 28;
		transport(f, o, 34);
	}
}
