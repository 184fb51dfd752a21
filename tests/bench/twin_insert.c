/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * insert: what a snapshot is compared with: so many flows put into empty maps like those of as many
 * farms, each SIZE big, in a network namespace of its own, by a program that does nothing else; in
 * transactions as long as the standby's, an equal part into each map. Prints the seconds that it took.
 *
 * watched: somebody listens to changes of tables, and to nothing of them, as the standby does: where
 * nobody listens the kernel does not write its messages of new elements at all.
 *
 * limits: what can wait on one director, one line each.
 */
#include "director/flow/flow_write_uv.h"
#include "director/ruleset/nft_socket_uv.h"
#include "director/twin/twin_queue.h"
#include "ha/sync.h"
#include "ha/sync_link_uv.h"
#include "tests/bench/report.h"
#include "tests/bench/twin.h"

#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { TIMEOUT_MS = 3600000, MAPS_MAX = 16, GC_INTERVAL_MS = 30000 };

static struct flow_ask_set maps[MAPS_MAX];
static uint32_t n_maps;

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_twin insert: %s\n", what);
	exit(1);
}

static void make_maps(const char *size)
{
	struct nft_socket nl;
	struct nft_batch batch;
	struct err err = {0};

	check(nft_socket_open(&nl, &err) == 0, err.text);
	nft_batch_begin(&batch, nft_socket_next_seq(&nl));
	nft_put_table(&batch);
	for (uint32_t i = 0; i < n_maps; i++) {
		struct ruleset_set set = {.kind = SET_FLOWS,
					  .size = (uint32_t)strtoul(size, NULL, 10),
					  .gc_interval_ms = GC_INTERVAL_MS};

		maps[i] = (struct flow_ask_set){.table = RULESET_TABLE, .key_len = 12};
		snprintf(maps[i].set, sizeof(maps[i].set), "flows%u", i);
		snprintf(set.name, sizeof(set.name), "%s", maps[i].set);
		nft_put_set(&batch, &set);
	}
	check(nft_batch_end(&batch) == 0 && nft_socket_commit(&nl, &batch, NULL, NULL, &err) == 0,
	      err.text);
	nft_batch_clear(&batch);
	nft_socket_close(&nl);
}

/* What is left open ends with the process. */
static void watch(void)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = {.len = 1, .filter = &nothing};
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	int group = NFNLGRP_NFTABLES;

	check(nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
		      setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_ATTACH_FILTER, &filter,
				 sizeof(filter)) == 0 &&
		      mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0,
	      "cannot listen");
}

/* In no order that the table could like; all different. */
static struct flow_write_op make_op(uint32_t i, const struct flow_ask_set *map)
{
	uint32_t mixed = i * 2654435761u;
	struct flow_write_op op = {.kind = FLOW_WRITE_PUT,
				   .set = map,
				   .mark = 1 + i % 3,
				   .timeout_ms = TIMEOUT_MS,
				   .left_ms = TIMEOUT_MS};
	struct flow_key key = {.client = addr_v4(mixed),
			       .vip = addr_v4(0x0a4d0064),
			       .client_port = (uint16_t)(mixed >> 7),
			       .vip_port = 7000,
			       .protocol = IPPROTO_UDP};

	flow_ask_key(&key, op.key);
	return op;
}

int twin_bench_insert(int argc, char **argv)
{
	static struct flow_write_op ops[FLOW_WRITE_OPS];
	static enum flow_write_result results[FLOW_WRITE_OPS];
	uint32_t flows = (uint32_t)strtoul(argv[0], NULL, 10);
	struct flow_writer *writer;
	struct err err = {0};
	double begin;

	(void)argc;
	check(unshare(CLONE_NEWNET) == 0, "a network namespace needs root");
	n_maps = (uint32_t)strtoul(argv[1], NULL, 10);
	check(n_maps > 0 && n_maps <= MAPS_MAX, "so many maps are not meant");
	make_maps(argv[2]);
	if (strcmp(argv[3], "watched") == 0)
		watch();
	check(flow_writer_new(&writer, &err) == 0, err.text);
	begin = report_now();
	for (uint32_t done = 0, n; done < flows; done += n) {
		n = flows - done < FLOW_WRITE_OPS ? flows - done : FLOW_WRITE_OPS;
		for (uint32_t i = 0; i < n; i++)
			ops[i] = make_op(done + i, &maps[i * n_maps / n]);
		check(flow_write(writer, ops, n, results) == 0, "the kernel refuses");
		for (uint32_t i = 0; i < n; i++)
			check(results[i] == FLOW_WRITE_DONE, "a flow was refused");
	}
	printf("%.3f\n", report_now() - begin);
	flow_writer_free(writer);
	return 0;
}

int twin_bench_limits(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("  flows that wait to be sent: %d of each IP version, %zu KiB; beyond: a snapshot\n",
	       TWIN_QUEUE, TWIN_QUEUE * sizeof(struct sync_flow) / 1024);
	printf("  on their way and not acknowledged: %d messages of %d flows\n", SYNC_WINDOW,
	       SYNC_FLOWS_MAX);
	printf("  octets that the connection does not take: %d KiB; beyond: it begins anew\n",
	       SYNC_LINK_QUEUE / 1024);
	return 0;
}
