/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening sockets that hear nothing; see vip_ports_uv.h. */
#include "director/health/vip_ports_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union name {
	struct sockaddr any;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

/* IPv6 sockets have IPv4's ports, too; a kernel without IPv6 has only these. */
static int open_socket(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), off = 0;

	if (fd < 0)
		return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The filter comes first: the port is not open for a moment. */
static int listen_deaf(int fd, uint16_t *ret_port)
{
	struct sock_filter nothing[] = {{BPF_RET | BPF_K, 0, 0, 0}};
	const struct sock_fprog program = {.len = 1, .filter = nothing};
	union name name = {0};
	socklen_t len = sizeof(name);

	if (getsockname(fd, &name.any, &len) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
	    bind(fd, &name.any, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, &name.any, &len) < 0)
		return -errno;
	*ret_port = ntohs(name.any.sa_family == AF_INET6 ? name.in6.sin6_port : name.in4.sin_port);
	return 0;
}

int vip_ports_open(struct vip_ports *p, struct err *err)
{
	struct vip_ports opened = {0};
	size_t n = 0;
	int code = 0;

	while (n < VIP_PORTS && code == 0) {
		opened.fds[n] = open_socket();
		if (opened.fds[n] < 0) {
			code = -errno;
			break;
		}
		code = listen_deaf(opened.fds[n], &opened.numbers[n]);
		n++;
	}
	if (code == 0) {
		*p = opened;
		return 0;
	}
	while (n > 0)
		close(opened.fds[--n]);
	return err_set(err, code, "cannot reserve source ports for checks: %s",
		       strerrordesc_np(-code));
}

void vip_ports_close(struct vip_ports *p)
{
	for (size_t i = 0; i < VIP_PORTS; i++)
		close(p->fds[i]);
}
