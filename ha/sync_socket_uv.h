/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of the sync channel, of both families. */
#ifndef HA_SYNC_SOCKET_UV_H
#define HA_SYNC_SOCKET_UV_H

#include "include/addr.h"

#include <sys/socket.h>
#include <uv.h>

/* How the kernel is told of an address and a port; the length of it. */
socklen_t sync_socket_address(const struct addr *a, uint16_t port, struct sockaddr_storage *ret);
/* A socket of one family, bound, that outlives the address's absence; or a negative errno. */
int sync_socket_bound(const struct addr *self, uint16_t port);
/* Whom it is connected to. False: it has gone already. */
bool sync_socket_peer(const uv_tcp_t *tcp, struct addr *ret);

#endif
