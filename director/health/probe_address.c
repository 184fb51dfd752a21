/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/probe_address.h"

#include <netinet/in.h>
#include <string.h>

socklen_t probe_address(const struct addr *address, uint16_t port, uint32_t ifindex,
			struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){.ss_family = address->family};
	if (address->family == AF_INET) {
		four->sin_port = htons(port);
		memcpy(&four->sin_addr, address->bytes, sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_port = htons(port);
	six->sin6_scope_id = addr_is_link_local(address) ? ifindex : 0;
	memcpy(&six->sin6_addr, address->bytes, sizeof(six->sin6_addr));
	return sizeof(*six);
}
