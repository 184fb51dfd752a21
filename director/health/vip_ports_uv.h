/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source ports of checks, kept from the kernel's own TCP.
 *
 * The backend's answers come to an address and a port of this machine of which its TCP knows no
 * connection, and it would reset them. So each port has a listening socket, with a filter that takes
 * nothing: what is meant for it is dropped before the listener sees it, and nobody answers. Nor can
 * another program get the port.
 */
#ifndef DIRECTOR_HEALTH_VIP_PORTS_UV_H
#define DIRECTOR_HEALTH_VIP_PORTS_UV_H

#include "director/health/vip_filter.h"
#include "include/err.h"

struct vip_ports {
	int fds[VIP_PORTS];
	uint16_t numbers[VIP_PORTS];
};

/* 0, or a negative errno with the sentence; then nothing is open. */
int vip_ports_open(struct vip_ports *p, struct err *err);
void vip_ports_close(struct vip_ports *p);

#endif
