/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- the program ------------------------------------------------------------------------------ */

/*
 * Gives every frame the addresses of its flow and passes it to the stack:
 *
 *	if (data + need > data_end) return XDP_DROP;
 *	number = counter++;
 *	tcp flags = number & (2^train - 1) ? flags : first_flags;
 *	i = in_turn ? (number >> train) % flows : mixed(number >> train) * flows >> 32;
 *	low half of daddr = htons(low half of the first VIP + i % vips);
 *	sport = htons(0x4000 | (i & 0x3fff));  low half of saddr = htons(i >> 14)
 *	both MACs: the kernel recycles the pages as the last forwarding left them
 *
 * Written out as instructions so that neither a BPF compiler nor a loader is needed. The counter is
 * not atomic: one CPU sends.
 */
enum { R0, R1, R2, R3, R4, R5, R6, R7, R8 };
enum { PROGRAM_MAX = 80 };

struct program {
	struct bpf_insn insns[PROGRAM_MAX];
	size_t n;
};

/* Where the fields of a template are. */
struct offsets {
	int16_t source_low, vip_low, source_port, flags;
};

/* Bit-fields are narrower than what C computes with: their warning has no cure but this. */
static void registers_set(struct bpf_insn *i, uint8_t dst, uint8_t src)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
	i->dst_reg = dst;
	i->src_reg = src;
#pragma GCC diagnostic pop
}

static void op(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	struct bpf_insn *i = &p->insns[p->n++];

	*i = (struct bpf_insn){.code = code, .off = off, .imm = imm};
	registers_set(i, dst, src);
}

static void move(struct program *p, uint8_t dst, uint8_t src)
{
	op(p, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

/* 64-bit arithmetic with a constant. */
static void constant(struct program *p, uint8_t operation, uint8_t dst, uint32_t value)
{
	op(p, BPF_ALU64 | operation | BPF_K, dst, 0, 0, (int32_t)value);
}

static void store16(struct program *p, int16_t at, uint8_t src)
{
	op(p, BPF_ALU | BPF_END | BPF_TO_BE, src, 0, 0, 16);
	op(p, BPF_STX | BPF_MEM | BPF_H, R6, src, at, 0);
}

/* R2: a number of 32 bits, spread over all of them (the finalizer of MurmurHash3). */
static void mix(struct program *p)
{
	static const struct {
		uint8_t shift;
		uint32_t factor;
	} steps[] = {{16, 0x85ebca6b}, {13, 0xc2b2ae35}, {16, 1}};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		op(p, BPF_ALU | BPF_MOV | BPF_X, R3, R2, 0, 0);
		op(p, BPF_ALU | BPF_RSH | BPF_K, R3, 0, 0, steps[i].shift);
		op(p, BPF_ALU | BPF_XOR | BPF_X, R2, R3, 0, 0);
		op(p, BPF_ALU | BPF_MUL | BPF_K, R2, 0, 0, (int32_t)steps[i].factor);
	}
}

/* R6: the frame, R2: its number. */
static void begin(struct program *p, const struct frames *f)
{
	op(p, BPF_LDX | BPF_MEM | BPF_W, R6, R1, offsetof(struct xdp_md, data), 0);
	op(p, BPF_LDX | BPF_MEM | BPF_W, R7, R1, offsetof(struct xdp_md, data_end), 0);
	move(p, R2, R6);
	constant(p, BPF_ADD, R2, (uint32_t)f->len);
	op(p, BPF_JMP | BPF_JLE | BPF_X, R2, R7, 2, 0);
	constant(p, BPF_MOV, R0, XDP_DROP);
	op(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	op(p, BPF_LD | BPF_DW | BPF_IMM, R8, BPF_PSEUDO_MAP_VALUE, 0, f->counter);
	op(p, 0, 0, 0, 0, 0);
	op(p, BPF_LDX | BPF_MEM | BPF_W, R2, R8, 0, 0);
	move(p, R3, R2);
	constant(p, BPF_ADD, R3, 1);
	op(p, BPF_STX | BPF_MEM | BPF_W, R8, R3, 0, 0);
}

static void choose_flow(struct program *p, const struct traffic *t)
{
	op(p, BPF_ALU | BPF_RSH | BPF_K, R2, 0, 0, t->train);
	if (t->in_turn) {
		constant(p, BPF_MOD, R2, t->flows);
		return;
	}
	mix(p);
	constant(p, BPF_MUL, R2, t->flows);
	constant(p, BPF_RSH, R2, 32);
}

static void write_program(struct program *p, const struct frames *f, const struct traffic *t,
			  const struct offsets *at, uint16_t first_vip)
{
	begin(p, f);
	if (!t->udp && t->train) {
		op(p, BPF_ST | BPF_MEM | BPF_B, R6, 0, at->flags, t->first_flags);
		move(p, R3, R2);
		constant(p, BPF_AND, R3, (1U << t->train) - 1);
		op(p, BPF_JMP | BPF_JEQ | BPF_K, R3, 0, 1, 0);
		op(p, BPF_ST | BPF_MEM | BPF_B, R6, 0, at->flags, t->flags);
	}
	choose_flow(p, t);
	if (t->vips > 1) {
		move(p, R3, R2);
		constant(p, BPF_MOD, R3, t->vips);
		constant(p, BPF_ADD, R3, first_vip);
		store16(p, at->vip_low, R3);
	}
	move(p, R3, R2);
	constant(p, BPF_AND, R3, 0x3fff);
	constant(p, BPF_OR, R3, 0x4000);
	store16(p, at->source_port, R3);
	constant(p, BPF_RSH, R2, 14);
	store16(p, at->source_low, R2);
	for (int16_t i = 0; i < 2 * MAC_LEN; i += 4) {
		int32_t word;

		memcpy(&word, f->bytes + i, sizeof(word));
		op(p, BPF_ST | BPF_MEM | BPF_W, R6, 0, i, word);
	}
	constant(p, BPF_MOV, R0, XDP_PASS);
	op(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* --- templates -------------------------------------------------------------------------------- */

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void transport(struct frames *f, const struct traffic *t, const struct frame_ends *ends,
		      size_t at)
{
	put16(f->bytes + at, 0x4000);
	put16(f->bytes + at + 2, ends->port);
	if (t->udp) {
		put16(f->bytes + at + 4, f->len - at);
	} else {
		f->bytes[at + 12] = 5 << 4;
		f->bytes[at + 13] = t->first_flags;
		put16(f->bytes + at + 14, 0xffff);
	}
}

static struct offsets write_template(struct frames *f, const struct traffic *t,
				     const struct frame_ends *ends)
{
	size_t l4 = t->udp ? 26 : 20, l3 = t->ipv6 ? 40 : 20, address = t->ipv6 ? 16 : 4;
	size_t source = t->ipv6 ? 22 : 26, to = source + address, port = 14 + l3;
	uint8_t protocol = t->udp ? IPPROTO_UDP : IPPROTO_TCP;

	f->len = 14 + l3 + l4;
	memcpy(f->bytes, ends->to.bytes, MAC_LEN);
	memcpy(f->bytes + MAC_LEN, ends->from.bytes, MAC_LEN);
	put16(f->bytes + 12, t->ipv6 ? 0x86dd : 0x0800);
	if (t->ipv6) {
		f->bytes[14] = 0x60;
		put16(f->bytes + 18, l4);
		f->bytes[20] = protocol;
		f->bytes[21] = 64;
	} else {
		f->bytes[14] = 0x45;
		put16(f->bytes + 16, l3 + l4);
		f->bytes[22] = 64;
		f->bytes[23] = protocol;
	}
	memcpy(f->bytes + source, ends->client.bytes, address);
	memcpy(f->bytes + to, ends->vip.bytes, address);
	transport(f, t, ends, port);
	return (struct offsets){
		.source_low = (int16_t)(to - 2),
		.vip_low = (int16_t)(to + address - 2),
		.source_port = (int16_t)port,
		.flags = (int16_t)(port + 13),
	};
}

/* --- the kernel ------------------------------------------------------------------------------- */

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int counter_open(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
	long fd = bpf(BPF_MAP_CREATE, &attr);

	return fd < 0 ? -errno : (int)fd;
}

static int program_open(const struct program *p)
{
	union bpf_attr attr = {0};
	long fd;

	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)p->insns;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uintptr_t) "GPL";
	fd = bpf(BPF_PROG_LOAD, &attr);
	return fd < 0 ? -errno : (int)fd;
}

int frames_open(struct frames *f, const struct traffic *t, const struct frame_ends *ends)
{
	struct program p = {.n = 0};
	struct offsets at;
	size_t low = addr_len(&ends->vip) - 2;
	int err;

	*f = (struct frames){0};
	at = write_template(f, t, ends);
	f->counter = counter_open();
	if (f->counter < 0) {
		err = f->counter;
		f->counter = 0;
		return err;
	}
	write_program(&p, f, t, &at,
		      (uint16_t)(ends->vip.bytes[low] << 8 | ends->vip.bytes[low + 1]));
	f->program = program_open(&p);
	if (f->program < 0) {
		err = f->program;
		f->program = 0;
		frames_close(f);
		return err;
	}
	return 0;
}

int frames_hold(struct frames *f, uint32_t ifindex)
{
	union bpf_attr attr = {0};
	long fd;

	attr.link_create.prog_fd = (uint32_t)f->program;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	fd = bpf(BPF_LINK_CREATE, &attr);
	if (fd < 0)
		return -errno;
	f->held = (int)fd;
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
	if (f->held > 0)
		close(f->held);
	if (f->program > 0)
		close(f->program);
	if (f->counter > 0)
		close(f->counter);
	*f = (struct frames){0};
}
