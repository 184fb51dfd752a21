/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool rules_equal(const struct ruleset_chain *a, const struct ruleset_chain *b)
{
	if (a->rules == b->rules)
		return true;
	if (a->n_rules != b->n_rules)
		return false;
	for (size_t i = 0; i < a->n_rules; i++)
		if (strcmp(a->rules[i].signature, b->rules[i].signature) != 0)
			return false;
	return true;
}

static bool names_a_set(enum ruleset_statement_kind kind)
{
	switch (kind) {
	case ST_LOOPED_BY_PEER:
	case ST_TO_SERVICE:
	case ST_SOURCE_IN:
	case ST_SOURCE_RATE:
	case ST_MARK_IN:
	case ST_MACS:
	case ST_MARK:
	case ST_RECORD:
	case ST_ADD:
	case ST_UPDATE:
	case ST_DELETE:
	case ST_NOTE:
	case ST_NOTE_COUNT:
	case ST_FORWARD_BY_MAC: return true;
	case ST_FOR_US:
	case ST_NOT_FOR_OTHERS:
	case ST_FROM_OTHERS:
	case ST_IS_SERVICE: /* it is read when the rule is made */
	case ST_WHOLE:
	case ST_LATER_FRAGMENT:
	case ST_FIRST_FRAGMENT:
	case ST_LATER6:
	case ST_PROTOCOL:
	case ST_ND:
	case ST_OCTET:
	case ST_OCTET_ABOVE:
	case ST_TOO_MANY:
	case ST_MACS_ARE:
	case ST_COPY:
	case ST_TCP_FLAGS:
	case ST_RATE:
	case ST_TCP:
	case ST_LOG:
	case ST_COUNTER:
	case ST_FORWARD:
	case ST_GOTO:
	case ST_ACCEPT:
	case ST_DROP:
	case ST_RESET:
	case ST_REJECT: return false;
	}
	abort();
}

/* A rule is bound to the set that it names, so a set made anew needs the rule anew. */
static bool names_remade_set(const struct diff *d, const struct ruleset_chain *chain)
{
	for (size_t i = 0; d->remakes && i < chain->n_rules; i++)
		for (size_t k = 0; k < chain->rules[i].n_statements; k++) {
			const struct ruleset_statement *s = &chain->rules[i].statements[k];

			if (names_a_set(s->kind) && d->sets[s->set].fate == DIFF_REMAKE)
				return true;
		}
	return false;
}

/* --- elements of sets that stay --------------------------------------------------------------- */

static const char *target(const struct ruleset *r, const struct ruleset_element *e)
{
	return e->chain < r->n_chains ? r->chains[e->chain].name : "";
}

static bool element_equal(const struct diff *d, enum ruleset_set_kind kind,
			  const struct ruleset_element *have, const struct ruleset_element *want)
{
	if (ruleset_kind_is_verdicts(kind))
		return strcmp(target(d->have, have), target(d->want, want)) == 0;
	return memcmp(have->data, want->data, sizeof(have->data)) == 0;
}

static bool same_list(const struct diff *d, const struct ruleset_set *have,
		      const struct ruleset_set *want)
{
	if (have->n_elements != want->n_elements)
		return false;
	for (size_t i = 0; i < want->n_elements; i++)
		if (ruleset_element_compare(want->kind, &have->elements[i], &want->elements[i]) ||
		    !element_equal(d, want->kind, &have->elements[i], &want->elements[i]))
			return false;
	return true;
}

/* A bucket's element, or NULL. */
static const uint8_t *value_of(const struct ruleset_set *set, uint32_t bucket)
{
	uint16_t owner = set->owners[bucket];

	return owner == RULESET_NO_OWNER ? NULL : set->values[owner];
}

static bool same_value(const uint8_t *a, const uint8_t *b)
{
	return a == b || (a && b && memcmp(a, b, RULESET_DATA_MAX) == 0);
}

/* Both have the same size: it is part of the signature by which they are the same set. */
static bool same_buckets(const struct ruleset_set *have, const struct ruleset_set *want)
{
	for (uint32_t i = 0; i < want->size; i++)
		if (!same_value(value_of(have, i), value_of(want, i)))
			return false;
	return true;
}

static bool same_elements(const struct diff *d, const struct ruleset_set *have,
			  const struct ruleset_set *want)
{
	if (ruleset_set_same_elements(have, want))
		return true;
	return want->owners && have->owners ? same_buckets(have, want) : same_list(d, have, want);
}

static void diff_lists(struct element_diff *e, const struct diff *d, const struct ruleset_set *have,
		       const struct ruleset_set *want)
{
	struct ruleset_pairs p = ruleset_pairs(have, want);
	const struct ruleset_element *x, *y;

	while (ruleset_pairs_next(&p, &x, &y)) {
		if (x && y && element_equal(d, want->kind, x, y))
			continue;
		if (x)
			e->deleted[e->n_deleted++] = *x;
		if (y)
			e->added[e->n_added++] = *y;
	}
}

static void diff_buckets(struct element_diff *e, const struct ruleset_set *have,
			 const struct ruleset_set *want)
{
	for (uint32_t i = 0; i < want->size; i++) {
		const uint8_t *there = value_of(have, i), *wanted = value_of(want, i);

		if (same_value(there, wanted))
			continue;
		if (there)
			e->deleted[e->n_deleted++] = ruleset_bucket_element(have, i);
		if (wanted)
			e->added[e->n_added++] = ruleset_bucket_element(want, i);
	}
}

int element_diff_init(struct element_diff *e, const struct diff *d, size_t set)
{
	const struct ruleset_set *want = &d->want->sets[set],
				 *have = &d->have->sets[d->sets[set].at];

	*e = (struct element_diff){
		.deleted = calloc(ruleset_set_count(have) + 1, sizeof(*e->deleted)),
		.added = calloc(ruleset_set_count(want) + 1, sizeof(*e->added)),
	};
	if (!e->deleted || !e->added)
		return -ENOMEM;
	if (want->owners && have->owners)
		diff_buckets(e, have, want);
	else
		diff_lists(e, d, have, want);
	return 0;
}

void element_diff_clear(struct element_diff *e)
{
	free(e->deleted);
	free(e->added);
	*e = (struct element_diff){0};
}

/* --- objects ---------------------------------------------------------------------------------- */

/* Flows and rates are the packet path's. */
static struct diff_object judge_set(const struct diff *d, size_t i)
{
	const struct ruleset_set *want = &d->want->sets[i], *have;
	int at = ruleset_find_set_near(d->have, want->name, i);

	if (at < 0)
		return (struct diff_object){DIFF_ADD, -1};
	have = &d->have->sets[at];
	if (strcmp(have->signature, want->signature) != 0)
		return (struct diff_object){DIFF_REMAKE, at};
	if (ruleset_kind_is_dynamic(want->kind) || same_elements(d, have, want))
		return (struct diff_object){DIFF_KEEP, at};
	return (struct diff_object){DIFF_CHANGE, at};
}

static struct diff_object judge_chain(const struct diff *d, size_t i)
{
	const struct ruleset_chain *want = &d->want->chains[i], *have;
	int at = ruleset_find_chain_near(d->have, want->name, i);

	if (at < 0)
		return (struct diff_object){DIFF_ADD, -1};
	have = &d->have->chains[at];
	if (strcmp(have->device, want->device) != 0)
		return (struct diff_object){DIFF_REMAKE, at};
	if (rules_equal(have, want) && !names_remade_set(d, want))
		return (struct diff_object){DIFF_KEEP, at};
	return (struct diff_object){DIFF_CHANGE, at};
}

/* goes: of have; the wanted object keeps its place in there, unless it is made anew. */
static void note_object(struct diff *d, bool *goes, const struct diff_object *object)
{
	if (object->fate == DIFF_REMAKE)
		d->remakes = true;
	else if (object->at >= 0)
		goes[object->at] = false;
}

static void compare(struct diff *d)
{
	memset(d->set_goes, true, d->have->n_sets * sizeof(*d->set_goes));
	memset(d->chain_goes, true, d->have->n_chains * sizeof(*d->chain_goes));
	for (size_t i = 0; i < d->want->n_sets; i++) {
		d->sets[i] = judge_set(d, i);
		note_object(d, d->set_goes, &d->sets[i]);
	}
	for (size_t i = 0; i < d->want->n_chains; i++) {
		d->chains[i] = judge_chain(d, i);
		note_object(d, d->chain_goes, &d->chains[i]);
	}
}

int diff_init(struct diff *d, const struct ruleset *have, const struct ruleset *want)
{
	*d = (struct diff){
		.have = have,
		.want = want,
		.sets = calloc(want->n_sets + 1, sizeof(*d->sets)),
		.chains = calloc(want->n_chains + 1, sizeof(*d->chains)),
		.set_goes = calloc(have->n_sets + 1, sizeof(*d->set_goes)),
		.chain_goes = calloc(have->n_chains + 1, sizeof(*d->chain_goes)),
	};
	if (!d->sets || !d->chains || !d->set_goes || !d->chain_goes) {
		diff_clear(d);
		return -ENOMEM;
	}
	compare(d);
	return 0;
}

void diff_clear(struct diff *d)
{
	free(d->sets);
	free(d->chains);
	free(d->set_goes);
	free(d->chain_goes);
	*d = (struct diff){0};
}

size_t ruleset_keep_flow_tables(const struct ruleset *have, struct ruleset *want)
{
	size_t differed = 0;

	for (size_t i = 0; i < want->n_sets; i++) {
		int at = ruleset_find_set_near(have, want->sets[i].name, i);

		if (!ruleset_kind_is_flows(want->sets[i].kind) || at < 0 ||
		    have->sets[at].kind != want->sets[i].kind ||
		    have->sets[at].size == want->sets[i].size)
			continue;
		want->sets[i].size = have->sets[at].size;
		share_leave(want->sets[i].signature);
		want->sets[i].signature = NULL;
		differed++;
	}
	return differed;
}
