/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/monitor/metrics_listen_uv.h"

#include "director/monitor/metrics_uv.h"
#include "include/addr.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 256 };

/* "192.0.2.1:9405" or "[2001:db8::1]:9405"; false: it is neither. */
static bool parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	struct sockaddr_in *in4 = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;
	const char *colon = strrchr(text, ':');
	char host[METRICS_ADDRESS];
	struct addr a;
	uint16_t port;

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return false;
	port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (text[0] == '[')
		snprintf(host, sizeof(host), "%.*s", (int)strcspn(text + 1, "]"), text + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (addr_parse(host, &a) < 0)
		return false;
	*ret = (struct sockaddr_storage){.ss_family = a.family};
	if (a.family == AF_INET6) {
		in6->sin6_port = port;
		memcpy(&in6->sin6_addr, a.bytes, sizeof(in6->sin6_addr));
		*ret_len = sizeof(*in6);
	} else {
		in4->sin_port = port;
		memcpy(&in4->sin_addr, a.bytes, sizeof(in4->sin_addr));
		*ret_len = sizeof(*in4);
	}
	return true;
}

int metrics_listen(const char *text)
{
	struct sockaddr_storage address;
	socklen_t len;
	int fd, code, on = 1;

	if (!parse_address(text, &address, &len))
		return -EINVAL;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* connections of the last one */
	if (address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	code = -errno;
	close(fd);
	return code;
}
