/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync_socket_uv.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

socklen_t sync_socket_address(const struct addr *a, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in4 = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (a->family == AF_INET) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		memcpy(&in4->sin_addr, a->bytes, 4);
		return sizeof(*in4);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->bytes, 16);
	return sizeof(*in6);
}

int sync_socket_bound(const struct addr *self, uint16_t port)
{
	struct sockaddr_storage local;
	socklen_t len = sync_socket_address(self, port, &local);
	int fd = socket(self->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, err;

	if (fd < 0)
		return -errno;
	/* The address may come later than we do; IP_FREEBIND is for both families. */
	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&local, len) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

bool sync_socket_peer(const uv_tcp_t *tcp, struct addr *ret)
{
	struct sockaddr_storage remote = {0};
	const struct sockaddr_in *in4 = (const void *)&remote;
	const struct sockaddr_in6 *in6 = (const void *)&remote;
	int len = sizeof(remote);

	*ret = (struct addr){0};
	if (uv_tcp_getpeername(tcp, (struct sockaddr *)&remote, &len) < 0)
		return false;
	if (remote.ss_family == AF_INET)
		memcpy(ret->bytes, &in4->sin_addr, 4);
	else
		memcpy(ret->bytes, &in6->sin6_addr, 16);
	ret->family = (uint8_t)remote.ss_family;
	return true;
}
