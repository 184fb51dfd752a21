/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One change among a hundred farms: the transaction touches that farm's own chains and sets, and in
 * the maps that all share, its elements. t_diff.c has what a change does within one farm.
 */
#include "director/ruleset/sequence.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FARMS = 100, BACKENDS = 4, NONE = -1, ALL_FAR = -2 };

/* Kinds of farms, in turn; the last one's backends are on another interface. */
static const char *const kinds[] = {
	"",
	"scheduler = \"round-robin\"",
	"allow = \"10.0.0.0/8\" max-rate = 100 protocol = \"tcp+udp\"",
	"scheduler = \"source-hash\" fragments = \"spray\" protocol = \"udp\"",
	"",
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), FAR_KIND = KINDS - 1, FIRST_CHANGED = 55 };

static void write_farm(FILE *out, int i, int backends)
{
	const char *interface = i % KINDS == FAR_KIND ? "interface = \"eth1\"" : "";

	fprintf(out,
		"farm \"f%03d\" { address = \"10.77.1.%d\" ports = { \"80\", \"443\" } %s\n"
		"interface = \"eth0\"\n",
		i, i, kinds[i % KINDS]);
	for (int k = 0; k < backends; k++)
		fprintf(out, "backend \"web%d\" { address = \"10.77.0.%d\" %s }\n", k, 21 + k,
			interface);
	fputs("}\n", out);
}

/* A hundred farms, one left out, one with a backend more. */
static void plan(struct ruleset_case *c, int without, int larger)
{
	char path[] = "/tmp/t_diff_farms.XXXXXX";
	int fd = mkstemp(path);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (int i = 0; i < FARMS; i++)
		if (i != without)
			write_farm(out, i, i == larger ? BACKENDS + 1 : BACKENDS);
	fclose(out);
	CU_ASSERT_FATAL(ruleset_case_init(c, path, 2));
	unlink(path);
}

static void plan_again(struct ruleset_case *c)
{
	ruleset_clear(&c->ruleset);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&c->facts.plan, &c->ruleset), 0);
	CU_ASSERT_EQUAL_FATAL(nft_sign(&c->ruleset), 0);
}

/* --- what a transaction touches --------------------------------------------------------------- */

static const char *const shared[] = {"services", "first-fragments", "later-fragments",
				     "errors",	 "outputs",	    "backend-macs",
				     "vips"};

enum { SHARED = sizeof(shared) / sizeof(shared[0]) };

static bool is_element_of_shared(const struct nft_label *l)
{
	for (size_t i = 0; i < SHARED; i++)
		if (strcmp(l->name, shared[i]) == 0)
			return strstr(l->what, "elements of set") != NULL;
	return false;
}

/* Elements of the shared maps. */
static size_t count_shared(const struct ruleset *r)
{
	size_t n = 0;

	for (size_t i = 0; i < SHARED; i++)
		n += ruleset_set_count(&r->sets[ruleset_find_set(r, shared[i])]);
	return n;
}

/* An object of the farm or of its VIP, or of any farm that is on the other interface. */
static bool belongs(const char *name, int farm)
{
	char *end = NULL;

	if (strcmp(name, "syn-eth1") == 0 || strcmp(name, "resyn-eth1") == 0)
		return farm == ALL_FAR;
	if (strncmp(name, "spray-0a4d01", 12) == 0)
		return strtol(name + 12, &end, 16) == farm && *end == '.';
	for (const char *at = strchr(name, 'f'); at; at = strchr(at + 1, 'f')) {
		long number = strtol(at + 1, &end, 10);

		if (end == at + 4)
			return farm == ALL_FAR ? number % KINDS == FAR_KIND : number == farm;
	}
	return false;
}

static struct ruleset_change change_of(const struct ruleset *have, const struct ruleset *want,
				       int farm)
{
	struct ruleset_change change;
	struct nft_batch batch;

	nft_batch_begin(&batch, 1);
	EXPECT_INT(ruleset_diff(have, want, &batch, &change), 0);
	for (uint32_t i = 1; i < batch.n_messages; i++) {
		const struct nft_label *l = nft_batch_label(&batch, 1 + i);
		bool good = belongs(l->name, farm) || is_element_of_shared(l);

		if (!good)
			printf("\n    farm %d: touches %s %s", farm, l->what, l->name);
		CU_ASSERT(good);
	}
	CU_ASSERT(batch.n_messages > 1);
	nft_batch_clear(&batch);
	return change;
}

/* Nothing was rewritten or made anew, and nothing was deleted that was not to go. */
static void expect_elements_only(const struct ruleset_change *c)
{
	EXPECT_INT(c->chains_added + c->chains_deleted + c->chains_rewritten, 0);
	EXPECT_INT(c->sets_added + c->sets_deleted, 0);
}

/* Buckets whose value differs, of the first indexed set of that farm. */
static size_t moved_buckets(const struct ruleset *a, const struct ruleset *b, int farm)
{
	const struct ruleset_set *x, *y;
	char name[32];
	size_t n = 0;
	int at;

	snprintf(name, sizeof(name), "f%03d-%s", farm, farm % KINDS == 1 ? "slots" : "buckets");
	at = ruleset_find_set(a, name);
	CU_ASSERT_FATAL(at >= 0);
	x = &a->sets[at];
	y = &b->sets[ruleset_find_set(b, name)];
	for (uint32_t i = 0; i < x->size; i++)
		n += memcmp(x->values[x->owners[i]], y->values[y->owners[i]], RULESET_DATA_MAX) !=
		     0;
	return n;
}

/* --- stories ---------------------------------------------------------------------------------- */

static void a_farm_comes_and_goes(void)
{
	struct ruleset_case all, without;
	struct ruleset_change come, go;
	size_t elements;

	plan(&all, NONE, NONE);
	for (int farm = FIRST_CHANGED; farm < FIRST_CHANGED + KINDS; farm++) {
		plan(&without, farm, NONE);
		elements = count_shared(&all.ruleset) - count_shared(&without.ruleset);
		come = change_of(&without.ruleset, &all.ruleset, farm);
		EXPECT_INT(come.chains_rewritten + come.chains_deleted + come.sets_deleted, 0);
		EXPECT_INT(come.elements_deleted, 0);
		EXPECT_INT(come.elements_added, elements);
		EXPECT_INT(come.sets_added, all.ruleset.n_sets - without.ruleset.n_sets);
		EXPECT_INT(come.chains_added, all.ruleset.n_chains - without.ruleset.n_chains);
		go = change_of(&all.ruleset, &without.ruleset, farm);
		EXPECT_INT(go.chains_rewritten + go.chains_added + go.sets_added, 0);
		EXPECT_INT(go.elements_added, 0);
		EXPECT_INT(go.elements_deleted, elements);
		EXPECT_INT(go.sets_deleted, come.sets_added);
		EXPECT_INT(go.chains_deleted, come.chains_added);
		ruleset_case_clear(&without);
	}
	ruleset_case_clear(&all);
}

/*
 * Only buckets that get another owner, about a fifth, the new backend's way out and its MAC. A round-robin
 * farm deals its slots, which decide about new flows only, anew, and names the new backend.
 */
static void a_backend_joins(void)
{
	struct ruleset_case before, after;
	struct ruleset_change c;
	size_t moved;

	plan(&before, NONE, NONE);
	for (int farm = FIRST_CHANGED; farm < FIRST_CHANGED + KINDS; farm++) {
		bool in_turn = farm % KINDS == 1;

		plan(&after, NONE, farm);
		c = change_of(&before.ruleset, &after.ruleset, farm);
		moved = moved_buckets(&before.ruleset, &after.ruleset, farm);
		EXPECT_INT(c.elements_deleted, moved);
		EXPECT_INT(c.elements_added, moved + (in_turn ? 3 : 2));
		CU_ASSERT(in_turn || (moved >= 150 && moved <= 250));
		EXPECT_INT(c.sets_added + c.sets_deleted + c.chains_added + c.chains_deleted, 0);
		/* Copies of what is sprayed go to it, too. */
		EXPECT_INT(c.chains_rewritten, (in_turn || farm % KINDS == 3) ? 1 : 0);
		ruleset_case_clear(&after);
	}
	ruleset_case_clear(&before);
}

/* The second backend of a farm gets another weight, 0 as when it drains, or dies. */
static void change_backend(int farm, uint16_t weight, bool usable, size_t least, size_t most)
{
	struct ruleset_case before, after;
	struct ruleset_change c;
	struct plan_backend *b;
	size_t moved;

	plan(&before, NONE, NONE);
	plan(&after, NONE, NONE);
	b = &after.facts.all[farm * BACKENDS + 1];
	b->weight = weight;
	b->usable = usable;
	plan_again(&after);
	c = change_of(&before.ruleset, &after.ruleset, farm);
	moved = moved_buckets(&before.ruleset, &after.ruleset, farm);
	expect_elements_only(&c);
	EXPECT_INT(c.elements_added, moved);
	EXPECT_INT(c.elements_deleted, moved);
	CU_ASSERT(moved >= least && moved <= most);
	ruleset_case_clear(&before);
	ruleset_case_clear(&after);
}

/* From a quarter to two fifths, and from a quarter to nothing. */
static void a_backend_changes(void)
{
	change_backend(FIRST_CHANGED, 2, true, 120, 190);
	change_backend(FIRST_CHANGED, 0, true, 220, 290);
	change_backend(FIRST_CHANGED, 1, false, 220, 290);
	change_backend(FIRST_CHANGED + 2, 2, true, 120, 190);
	change_backend(FIRST_CHANGED + 3, 0, true, 220, 290);
}

static void set_far(struct ruleset_case *c, bool usable, uint32_t ifindex)
{
	for (int farm = FAR_KIND; farm < FARMS; farm += KINDS)
		for (int k = 0; k < BACKENDS; k++)
			c->facts.all[farm * BACKENDS + k].usable = usable;
	for (size_t i = 0; i < c->facts.plan.n_interfaces; i++)
		if (strcmp(c->facts.interfaces[i].name, "eth1") == 0)
			c->facts.interfaces[i].ifindex = ifindex;
	plan_again(c);
}

/*
 * The interface of some backends goes: the farms on it lose their elements. It comes back as it was:
 * they get them again. It comes back with another number: their rules hold it and are written anew.
 * Nobody else's are touched.
 */
static void an_interface_goes_and_comes(void)
{
	const size_t elements = FARMS / KINDS * 1009;
	struct ruleset_case before, after;
	struct ruleset_change c;

	plan(&before, NONE, NONE);
	plan(&after, NONE, NONE);
	set_far(&before, true, 7);
	set_far(&after, false, 7);
	c = change_of(&before.ruleset, &after.ruleset, ALL_FAR);
	EXPECT_INT(c.sets_added + c.sets_deleted + c.elements_added, 0);
	EXPECT_INT(c.elements_deleted, elements);
	c = change_of(&after.ruleset, &before.ruleset, ALL_FAR);
	EXPECT_INT(c.sets_added + c.sets_deleted + c.elements_deleted, 0);
	EXPECT_INT(c.elements_added, elements);
	set_far(&after, true, 8);
	c = change_of(&before.ruleset, &after.ruleset, ALL_FAR);
	EXPECT_INT(c.elements_added + c.elements_deleted + c.sets_added + c.sets_deleted, 0);
	CU_ASSERT(c.chains_rewritten >= FARMS / KINDS);
	ruleset_case_clear(&before);
	ruleset_case_clear(&after);
}

UNIT_TESTS(diff_farms) = {
	{"a farm comes and goes", a_farm_comes_and_goes},
	{"a backend joins", a_backend_joins},
	{"a backend changes", a_backend_changes},
	{"an interface goes and comes", an_interface_goes_and_comes},
	UNIT_TESTS_END,
};
