/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the ruleset is planned anew, until what comes of it is in the journal.
 *
 * Shell.
 */
#include "director/director.h"

#include <string.h>

void director_cause(struct director *d, enum journal_cause cause)
{
	if (cause > d->asked.cause)
		d->asked.cause = cause;
}

static struct journal_entry make(const struct director *d, const struct asked *a,
				 enum journal_outcome outcome, const char *reason)
{
	struct journal_entry e = {.cause = a->cause,
				  .outcome = outcome,
				  .has_asker = a->who.known,
				  .uid = a->who.uid,
				  .pid = a->who.pid,
				  .generation = keeper_generation(d->keeper),
				  .steps = outcome == JOURNAL_APPLIED};

	memcpy(e.digest, d->digest, sizeof(e.digest));
	memcpy(e.order, a->order, sizeof(e.order));
	snprintf(e.reason, sizeof(e.reason), "%s", reason);
	return e;
}

void director_ask(struct director *d, enum journal_cause cause, const struct control_asker *who,
		  const char *order)
{
	struct asked asked = {.cause = cause, .open = true, .who = *who};

	snprintf(asked.order, sizeof(asked.order), "%s", order);
	if (d->ready)
		d->asked = asked;
	else /* It is part of the first ruleset, which the start is to be told of. */
		director_journal_said(d, cause, who, order);
}

void director_journal_applied(struct director *d)
{
	struct journal_entry e = make(d, &d->asked, JOURNAL_APPLIED, "");

	if (keeper_is_busy(d->keeper))
		return;
	/* Who asked is told that nothing had to be changed, too. */
	if (journal_store_look(d->journal, keeper_change_number(d->keeper),
			       keeper_change(d->keeper), &e) ||
	    d->asked.open)
		journal_store_add(d->journal, &e);
	d->asked = (struct asked){0};
}

void director_journal_repaired(struct director *d, const char *who)
{
	const struct asked repair = {.cause = JOURNAL_REPAIR};
	struct journal_entry e = make(d, &repair, JOURNAL_APPLIED, who);

	if (keeper_is_busy(d->keeper)) /* the rest comes later */
		director_cause(d, JOURNAL_REPAIR);
	else if (journal_store_look(d->journal, keeper_change_number(d->keeper),
				    keeper_change(d->keeper), &e))
		journal_store_add(d->journal, &e);
}

void director_journal_refused(struct director *d, enum journal_cause cause,
			      const struct control_asker *who, const char *order,
			      const char *reason)
{
	struct asked asked = {.cause = cause, .who = *who};
	struct journal_entry e;

	snprintf(asked.order, sizeof(asked.order), "%s", order);
	e = make(d, &asked, JOURNAL_REFUSED, reason);
	journal_store_add(d->journal, &e);
}

void director_journal_said(struct director *d, enum journal_cause cause,
			   const struct control_asker *who, const char *order)
{
	struct asked asked = {.cause = cause, .who = *who};
	struct journal_entry e;

	snprintf(asked.order, sizeof(asked.order), "%s", order);
	e = make(d, &asked, JOURNAL_APPLIED, "");
	e.steps = 0;
	journal_store_add(d->journal, &e);
}

/* Why it is tried again stays known, for when it works. */
void director_journal_failed(struct director *d, const char *reason)
{
	struct journal_entry e = make(d, &d->asked, JOURNAL_FAILED, reason);

	if (!d->asked.open && (d->failing || d->asked.cause == JOURNAL_STEP))
		return;
	d->asked.open = false;
	journal_store_add(d->journal, &e);
}

int director_admin_changed(struct director *d, struct err *err)
{
	int code = 0;

	if (d->stopping)
		return 0;
	if (director_set_targets(d) < 0)
		log_error("no memory for the list of backends; the old list stays");
	telling_order(&d->telling);
	health_look_again(d->health);
	if (d->ready)
		code = director_apply(d, err);
	if (code < 0)
		director_say_failure(d, err);
	return code;
}
