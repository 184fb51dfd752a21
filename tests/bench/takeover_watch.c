/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who owns an IPv4 address, by the kernels' own notifications: nothing between two looks is missed.
 *
 *	watch ADDRESS a=NETNS b=NETNS asker=NETNS
 *
 * The asker is no owner: its neighbour entry says whom it takes for the owner. At the start and at
 * every change a line, with the time at which it was heard:
 *
 *	EPOCH NUMBER-OF-OWNERS OWNERS MAC		1764168000.123456 1 b 02:00:00:00:00:03
 *
 * OWNERS is "-" for none, MAC "-" while the asker knows none.
 */
#include "tests/bench/takeover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOSTS_MAX = 4, ROOM = 1 << 16, RECEIVE_BUFFER = 4 << 20 };

struct host {
	const char *name;
	bool asks;
	bool owns;
	struct mnl_socket *nl;
	struct watch *watch;
};

struct watch {
	in_addr_t address;
	struct host hosts[HOSTS_MAX];
	size_t n;
	char mac[3 * 6];
	char said[64];
};

/* One line, when it is another than the last. */
static void say(struct watch *w)
{
	int64_t now = takeover_now();
	char owners[HOSTS_MAX * 16] = "", line[sizeof(w->said)];
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->hosts[i].owns) {
			n++;
			strncat(owners, w->hosts[i].name, 8);
		}
	snprintf(line, sizeof(line), "%zu %s %s", n, n ? owners : "-", w->mac);
	if (strcmp(line, w->said) == 0)
		return;
	strcpy(w->said, line);
	printf("%lld.%06lld %s\n", (long long)(now / 1000000000),
	       (long long)(now % 1000000000 / 1000), line);
	fflush(stdout);
}

static bool is_ours(const struct watch *w, const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) == sizeof(w->address) &&
	       memcmp(mnl_attr_get_payload(attr), &w->address, sizeof(w->address)) == 0;
}

/* What an attribute of a message says. */
struct said {
	const struct watch *watch;
	bool about; /* the address that is watched */
	const uint8_t *mac;
};

static int take_address(const struct nlattr *attr, void *data)
{
	struct said *said = data;

	if (mnl_attr_get_type(attr) == IFA_LOCAL && is_ours(said->watch, attr))
		said->about = true;
	return MNL_CB_OK;
}

static int take_neighbour(const struct nlattr *attr, void *data)
{
	struct said *said = data;

	if (mnl_attr_get_type(attr) == NDA_DST && is_ours(said->watch, attr))
		said->about = true;
	if (mnl_attr_get_type(attr) == NDA_LLADDR && mnl_attr_get_payload_len(attr) == 6)
		said->mac = mnl_attr_get_payload(attr);
	return MNL_CB_OK;
}

static void heard_address(struct host *h, const struct nlmsghdr *nlh)
{
	struct said said = {.watch = h->watch};

	mnl_attr_parse(nlh, sizeof(struct ifaddrmsg), take_address, &said);
	if (said.about)
		h->owns = nlh->nlmsg_type == RTM_NEWADDR;
}

static void heard_neighbour(struct watch *w, const struct nlmsghdr *nlh)
{
	struct said said = {.watch = w};
	const uint8_t *m;

	mnl_attr_parse(nlh, sizeof(struct ndmsg), take_neighbour, &said);
	m = said.mac;
	if (!said.about)
		return;
	strcpy(w->mac, "-");
	if (m && nlh->nlmsg_type == RTM_NEWNEIGH)
		snprintf(w->mac, sizeof(w->mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
			 m[3], m[4], m[5]);
}

static int heard(const struct nlmsghdr *nlh, void *data)
{
	struct host *h = data;

	switch (nlh->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (!h->asks)
			heard_address(h, nlh);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (h->asks)
			heard_neighbour(h->watch, nlh);
		break;
	default: break;
	}
	return MNL_CB_OK;
}

static int ask(struct host *h)
{
	uint8_t buf[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = h->asks ? RTM_GETNEIGH : RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	/* The two headers begin with the family, and nothing else is asked. */
	*(uint8_t *)mnl_nlmsg_put_extra_header(nlh, h->asks ? sizeof(struct ndmsg)
							    : sizeof(struct ifaddrmsg)) = AF_INET;
	return mnl_socket_sendto(h->nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

/* The socket belongs to the namespace in which it is made. */
static int open_host(struct watch *w, struct host *h, char *argument)
{
	char *netns = strchr(argument, '=');
	int fd, size = RECEIVE_BUFFER;
	unsigned int groups;

	if (!netns)
		return -EINVAL;
	*netns++ = '\0';
	h->name = argument;
	h->asks = strcmp(argument, "asker") == 0;
	h->watch = w;
	groups = h->asks ? RTMGRP_NEIGH : RTMGRP_IPV4_IFADDR;
	fd = open(netns, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return -errno;
	close(fd);
	h->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!h->nl || mnl_socket_bind(h->nl, groups, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	setsockopt(mnl_socket_get_fd(h->nl), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return ask(h);
}

/* An overrun is an error: what was missed cannot be timed any more. */
static int read_host(struct host *h)
{
	static uint8_t buf[ROOM];

	for (;;) {
		ssize_t got = mnl_socket_recvfrom(h->nl, buf, sizeof(buf));

		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (mnl_cb_run(buf, (size_t)got, 0, 0, heard, h) < 0)
			return -errno;
	}
}

int takeover_watch(int argc, char **argv)
{
	struct pollfd polled[HOSTS_MAX];
	struct watch w = {.mac = "-"};
	int err = 0;

	if (inet_pton(AF_INET, argv[0], &w.address) != 1)
		return 2;
	for (int i = 1; !err && i < argc && w.n < HOSTS_MAX; i++, w.n++)
		err = open_host(&w, &w.hosts[w.n], argv[i]);
	takeover_be_prompt();
	for (size_t i = 0; !err && i < w.n; i++)
		polled[i] = (struct pollfd){mnl_socket_get_fd(w.hosts[i].nl), POLLIN, 0};
	while (!err) {
		if (poll(polled, (nfds_t)w.n, -1) < 0 && errno != EINTR)
			err = -errno;
		for (size_t i = 0; !err && i < w.n; i++)
			err = read_host(&w.hosts[i]);
		say(&w);
	}
	fprintf(stderr, "watch: %s\n", strerror(-err));
	return 1;
}
