/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/audit/journal.h"

#include "include/name.h"

#include <stdlib.h>
#include <string.h>

bool journal_is_asked(enum journal_cause c)
{
	switch (c) {
	case JOURNAL_STEP:
	case JOURNAL_NETWORK:
	case JOURNAL_CHECKS:
	case JOURNAL_PEER:
	case JOURNAL_ELECTION:
	case JOURNAL_REPAIR: return false;
	case JOURNAL_DEADLINE:
	case JOURNAL_START:
	case JOURNAL_RELOAD:
	case JOURNAL_COMMAND: return true;
	case JOURNAL_CAUSES: break;
	}
	abort();
}

static uint32_t sum(size_t a, size_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : (uint32_t)(a + b);
}

void journal_take_change(struct journal_entry *e, const struct ruleset_change *c)
{
	e->added = sum(c->chains_added, c->sets_added);
	e->removed = sum(c->chains_deleted, c->sets_deleted);
	e->rewritten = sum(c->chains_rewritten, 0);
	e->elements_added = sum(c->elements_added, 0);
	e->elements_removed = sum(c->elements_deleted, 0);
	snprintf(e->objects, sizeof(e->objects), "%s", c->names);
}

bool journal_grow(struct journal *j, const struct ruleset_change *more)
{
	for (size_t i = j->n; i-- > 0;) {
		struct journal_entry *e = &j->entries[i];

		if (e->outcome != JOURNAL_APPLIED || !e->steps)
			continue;
		e->removed = sum(e->removed, more->chains_deleted + more->sets_deleted);
		return true;
	}
	return false;
}

static void drop(struct journal *j, size_t at)
{
	memmove(&j->entries[at], &j->entries[at + 1], (--j->n - at) * sizeof(*j->entries));
}

/* The oldest of those that have more than their half: there is always one. */
static void make_room(struct journal *j)
{
	size_t unasked = 0, at = 0;

	for (size_t i = 0; i < j->n; i++)
		unasked += !journal_is_asked(j->entries[i].cause);
	while (journal_is_asked(j->entries[at].cause) != (unasked < JOURNAL_UNASKED_MOST))
		at++;
	drop(j, at);
}

static bool is_next_step(const struct journal_entry *last, const struct journal_entry *e)
{
	return last->cause == JOURNAL_STEP && e->cause == JOURNAL_STEP &&
	       last->outcome == JOURNAL_APPLIED && e->outcome == JOURNAL_APPLIED &&
	       strcmp(last->digest, e->digest) == 0;
}

/* What was added in one step and removed in the next counts as both. */
static void take_step(struct journal_entry *last, const struct journal_entry *e)
{
	last->at_ms = e->at_ms;
	last->generation = e->generation;
	last->steps = sum(last->steps, e->steps);
	last->added = sum(last->added, e->added);
	last->removed = sum(last->removed, e->removed);
	last->rewritten = sum(last->rewritten, e->rewritten);
	last->elements_added = sum(last->elements_added, e->elements_added);
	last->elements_removed = sum(last->elements_removed, e->elements_removed);
	memcpy(last->objects, e->objects, sizeof(last->objects));
	text_make_printable(last->objects, "");
}

void journal_add(struct journal *j, const struct journal_entry *entry)
{
	struct journal_entry *e;

	if (j->n && is_next_step(&j->entries[j->n - 1], entry)) {
		take_step(&j->entries[j->n - 1], entry);
		return;
	}
	if (j->n == JOURNAL_MOST)
		make_room(j);
	e = &j->entries[j->n++];
	*e = *entry;
	e->number = ++j->last;
	text_make_printable(e->order, "");
	text_make_printable(e->objects, "");
	text_make_printable(e->reason, "");
}
