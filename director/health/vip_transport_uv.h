/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of type http and https through the path of the traffic: connections of vip_stream_uv.h for
 * probe_http_uv.h.
 */
#ifndef DIRECTOR_HEALTH_VIP_TRANSPORT_UV_H
#define DIRECTOR_HEALTH_VIP_TRANSPORT_UV_H

#include "director/health/probe_http_uv.h"

struct vip_transport;

/* 0, or a negative errno with the sentence. */
int vip_transport_new(uv_loop_t *loop, struct vip_transport **ret, struct err *err);
/* After the probers that use it. Asynchronous; accepts NULL. */
void vip_transport_close(struct vip_transport *t);
/* As the prober wants it; as long as the transport is there. */
const struct http_transport *vip_transport_http(const struct vip_transport *t);

#endif
