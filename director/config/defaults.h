/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from other keys when it is not given. */
#ifndef DIRECTOR_CONFIG_DEFAULTS_H
#define DIRECTOR_CONFIG_DEFAULTS_H

#include "include/config.h"

/* Where a metrics section that does not say so listens. */
#define CONFIG_METRICS_LISTEN "127.0.0.1:9405"

/* Seeds, interfaces of farms, intervals of checks, checks (in the pool) of farms that name none. 0 or -ENOMEM. */
int config_set_derived(struct config *c, struct pool *pool);
/* Brings ports into order. Fields move: not before the last question about their place. */
void config_sort(struct config *c);

#endif
