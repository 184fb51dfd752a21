/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_flow_write [FLOWS=1000000]: what it costs to write flows into one big map of the kernel's,
 * in a network namespace of its own: put, refreshed, deleted, in batches of several sizes.
 *
 * Beside the least work, a program that sends the same messages, made before, and reads the verdict:
 * both write into the same map, by turns, 20,000 flows each. Prints flows per second, the ratio of
 * the times, and what the longest single call took, also in processor time: on a busy machine the
 * longest time is that of somebody else.
 */
#include "director/flow/flow_write_uv.h"

#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>

enum {
	FLOWS = 1000000,
	TURN = 20000,
	SEND_BUFFER = 2 * FLOW_WRITE_BYTES,
	TIMEOUT_MS = 900000,
	LEFT_MS = 420000,
};

enum { PLAIN, OURS, WAYS };

static const struct flow_ask_set flows = {.table = "director", .set = "www-flows", .key_len = 12};

struct bench {
	uint32_t n;
	struct flow_writer *writer;
	struct mnl_socket *nl; /* of the plain program */
	struct flow_write_kernel kernel;
	uint32_t seq;
	struct flow_write call;
	uint8_t bytes[FLOW_WRITE_BYTES];
	struct flow_write_op ops[FLOW_WRITE_OPS];
	enum flow_write_result results[FLOW_WRITE_OPS];
};

struct spent {
	double all, longest, longest_busy; /* seconds */
};

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* All different, in no order that the table could like. */
static void make_ops(struct bench *b, enum flow_write_kind kind, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t mixed = (first + i) * 2654435761u;
		struct flow_key key = {
			.client = addr_v4(mixed),
			.vip = addr_v4(0x0a4d0064),
			.client_port = (uint16_t)(mixed >> 7),
			.vip_port = 443,
			.protocol = IPPROTO_TCP,
		};

		b->ops[i] = (struct flow_write_op){.kind = kind,
						   .set = &flows,
						   .mark = 1 + i % 8,
						   .timeout_ms = TIMEOUT_MS,
						   .left_ms = LEFT_MS};
		flow_ask_key(&key, b->ops[i].key);
	}
}

/* The messages are there; the verdict is one datagram. */
static void send_plain(struct bench *b, size_t len)
{
	uint8_t answer[1024];
	ssize_t n;
	int error;

	check(mnl_socket_sendto(b->nl, b->bytes, len) >= 0, "send");
	n = recv(mnl_socket_get_fd(b->nl), answer, sizeof(answer), 0);
	check(n >= 20, "recv");
	memcpy(&error, answer + 16, sizeof(error));
	check(error == 0, "the kernel refused the plain program's messages");
}

static void send_ours(struct bench *b, uint32_t n)
{
	check(flow_write(b->writer, b->ops, n, b->results) == 0, "flow_write");
	for (uint32_t i = 0; i < n; i++)
		check(b->results[i] == FLOW_WRITE_DONE, "a flow was not written");
}

static void one_batch(struct bench *b, int way, uint32_t n, struct spent *spent)
{
	double begin, busy;
	size_t len = 0;

	if (way == PLAIN) {
		flow_write_begin(&b->call, &b->kernel, b->ops, n, b->results);
		len = flow_write_build(&b->call, b->seq, b->bytes, sizeof(b->bytes));
		b->seq += flow_write_numbers(&b->call);
		check(len > 0, "building the messages");
	}
	begin = seconds(CLOCK_MONOTONIC);
	busy = seconds(CLOCK_THREAD_CPUTIME_ID);
	if (way == PLAIN)
		send_plain(b, len);
	else
		send_ours(b, n);
	busy = seconds(CLOCK_THREAD_CPUTIME_ID) - busy;
	begin = seconds(CLOCK_MONOTONIC) - begin;
	spent->all += begin;
	spent->longest = begin > spent->longest ? begin : spent->longest;
	spent->longest_busy = busy > spent->longest_busy ? busy : spent->longest_busy;
}

static void one_phase(struct bench *b, const char *name, enum flow_write_kind kind, uint32_t batch)
{
	struct spent spent[WAYS] = {0};

	for (uint32_t i = 0; i < b->n; i += batch) {
		make_ops(b, kind, i, batch);
		one_batch(b, i / TURN % WAYS, batch, &spent[i / TURN % WAYS]);
	}
	printf("%6u  %-8s %10.0f %10.0f  %5.2f %10.1f %8.1f  %6.1f %8.1f\n", batch, name,
	       b->n / 2 / spent[PLAIN].all, b->n / 2 / spent[OURS].all,
	       spent[OURS].all / spent[PLAIN].all, spent[PLAIN].longest * 1e3,
	       spent[OURS].longest * 1e3, spent[PLAIN].longest_busy * 1e3,
	       spent[OURS].longest_busy * 1e3);
	fflush(stdout);
}

static void load(uint32_t n)
{
	FILE *nft = popen("nft -f -", "w");

	check(nft != NULL, "nft");
	fprintf(nft,
		"table netdev director {\nmap www-flows {\n"
		"typeof @nh,96,32 . @nh,128,32 . @th,0,32 : meta mark\n"
		"flags dynamic,timeout\nsize %u\n}\n}\n",
		n);
	check(pclose(nft) == 0, "nft");
}

static void open_sockets(struct bench *b)
{
	struct utsname name;
	struct err err = {0};
	int size = SEND_BUFFER;

	if (flow_writer_new(&b->writer, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	b->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	check(b->nl && mnl_socket_bind(b->nl, 0, MNL_SOCKET_AUTOPID) == 0, "netlink");
	check(setsockopt(mnl_socket_get_fd(b->nl), SOL_SOCKET, SO_SNDBUFFORCE, &size,
			 sizeof(size)) == 0,
	      "netlink's buffer");
	uname(&name);
	b->kernel = flow_write_kernel(name.release);
	b->seq = 1;
}

static void print_memory(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			printf("this process took at most %.1f MiB\n",
			       strtod(line + 6, NULL) / 1024);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	static const uint32_t batches[] = {100, 500, 1000};
	struct bench *b = calloc(1, sizeof(*b));

	check(b != NULL && unshare(CLONE_NEWNET) == 0, "a network namespace (needs root)");
	b->n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : FLOWS;
	b->n -= b->n % (WAYS * TURN);
	load(b->n);
	open_sockets(b);
	printf("Flows a second into a map of %u, by turns; the longest call in ms, and of that "
	       "this\n"
	       "process alone:\n",
	       b->n);
	printf("%6s  %-8s %10s %10s  %5s %10s %8s  %6s %8s\n", "batch", "", "plain", "ours",
	       "ratio", "plain", "ours", "alone", "ours");
	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		one_phase(b, "put", FLOW_WRITE_PUT, batches[i]);
		one_phase(b, "refresh", FLOW_WRITE_PUT, batches[i]);
		one_phase(b, "change", FLOW_WRITE_CHANGE, batches[i]);
		one_phase(b, "delete", FLOW_WRITE_DELETE, batches[i]);
	}
	print_memory();
	mnl_socket_close(b->nl);
	flow_writer_free(b->writer);
	free(b);
	return 0;
}
