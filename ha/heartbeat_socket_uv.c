/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/heartbeat_socket_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t make_name(const struct addr *a, uint16_t port, union name *ret)
{
	*ret = (union name){0};
	if (a->family == AF_INET6) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		memcpy(&ret->v6.sin6_addr, a->bytes, sizeof(ret->v6.sin6_addr));
		return sizeof(ret->v6);
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = htons(port);
	ret->v4.sin_addr.s_addr = htonl(addr_v4_value(a));
	return sizeof(ret->v4);
}

/* Before the traffic of others, as adverts are. A kernel without it sends all the same. */
static void set_precedence(int fd, uint8_t family)
{
	const int precedence = IPTOS_PREC_INTERNETCONTROL;

	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &precedence, sizeof(precedence));
	else
		(void)setsockopt(fd, IPPROTO_IP, IP_TOS, &precedence, sizeof(precedence));
}

int heartbeat_socket_open(const struct addr *self, const struct addr *peer, uint16_t port,
			  struct err *err)
{
	int fd = socket(self->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), code;
	char text[ADDR_TEXT];
	union name name;
	socklen_t len;

	if (fd < 0)
		return err_set(err, -errno, "cannot open a socket for heartbeats: %s",
			       strerror(errno));
	set_precedence(fd, self->family);
	len = make_name(self, port, &name);
	if (bind(fd, &name.any, len) < 0) {
		code = err_set(err, -errno, "cannot send heartbeats from %s port %u: %s",
			       addr_format(self, text), port, strerror(errno));
		goto close_fd;
	}
	len = make_name(peer, port, &name);
	if (connect(fd, &name.any, len) < 0) {
		code = err_set(err, -errno, "cannot send heartbeats to %s: %s",
			       addr_format(peer, text), strerror(errno));
		goto close_fd;
	}
	return fd;
close_fd:
	close(fd);
	return code;
}
