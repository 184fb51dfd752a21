/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket on which metrics are served. */
#ifndef DIRECTOR_MONITOR_METRICS_LISTEN_UV_H
#define DIRECTOR_MONITOR_METRICS_LISTEN_UV_H

/* address: "192.0.2.1:9405" or "[2001:db8::1]:9405". A listening socket, or negative errno. */
int metrics_listen(const char *address);

#endif
