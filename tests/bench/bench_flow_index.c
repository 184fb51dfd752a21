/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_flow_index DIR [FLOWS]: what the index of flows costs, with its file in DIR. Prints flows
 * per second, the longest stop of the loop, and memory.
 */
#include "director/flow/flow_index_file_uv.h"

#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
	BATCH = 1000,
	FLOWS = 1000000,
	NEVER = FLOW_EXPIRES_MAX,
	GOAL_MIB = 64,
	DAEMON_MIB = 6, /* beside the index, see daemon.sh */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All different, in no order that the table could like. */
static struct flow_key key_of(uint32_t i, bool ipv6)
{
	uint32_t mixed = i * 2654435761u;
	struct flow_key key = {
		.client = addr_v4(mixed),
		.vip = addr_v4(0x0a4d0064),
		.client_port = (uint16_t)(mixed >> 7),
		.vip_port = 443,
		.protocol = IPPROTO_TCP,
	};

	if (ipv6)
		key.client.family = key.vip.family = AF_INET6;
	return key;
}

static double resident_mib(const char *what)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	double kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtod(line + strlen(what), NULL);
	if (f)
		fclose(f);
	return kib / 1024;
}

static void report(const char *what, uint32_t n, double seconds)
{
	printf("%-28s %10.0f /s  %6.0f ns\n", what, n / seconds, seconds / n * 1e9);
}

/* Of this process alone: on a busy machine the longest time would be that of somebody else. */
static double busy(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fill(struct flow_file *f, uint32_t n, bool ipv6)
{
	struct flow_index *x = flow_file_index(f);
	double longest_puts = 0, longest_tend = 0, start = now();
	uint16_t backend;

	if (flow_index_name(x, "www", "web1", &backend) < 0)
		abort();
	for (uint32_t i = 0; i < n; i += BATCH) {
		double begin = busy(), tend, end;

		for (uint32_t k = i; k < i + BATCH; k++) {
			struct flow_key key = key_of(k, ipv6);

			if (flow_index_put(x, &key, backend, NEVER, 0, NULL) != FLOW_PUT_NEW)
				abort();
		}
		tend = busy();
		flow_file_tend(f);
		end = busy();
		longest_puts = tend - begin > longest_puts ? tend - begin : longest_puts;
		longest_tend = end - tend > longest_tend ? end - tend : longest_tend;
	}
	report(ipv6 ? "put, IPv6, growing" : "put, IPv4, growing", n, now() - start);
	printf("%-28s %10.2f ms, %d puts %.2f ms (processor time)\n", "longest tend",
	       longest_tend * 1e3, BATCH, longest_puts * 1e3);
}

static void measure(struct flow_file *f, uint32_t n)
{
	struct flow_index *x = flow_file_index(f);
	struct flow_filter any = {.farm = FLOW_ANY, .backend = FLOW_ANY, .expired = true};
	struct flow_cursor c = {0};
	struct flow_record r;
	double start;

	while (flow_file_tend(f))
		;
	start = now();
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key key = key_of(i, false);

		if (!flow_index_find(x, &key, &r))
			abort();
	}
	report("find", n, now() - start);
	start = now();
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key key = key_of(n + i, false);

		if (flow_index_find(x, &key, &r))
			abort();
	}
	report("find, not there", n, now() - start);
	start = now();
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key key = key_of(i, false);

		if (flow_index_put(x, &key, 0, NEVER - 1, FLOW_MARK, &r) != FLOW_PUT_KNOWN)
			abort();
	}
	report("put, known", n, now() - start);
	start = now();
	while (!c.done)
		flow_index_walk(x, &c, &any, UINT32_MAX, &r, 1);
	printf("%-28s %10.2f ms\n", "walk over all", (now() - start) * 1e3);
}

static void take_out(struct flow_file *f, uint32_t n)
{
	struct flow_index *x = flow_file_index(f);
	double start = now();

	for (uint32_t i = 0; i < n; i++) {
		struct flow_key key = key_of(i, false);

		if (!flow_index_remove(x, &key, NULL))
			abort();
	}
	report("remove", n, now() - start);
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : FLOWS;
	struct flow_file *f;
	struct err err = {0};
	double start;
	bool fits;

	if (argc < 2 || sodium_init() < 0)
		return 2;
	n -= n % BATCH;
	flow_file_remove(argv[1]);
	if (flow_file_open(argv[1], &f, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	fill(f, n, false);
	measure(f, n);
	printf("%-28s %10.1f MiB (file %.1f MiB)\n", "resident for these flows",
	       resident_mib("RssShmem:") + resident_mib("RssFile:"),
	       (double)flow_region_size(&flow_file_index(f)->now.geometry) / (1 << 20));
	fits = resident_mib("VmHWM:") + DAEMON_MIB <= GOAL_MIB;
	printf("%-28s %10.1f MiB, at the peak %.1f MiB; with %d of a small daemon below %d: %s\n",
	       "all of the process", resident_mib("VmRSS:"), resident_mib("VmHWM:"), DAEMON_MIB,
	       GOAL_MIB, fits ? "met" : "MISSED");
	flow_file_close(f);
	start = now();
	if (flow_file_open(argv[1], &f, &err) < 0)
		return 1;
	printf("%-28s %10.2f ms\n", "open again", (now() - start) * 1e3);
	take_out(f, n);
	fill(f, n, true);
	flow_file_close(f);
	flow_file_remove(argv[1]);
	return fits ? 0 : 1;
}
