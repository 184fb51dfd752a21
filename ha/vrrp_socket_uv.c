/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw IPv4 or IPv6 socket for VRRP on one interface; see vrrp_socket_uv.h. */
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
	uint8_t family;
	void (*readable)(void *owner); /* NULL: closed */
	void *owner;
};

struct option {
	int level, name;
	const void *value;
	socklen_t size;
	const char *what;
};

/* The last one joins the group, which unicast does not. */
static int set_all(int fd, const struct vrrp_place *place, const struct option *options, size_t n,
		   struct err *err)
{
	if (place->unicast)
		n--;
	for (size_t i = 0; i < n; i++) {
		const struct option *o = &options[i];

		if (setsockopt(fd, o->level, o->name, o->value, o->size) < 0)
			return err_set(err, -errno, "VRRP on %s: cannot %s: %s", place->interface,
				       o->what, strerror(errno));
	}
	return 0;
}

static int set_options_v4(int fd, const struct vrrp_place *place, struct err *err)
{
	const int ttl = VRRP_TTL, off = 0, precedence = IPTOS_PREC_INTERNETCONTROL;
	const struct ip_mreqn group = {
		.imr_multiaddr.s_addr = htonl(VRRP_GROUP_V4),
		.imr_ifindex = (int)place->ifindex,
	};
	const struct option options[] = {
		{SOL_SOCKET, SO_BINDTODEVICE, place->interface,
		 (socklen_t)strlen(place->interface) + 1, "bind to the interface"},
		{IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group), "send multicast"},
		{IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl), "set the TTL"},
		{IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl), "set the TTL"},
		{IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off), "switch multicast loop off"},
		/* otherwise groups that others joined on other interfaces come in here too */
		{IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off), "restrict multicast"},
		{IPPROTO_IP, IP_TOS, &precedence, sizeof(precedence), "set the precedence"},
		{IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group), "join 224.0.0.18"},
	};

	return set_all(fd, place, options, sizeof(options) / sizeof(options[0]), err);
}

static int set_options_v6(int fd, const struct vrrp_place *place, struct err *err)
{
	const int hops = VRRP_TTL, off = 0, on = 1, class = IPTOS_PREC_INTERNETCONTROL;
	const int ifindex = (int)place->ifindex;
	struct ipv6_mreq group = {.ipv6mr_interface = place->ifindex};
	const struct option options[] = {
		{SOL_SOCKET, SO_BINDTODEVICE, place->interface,
		 (socklen_t)strlen(place->interface) + 1, "bind to the interface"},
		{IPPROTO_IPV6, IPV6_MULTICAST_IF, &ifindex, sizeof(ifindex), "send multicast"},
		{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops), "set the hop limit"},
		{IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops), "set the hop limit"},
		{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off), "switch multicast loop off"},
		{IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof(off), "restrict multicast"},
		{IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof(class), "set the traffic class"},
		{IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on), "learn destinations"},
		{IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on), "learn hop limits"},
		{IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof(group), "join ff02::12"},
	};

	memcpy(&group.ipv6mr_multiaddr, VRRP_GROUP_V6, sizeof(group.ipv6mr_multiaddr));
	return set_all(fd, place, options, sizeof(options) / sizeof(options[0]), err);
}

static int set_options(int fd, const struct vrrp_place *place, struct err *err)
{
	return place->family == AF_INET6 ? set_options_v6(fd, place, err)
					 : set_options_v4(fd, place, err);
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

int vrrp_socket_new(uv_loop_t *loop, const struct vrrp_place *place, void (*readable)(void *owner),
		    void *owner, struct vrrp_socket **ret, struct err *err)
{
	struct vrrp_socket *s = calloc(1, sizeof(*s));
	const char *interface = place->interface;
	int code;

	if (!s)
		return err_set(err, -ENOMEM, "VRRP on %s: out of memory", interface);
	s->fd = socket(place->family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, VRRP_PROTOCOL);
	if (s->fd < 0) {
		code = err_set(err, -errno, "VRRP on %s: cannot open a raw socket: %s", interface,
			       errno == EPERM ? "it needs CAP_NET_RAW (run as root)"
					      : strerror(errno));
		goto free_socket;
	}
	code = set_options(s->fd, place, err);
	if (code < 0)
		goto close_fd;
	code = uv_poll_init(loop, &s->poll, s->fd);
	if (code < 0) {
		err_set(err, code, "VRRP on %s: cannot watch the socket: %s", interface,
			uv_strerror(code));
		goto close_fd;
	}
	s->ifindex = place->ifindex;
	s->family = place->family;
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

/*
 * The source goes along with every datagram instead of bind(): the address may come later than the
 * socket, and adverts to the group must still be received.
 */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

static void put_control(struct msghdr *m, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_controllen = CMSG_SPACE(len);
}

union name {
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* From where to where, into the message's name (*to) and its control data. */
static void direct_v4(const struct vrrp_socket *s, const struct vrrp_packet *p, union name *to,
		      struct msghdr *m)
{
	const struct in_pktinfo info = {
		.ipi_ifindex = (int)s->ifindex,
		.ipi_spec_dst.s_addr = htonl(addr_v4_value(&p->source)),
	};

	to->v4.sin_family = AF_INET;
	to->v4.sin_addr.s_addr = htonl(addr_v4_value(&p->destination));
	m->msg_namelen = sizeof(to->v4);
	put_control(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void direct_v6(const struct vrrp_socket *s, const struct vrrp_packet *p, union name *to,
		      struct msghdr *m)
{
	struct in6_pktinfo info = {.ipi6_ifindex = s->ifindex};

	memcpy(&info.ipi6_addr, p->source.bytes, sizeof(info.ipi6_addr));
	to->v6.sin6_family = AF_INET6;
	to->v6.sin6_scope_id = s->ifindex;
	memcpy(&to->v6.sin6_addr, p->destination.bytes, sizeof(to->v6.sin6_addr));
	m->msg_namelen = sizeof(to->v6);
	put_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

int vrrp_socket_send(struct vrrp_socket *s, const struct vrrp_packet *p)
{
	uint8_t bytes[VRRP_MESSAGE_MAX];
	size_t len = vrrp_packet_build(p, bytes, sizeof(bytes));
	struct iovec iov = {.iov_base = bytes, .iov_len = len};
	union control control = {0};
	union name to = {0};
	struct msghdr m = {
		.msg_name = &to,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};

	if (len == 0)
		return -EMSGSIZE;
	if (s->family == AF_INET6)
		direct_v6(s, p, &to, &m);
	else
		direct_v4(s, p, &to, &m);
	return sendmsg(s->fd, &m, 0) < 0 ? -errno : 0;
}

/* What the kernel says of the headers of an IPv6 datagram. */
static void read_control(struct msghdr *m, struct vrrp_ip *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in6_pktinfo info;
		int hops;

		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			ret->destination.family = AF_INET6;
			memcpy(ret->destination.bytes, &info.ipi6_addr, sizeof(info.ipi6_addr));
		} else if (c->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&hops, CMSG_DATA(c), sizeof(hops));
			ret->ttl = (uint8_t)hops;
		}
	}
}

ssize_t vrrp_socket_receive(struct vrrp_socket *s, uint8_t *bytes, size_t size, struct vrrp_ip *ret)
{
	union name from = {0};
	union control control = {0};
	struct iovec iov = {.iov_base = bytes, .iov_len = size};
	struct msghdr m = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(s->fd, &m, 0);

	if (n < 0)
		return -errno;
	*ret = (struct vrrp_ip){.source.family = s->family};
	if (s->family == AF_INET6) {
		memcpy(ret->source.bytes, &from.v6.sin6_addr, sizeof(from.v6.sin6_addr));
		read_control(&m, ret);
	} else {
		ret->source = addr_v4(ntohl(from.v4.sin_addr.s_addr));
	}
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
