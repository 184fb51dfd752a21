/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything at a glance: from the parts of the running director to a struct status, whole or farm by farm.
 * All of it returns 0 or -ENOMEM; what is filled is cleared by the caller.
 */
#ifndef DIRECTOR_STATUS_UV_H
#define DIRECTOR_STATUS_UV_H

#include "include/status.h"

#include <stddef.h>
#include <stdint.h>

struct director;

/* What it tells of the election and of the other director, and the alarms. */
int director_status_pair(struct director *d, struct status *s);
/*
 * What can be told without asking the kernel: routers, peer, alarms, and of farms who and whether they
 * serve.
 */
int director_status_brief(struct director *d, struct status *ret);
/* Everything; the same with one farm alone; without any. */
int director_status(struct director *d, struct status *ret);
int director_status_of(struct director *d, const struct config_farm *farm, struct status *ret);
int director_status_head(struct director *d, struct status *ret);
/* One farm by its place in the configuration, into a zeroed one; its counters are what was read last. */
int director_status_farm(struct director *d, size_t index, struct status_farm *ret);
int director_status_farm_brief(struct director *d, size_t index, struct status_farm *ret);
/* The farms behind a head: as control_part_source. */
uint8_t *director_answer_part(void *owner, size_t *position, size_t *ret_len);

#endif
