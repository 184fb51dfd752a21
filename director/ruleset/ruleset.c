/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/ruleset.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ruleset_init(struct ruleset *r)
{
	*r = (struct ruleset){0};
}

const char *ruleset_table(const struct ruleset *r)
{
	return r->table ? r->table : RULESET_TABLE;
}

static void chain_clear(struct ruleset_chain *chain)
{
	for (size_t i = 0; share_is_last(chain->rules) && i < chain->n_rules; i++) {
		free(chain->rules[i].statements);
		share_leave(chain->rules[i].signature);
	}
	share_leave(chain->rules);
}

void ruleset_clear(struct ruleset *r)
{
	for (size_t i = 0; i < r->n_sets; i++) {
		share_leave(r->sets[i].elements);
		share_leave(r->sets[i].owners);
		share_leave(r->sets[i].values);
		share_leave(r->sets[i].names);
		share_leave(r->sets[i].signature);
	}
	for (size_t i = 0; i < r->n_chains; i++)
		chain_clear(&r->chains[i]);
	free(r->sets);
	free(r->chains);
	name_index_clear(&r->set_names);
	name_index_clear(&r->chain_names);
	ruleset_init(r);
}

static void set_name(char name[static RULESET_NAME], const char *fmt, va_list ap)
{
	int n = vsnprintf(name, RULESET_NAME, fmt, ap);

	if (n < 0 || n >= RULESET_NAME)
		abort();
}

/* Room for one more of n objects: twice as much whenever n reaches a power of two. */
static void *with_room(void *list, size_t n, size_t size)
{
	return n & (n - 1) ? list : reallocarray(list, n ? 2 * n : 1, size);
}

static struct ruleset_set *add_set(struct ruleset *r)
{
	struct ruleset_set *sets = with_room(r->sets, r->n_sets, sizeof(*sets));

	if (!sets)
		return NULL;
	r->sets = sets;
	if (name_index_reserve(&r->set_names, r->n_sets + 1) < 0)
		return NULL;
	return &sets[r->n_sets++];
}

static struct ruleset_chain *add_chain(struct ruleset *r)
{
	struct ruleset_chain *chains = with_room(r->chains, r->n_chains, sizeof(*chains));

	if (!chains)
		return NULL;
	r->chains = chains;
	if (name_index_reserve(&r->chain_names, r->n_chains + 1) < 0)
		return NULL;
	return &chains[r->n_chains++];
}

int ruleset_add_set(struct ruleset *r, enum ruleset_set_kind kind, const char *fmt, ...)
{
	struct ruleset_set *set = add_set(r);
	va_list ap;

	if (!set)
		return -ENOMEM;
	*set = (struct ruleset_set){.kind = kind};
	va_start(ap, fmt);
	set_name(set->name, fmt, ap);
	va_end(ap);
	name_index_add(&r->set_names, set->name);
	return (int)r->n_sets - 1;
}

int ruleset_add_chain(struct ruleset *r, const char *fmt, ...)
{
	struct ruleset_chain *chain = add_chain(r);
	va_list ap;

	if (!chain)
		return -ENOMEM;
	*chain = (struct ruleset_chain){0};
	va_start(ap, fmt);
	set_name(chain->name, fmt, ap);
	va_end(ap);
	name_index_add(&r->chain_names, chain->name);
	return (int)r->n_chains - 1;
}

struct ruleset_rule *ruleset_add_rule(struct ruleset *r, int chain, const char *comment)
{
	struct ruleset_chain *c = &r->chains[chain];
	struct ruleset_rule *rules = share_resize(c->rules, c->n_rules + 1, sizeof(*rules));

	if (!rules)
		return NULL;
	c->rules = rules;
	rules[c->n_rules] = (struct ruleset_rule){.comment = comment};
	return &rules[c->n_rules++];
}

int rule_add(struct ruleset_rule *rule, struct ruleset_statement statement)
{
	struct ruleset_statement *statements =
		reallocarray(rule->statements, rule->n_statements + 1, sizeof(*statements));

	if (!statements)
		return -ENOMEM;
	rule->statements = statements;
	if (rule->n_statements >= RULESET_STATEMENTS)
		abort();
	statements[rule->n_statements++] = statement;
	return 0;
}

/* --- what two rulesets have in common --------------------------------------------------------- */

int ruleset_share_set(struct ruleset *r, const struct ruleset_set *from)
{
	struct ruleset_set *set = add_set(r);

	if (!set)
		return -ENOMEM;
	*set = *from;
	name_index_add(&r->set_names, set->name);
	share_join(set->elements);
	share_join(set->owners);
	share_join(set->values);
	share_join(set->names);
	share_join(set->signature);
	return (int)r->n_sets - 1;
}

static void shift_statement(struct ruleset_statement *s, const struct ruleset_shift *shift)
{
	if (s->set >= shift->set_from)
		s->set += (uint32_t)shift->set_by;
	if (s->kind == ST_GOTO && s->chain >= shift->chain_from)
		s->chain += (uint32_t)shift->chain_by;
}

/* The same rule under other indexes. 0 or -ENOMEM. */
static int copy_rule(struct ruleset_rule *to, const struct ruleset_rule *from,
		     const struct ruleset_shift *shift)
{
	size_t n = from->n_statements;

	*to = *from;
	share_join(to->signature);
	to->statements = calloc(n ? n : 1, sizeof(*to->statements));
	if (!to->statements)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		to->statements[i] = from->statements[i];
		shift_statement(&to->statements[i], shift);
	}
	return 0;
}

int ruleset_share_chain(struct ruleset *r, const struct ruleset_chain *from,
			const struct ruleset_shift *shift)
{
	struct ruleset_chain *chain = add_chain(r);
	int err = 0;

	if (!chain)
		return -ENOMEM;
	*chain = *from;
	name_index_add(&r->chain_names, chain->name);
	if (!shift->set_by && !shift->chain_by) {
		share_join(chain->rules);
		return (int)r->n_chains - 1;
	}
	chain->n_rules = 0;
	chain->rules = share_new(from->n_rules, sizeof(*chain->rules));
	if (!chain->rules)
		return -ENOMEM;
	while (!err && chain->n_rules < from->n_rules) {
		err = copy_rule(&chain->rules[chain->n_rules], &from->rules[chain->n_rules], shift);
		chain->n_rules++;
	}
	return err ? err : (int)r->n_chains - 1;
}

/* A copy for those who are not the only owner. NULL without memory. */
static void *own(void *block, size_t n, size_t size)
{
	void *copy;

	if (share_is_last(block))
		return block;
	copy = share_new(n ? n : 1, size);
	if (copy && n)
		memcpy(copy, block, n * size);
	if (copy)
		share_leave(block);
	return copy;
}

int ruleset_set_own(struct ruleset_set *set)
{
	struct ruleset_element *elements =
		set->elements ? own(set->elements, set->n_elements, sizeof(*elements)) : NULL;
	uint16_t *owners = set->owners ? own(set->owners, set->size, sizeof(*owners)) : NULL;

	if (elements)
		set->elements = elements;
	if (owners)
		set->owners = owners;
	return (set->elements && !elements) || (set->owners && !owners) ? -ENOMEM : 0;
}

int ruleset_set_reserve(struct ruleset_set *set, size_t n)
{
	set->elements = share_new(n ? n : 1, sizeof(*set->elements));
	if (!set->elements)
		return -ENOMEM;
	set->n_elements = n;
	return 0;
}

int ruleset_set_index(struct ruleset_set *set, uint32_t size, size_t n_values)
{
	set->owners = share_new(size, sizeof(*set->owners));
	set->values = share_new(n_values ? n_values : 1, sizeof(*set->values));
	if (!set->owners || !set->values)
		return -ENOMEM;
	memset(set->owners, 0xff, size * sizeof(*set->owners));
	set->size = size;
	set->n_values = n_values;
	return 0;
}

/* Not 5, which nft takes for the default and does not list. */
uint32_t ruleset_burst(uint32_t per_second)
{
	uint32_t burst = per_second / 10;

	return burst == 5 ? 4 : burst ? burst : 1;
}

uint32_t ruleset_key_number(const struct ruleset_element *e)
{
	uint32_t number;

	memcpy(&number, e->key, sizeof(number));
	return number;
}

struct ruleset_element ruleset_bucket_element(const struct ruleset_set *set, uint32_t bucket)
{
	struct ruleset_element e = {.backend = set->owners[bucket]};

	memcpy(e.key, &bucket, sizeof(bucket));
	memcpy(e.data, set->values[e.backend], sizeof(e.data));
	return e;
}

size_t ruleset_set_count(const struct ruleset_set *set)
{
	size_t n = 0;

	if (!set->owners)
		return set->n_elements;
	for (uint32_t i = 0; i < set->size; i++)
		n += set->owners[i] != RULESET_NO_OWNER;
	return n;
}

/* --- what the kinds of sets are like ---------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = ruleset_key_number(a), y = ruleset_key_number(b);

	return x < y ? -1 : x > y;
}

static int compare_octets(const void *a, const void *b)
{
	const struct ruleset_element *x = a, *y = b;

	return memcmp(x->key, y->key, sizeof(x->key));
}

/* nft (1.0.6, concat_expr_msort_value) reads a concatenation as one little-endian number. */
static int compare_concatenations(const void *a, const void *b)
{
	const struct ruleset_element *x = a, *y = b;

	for (size_t i = RULESET_KEY_MAX; i-- > 0;)
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	return 0;
}

static const struct kind {
	int (*compare)(const void *, const void *);
	uint8_t key_len, data_len; /* octets */
	bool indexed, flows, counts;
	bool noted; /* keys alone, from the packet path */
} kinds[] = {
	[SET_SERVICES] = {compare_concatenations, 12, 0, false, false, false, false},
	[SET_SERVICES6] = {compare_concatenations, 24, 0, false, false, false, false},
	[SET_ADDRESSES] = {compare_octets, 4, 0, false, false, false, false},
	[SET_ADDRESSES6] = {compare_octets, 16, 0, false, false, false, false},
	[SET_BUCKETS] = {compare_numbers, 4, 12, true, false, true, false},
	[SET_SLOTS] = {compare_numbers, 4, 4, true, false, false, false},
	[SET_BACKENDS] = {compare_numbers, 4, 12, false, false, true, false},
	[SET_LEAVING] = {compare_numbers, 4, 0, false, false, false, false},
	[SET_OUTPUTS] = {compare_octets, 6, 4, false, false, false, false},
	[SET_FLOWS] = {compare_octets, 12, 4, false, true, false, false},
	[SET_FLOWS6] = {compare_octets, 16, 4, false, true, false, false},
	[SET_PINS] = {compare_octets, 4, 4, false, true, false, false},
	[SET_PINS6] = {compare_octets, 16, 4, false, true, false, false},
	[SET_STATIC] = {compare_octets, 4, 4, false, false, false, false},
	[SET_STATIC6] = {compare_octets, 16, 4, false, false, false, false},
	[SET_ERRORS] = {compare_concatenations, 12, 0, false, false, false, false},
	[SET_ERRORS6] = {compare_concatenations, 24, 0, false, false, false, false},
	[SET_LATER] = {compare_concatenations, 8, 0, false, false, false, false},
	[SET_LATER6] = {compare_concatenations, 20, 0, false, false, false, false},
	[SET_FRAGMENTS] = {compare_octets, 16, 12, false, true, false, false},
	[SET_RANGES] = {compare_octets, 4, 0, false, false, false, false},
	[SET_RANGES6] = {compare_octets, 16, 0, false, false, false, false},
	[SET_RATES] = {compare_octets, 4, 0, false, false, false, true},
	[SET_RATES6] = {compare_octets, 16, 0, false, false, false, true},
	[SET_SENDERS] = {compare_octets, 12, 0, false, false, false, true},
	[SET_SENDERS6] = {compare_octets, 24, 0, false, false, false, true},
	[SET_MACS] = {compare_octets, 6, 0, false, false, false, false},
	[SET_TARGETS6] = {compare_octets, 16, 0, false, false, false, false},
	[SET_CLAIMS6] = {compare_octets, 24, 0, false, false, false, true},
	[SET_SYNS] = {compare_octets, 12, 0, false, false, false, true},
	[SET_SYNS6] = {compare_octets, 24, 0, false, false, false, true},
	[SET_SERVED] = {compare_octets, 16, 0, false, false, false, true},
	[SET_SERVED6] = {compare_octets, 28, 0, false, false, false, true},
	[SET_FOREIGN] = {compare_octets, 0, 0, false, false, false, false},
};

int ruleset_element_compare(enum ruleset_set_kind kind, const struct ruleset_element *a,
			    const struct ruleset_element *b)
{
	return kinds[kind].compare(a, b);
}

void ruleset_set_sort(struct ruleset_set *set)
{
	if (set->n_elements)
		qsort(set->elements, set->n_elements, sizeof(*set->elements),
		      kinds[set->kind].compare);
}

struct ruleset_pairs ruleset_pairs(const struct ruleset_set *have, const struct ruleset_set *want)
{
	return (struct ruleset_pairs){.kind = want->kind,
				      .have = have->elements,
				      .want = want->elements,
				      .n_have = have->n_elements,
				      .n_want = want->n_elements};
}

bool ruleset_pairs_next(struct ruleset_pairs *p, const struct ruleset_element **ret_have,
			const struct ruleset_element **ret_want)
{
	const struct ruleset_element *x = p->at_have < p->n_have ? &p->have[p->at_have] : NULL;
	const struct ruleset_element *y = p->at_want < p->n_want ? &p->want[p->at_want] : NULL;
	int order = x && y ? ruleset_element_compare(p->kind, x, y) : x ? -1 : 1;

	*ret_have = order <= 0 ? x : NULL;
	*ret_want = order >= 0 ? y : NULL;
	p->at_have += *ret_have != NULL;
	p->at_want += *ret_want != NULL;
	return *ret_have || *ret_want;
}

size_t ruleset_key_len(enum ruleset_set_kind kind)
{
	return kinds[kind].key_len;
}

size_t ruleset_data_len(enum ruleset_set_kind kind)
{
	return kinds[kind].data_len;
}

bool ruleset_kind_is_indexed(enum ruleset_set_kind kind)
{
	return kinds[kind].indexed;
}

bool ruleset_kind_is_flows(enum ruleset_set_kind kind)
{
	return kinds[kind].flows;
}

bool ruleset_kind_is_pins(enum ruleset_set_kind kind)
{
	return kind == SET_PINS || kind == SET_PINS6;
}

bool ruleset_kind_is_ranges(enum ruleset_set_kind kind)
{
	return kind == SET_STATIC || kind == SET_STATIC6 || kind == SET_RANGES ||
	       kind == SET_RANGES6;
}

bool ruleset_kind_is_verdicts(enum ruleset_set_kind kind)
{
	switch (kind) {
	case SET_SERVICES:
	case SET_SERVICES6:
	case SET_ERRORS:
	case SET_ERRORS6:
	case SET_LATER:
	case SET_LATER6: return true;
	case SET_ADDRESSES:
	case SET_ADDRESSES6:
	case SET_BUCKETS:
	case SET_SLOTS:
	case SET_BACKENDS:
	case SET_LEAVING:
	case SET_OUTPUTS:
	case SET_FLOWS:
	case SET_FLOWS6:
	case SET_PINS:
	case SET_PINS6:
	case SET_STATIC:
	case SET_STATIC6:
	case SET_RANGES:
	case SET_RANGES6:
	case SET_RATES:
	case SET_RATES6:
	case SET_SENDERS:
	case SET_SENDERS6:
	case SET_MACS:
	case SET_TARGETS6:
	case SET_CLAIMS6:
	case SET_SYNS:
	case SET_SYNS6:
	case SET_SERVED:
	case SET_SERVED6:
	case SET_FRAGMENTS:
	case SET_FOREIGN: return false;
	}
	abort();
}

bool ruleset_kind_is_map(enum ruleset_set_kind kind)
{
	return ruleset_data_len(kind) || ruleset_kind_is_verdicts(kind);
}

bool ruleset_kind_is_dynamic(enum ruleset_set_kind kind)
{
	return kinds[kind].flows || kinds[kind].noted;
}

bool ruleset_kind_counts(enum ruleset_set_kind kind)
{
	return kinds[kind].counts;
}

bool ruleset_set_same_elements(const struct ruleset_set *a, const struct ruleset_set *b)
{
	if (!a->owners || !b->owners)
		return a->elements && a->elements == b->elements &&
		       !ruleset_kind_is_verdicts(a->kind); /* chains by index */
	if (a->owners == b->owners && a->values == b->values)
		return true;
	if (a->size != b->size || a->n_values != b->n_values)
		return false;
	return memcmp(a->owners, b->owners, a->size * sizeof(*a->owners)) == 0 &&
	       memcmp(a->values, b->values, a->n_values * sizeof(*a->values)) == 0;
}
