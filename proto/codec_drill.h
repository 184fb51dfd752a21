/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drill of a reply <-> what protoc-c generates. Private to codec.c.
 *
 * Pure.
 */
#ifndef PROTO_CODEC_DRILL_H
#define PROTO_CODEC_DRILL_H

#include "proto/codec.h"
#include "proto/control.pb-c.h"

enum { CONTROL_MOMENT_OCTETS = 1 + 1 + 8 };

struct packed_drill {
	Control__Drill message;
	Control__About about;
	Control__Seen from_seen, to_seen;
	uint8_t moments[CONTROL_MOMENT_OCTETS * CONTROL_MOMENTS];
};

/* The message borrows the strings of from while it is packed; ret must stay where it is. */
Control__Drill *codec_put_control_drill(const struct control_drill *from, struct packed_drill *ret);
/* 0 or -EBADMSG; *ret untouched then. */
int codec_take_control_drill(const Control__Drill *m, struct control_drill *ret);

/* Those of the past, into message; NULL without memory. Free it when the message is packed; accepts NULL. */
struct packed_drills;
struct packed_drills *packed_drills_new(const struct control_reply *reply, Control__Reply *message);
void packed_drills_free(struct packed_drills *p);
/* 0, -EBADMSG or -ENOMEM; what is in reply then is to be cleared with it. */
int codec_take_drills(struct control_reply *reply, const Control__Reply *message);

#endif
