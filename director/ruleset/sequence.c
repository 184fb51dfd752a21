/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/sequence.h"

#include "director/ruleset/making.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sequence_begin(struct sequence *s, const struct ruleset *have, const struct ruleset *want)
{
	*s = (struct sequence){0};
	if (diff_init(&s->diff, have, want) < 0)
		return -ENOMEM;
	s->sets = calloc(want->n_sets + 1, sizeof(*s->sets));
	s->chains = calloc(want->n_chains + 1, sizeof(*s->chains));
	if (s->sets && s->chains)
		return 0;
	sequence_clear(s);
	return -ENOMEM;
}

void sequence_clear(struct sequence *s)
{
	diff_clear(&s->diff);
	free(s->sets);
	free(s->chains);
	*s = (struct sequence){.stage = SEQUENCE_DONE};
}

static struct making making_of(struct sequence *s, size_t most, struct nft_batch *b,
			       struct ruleset_change *change)
{
	return (struct making){.s = s,
			       .have = s->diff.have,
			       .want = s->diff.want,
			       .b = b,
			       .change = change,
			       .left = most};
}

static bool is_new(const struct making *m, size_t chain, bool base)
{
	return m->s->diff.chains[chain].fate == DIFF_ADD &&
	       (m->want->chains[chain].device[0] != '\0') == base;
}

static bool is_rewritten(const struct making *m, size_t chain, bool base)
{
	return m->s->diff.chains[chain].fate == DIFF_CHANGE &&
	       m->s->chains[chain] == SEQUENCE_UNTOUCHED &&
	       (m->want->chains[chain].device[0] != '\0') == base;
}

static bool is_changed(const struct making *m, size_t set)
{
	return m->s->diff.sets[set].fate == DIFF_CHANGE && m->s->sets[set] == SEQUENCE_UNTOUCHED;
}

/* --- stages: each goes on at s->at and is true when it has come to its end -------------------- */

static bool rules_change(const struct making *m, const char *farm)
{
	for (size_t i = 0; i < m->want->n_chains; i++)
		if (m->s->diff.chains[i].fate != DIFF_KEEP &&
		    strcmp(m->want->chains[i].farm, farm) == 0)
			return true;
	return false;
}

static bool do_urgent(struct making *m)
{
	size_t *at = &m->s->at;

	while (m->left && *at < m->want->n_sets) {
		const struct ruleset_set *set = &m->want->sets[*at];

		if (!m->s->amid &&
		    (!is_changed(m, *at) || !set->farm[0] || rules_change(m, set->farm)))
			(*at)++;
		else if (!making_change_farm(m, at))
			return false;
	}
	return *at == m->want->n_sets;
}

static bool do_sets(struct making *m)
{
	size_t *at = &m->s->at;

	for (; m->left && *at < m->want->n_sets; (*at)++) {
		if (m->s->diff.sets[*at].fate != DIFF_ADD)
			continue;
		making_declare_set(m, *at);
		if (!ruleset_kind_is_verdicts(m->want->sets[*at].kind) && !making_fill_set(m, *at))
			return false;
	}
	return *at == m->want->n_sets;
}

static bool do_chains(struct making *m)
{
	size_t *at = &m->s->at;

	for (; m->left && *at < m->want->n_chains; (*at)++)
		if (is_new(m, *at, false))
			making_declare_chain(m, *at);
	return *at == m->want->n_chains;
}

static bool do_rules(struct making *m)
{
	size_t *at = &m->s->at;

	for (; m->left && *at < m->want->n_chains; (*at)++)
		if (is_new(m, *at, false))
			making_put_rules(m, *at);
	return *at == m->want->n_chains;
}

/* The chains of a farm stand together, and farms are in the same order as their sets are. */
static void rewrite_chains_of(struct making *m, const char *farm)
{
	size_t n = m->want->n_chains, *near = &m->s->near;

	for (size_t i = 0; i < n && strcmp(m->want->chains[*near].farm, farm) != 0; i++)
		*near = (*near + 1) % n;
	for (; *near < n && strcmp(m->want->chains[*near].farm, farm) == 0; (*near)++)
		if (is_rewritten(m, *near, false))
			making_rewrite_chain(m, *near);
	*near = *near < n ? *near : 0;
}

static bool do_farms(struct making *m)
{
	size_t *at = &m->s->at, n = m->want->n_sets;

	while (m->left && *at < n) {
		const char *farm = m->want->sets[*at].farm;

		if (!farm[0])
			(*at)++;
		else if (making_change_farm(m, at))
			rewrite_chains_of(m, farm);
		else
			return false;
	}
	return *at == n;
}

/* s->at goes over the sets first, then over the chains. */
static bool do_shared(struct making *m)
{
	size_t *at = &m->s->at, n = m->want->n_sets;

	for (; m->left && *at < n; (*at)++) {
		if (is_changed(m, *at) && !making_change_elements(m, *at))
			return false;
		if (m->s->sets[*at] == SEQUENCE_DECLARED && !making_fill_set(m, *at))
			return false;
	}
	for (; m->left && *at < n + m->want->n_chains; (*at)++)
		if (is_rewritten(m, *at - n, false))
			making_rewrite_chain(m, *at - n);
	return *at == n + m->want->n_chains;
}

static bool do_entries(struct making *m)
{
	size_t *at = &m->s->at;

	for (; m->left && *at < m->want->n_chains; (*at)++) {
		if (is_rewritten(m, *at, true)) {
			making_rewrite_chain(m, *at);
		} else if (is_new(m, *at, true)) {
			making_declare_chain(m, *at);
			making_put_rules(m, *at);
		}
	}
	return *at == m->want->n_chains;
}

static bool drop_rules(struct making *m)
{
	size_t *at = &m->s->at;

	for (; m->left && *at < m->have->n_chains; (*at)++)
		if (m->s->diff.chain_goes[*at]) {
			nft_put_flush_chain(m->b, m->have->chains[*at].name);
			making_spend(m, 1);
		}
	return *at == m->have->n_chains;
}

static bool drop_sets(struct making *m)
{
	size_t *at = &m->s->at;

	m->s->gone_from = *at;
	for (; m->left && *at < m->have->n_sets; (*at)++) {
		const struct ruleset_set *set = &m->have->sets[*at];

		if (!m->s->diff.set_goes[*at])
			continue;
		nft_put_delete_set(m->b, set->name);
		/* Whoever commits this reads the counters before. */
		making_spend(m, ruleset_kind_counts(set->kind) ? ruleset_set_count(set) : 1);
	}
	m->s->gone_to = *at;
	return *at == m->have->n_sets;
}

static bool drop_chains(struct making *m)
{
	size_t *at = &m->s->at;

	for (; m->left && *at < m->have->n_chains; (*at)++)
		if (m->s->diff.chain_goes[*at]) {
			nft_put_delete_chain(m->b, m->have->chains[*at].name);
			making_spend(m, 1);
		}
	return *at == m->have->n_chains;
}

/* --- all at once ------------------------------------------------------------------------------ */

/* Counts what goes. True when anything does. */
static bool note_remains(struct making *m)
{
	const struct diff *d = &m->s->diff;

	for (size_t i = 0; i < d->have->n_sets; i++)
		if (d->set_goes[i]) {
			m->change->sets_deleted++;
			ruleset_change_name(m->change, "set", d->have->sets[i].name);
		}
	for (size_t i = 0; i < d->have->n_chains; i++)
		if (d->chain_goes[i]) {
			m->change->chains_deleted++;
			ruleset_change_name(m->change, "chain", d->have->chains[i].name);
		}
	return m->change->sets_deleted || m->change->chains_deleted;
}

static void put_table(struct making *m)
{
	if (m->have->exists || !m->want->exists || m->change->table_added)
		return;
	nft_put_table(m->b);
	m->change->table_added = true;
}

static void flush_all(struct making *m)
{
	for (size_t i = 0; i < m->have->n_chains; i++)
		if (m->s->diff.chain_goes[i])
			nft_put_flush_chain(m->b, m->have->chains[i].name);
	for (size_t i = 0; i < m->want->n_chains; i++)
		if (m->s->diff.chains[i].fate == DIFF_CHANGE)
			making_flush_chain(m, i);
}

static bool comes(const struct diff_object *object)
{
	return object->fate == DIFF_ADD || object->fate == DIFF_REMAKE;
}

static void change_all_elements(struct making *m, bool additions)
{
	for (size_t i = 0; i < m->want->n_sets; i++)
		if (m->s->diff.sets[i].fate == DIFF_CHANGE)
			making_change_half(m, i, additions);
}

/* In this order a name is there before it is used. */
static void put_what_comes(struct making *m)
{
	for (size_t i = 0; i < m->want->n_chains; i++)
		if (comes(&m->s->diff.chains[i]))
			making_declare_chain(m, i);
	for (size_t i = 0; i < m->want->n_sets; i++)
		if (comes(&m->s->diff.sets[i])) {
			making_declare_set(m, i);
			making_fill_set(m, i);
		}
	change_all_elements(m, true);
	for (size_t i = 0; i < m->want->n_chains; i++)
		if (m->s->diff.chains[i].fate != DIFF_KEEP)
			making_put_rules(m, i);
}

/* And in this order it is not used any more when it goes. */
static void put_whole(struct making *m)
{
	m->left = SIZE_MAX;
	put_table(m);
	note_remains(m);
	flush_all(m);
	change_all_elements(m, false);
	m->s->at = 0;
	drop_sets(m);
	m->s->at = 0;
	drop_chains(m);
	put_what_comes(m);
	m->s->stage = SEQUENCE_DONE;
}

/* --- one transaction after the other ---------------------------------------------------------- */

static bool do_stage(struct making *m)
{
	switch (m->s->stage) {
	case SEQUENCE_URGENT: return do_urgent(m);
	case SEQUENCE_SETS: return do_sets(m);
	case SEQUENCE_CHAINS: return do_chains(m);
	case SEQUENCE_RULES: return do_rules(m);
	case SEQUENCE_FARMS: return do_farms(m);
	case SEQUENCE_SHARED: return do_shared(m);
	case SEQUENCE_ENTRIES: return do_entries(m);
	case SEQUENCE_DROP_RULES: return drop_rules(m);
	case SEQUENCE_DROP_SETS: return drop_sets(m);
	case SEQUENCE_DROP_CHAINS: return drop_chains(m);
	case SEQUENCE_DONE: break;
	}
	abort();
}

void sequence_next(struct sequence *s, size_t most, struct nft_batch *b,
		   struct ruleset_change *change)
{
	struct making m = making_of(s, most, b, change);

	s->gone_from = s->gone_to = 0;
	if (s->stage == SEQUENCE_DONE || s->waits)
		return;
	if (s->diff.remakes) {
		put_whole(&m);
		return;
	}
	put_table(&m);
	while (m.left && do_stage(&m)) {
		s->stage++;
		s->at = 0;
		/* Of what leads to the new sets nothing is in the transaction that fills them. */
		if (m.fills && (s->stage == SEQUENCE_FARMS || s->stage == SEQUENCE_ENTRIES))
			break;
		if (s->stage == SEQUENCE_DROP_RULES) {
			s->waits = note_remains(&m);
			s->stage = s->waits ? SEQUENCE_DROP_RULES : SEQUENCE_DONE;
		}
		if (s->waits || s->stage == SEQUENCE_DONE)
			break;
	}
}

void sequence_all(struct sequence *s, struct nft_batch *b, struct ruleset_change *change)
{
	struct making m = making_of(s, SIZE_MAX, b, change);

	put_whole(&m);
}

bool sequence_waits(const struct sequence *s)
{
	return s->waits;
}

void sequence_resume(struct sequence *s)
{
	s->waits = false;
}

bool sequence_is_done(const struct sequence *s)
{
	return s->stage == SEQUENCE_DONE;
}

bool sequence_is_cut(const struct sequence *s)
{
	return s->amid || ((s->deleted || s->added) && s->diff.sets[s->at].fate == DIFF_CHANGE);
}

bool sequence_deletes(const struct sequence *s, size_t set)
{
	return s->diff.set_goes[set] && set >= s->gone_from && set < s->gone_to;
}

int ruleset_diff(const struct ruleset *have, const struct ruleset *want, struct nft_batch *b,
		 struct ruleset_change *ret)
{
	struct sequence s;

	*ret = (struct ruleset_change){0};
	if (sequence_begin(&s, have, want) < 0)
		return -ENOMEM;
	sequence_all(&s, b, ret);
	sequence_clear(&s);
	return b->failed ? -ENOMEM : 0;
}
