/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A door for one: a socket address of this process to which somebody connects once, and the other end of
 * that connection. For a library that insists on connecting by itself: libcurl 7.88 (Debian 12) does so
 * with a socket that it was told is connected already.
 */
#ifndef DIRECTOR_HEALTH_DOOR_UV_H
#define DIRECTOR_HEALTH_DOOR_UV_H

#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

struct door;

/* Somebody has come: the other end of the connection, non-blocking, the owner's. Or a negative errno. */
typedef void door_opened(void *owner, int fd);

/* 0, or a negative errno. */
int door_new(uv_loop_t *loop, door_opened *opened, void *owner, struct door **ret);
/* Where to connect to. */
void door_address(const struct door *d, struct sockaddr_un *ret, socklen_t *ret_len);
/* Asynchronous; accepts NULL. To be called also after it was opened. */
void door_close(struct door *d);

#endif
