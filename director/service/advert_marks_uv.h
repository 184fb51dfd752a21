/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What authenticated adverts were believed last, of each virtual router, in a file of the runtime
 * directory: a daemon that was started anew refuses what the one before it has heard already.
 *
 *	adverts.seen		written through a mapping, never read or written as a file meanwhile
 *
 * A file of another version, boot or size counts as none: what was recorded before the last boot is
 * older than any window (ha/vrrp_auth.h).
 *
 * Shell: owns the file and its mapping. The election thread writes into it through the pointers
 * that are given out, each router into its own part.
 */
#ifndef DIRECTOR_SERVICE_ADVERT_MARKS_UV_H
#define DIRECTOR_SERVICE_ADVERT_MARKS_UV_H

#include "ha/vrrp_auth.h"
#include "include/err.h"

struct advert_marks;

/* 0, or a negative errno with the sentence. */
int advert_marks_open(const char *runtime_dir, struct advert_marks **ret, struct err *err);
/*
 * The part of one virtual router, found again or made; good until advert_marks_close(). NULL when all
 * are in use, which takes more routers than a configuration can have.
 */
struct vrrp_auth_seen *advert_marks_of(struct advert_marks *m, const char *interface,
				       uint8_t virtual_router_id, uint8_t family);
/* Leaves the file where it is; accepts NULL. */
void advert_marks_close(struct advert_marks *m);
/* Of a daemon that is gone. 0 or negative errno; none to remove is no error. */
int advert_marks_remove(const char *runtime_dir);

#endif
