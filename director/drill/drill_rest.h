/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left of a drill when the daemon is killed in it: written down before, read by the daemon that
 * comes after, which ends the drill. Moments are by CLOCK_MONOTONIC, which a process outlives, and no
 * boot: who keeps it says of which one it is.
 *
 *     octets  what
 *     8       "drill 1\n"
 *     1       the operator asked here: 0 or 1
 *     4       the limit, milliseconds
 *     4       the clocks are known to so much, microseconds
 *     8       when it began; 8 when the node let go; 8 how far the other one's clock is ahead, signed
 *     8       connections lost; 8 those that it knew; 8 the synchronisation lag (struct sync_tally)
 *     n       a reply of the control socket with the drill as it is shown: what it is about
 *
 * Pure.
 */
#ifndef DIRECTOR_DRILL_DRILL_REST_H
#define DIRECTOR_DRILL_DRILL_REST_H

#include "director/drill/drill.h"

enum { DRILL_REST_MAX = 4096 };

/* It runs here and this node lets go now. Allocated; NULL without memory. */
uint8_t *drill_rest_pack(const struct drill *d, const struct control_drill *shown,
			 uint64_t let_go_us, uint64_t lost, size_t *ret_len);
/*
 * RUNNING, with its first moment; the budget is that of the configuration now. 0; -EBADMSG; -ESTALE:
 * nobody waits for it any more; -ENOMEM. *ret and *ret_shown are set with 0 alone.
 */
int drill_rest_take(const uint8_t *bytes, size_t len, const struct drill_budget *budget,
		    uint64_t now_us, struct drill *ret, struct control_drill *ret_shown);

#endif
