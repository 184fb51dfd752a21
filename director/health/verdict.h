/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is believed of a backend after one check was tried again and again: a change for the worse after
 * `fall` worse outcomes in a row, one for the better after `rise` better ones. While outcomes contradict
 * what is believed the next attempt comes sooner (fast-interval).
 *
 *     believed  outcome worse x fall  ->  the class of the last of them
 *     believed  outcome better x rise ->  the class of the last of them
 *     presumed  outcome no worse      ->  its class: nothing was known before
 *     presumed  outcome worse x fall  ->  the class of the last of them, tried in quick succession
 *     any       undecided             ->  nothing: the fault was this machine's; what another machine
 *                                         finds may be adopted until the next one that decides
 *
 * Pure; the time is an argument.
 */
#ifndef DIRECTOR_HEALTH_VERDICT_H
#define DIRECTOR_HEALTH_VERDICT_H

#include "director/health/outcome.h"

#include <stdbool.h>

enum {
	VERDICT_QUICK_MS = 100
}; /* between attempts at one that is presumed to be better than it shows */

struct verdict_rules {
	uint32_t interval_ms, fast_interval_ms;
	uint8_t rise, fall;
};

struct verdict {
	enum outcome_class class; /* never OUTCOME_UNDECIDED */
	bool presumed;		  /* no attempt has decided anything yet */
	uint8_t worse, better;	  /* outcomes in a row that contradict the class */
	struct outcome last;	  /* code of no meaning while tried_ms is 0 */
	struct outcome cause;	  /* which led to the class; of no meaning while presumed */
	uint64_t tried_ms;	  /* of the last one; 0: none has ended */
	uint64_t since_ms;	  /* of this class */
	bool adopted; /* another machine sees the class, this one cannot look; the cause says so */
};

struct verdict_update {
	bool changed;	  /* the class is another one, or is not presumed any more */
	uint32_t wait_ms; /* between the begin of this attempt and of the next one */
};

/* Believed without having tried. */
void verdict_presume(struct verdict *v, enum outcome_class class, uint64_t now_ms);
/*
 * After an attempt that decided nothing: what another machine finds counts, and who is in words. True: the
 * class is another one, or is not presumed any more.
 */
bool verdict_adopt(struct verdict *v, enum outcome_class class, const char *who, uint64_t now_ms);
struct verdict_update verdict_step(struct verdict *v, const struct verdict_rules *rules,
				   const struct outcome *o, uint64_t now_ms);

#endif
