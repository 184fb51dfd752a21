/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/making.h"

#include <string.h>

void making_spend(struct making *m, size_t n)
{
	m->left -= n < m->left ? n : m->left;
}

/* --- elements --------------------------------------------------------------------------------- */

/*
 * How many of the deletions and additions from (*deleted, *added) on make about `most`, so that a
 * key that is in both lists is in one transaction.
 */
static void cut(const struct element_diff *e, enum ruleset_set_kind kind, size_t most,
		size_t *deleted, size_t *added)
{
	struct ruleset_pairs p = {.kind = kind,
				  .have = e->deleted,
				  .want = e->added,
				  .n_have = e->n_deleted,
				  .n_want = e->n_added,
				  .at_have = *deleted,
				  .at_want = *added};
	const struct ruleset_element *old, *new;

	while (most > 0 && ruleset_pairs_next(&p, &old, &new))
		most--;
	*deleted = p.at_have;
	*added = p.at_want;
}

static void put_changes(struct making *m, size_t i, const struct ruleset_element *deleted,
			size_t n_deleted, const struct ruleset_element *added, size_t n_added)
{
	const struct ruleset_set *set = &m->want->sets[i];

	nft_put_delete_elements(m->b, set, deleted, n_deleted);
	nft_put_elements(m->b, m->want, set, added, n_added);
	making_spend(m, n_deleted + n_added);
	m->change->elements_deleted += n_deleted;
	m->change->elements_added += n_added;
	if (ruleset_kind_counts(set->kind))
		m->change->counters_deleted += n_deleted;
	ruleset_change_name(m->change, "set", set->name);
}

/* Ranges are not cut: a new one may overlap an old one that has another key. */
bool making_change_elements(struct making *m, size_t i)
{
	struct sequence *s = m->s;
	enum ruleset_set_kind kind = m->want->sets[i].kind;
	size_t deleted = s->deleted, added = s->added;
	struct element_diff e;
	bool complete;

	if (element_diff_init(&e, &s->diff, i) < 0) {
		element_diff_clear(&e);
		m->b->failed = true;
		return true;
	}
	cut(&e, kind, ruleset_kind_is_ranges(kind) ? SIZE_MAX : m->left, &deleted, &added);
	put_changes(m, i, &e.deleted[s->deleted], deleted - s->deleted, &e.added[s->added],
		    added - s->added);
	complete = deleted == e.n_deleted && added == e.n_added;
	s->deleted = complete ? 0 : deleted;
	s->added = complete ? 0 : added;
	if (complete)
		s->sets[i] = SEQUENCE_COMPLETE;
	element_diff_clear(&e);
	return complete;
}

/* Whose elements others lead to: the ids in slots, flows and pins, and destination MACs. */
static bool is_led_to(enum ruleset_set_kind kind)
{
	return kind == SET_BACKENDS || kind == SET_OUTPUTS;
}

/* Leaves what belongs to that part: new keys, changed data, or old keys. */
static void keep_part(struct element_diff *e, enum ruleset_set_kind kind, enum sequence_part part)
{
	size_t d = 0, a = 0, deleted = 0, added = 0;

	while (d < e->n_deleted || a < e->n_added) {
		size_t old = d, new = a;

		cut(e, kind, 1, &d, &a);
		if (part != (d == old	? SEQUENCE_NEW_KEYS
			     : a == new ? SEQUENCE_OLD_KEYS
					: SEQUENCE_CHANGES))
			continue;
		if (d > old)
			e->deleted[deleted++] = e->deleted[old];
		if (a > new)
			e->added[added++] = e->added[new];
	}
	e->n_deleted = deleted;
	e->n_added = added;
}

static void change_part(struct making *m, size_t i, enum sequence_part part)
{
	enum ruleset_set_kind kind = m->want->sets[i].kind;
	struct element_diff e;

	if (element_diff_init(&e, &m->s->diff, i) < 0) {
		m->b->failed = true;
	} else {
		keep_part(&e, kind, part);
		if (e.n_deleted || e.n_added)
			put_changes(m, i, e.deleted, e.n_deleted, e.added, e.n_added);
	}
	element_diff_clear(&e);
}

static bool change_set_of_farm(struct making *m, size_t i)
{
	struct sequence *s = m->s;
	bool led_to = is_led_to(m->want->sets[i].kind);

	if (s->diff.sets[i].fate != DIFF_CHANGE || s->sets[i] != SEQUENCE_UNTOUCHED)
		return true;
	s->amid |= led_to || s->part == SEQUENCE_CHANGES;
	if (!led_to)
		return s->part != SEQUENCE_CHANGES || making_change_elements(m, i);
	change_part(m, i, s->part);
	if (s->part == SEQUENCE_OLD_KEYS)
		s->sets[i] = SEQUENCE_COMPLETE;
	return true;
}

bool making_change_farm(struct making *m, size_t *at)
{
	struct sequence *s = m->s;
	const struct ruleset_set *sets = m->want->sets;
	const char *farm = sets[*at].farm;
	size_t first = *at, end = *at;

	while (first > 0 && strcmp(sets[first - 1].farm, farm) == 0)
		first--;
	while (end < m->want->n_sets && strcmp(sets[end].farm, farm) == 0)
		end++;
	for (; s->part < SEQUENCE_PARTS; s->part++, *at = first)
		for (; *at < end; (*at)++)
			if (!m->left || !change_set_of_farm(m, *at))
				return false;
	s->part = SEQUENCE_NEW_KEYS;
	s->amid = false;
	*at = end;
	return true;
}

void making_change_half(struct making *m, size_t i, bool additions)
{
	struct element_diff e;

	if (element_diff_init(&e, &m->s->diff, i) < 0)
		m->b->failed = true;
	else
		put_changes(m, i, e.deleted, additions ? 0 : e.n_deleted, e.added,
			    additions ? e.n_added : 0);
	element_diff_clear(&e);
}

bool making_fill_set(struct making *m, size_t i)
{
	struct sequence *s = m->s;
	const struct ruleset_set *set = &m->want->sets[i];

	size_t put = nft_put_elements_from(m->b, m->want, set, &s->added, m->left);

	m->fills |= put > 0;
	making_spend(m, put);
	if (s->added < (set->owners ? set->size : set->n_elements))
		return false;
	s->added = 0;
	s->sets[i] = SEQUENCE_COMPLETE;
	return true;
}

/* --- objects ---------------------------------------------------------------------------------- */

void making_declare_set(struct making *m, size_t i)
{
	const struct ruleset_set *set = &m->want->sets[i];

	if (m->s->sets[i] != SEQUENCE_UNTOUCHED)
		return;
	nft_put_set(m->b, set);
	m->change->sets_added++;
	ruleset_change_name(m->change, "set", set->name);
	m->s->sets[i] = SEQUENCE_DECLARED;
	making_spend(m, 1);
}

void making_declare_chain(struct making *m, size_t i)
{
	const struct ruleset_chain *chain = &m->want->chains[i];

	nft_put_chain(m->b, chain);
	m->change->chains_added++;
	ruleset_change_name(m->change, "chain", chain->name);
	m->s->chains[i] = SEQUENCE_DECLARED;
	making_spend(m, 1);
}

void making_put_rules(struct making *m, size_t i)
{
	const struct ruleset_chain *chain = &m->want->chains[i];

	for (size_t k = 0; k < chain->n_rules; k++)
		nft_put_rule(m->b, m->want, chain, &chain->rules[k]);
	m->s->chains[i] = SEQUENCE_COMPLETE;
	making_spend(m, chain->n_rules);
}

void making_flush_chain(struct making *m, size_t i)
{
	nft_put_flush_chain(m->b, m->want->chains[i].name);
	m->change->chains_rewritten++;
	ruleset_change_name(m->change, "chain", m->want->chains[i].name);
}

void making_rewrite_chain(struct making *m, size_t i)
{
	making_flush_chain(m, i);
	making_put_rules(m, i);
}
