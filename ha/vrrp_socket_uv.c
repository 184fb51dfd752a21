/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw IPv4 socket for VRRP on one interface; see vrrp_socket_uv.h. */
#include "ha/vrrp_socket_uv.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct vrrp_socket {
	uv_poll_t poll;
	int fd;
	unsigned int ifindex;
	void (*readable)(void *owner); /* NULL: closed */
	void *owner;
};

struct option {
	int level, name;
	const void *value;
	socklen_t size;
	const char *what;
};

static int set_options(int fd, const char *interface, unsigned int ifindex, struct err *err)
{
	const int ttl = VRRP_TTL, off = 0, precedence = IPTOS_PREC_INTERNETCONTROL;
	const struct ip_mreqn group = {
		.imr_multiaddr.s_addr = htonl(VRRP_GROUP_V4),
		.imr_ifindex = (int)ifindex,
	};
	const struct option options[] = {
		{SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface) + 1,
		 "bind to the interface"},
		{IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group), "send multicast"},
		{IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl), "set the TTL"},
		{IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl), "set the TTL"},
		{IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off), "switch multicast loop off"},
		/* otherwise groups that others joined on other interfaces come in here too */
		{IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off), "restrict multicast"},
		{IPPROTO_IP, IP_TOS, &precedence, sizeof(precedence), "set the precedence"},
		{IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group), "join 224.0.0.18"},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct option *o = &options[i];

		if (setsockopt(fd, o->level, o->name, o->value, o->size) < 0)
			return err_set(err, -errno, "VRRP on %s: cannot %s: %s", interface, o->what,
				       strerror(errno));
	}
	return 0;
}

/*
 * libuv stops a poll handle when its socket has an error (ENETDOWN, ENOBUFS …) and says so in
 * `status`. The owner reads the socket, which names and clears the error; then it is armed again.
 */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct vrrp_socket *s = poll->data;

	(void)status;
	(void)events;
	s->readable(s->owner);
	if (s->readable && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, on_poll);
}

int vrrp_socket_new(uv_loop_t *loop, const char *interface, unsigned int ifindex,
		    void (*readable)(void *owner), void *owner, struct vrrp_socket **ret,
		    struct err *err)
{
	struct vrrp_socket *s = calloc(1, sizeof(*s));
	int code;

	if (!s)
		return err_set(err, -ENOMEM, "VRRP on %s: out of memory", interface);
	s->fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, VRRP_PROTOCOL);
	if (s->fd < 0) {
		code = err_set(err, -errno, "VRRP on %s: cannot open a raw socket: %s", interface,
			       errno == EPERM ? "it needs CAP_NET_RAW (run as root)"
					      : strerror(errno));
		goto free_socket;
	}
	code = set_options(s->fd, interface, ifindex, err);
	if (code < 0)
		goto close_fd;
	code = uv_poll_init(loop, &s->poll, s->fd);
	if (code < 0) {
		err_set(err, code, "VRRP on %s: cannot watch the socket: %s", interface,
			uv_strerror(code));
		goto close_fd;
	}
	s->ifindex = ifindex;
	s->readable = readable;
	s->owner = owner;
	s->poll.data = s;
	code = uv_poll_start(&s->poll, UV_READABLE, on_poll);
	assert(code == 0); /* can only fail for a descriptor that is watched already */
	*ret = s;
	return 0;
close_fd:
	close(s->fd);
free_socket:
	free(s);
	return code;
}

int vrrp_socket_send(struct vrrp_socket *s, const struct vrrp_packet *p)
{
	uint8_t bytes[VRRP_MESSAGE_MAX];
	size_t len = vrrp_packet_build(p, bytes, sizeof(bytes));
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(addr_v4_value(&p->destination)),
	};
	struct iovec iov = {.iov_base = bytes, .iov_len = len};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = {0};
	struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	/* Not bind(): the address may come later than the socket, and adverts to the group must
	 * still be received. */
	struct in_pktinfo info = {
		.ipi_ifindex = (int)s->ifindex,
		.ipi_spec_dst.s_addr = htonl(addr_v4_value(&p->source)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	if (len == 0)
		return -EMSGSIZE;
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return sendmsg(s->fd, &m, 0) < 0 ? -errno : 0;
}

ssize_t vrrp_socket_receive(struct vrrp_socket *s, uint8_t *bytes, size_t size,
			    struct addr *ret_from)
{
	struct sockaddr_in from = {0};
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(s->fd, bytes, size, 0, (struct sockaddr *)&from, &from_len);

	if (n < 0)
		return -errno;
	*ret_from = addr_v4(ntohl(from.sin_addr.s_addr));
	return n;
}

static void on_close(uv_handle_t *handle)
{
	struct vrrp_socket *s = handle->data;

	free(s);
}

void vrrp_socket_close(struct vrrp_socket *s)
{
	if (!s)
		return;
	s->readable = NULL;
	uv_close((uv_handle_t *)&s->poll, on_close);
	close(s->fd); /* uv_close has taken it out of the loop */
}
