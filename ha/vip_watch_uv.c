/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subscription to addresses that leave; see vip_watch_uv.h. */
#include "ha/vip_watch_uv.h"

#include "ha/vip_netlink_uv.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BUFFER = 32768,
	RECEIVE_BUFFER = 1024 * 1024, /* every renewal is heard, too */
	READS = 64,		      /* datagrams per wake-up: adverts must not wait */
};

struct vip_watch {
	uv_poll_t poll;
	struct mnl_socket *nl;
	struct vip_listener *first;
	struct vip_watch *next;
};

/* One for each loop that has virtual routers: one in the program, and a test has its own. */
static struct vip_watch *watches;

static void tell(struct vip_watch *w, unsigned int ifindex, const struct addr *address)
{
	for (struct vip_listener *l = w->first, *next; l; l = next) {
		next = l->next;
		l->lost(l->owner, ifindex, address);
	}
}

static int on_message(const struct nlmsghdr *h, void *data)
{
	struct vip_found gone;
	unsigned int ifindex;

	if (h->nlmsg_type == RTM_DELADDR && vip_netlink_read(h, &gone, &ifindex) &&
	    gone.at.length == addr_len(&gone.at.addr) * 8)
		tell(data, ifindex, &gone.at.addr);
	return MNL_CB_OK;
}

static void read_some(struct vip_watch *w)
{
	char buf[BUFFER] __attribute__((aligned(MNL_ALIGNTO)));

	for (int i = 0; i < READS; i++) {
		ssize_t n = recv(mnl_socket_get_fd(w->nl), buf, sizeof(buf), MSG_DONTWAIT);

		if (n >= 0)
			mnl_cb_run(buf, (size_t)n, 0, 0, on_message, w);
		else if (errno == ENOBUFS)
			tell(w, 0, NULL);
		else if (errno != EINTR)
			break;
	}
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct vip_watch *w = poll->data;

	/* The socket's own errno says more than status, which a mere overrun turns into EBADF. */
	(void)status;
	(void)events;
	read_some(w);
	/* An error on the socket has stopped the handle. */
	if (!uv_is_active((uv_handle_t *)poll) && !uv_is_closing((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

static int open_watch(uv_loop_t *loop, struct vip_watch **ret)
{
	const unsigned int groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
	struct vip_watch *w = calloc(1, sizeof(*w));
	int size = RECEIVE_BUFFER, code, fd;

	if (!w)
		return -ENOMEM;
	w->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->nl || mnl_socket_bind(w->nl, groups, MNL_SOCKET_AUTOPID) < 0) {
		code = -errno;
		goto fail;
	}
	fd = mnl_socket_get_fd(w->nl);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	code = uv_poll_init(loop, &w->poll, fd);
	if (code < 0)
		goto fail;
	w->poll.data = w;
	uv_poll_start(&w->poll, UV_READABLE, readable);
	w->next = watches;
	watches = w;
	*ret = w;
	return 0;
fail:
	if (w->nl)
		mnl_socket_close(w->nl);
	free(w);
	return code;
}

int vip_watch_join(uv_loop_t *loop, struct vip_listener *l, struct err *err)
{
	struct vip_watch *w = watches;
	int code = 0;

	while (w && w->poll.loop != loop)
		w = w->next;
	if (!w)
		code = open_watch(loop, &w);
	if (!w)
		return err_set(err, code, "cannot follow the kernel's addresses: %s",
			       strerrordesc_np(-code));
	l->watch = w;
	l->next = w->first;
	w->first = l;
	return 0;
}

static void on_close(uv_handle_t *handle)
{
	struct vip_watch *w = handle->data;

	mnl_socket_close(w->nl);
	free(w);
}

static void close_watch(struct vip_watch *w)
{
	struct vip_watch **at = &watches;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	uv_close((uv_handle_t *)&w->poll, on_close);
}

void vip_watch_leave(struct vip_listener *l)
{
	struct vip_listener **at;

	if (!l->watch)
		return;
	at = &l->watch->first;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	if (!l->watch->first)
		close_watch(l->watch);
	l->watch = NULL;
}

void vip_watch_read(struct vip_listener *l)
{
	if (l->watch)
		read_some(l->watch);
}
