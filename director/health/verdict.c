/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/verdict.h"

#include <string.h>

void verdict_presume(struct verdict *v, enum outcome_class class, uint64_t now_ms)
{
	*v = (struct verdict){.class = class, .presumed = true, .since_ms = now_ms};
}

/* In a row: an outcome of the other direction, or one that agrees, begins the count anew. */
static void count(struct verdict *v, enum outcome_class class)
{
	if (class > v->class) {
		v->better = 0;
		v->worse++; /* never beyond fall */
	} else if (class < v->class) {
		v->worse = 0;
		v->better++;
	} else {
		v->worse = v->better = 0;
	}
}

struct verdict_update verdict_step(struct verdict *v, const struct verdict_rules *rules,
				   const struct outcome *o, uint64_t now_ms)
{
	struct verdict_update update = {.wait_ms = rules->interval_ms};
	enum outcome_class class = outcome_class(o->code);
	bool was_presumed = v->presumed;

	v->last = *o;
	v->tried_ms = now_ms;
	if (class == OUTCOME_UNDECIDED)
		return update;
	v->adopted = false;
	count(v, class);
	if ((was_presumed && !v->worse) || v->worse >= rules->fall || v->better >= rules->rise) {
		update.changed = was_presumed || class != v->class;
		if (class != v->class)
			v->since_ms = now_ms;
		v->class = class;
		v->presumed = false;
		v->cause = *o;
		v->worse = v->better = 0;
	} else if (was_presumed) {
		update.wait_ms = VERDICT_QUICK_MS;
	} else if (v->worse || v->better) {
		update.wait_ms = rules->fast_interval_ms;
	}
	return update;
}

bool verdict_adopt(struct verdict *v, enum outcome_class class, const char *who, uint64_t now_ms)
{
	bool changed = v->presumed || class != v->class;
	char why[OUTCOME_DETAIL];

	memcpy(why, v->last.detail, sizeof(why));
	if (class != v->class)
		v->since_ms = now_ms;
	v->class = class;
	v->presumed = false;
	v->adopted = true;
	v->worse = v->better = 0;
	v->cause = v->last;
	outcome_set(&v->cause, v->last.code, "%.*s; %s", OUTCOME_DETAIL / 2, why, who);
	return changed;
}
