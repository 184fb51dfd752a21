/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this node tells of frames and flows in a drill: when it counts what it forwards (drill_tap_uv.h), from
 * the beginning to when its record is complete, and when it looks at that.
 *
 * A kernel that lets nobody count stops no drill: the report says so.
 */
#ifndef DIRECTOR_DRILL_FRAMES_UV_H
#define DIRECTOR_DRILL_FRAMES_UV_H

#include "director/drill/drill.h"

struct director;
struct rehearsal;

/* Before a step of the drill; after it, before anything is done; as this node lets go; for the report. */
void director_frames_see(struct director *d, const struct drill_event *ev);
void director_frames_follow(struct director *d);
void director_frames_let_go(struct director *d);
void director_frames_show(const struct rehearsal *r, struct control_drill *ret);
/* True: it is master since then, and its first frame may come yet. */
bool director_frames_wait(struct director *d, uint64_t master_us);

#endif
