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

/* The message borrows the strings of from, and bytes, while it is packed. */
void codec_put_control_drill(const struct control_drill *from,
			     uint8_t bytes[static CONTROL_MOMENT_OCTETS * CONTROL_MOMENTS],
			     Control__Drill *ret);
/* 0 or -EBADMSG; *ret untouched then. */
int codec_take_control_drill(const Control__Drill *m, struct control_drill *ret);

#endif
