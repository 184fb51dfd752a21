/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the middle of a sequence the kernel holds some of the old ruleset and some of the new one. What
 * of the new one is there already moves over into the old one, which then is what the kernel holds.
 */
#include "director/ruleset/sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Elements of a verdict map name chains by their index in `from`: it becomes that in `to`. 0 or
 * -ENOMEM.
 */
static int rename_targets(struct ruleset_set *set, const struct ruleset *from,
			  const struct ruleset *to)
{
	if (!ruleset_kind_is_verdicts(set->kind))
		return 0;
	if (ruleset_set_own(set) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_elements; i++) {
		struct ruleset_element *e = &set->elements[i];
		int at =
			e->chain < from->n_chains
				? ruleset_find_chain_near(to, from->chains[e->chain].name, e->chain)
				: -1;

		e->chain = at < 0 ? UINT32_MAX : (uint32_t)at;
	}
	return 0;
}

/* Without its rules when the kernel has none of them yet, or no more. The name stays behind. */
static struct ruleset_chain take_chain(struct ruleset_chain *chain, bool with_rules)
{
	struct ruleset_chain taken = *chain;
	struct ruleset_chain *without = with_rules ? chain : &taken;

	without->rules = NULL;
	without->n_rules = 0;
	return taken;
}

static struct ruleset_set take_set(struct ruleset_set *set)
{
	struct ruleset_set taken = *set;

	*set = (struct ruleset_set){0};
	return taken;
}

/* Only the first n elements (or buckets) are in the kernel. */
static int cut_set(struct ruleset_set *set, size_t n)
{
	if (ruleset_set_own(set) < 0)
		return -ENOMEM;
	for (size_t i = n; set->owners && i < set->size; i++)
		set->owners[i] = RULESET_NO_OWNER;
	if (!set->owners && set->n_elements > n)
		set->n_elements = n;
	return 0;
}

/* Everything wanted is there, and what remains of the old besides. */
static int keep_remains(const struct sequence *s, struct ruleset *have, struct ruleset *want)
{
	struct ruleset old = *have;
	bool chains_go = s->stage == SEQUENCE_DROP_CHAINS, sets_go = s->stage == SEQUENCE_DROP_SETS;
	int err = 0;
	size_t flushed = s->stage == SEQUENCE_DROP_RULES ? s->at : old.n_chains;

	*have = *want;
	ruleset_init(want);
	for (size_t i = chains_go ? s->at : 0; i < old.n_chains; i++)
		if (s->diff.chain_goes[i])
			ruleset_join_chain(have, take_chain(&old.chains[i], i >= flushed));
	for (size_t i = chains_go ? old.n_sets : sets_go ? s->at : 0; i < old.n_sets; i++)
		if (s->diff.set_goes[i]) {
			err |= rename_targets(&old.sets[i], &old, have);
			ruleset_join_set(have, take_set(&old.sets[i]));
		}
	ruleset_clear(&old);
	return err ? -ENOMEM : 0;
}

static void overlay_chains(const struct sequence *s, struct ruleset *have, struct ruleset *want)
{
	for (size_t i = 0; i < want->n_chains; i++) {
		bool complete = s->chains[i] == SEQUENCE_COMPLETE;
		int at = s->diff.chains[i].at;
		struct ruleset_chain old;

		if (s->chains[i] == SEQUENCE_UNTOUCHED)
			continue;
		if (at < 0) {
			ruleset_join_chain(have, take_chain(&want->chains[i], complete));
			continue;
		}
		old = have->chains[at];
		have->chains[at] = want->chains[i];
		want->chains[i].rules = old.rules; /* to be cleared with the rest */
		want->chains[i].n_rules = old.n_rules;
	}
}

static int overlay_sets(const struct sequence *s, struct ruleset *have, struct ruleset *want)
{
	int err = 0;

	for (size_t i = 0; i < want->n_sets; i++) {
		struct ruleset_set *set = &want->sets[i], old;

		if (s->sets[i] == SEQUENCE_UNTOUCHED)
			continue;
		err |= rename_targets(set, want, have);
		if (s->sets[i] == SEQUENCE_DECLARED)
			err |= cut_set(set, i == s->at ? s->added : 0);
		if (s->diff.sets[i].at < 0) {
			ruleset_join_set(have, take_set(set));
			continue;
		}
		old = have->sets[s->diff.sets[i].at];
		have->sets[s->diff.sets[i].at] = *set;
		*set = old;
	}
	return err ? -ENOMEM : 0;
}

int sequence_settle(struct sequence *s, struct ruleset *have, struct ruleset *want)
{
	bool all = s->stage >= SEQUENCE_DROP_RULES;
	int err = all ? ruleset_make_room(want, have->n_sets, have->n_chains)
		      : ruleset_make_room(have, want->n_sets, want->n_chains);

	if (!err && s->stage == SEQUENCE_DONE) {
		ruleset_clear(have);
		*have = *want;
		ruleset_init(want);
	} else if (!err && all) {
		err = keep_remains(s, have, want);
	} else if (!err) {
		have->exists |= want->exists;
		overlay_chains(s, have, want);
		err = overlay_sets(s, have, want);
	}
	ruleset_clear(want);
	if (err)
		ruleset_clear(have);
	sequence_clear(s);
	return err;
}
