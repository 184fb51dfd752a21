/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receiver: frames as they arrive at an interface, before anything of the backend's own stack
 * sees them, out of a ring that the kernel fills (packet(7), TPACKET_V3). What did not fit into the
 * ring is counted by the kernel and reported as overload, so that nobody takes it for loss.
 */
#include "tests/flowcheck/flowcheck.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BLOCK_LEN = 1 << 18,
	BLOCKS = 128,	 /* 32 MiB, more than a second of 150,000 packets */
	RETIRE_MS = 20,	 /* a block that is not full is handed over then */
	SETTLE_MS = 150, /* nothing came for so long: that was the last one */
	ADDRESS_AT = (sizeof(struct tpacket3_hdr) + 15) & ~15U, /* TPACKET_ALIGN */
};

struct receiver {
	int fd;
	uint8_t *ring;
	unsigned int block;
	struct flow_seen *seen; /* by the flow's number */
	size_t room;
	uint64_t strange;
};

static bool failed(const char *what, const char *device)
{
	fprintf(stderr, "flowcheck: %s on %s: %s\n", what, device, strerror(errno));
	return false;
}

static bool open_ring(struct receiver *r, const char *device)
{
	struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct tpacket_req3 ring = {
		.tp_block_size = BLOCK_LEN,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = 2048,
		.tp_frame_nr = BLOCK_LEN / 2048 * BLOCKS,
		.tp_retire_blk_tov = RETIRE_MS,
	};
	int version = TPACKET_V3, yes = 1;

	here.sll_ifindex = (int)if_nametoindex(device);
	if (!here.sll_ifindex)
		return failed("no such interface", device);
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (r->fd < 0 ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) < 0 ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) < 0)
		return failed("no packet ring", device);
	r->ring = mmap(NULL, (size_t)BLOCK_LEN * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		       0);
	if (r->ring == MAP_FAILED || bind(r->fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		return failed("no packet ring", device);
	return true;
}

static struct flow_seen *seen_of(struct receiver *r, uint32_t number)
{
	if (number >= r->room) {
		size_t room = r->room ? r->room : 1 << 16;
		struct flow_seen *seen;

		while (room <= number)
			room *= 2;
		seen = realloc(r->seen, room * sizeof(*seen));
		if (!seen)
			return NULL;
		memset(seen + r->room, 0, (room - r->room) * sizeof(*seen));
		r->seen = seen;
		r->room = room;
	}
	return &r->seen[number];
}

/* Frames for other machines come along when a switch floods them. */
static void take_frame(struct receiver *r, const struct tpacket3_hdr *h)
{
	const uint8_t *bytes = (const uint8_t *)h;
	const struct sockaddr_ll *ll = (const void *)(bytes + ADDRESS_AT);
	struct flow_seen *seen;
	uint32_t number, sequence;

	if (ll->sll_pkttype != PACKET_HOST)
		return;
	if (!flow_stamp_find(bytes + h->tp_mac, h->tp_snaplen, &number, &sequence) ||
	    !(seen = seen_of(r, number))) {
		r->strange++;
		return;
	}
	flow_seen_add(seen, sequence, (int64_t)h->tp_sec * 1000 + h->tp_nsec / 1000000);
}

/* Takes a block if there is one. */
static bool take_block(struct receiver *r)
{
	struct tpacket_block_desc *d = (void *)(r->ring + (size_t)r->block * BLOCK_LEN);
	const uint8_t *at;

	if (!(__atomic_load_n(&d->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return false;
	at = (const uint8_t *)d + d->hdr.bh1.offset_to_first_pkt;
	for (uint32_t i = 0; i < d->hdr.bh1.num_pkts; i++) {
		const struct tpacket3_hdr *h = (const void *)at;

		take_frame(r, h);
		at += h->tp_next_offset;
	}
	__atomic_store_n(&d->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->block = (r->block + 1) % BLOCKS;
	return true;
}

/* An error is told once and cleared by asking; an interface that is gone does not come back. */
static bool device_is_well(int fd, const char *device)
{
	socklen_t len = sizeof(errno);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &len) == 0 && if_nametoindex(device))
		return true;
	return failed("the interface is gone", device);
}

static bool run(struct receiver *r, const char *device)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};
	int64_t last = 0;

	/* The end is the first silence after the signal. */
	while (!flowcheck_stopped || flow_now_ms() - last < SETTLE_MS) {
		if (take_block(r)) {
			last = flow_now_ms();
			continue;
		}
		if (flowcheck_stopped && !last)
			last = flow_now_ms();
		poll(&p, 1, RETIRE_MS);
		if (p.revents & POLLERR && !device_is_well(r->fd, device))
			return false;
	}
	return true;
}

static bool write_result(struct receiver *r, struct flow_report *ret)
{
	struct tpacket_stats_v3 stats = {0};
	socklen_t len = sizeof(stats);
	size_t n = 0;

	if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0)
		return failed("no statistics", ret->name);
	ret->overload = stats.tp_drops;
	ret->strange = r->strange;
	ret->rows = calloc(r->room + 1, sizeof(*ret->rows));
	if (!ret->rows)
		return failed("no memory", ret->name);
	for (size_t i = 0; i < r->room; i++)
		if (r->seen[i].window) {
			ret->rows[n] = r->seen[i].row;
			ret->rows[n++].number = (uint32_t)i;
		}
	ret->n = n;
	return true;
}

bool flow_receive(const char *device, struct flow_report *ret)
{
	struct receiver r = {.fd = -1, .ring = MAP_FAILED};
	bool good = open_ring(&r, device);

	if (good) {
		puts("ready");
		fflush(stdout);
		good = run(&r, device) && write_result(&r, ret);
	}
	if (r.ring != MAP_FAILED)
		munmap(r.ring, (size_t)BLOCK_LEN * BLOCKS);
	if (r.fd >= 0)
		close(r.fd);
	free(r.seen);
	return good;
}
