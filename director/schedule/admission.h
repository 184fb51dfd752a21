/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New farms enter the plan a few at a time. A table of buckets takes a millisecond with a hundred
 * backends, and a configuration may bring a thousand farms: what else there is to do, adverts above
 * all, must not wait for all of them.
 *
 * Pure.
 */
#ifndef DIRECTOR_SCHEDULE_ADMISSION_H
#define DIRECTOR_SCHEDULE_ADMISSION_H

#include "director/ruleset/ruleset.h"
#include "include/config.h"

#include <stdbool.h>
#include <stddef.h>

struct admission {
	bool *farms; /* in the order of the configuration: it is part of the plan */
	size_t n, n_admitted;
};

/* Farms that old (or NULL) has and that were admitted are in at once. 0 or -ENOMEM, nothing changed. */
int admission_configure(struct admission *a, const struct config *old, const struct config *now);
void admission_clear(struct admission *a);
/* Farms that the kernel's table has already are in at once: they must not go before they come. */
void admission_adopt(struct admission *a, const struct config *c, const struct ruleset *have);
/* Admits the next ones: at least one, some 10 ms of planning together. */
void admission_go_on(struct admission *a, const struct config *c);
bool admission_is_complete(const struct admission *a);

#endif
