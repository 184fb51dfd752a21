/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load that a bulk transfer of flows is to a director: elements for a map of the namespace that
 * this runs in, as fast as the kernel takes them.
 *
 *	fill TABLE MAP ELEMENTS		a map of table netdev TABLE, ipv4_addr . inet_service : mark
 *
 * When the map holds that many, they are deleted, as many at a time, and inserted again, until the
 * process is ended. (To flush a full map keeps the kernel for seconds: no director does that.) Every
 * hundred transactions a line: the elements inserted so far.
 */
#include "tests/bench/takeover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PER_TRANSACTION = 500, /* of less than 100 octets each: one attribute holds 64 KiB */
	ROOM = 70000,
};

struct fill {
	struct mnl_socket *nl;
	const char *table, *map;
};

static struct nlmsghdr *message(uint8_t *at, int type, int flags, uint8_t family, uint16_t resource)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nlh->nlmsg_type = (uint16_t)type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(resource);
	return nlh;
}

static void put_value(struct nlmsghdr *nlh, uint16_t where, const void *value, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, where);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(nlh, nest);
}

/* Addresses out of 10.0.0.0/8 and one port for each 16 million of them. */
static void put_element(struct nlmsghdr *nlh, uint32_t i)
{
	uint32_t key[2] = {htonl(0x0a000000 | (i & 0xffffff)), htonl((1 + (i >> 24)) << 16)};
	uint32_t mark = i;
	struct nlattr *element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

	put_value(nlh, NFTA_SET_ELEM_KEY, key, sizeof(key));
	put_value(nlh, NFTA_SET_ELEM_DATA, &mark, sizeof(mark));
	mnl_attr_nest_end(nlh, element);
}

/* One transaction: the elements from first on are inserted, or deleted. 0 or -errno. */
static int transact(const struct fill *f, int type, uint32_t first, uint32_t n)
{
	_Alignas(struct nlmsghdr) static uint8_t buf[ROOM];
	struct nlmsghdr *nlh =
		message(buf, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	size_t used = nlh->nlmsg_len;
	struct nlattr *list;
	ssize_t got;

	nlh = message(buf + used, NFNL_SUBSYS_NFTABLES << 8 | type,
		      (type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0) | NLM_F_ACK, NFPROTO_NETDEV,
		      0);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, f->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, f->map);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (uint32_t i = 0; i < n; i++)
		put_element(nlh, first + i);
	mnl_attr_nest_end(nlh, list);
	used += nlh->nlmsg_len;
	nlh = message(buf + used, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	used += nlh->nlmsg_len;
	if (mnl_socket_sendto(f->nl, buf, used) < 0)
		return -errno;
	got = mnl_socket_recvfrom(f->nl, buf, sizeof(buf));
	nlh = (struct nlmsghdr *)buf;
	if (got < (ssize_t)(sizeof(*nlh) + sizeof(struct nlmsgerr)) ||
	    nlh->nlmsg_type != NLMSG_ERROR)
		return -EIO;
	return ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
}

/* All of them, PER_TRANSACTION at a time; *inserted counts those that are new. */
static int transact_all(const struct fill *f, int type, uint32_t wanted, uint64_t *inserted)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < wanted; i += PER_TRANSACTION) {
		uint32_t n = wanted - i < PER_TRANSACTION ? wanted - i : PER_TRANSACTION;

		err = transact(f, type, i, n);
		if (err || type != NFT_MSG_NEWSETELEM)
			continue;
		*inserted += n;
		if (i / PER_TRANSACTION % 100 == 99) {
			printf("%llu\n", (unsigned long long)*inserted);
			fflush(stdout);
		}
	}
	return err;
}

int takeover_fill(int argc, char **argv)
{
	struct fill f = {.nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC),
			 .table = argv[0],
			 .map = argv[1]};
	uint32_t wanted = (uint32_t)strtoul(argv[2], NULL, 10);
	uint64_t inserted = 0;
	int err = 0, size = 4 * ROOM;

	(void)argc;
	if (!f.nl || mnl_socket_bind(f.nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("netlink");
		return 1;
	}
	setsockopt(mnl_socket_get_fd(f.nl), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	while (!err) {
		err = transact_all(&f, NFT_MSG_NEWSETELEM, wanted, &inserted);
		if (!err)
			err = transact_all(&f, NFT_MSG_DELSETELEM, wanted, &inserted);
	}
	fprintf(stderr, "fill: %s\n", strerror(-err));
	return 1;
}
