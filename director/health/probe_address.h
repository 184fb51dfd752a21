/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend's own address as sockets want it.
 *
 * Pure.
 */
#ifndef DIRECTOR_HEALTH_PROBE_ADDRESS_H
#define DIRECTOR_HEALTH_PROBE_ADDRESS_H

#include "include/addr.h"

#include <sys/socket.h>

/* A link-local address is on that link. Returns how many octets of *ret it takes. */
socklen_t probe_address(const struct addr *address, uint16_t port, uint32_t ifindex,
			struct sockaddr_storage *ret);

#endif
