/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/drift.h"

#include "director/ruleset/nft_element.h"

#include <ctype.h>
#include <string.h>

struct drift {
	FILE *out;
	const struct ruleset *have, *want;
	size_t lines;	/* printed */
	size_t in_this; /* differences of the set or chain that is compared … */
	size_t hidden;	/* … of which so many are not printed */
	size_t unsaid;	/* of others */
};

/* --- lines ------------------------------------------------------------------------------------ */

static void put_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(isprint((unsigned char)*name) ? *name : '?', out);
}

/* Opens a line about an object. False when there is no room for one more. */
static bool begin_line(struct drift *d, const char *what, const char *name)
{
	if (++d->in_this > DRIFT_PER_OBJECT || d->lines >= DRIFT_LINES) {
		d->hidden++;
		return false;
	}
	d->lines++;
	fprintf(d->out, "%s ", what);
	put_name(d->out, name);
	return true;
}

/* The lines of an object are over: says how many there would have been more, now or at the end. */
static void end_object(struct drift *d, const char *what, const char *name)
{
	if (d->hidden && d->lines < DRIFT_LINES) {
		d->lines++;
		fprintf(d->out, "%s ", what);
		put_name(d->out, name);
		fprintf(d->out, ": %zu more\n", d->hidden);
	} else {
		d->unsaid += d->hidden;
	}
	d->in_this = d->hidden = 0;
}

static void whole(struct drift *d, const char *what, const char *name, const char *fault)
{
	if (begin_line(d, what, name))
		fprintf(d->out, " %s\n", fault);
	end_object(d, what, name);
}

/* --- values of elements ----------------------------------------------------------------------- */

/* The backend whose value that is in a planned set, or NULL. */
static const char *owner_of(const struct ruleset_set *want, const uint8_t data[RULESET_DATA_MAX])
{
	for (size_t i = 0; want->owners && want->names && i < want->n_values && i < want->n_names;
	     i++)
		if (memcmp(want->values[i], data, RULESET_DATA_MAX) == 0)
			return want->names[i];
	for (size_t i = 0; want->names && i < want->n_elements; i++)
		if (memcmp(want->elements[i].data, data, RULESET_DATA_MAX) == 0)
			return want->names[want->elements[i].backend];
	return NULL;
}

/* The backend with that id, or NULL. */
static const char *owner_of_id(const struct ruleset *want, const char *farm, uint32_t id)
{
	for (size_t i = 0; i < want->n_sets; i++) {
		const struct ruleset_set *set = &want->sets[i];

		if (set->kind != SET_BACKENDS || strcmp(set->farm, farm) != 0 || !set->names)
			continue;
		for (size_t k = 0; k < set->n_elements; k++)
			if (ruleset_key_number(&set->elements[k]) == id)
				return set->names[set->elements[k].backend];
	}
	return NULL;
}

static void print_macs(FILE *out, const uint8_t data[RULESET_DATA_MAX])
{
	char to[MAC_TEXT], from[MAC_TEXT];
	struct mac macs[2];

	memcpy(macs, data, sizeof(macs));
	fprintf(out, "%s from %s", mac_format(&macs[0], to), mac_format(&macs[1], from));
}

/* Of an element of r, one of the two; want is the planned set, which knows the names. */
static void print_value(const struct drift *d, const struct ruleset *r,
			const struct ruleset_set *want, const struct ruleset_element *e)
{
	const char *name = NULL;
	uint32_t id;

	memcpy(&id, e->data, sizeof(id));
	if (ruleset_kind_is_verdicts(want->kind)) {
		if (e->chain < r->n_chains)
			fputs("goto ", d->out);
		put_name(d->out,
			 e->chain < r->n_chains ? r->chains[e->chain].name : "another verdict");
		return;
	}
	name = owner_of(want, e->data);
	if (!name && ruleset_data_len(want->kind) == sizeof(id))
		name = owner_of_id(d->want, want->farm, id);
	if (name)
		put_name(d->out, name);
	else if (want->kind == SET_OUTPUTS)
		fprintf(d->out, "interface number %u", id);
	else if (ruleset_data_len(want->kind) == RULESET_DATA_MAX)
		print_macs(d->out, e->data);
	else
		fprintf(d->out, "backend 0x%08x", id);
}

static bool has_value(enum ruleset_set_kind kind)
{
	return ruleset_kind_is_verdicts(kind) || ruleset_data_len(kind);
}

static bool values_equal(const struct drift *d, enum ruleset_set_kind kind,
			 const struct ruleset_element *have, const struct ruleset_element *want)
{
	if (!ruleset_kind_is_verdicts(kind))
		return memcmp(have->data, want->data, sizeof(have->data)) == 0;
	return have->chain < d->have->n_chains &&
	       strcmp(d->have->chains[have->chain].name, d->want->chains[want->chain].name) == 0;
}

/* --- sets ------------------------------------------------------------------------------------- */

/* At the same key; NULL: there is none. */
static void compare_element(struct drift *d, const struct ruleset_set *set,
			    const struct ruleset_element *have, const struct ruleset_element *want)
{
	if (have && want && values_equal(d, set->kind, have, want))
		return;
	if (!begin_line(d, "set", set->name))
		return;
	fputs(": ", d->out);
	nft_element_print_key(d->out, set->kind, have ? have : want);
	if (!has_value(set->kind)) {
		fputs(have ? " is not in the plan" : " is missing", d->out);
	} else {
		fputs(have ? " is " : " is missing", d->out);
		if (have)
			print_value(d, d->have, set, have);
		fputs(want ? ", the plan has " : ", the plan has none", d->out);
		if (want)
			print_value(d, d->want, set, want);
	}
	fputc('\n', d->out);
}

static void compare_lists(struct drift *d, const struct ruleset_set *have,
			  const struct ruleset_set *want)
{
	struct ruleset_pairs p = ruleset_pairs(have, want);
	const struct ruleset_element *x, *y;

	while (ruleset_pairs_next(&p, &x, &y))
		compare_element(d, want, x, y);
}

static void compare_indexed(struct drift *d, const struct ruleset_set *have,
			    const struct ruleset_set *want)
{
	for (uint32_t i = 0; i < want->size; i++) {
		bool there = have->owners[i] != RULESET_NO_OWNER;
		bool wanted = want->owners[i] != RULESET_NO_OWNER;
		struct ruleset_element x, y;

		if (there)
			x = ruleset_bucket_element(have, i);
		if (wanted)
			y = ruleset_bucket_element(want, i);
		if (there || wanted)
			compare_element(d, want, there ? &x : NULL, wanted ? &y : NULL);
	}
}

static void compare_set(struct drift *d, size_t index)
{
	const struct ruleset_set *want = &d->want->sets[index];
	int at = ruleset_find_set_near(d->have, want->name, index);
	const struct ruleset_set *have = at < 0 ? NULL : &d->have->sets[at];

	if (!have)
		whole(d, "set", want->name, "is missing");
	else if (strcmp(have->signature, want->signature) != 0)
		whole(d, "set", want->name, "is declared otherwise");
	else if (ruleset_kind_is_dynamic(want->kind))
		return;
	else if (have->owners && want->owners)
		compare_indexed(d, have, want);
	else
		compare_lists(d, have, want);
	end_object(d, "set", want->name);
}

/* --- chains ----------------------------------------------------------------------------------- */

/* How many rules of a chain are the same as this one. */
static size_t count_rules(const struct ruleset_chain *chain, const struct ruleset_rule *rule)
{
	size_t n = 0;

	for (size_t i = 0; i < chain->n_rules; i++)
		n += strcmp(chain->rules[i].signature, rule->signature) == 0;
	return n;
}

/* The rule is one of those that the other chain has less of, however often they are equal here. */
static bool lacks(const struct ruleset_chain *other, const struct ruleset_chain *chain, size_t rule)
{
	const struct ruleset_rule *r = &chain->rules[rule];
	size_t before = 0;

	for (size_t i = 0; i < rule; i++)
		before += strcmp(chain->rules[i].signature, r->signature) == 0;
	return before >= count_rules(other, r);
}

static bool same_order(const struct ruleset_chain *a, const struct ruleset_chain *b)
{
	for (size_t i = 0; i < a->n_rules; i++)
		if (strcmp(a->rules[i].signature, b->rules[i].signature) != 0)
			return false;
	return true;
}

static void compare_rules(struct drift *d, const struct ruleset_chain *have,
			  const struct ruleset_chain *want)
{
	for (size_t i = 0; i < want->n_rules; i++) {
		if (!lacks(have, want, i) || !begin_line(d, "chain", want->name))
			continue;
		fprintf(d->out, ": rule %zu of %zu is missing", i + 1, want->n_rules);
		if (want->rules[i].comment)
			fprintf(d->out, " (\"%s\")", want->rules[i].comment);
		fputc('\n', d->out);
	}
	for (size_t i = 0; i < have->n_rules; i++)
		if (lacks(want, have, i) && begin_line(d, "chain", want->name))
			fprintf(d->out, ": rule %zu is not in the plan (handle %llu)\n", i + 1,
				(unsigned long long)have->rules[i].handle);
	if (!d->in_this && !same_order(have, want) && begin_line(d, "chain", want->name))
		fputs(": the rules are in another order\n", d->out);
}

static void compare_chain(struct drift *d, size_t index)
{
	const struct ruleset_chain *want = &d->want->chains[index];
	int at = ruleset_find_chain_near(d->have, want->name, index);
	const struct ruleset_chain *have = at < 0 ? NULL : &d->have->chains[at];

	if (!have)
		whole(d, "chain", want->name, "is missing");
	else if (strcmp(have->device, want->device) != 0)
		whole(d, "chain", want->name, "is on another interface");
	else
		compare_rules(d, have, want);
	end_object(d, "chain", want->name);
}

void drift_print(FILE *out, const struct ruleset *have, const struct ruleset *want)
{
	struct drift d = {.out = out, .have = have, .want = want};

	if (!have->exists && want->exists) {
		fputs("the table is missing\n", out);
		return;
	}
	for (size_t i = 0; i < have->n_chains; i++)
		if (ruleset_find_chain_near(want, have->chains[i].name, i) < 0)
			whole(&d, "chain", have->chains[i].name, "is not in the plan");
	for (size_t i = 0; i < have->n_sets; i++)
		if (ruleset_find_set_near(want, have->sets[i].name, i) < 0)
			whole(&d, "set", have->sets[i].name, "is not in the plan");
	for (size_t i = 0; i < want->n_chains; i++)
		compare_chain(&d, i);
	for (size_t i = 0; i < want->n_sets; i++)
		compare_set(&d, i);
	if (d.unsaid)
		fprintf(out, "%zu more\n", d.unsaid);
}
