/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message about a drill: a part of codec_sync.h, and of nobody else. */
#ifndef PROTO_CODEC_SYNC_DRILL_H
#define PROTO_CODEC_SYNC_DRILL_H

#include "include/sync.h"
#include "proto/codec_sync.h"
#include "proto/sync.pb-c.h"

enum { SYNC_MOMENT_OCTETS = 1 + 8, SYNC_SPAN_OCTETS = 1 + 8 + 8, SYNC_TALLY_OCTETS = 1 + 5 * 8 };

/* What the message borrows while it is packed. */
struct codec_drill_octets {
	uint8_t moments[SYNC_MOMENT_OCTETS * SYNC_MOMENTS_MAX];
	uint8_t spans[SYNC_SPAN_OCTETS * SYNC_SPANS_MAX];
	uint8_t probe[16 + 2];
	uint8_t tally[SYNC_TALLY_OCTETS];
};

/* Of a message that keeps the rules. */
void codec_put_drill(const struct sync_drill *from, struct codec_drill_octets *octets,
		     Sync__Drill *ret);
/* Whether the values keep the rules is judged later. */
enum sync_reject codec_take_drill(const Sync__Drill *m, struct sync_drill *ret);

#endif
