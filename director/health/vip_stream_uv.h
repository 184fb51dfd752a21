/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection through the path of the traffic (vip_path_uv.h) as a descriptor: one end of a pair of
 * stream sockets, for a library that wants to read and write a connection of its own.
 *
 * Octets flow in both directions, as fast as the slower side takes them. The backend's end of its
 * stream is read as the end of the file; and so is a connection that failed: why, the outcome says.
 * What is written before the handshake is over waits for it.
 */
#ifndef DIRECTOR_HEALTH_VIP_STREAM_UV_H
#define DIRECTOR_HEALTH_VIP_STREAM_UV_H

#include "director/health/vip_path_uv.h"

enum { VIP_STREAM_ROOM = 32768 }; /* octets from the backend that wait for the reader */

struct vip_stream;

/*
 * *ret_fd is the caller's, non-blocking, and as good as connected. 0, or a negative errno (no memory,
 * no descriptors).
 */
int vip_stream_start(struct vip_path *path, const struct vip_ask *ask, struct vip_stream **ret,
		     int *ret_fd);
/*
 * How far it came, or what it ended with: OUTCOME_SILENT before there is any answer, OUTCOME_GOOD from
 * the handshake on and after a proper end, OUTCOME_CLOSED after a reset, else why it failed.
 */
void vip_stream_outcome(const struct vip_stream *s, struct outcome *ret);
/*
 * The caller is done with it; *ret_fd is closed by whoever has it, before or after. What was read from
 * it still goes out, and the connection ends properly, in the background. Asynchronous; accepts NULL.
 */
void vip_stream_end(struct vip_stream *s);

#endif
