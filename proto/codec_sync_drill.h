/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message about a drill: a part of codec_sync.h, and of nobody else. */
#ifndef PROTO_CODEC_SYNC_DRILL_H
#define PROTO_CODEC_SYNC_DRILL_H

#include "include/sync.h"
#include "proto/codec_sync.h"
#include "proto/sync.pb-c.h"

enum { SYNC_MOMENT_OCTETS = 1 + 8 };

/* Of a message that keeps the rules; bytes is borrowed by what it returns. */
void codec_put_drill(const struct sync_drill *from,
		     uint8_t bytes[static SYNC_MOMENT_OCTETS * SYNC_MOMENTS_MAX], Sync__Drill *ret);
/* Whether the values keep the rules is judged later. */
enum sync_reject codec_take_drill(const Sync__Drill *m, struct sync_drill *ret);

#endif
