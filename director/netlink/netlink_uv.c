/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/netlink/netlink_uv.h"

#include "include/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

enum {
	BUFFER = 32768,
	RECEIVE_BUFFER = 1024 * 1024, /* a burst of neighbour events of a large segment */
	READS_PER_WAKEUP = 16,	      /* the election's timer must not wait for a busy network */
};

/* Starts a dump, or lets the one that runs be followed by another. */
static int ask_for_dump(struct netlink *n)
{
	_Alignas(struct nlmsghdr) uint8_t buf[128] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	n->again = n->dumping;
	if (n->dumping)
		return 0;
	nlh->nlmsg_type = n->dump_type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++n->seq;
	if (n->dump_type == RTM_GETLINK)
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	else
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct ndmsg));
	if (mnl_socket_sendto(n->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n->restarted(n->owner);
	n->dump_seq = n->seq;
	n->dumping = true;
	return 0;
}

static void dump_ended(struct netlink *n, bool *ret_whole)
{
	n->dumping = false;
	if (n->again)
		ask_for_dump(n);
	else
		*ret_whole = true;
}

static void take_message(struct netlink *n, const struct nlmsghdr *nlh, bool *ret_dump_done)
{
	bool of_dump = n->dumping && nlh->nlmsg_seq == n->dump_seq;

	if (of_dump && (nlh->nlmsg_flags & NLM_F_DUMP_INTR))
		n->again = true; /* it is not of one moment */
	if (of_dump && nlh->nlmsg_type == NLMSG_DONE)
		dump_ended(n, ret_dump_done);
	else if (of_dump && nlh->nlmsg_type == NLMSG_ERROR)
		n->dumping = n->again = false;
	else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE)
		n->message(n->owner, nlh);
}

/* One datagram. 1: read, 0: nothing there, -ENOBUFS: events were lost, other negative errno. */
static int read_datagram(struct netlink *n, bool *ret_dump_done)
{
	_Alignas(struct nlmsghdr) uint8_t buf[BUFFER];
	ssize_t len;
	int left;

	do
		len = recv(mnl_socket_get_fd(n->nl), buf, sizeof(buf), MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == EAGAIN ? 0 : -errno;
	left = (int)len;
	for (struct nlmsghdr *nlh = (void *)buf; mnl_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left))
		take_message(n, nlh, ret_dump_done);
	return 1;
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct netlink *n = poll->data;
	bool done = false;
	int got = 1;

	/* The socket's own errno says more than status, which a mere overrun turns into EBADF. */
	(void)status;
	(void)events;
	for (int i = 0; got > 0 && i < READS_PER_WAKEUP; i++)
		got = read_datagram(n, &done);
	if (got == -ENOBUFS) {
		log_debug("the kernel dropped events of the network, asking for the whole state "
			  "again");
		ask_for_dump(n);
	}
	n->settled(n->owner, done);
	/* An error on the socket has stopped the handle. */
	if (!uv_is_active((uv_handle_t *)poll) && !uv_is_closing((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

/* The kernel fills the socket with the rest of a dump while it is being read: there is no waiting. */
int netlink_refresh(struct netlink *n)
{
	bool done = false;
	int got = ask_for_dump(n);

	while (got >= 0 && !done) {
		got = read_datagram(n, &done);
		if (got == -ENOBUFS)
			got = ask_for_dump(n);
		else if (got == 0 || !n->dumping)
			break;
	}
	return got < 0 ? got : done ? 0 : -EIO;
}

int netlink_open(struct netlink *n, uv_loop_t *loop, uint32_t groups, uint16_t dump_type,
		 struct err *err)
{
	int size = RECEIVE_BUFFER, code;

	n->dump_type = dump_type;
	n->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!n->nl || mnl_socket_bind(n->nl, groups, MNL_SOCKET_AUTOPID) < 0) {
		code = -errno;
		goto fail;
	}
	if (setsockopt(mnl_socket_get_fd(n->nl), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) <
	    0)
		setsockopt(mnl_socket_get_fd(n->nl), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	code = netlink_refresh(n);
	if (code < 0)
		goto fail;
	code = uv_poll_init(loop, &n->poll, mnl_socket_get_fd(n->nl));
	if (code < 0)
		goto fail;
	n->poll.data = n;
	uv_poll_start(&n->poll, UV_READABLE, readable);
	return 0;
fail:
	if (n->nl)
		mnl_socket_close(n->nl);
	n->nl = NULL;
	return err_set(err, code, "cannot follow the kernel's network state: %s", strerror(-code));
}

static void poll_closed(uv_handle_t *handle)
{
	struct netlink *n = handle->data;

	mnl_socket_close(n->nl);
	n->nl = NULL;
	n->closed(n->owner);
}

void netlink_close(struct netlink *n, void (*closed)(void *owner))
{
	n->closed = closed;
	uv_close((uv_handle_t *)&n->poll, poll_closed);
}

int netlink_send(struct netlink *n, struct nlmsghdr *nlh)
{
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	nlh->nlmsg_seq = ++n->seq;
	return mnl_socket_sendto(n->nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}
