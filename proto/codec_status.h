/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status as the generated message, and back. Private to proto/. */
#ifndef PROTO_CODEC_STATUS_H
#define PROTO_CODEC_STATUS_H

#include "include/status.h"
#include "proto/control.pb-c.h"

struct packed_status;

/* The message of a status, which is borrowed: its strings stay there. NULL without memory. */
struct packed_status *packed_status_new(const struct status *s);
Control__Status *packed_status_message(struct packed_status *p);
/* Accepts NULL. */
void packed_status_free(struct packed_status *p);

/* Into a zeroed status, which the caller clears in every case. 0, -EBADMSG or -ENOMEM. */
int codec_take_status(struct status *s, const Control__Status *m);

#endif
