/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/making.h"

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
	while (most > 0 && (*deleted < e->n_deleted || *added < e->n_added)) {
		int order = *deleted == e->n_deleted ? 1
			    : *added == e->n_added
				    ? -1
				    : ruleset_element_compare(kind, &e->deleted[*deleted],
							      &e->added[*added]);

		*deleted += order <= 0;
		*added += order >= 0;
		most--;
	}
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
