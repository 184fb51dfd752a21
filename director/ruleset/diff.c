/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What becomes of an object of `want`. */
enum fate { KEEP, ADD, REMAKE };

struct diff {
	const struct ruleset *have, *want;
	struct nft_batch *batch;
	struct ruleset_change *change;
	enum fate *sets;   /* of want */
	enum fate *chains; /* of want; KEEP: same declaration, rules perhaps not */
	bool *rewrite;	   /* chains of want that are kept, but not their rules */
};

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
	case ST_FORWARD_BY_MAC: return true;
	case ST_FOR_US:
	case ST_IS_SERVICE: /* it is read when the rule is made */
	case ST_WHOLE:
	case ST_LATER_FRAGMENT:
	case ST_FIRST_FRAGMENT:
	case ST_LATER6:
	case ST_PROTOCOL:
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
	for (size_t i = 0; i < chain->n_rules; i++)
		for (size_t k = 0; k < chain->rules[i].n_statements; k++) {
			const struct ruleset_statement *s = &chain->rules[i].statements[k];

			if (names_a_set(s->kind) && d->sets[s->set] == REMAKE)
				return true;
		}
	return false;
}

static void decide(struct diff *d)
{
	for (size_t i = 0; i < d->want->n_sets; i++) {
		int at = ruleset_find_set_near(d->have, d->want->sets[i].name, i);

		d->sets[i] = at < 0 ? ADD
			     : strcmp(d->have->sets[at].signature, d->want->sets[i].signature) == 0
				     ? KEEP
				     : REMAKE;
	}
	for (size_t i = 0; i < d->want->n_chains; i++) {
		const struct ruleset_chain *want = &d->want->chains[i];
		int at = ruleset_find_chain_near(d->have, want->name, i);
		const struct ruleset_chain *have = at < 0 ? NULL : &d->have->chains[at];

		d->chains[i] = !have					 ? ADD
			       : strcmp(have->device, want->device) == 0 ? KEEP
									 : REMAKE;
		d->rewrite[i] = d->chains[i] == KEEP &&
				(!rules_equal(have, want) || names_remade_set(d, want));
	}
}

/* Each object is named once, as long as there is room. */
static void name_object(struct diff *d, const char *what, const char *name)
{
	char *names = d->change->names;
	char entry[RULESET_NAME + 16];
	size_t used = strlen(names);

	snprintf(entry, sizeof(entry), "%s %s", what, name);
	if (strstr(names, entry) || strstr(names, "…"))
		return;
	if (used + strlen(entry) + sizeof(", , …") > RULESET_CHANGE_NAMES)
		snprintf(entry, sizeof(entry), "…");
	snprintf(names + used, RULESET_CHANGE_NAMES - used, "%s%s", used ? ", " : "", entry);
}

/* --- what goes -------------------------------------------------------------------------------- */

static bool chain_goes(const struct diff *d, const struct ruleset_chain *have)
{
	int at = ruleset_find_chain_near(d->want, have->name, (size_t)(have - d->have->chains));

	return at < 0 || d->chains[at] == REMAKE;
}

static bool set_goes(const struct diff *d, const struct ruleset_set *have)
{
	int at = ruleset_find_set_near(d->want, have->name, (size_t)(have - d->have->sets));

	return at < 0 || d->sets[at] == REMAKE;
}

static void remove_rules(struct diff *d)
{
	for (size_t i = 0; i < d->have->n_chains; i++)
		if (chain_goes(d, &d->have->chains[i]))
			nft_put_flush_chain(d->batch, d->have->chains[i].name);
	for (size_t i = 0; i < d->want->n_chains; i++)
		if (d->rewrite[i]) {
			nft_put_flush_chain(d->batch, d->want->chains[i].name);
			d->change->chains_rewritten++;
			name_object(d, "chain", d->want->chains[i].name);
		}
}

static void remove_sets_and_chains(struct diff *d)
{
	for (size_t i = 0; i < d->have->n_sets; i++)
		if (set_goes(d, &d->have->sets[i])) {
			nft_put_delete_set(d->batch, d->have->sets[i].name);
			d->change->sets_deleted++;
			name_object(d, "set", d->have->sets[i].name);
		}
	for (size_t i = 0; i < d->have->n_chains; i++)
		if (chain_goes(d, &d->have->chains[i])) {
			nft_put_delete_chain(d->batch, d->have->chains[i].name);
			d->change->chains_deleted++;
			name_object(d, "chain", d->have->chains[i].name);
		}
}

/* --- elements of sets that stay --------------------------------------------------------------- */

/* Elements to delete and to add, by walking two sorted lists side by side. */
struct element_diff {
	struct ruleset_element *deleted, *added;
	size_t n_deleted, n_added;
};

static void diff_lists(struct element_diff *e, const struct diff *d, const struct ruleset_set *have,
		       const struct ruleset_set *want)
{
	size_t h = 0, w = 0;

	while (h < have->n_elements || w < want->n_elements) {
		const struct ruleset_element *x = &have->elements[h], *y = &want->elements[w];
		int order = h == have->n_elements   ? 1
			    : w == want->n_elements ? -1
						    : ruleset_element_compare(want->kind, x, y);

		if (order < 0 || (order == 0 && !element_equal(d, want->kind, x, y)))
			e->deleted[e->n_deleted++] = *x;
		if (order > 0 || (order == 0 && !element_equal(d, want->kind, x, y)))
			e->added[e->n_added++] = *y;
		h += order <= 0;
		w += order >= 0;
	}
}

/* Both have the same size: it is part of the signature by which they are the same set. */
static void diff_indexed(struct element_diff *e, const struct ruleset_set *have,
			 const struct ruleset_set *want)
{
	for (uint32_t i = 0; i < want->size; i++) {
		uint16_t x = have->owners[i], y = want->owners[i];
		bool there = x != RULESET_NO_OWNER, wanted = y != RULESET_NO_OWNER;

		if (there == wanted &&
		    (!there || memcmp(have->values[x], want->values[y], RULESET_DATA_MAX) == 0))
			continue;
		if (there)
			e->deleted[e->n_deleted++] = ruleset_bucket_element(have, i);
		if (wanted)
			e->added[e->n_added++] = ruleset_bucket_element(want, i);
	}
}

static int element_diff_init(struct element_diff *e, const struct diff *d,
			     const struct ruleset_set *have, const struct ruleset_set *want)
{
	*e = (struct element_diff){
		.deleted = calloc(ruleset_set_count(have) + 1, sizeof(*e->deleted)),
		.added = calloc(ruleset_set_count(want) + 1, sizeof(*e->added)),
	};
	if (!e->deleted || !e->added)
		return -ENOMEM;
	if (want->owners && have->owners)
		diff_indexed(e, have, want);
	else
		diff_lists(e, d, have, want);
	return 0;
}

static void element_diff_clear(struct element_diff *e)
{
	free(e->deleted);
	free(e->added);
}

/*
 * Calls for every set that stays. The deletions come before the additions of the same set, because
 * changed data is a deletion and an addition of one key. Flows and rates are the packet path's.
 */
static int change_elements(struct diff *d, bool additions)
{
	for (size_t i = 0; i < d->want->n_sets; i++) {
		const struct ruleset_set *want = &d->want->sets[i], *have;
		struct element_diff e;
		int err;

		if (d->sets[i] != KEEP || ruleset_kind_is_dynamic(want->kind))
			continue;
		have = &d->have->sets[ruleset_find_set_near(d->have, want->name, i)];
		if (ruleset_set_same_elements(have, want))
			continue;
		err = element_diff_init(&e, d, have, want);
		if (!err && e.n_added + e.n_deleted)
			name_object(d, "set", want->name);
		if (!err && additions) {
			nft_put_elements(d->batch, d->want, want, e.added, e.n_added);
			d->change->elements_added += e.n_added;
		} else if (!err) {
			nft_put_delete_elements(d->batch, want, e.deleted, e.n_deleted);
			d->change->elements_deleted += e.n_deleted;
			d->change->counters_deleted +=
				ruleset_kind_counts(want->kind) ? e.n_deleted : 0;
		}
		element_diff_clear(&e);
		if (err)
			return err;
	}
	return 0;
}

/* --- what comes ------------------------------------------------------------------------------- */

static void add_chains_and_sets(struct diff *d)
{
	for (size_t i = 0; i < d->want->n_chains; i++)
		if (d->chains[i] != KEEP) {
			nft_put_chain(d->batch, &d->want->chains[i]);
			d->change->chains_added++;
			name_object(d, "chain", d->want->chains[i].name);
		}
	for (size_t i = 0; i < d->want->n_sets; i++)
		if (d->sets[i] != KEEP) {
			nft_put_set(d->batch, &d->want->sets[i]);
			nft_put_all_elements(d->batch, d->want, &d->want->sets[i]);
			d->change->sets_added++;
			name_object(d, "set", d->want->sets[i].name);
		}
}

static void add_rules(struct diff *d)
{
	for (size_t i = 0; i < d->want->n_chains; i++) {
		const struct ruleset_chain *chain = &d->want->chains[i];

		if (d->chains[i] == KEEP && !d->rewrite[i])
			continue;
		for (size_t k = 0; k < chain->n_rules; k++)
			nft_put_rule(d->batch, d->want, chain, &chain->rules[k]);
	}
}

static int diff_run(struct diff *d)
{
	int err;

	decide(d);
	if (!d->have->exists && d->want->exists) {
		nft_put_table(d->batch);
		d->change->table_added = true;
	}
	remove_rules(d);
	err = change_elements(d, false);
	if (err)
		return err;
	remove_sets_and_chains(d);
	add_chains_and_sets(d);
	err = change_elements(d, true);
	if (err)
		return err;
	add_rules(d);
	return d->batch->failed ? -ENOMEM : 0;
}

int ruleset_diff(const struct ruleset *have, const struct ruleset *want, struct nft_batch *b,
		 struct ruleset_change *ret)
{
	struct diff d = {
		.have = have,
		.want = want,
		.batch = b,
		.change = ret,
		.sets = calloc(want->n_sets + 1, sizeof(*d.sets)),
		.chains = calloc(want->n_chains + 1, sizeof(*d.chains)),
		.rewrite = calloc(want->n_chains + 1, sizeof(*d.rewrite)),
	};
	int err;

	*ret = (struct ruleset_change){0};
	err = d.sets && d.chains && d.rewrite ? diff_run(&d) : -ENOMEM;
	free(d.sets);
	free(d.chains);
	free(d.rewrite);
	return err;
}

bool ruleset_change_is_empty(const struct ruleset_change *c)
{
	return !c->table_added && !c->chains_added && !c->chains_deleted && !c->chains_rewritten &&
	       !c->sets_added && !c->sets_deleted && !c->elements_added && !c->elements_deleted;
}

const char *ruleset_change_format(const struct ruleset_change *c,
				  char buf[static RULESET_CHANGE_TEXT])
{
	const struct {
		size_t n;
		const char *what;
	} parts[] = {
		{c->chains_added, "chains added"},	   {c->chains_deleted, "chains deleted"},
		{c->chains_rewritten, "chains rewritten"}, {c->sets_added, "sets added"},
		{c->sets_deleted, "sets deleted"},	   {c->elements_added, "elements added"},
		{c->elements_deleted, "elements deleted"},
	};
	size_t used = 0;

	snprintf(buf, RULESET_CHANGE_TEXT, "nothing");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].n && used < RULESET_CHANGE_TEXT)
			used += (size_t)snprintf(buf + used, RULESET_CHANGE_TEXT - used, "%s%zu %s",
						 used ? ", " : "", parts[i].n, parts[i].what);
	if (c->names[0] && used < RULESET_CHANGE_TEXT)
		snprintf(buf + used, RULESET_CHANGE_TEXT - used, " (%s)", c->names);
	return buf;
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
