/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two network namespaces with a cable between them: the director's, in which the test runs, and a
 * backend's, which owns the virtual addresses; and behind that one's a container's, for stories that
 * have one. Needs root.
 */
#ifndef TESTS_VIP_WORLD_H
#define TESTS_VIP_WORLD_H

#include "director/health/vip_path_uv.h"

#include <uv.h>

enum { VIP_WORLD_PORT = 80, VIP_WORLD_INNER_PORT = 8080 };

#define VIP_WORLD_V4 "10.77.0.100"
#define VIP_WORLD_V6 "fd77::100"

/* Runs a story between the two; both addresses of the director are on its eth0. */
void vip_world_run(void (*story)(void));
/* A command in either namespace; that it succeeds is expected. */
void vip_world_director(const char *command);
void vip_world_backend(const char *command);
/*
 * From now on the backend hands what comes to port 80 of addresses of its own on to port 8080 of a
 * container, as Docker's published ports do. "wire" is an interface of the container's in the network of
 * the director, with a MAC that ends in 17; it is down.
 */
void vip_world_contain(void);
void vip_world_container(const char *command);
/* A listening socket of the backend's; of the container's, at any address. */
int vip_world_listen(const char *address, uint16_t port);
int vip_world_listen_inside(uint16_t port);
/* A process of the backend's that serves one connection after the other, until vip_world_run() ends. */
void vip_world_serve(int listener, void (*serve)(int fd));

/* The way to the backend. */
struct vip_ask vip_world_ask(const char *vip, uint16_t port);
/* How many resets the kernel of the director has sent since the beginning. */
unsigned int vip_world_resets(void);

#endif
