/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The UDP socket to one peer: bound to our address, connected to the peer's. Never looks into what
 * it carries.
 */
#ifndef HA_HEARTBEAT_SOCKET_UV_H
#define HA_HEARTBEAT_SOCKET_UV_H

#include "include/addr.h"
#include "include/err.h"

#include <sys/types.h>

/* A descriptor, or a negative errno with the sentence. */
int heartbeat_socket_open(const struct addr *self, const struct addr *peer, uint16_t port,
			  struct err *err);

#endif
