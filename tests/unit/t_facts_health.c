/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What checks find, in the facts of the plan. Everybody answers ARP. */
#include "director/schedule/facts.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { FIRST = 0x0a4d0015, FARMS = 2, BACKENDS = 3 };

struct world {
	struct config config;
	struct config_farm farms[FARMS];
	struct config_backend backends[FARMS][BACKENDS];
	enum outcome_class found[FARMS][BACKENDS];
	struct facts_source source;
};

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	(void)owner;
	*ret = (struct plan_interface){.ifindex = 2};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return strcmp(name, "eth9") != 0;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	(void)owner;
	*ret = (struct mac){{2, 0, 0, 0, (uint8_t)ifindex, addr->bytes[3]}};
	return true;
}

static enum outcome_class ask_health(void *owner, size_t farm, size_t backend)
{
	const struct world *w = owner;

	return w->found[farm][backend];
}

static uint8_t seventy(void *owner, size_t farm, size_t backend)
{
	(void)owner;
	(void)farm;
	(void)backend;
	return 70;
}

static void begin(struct world *w)
{
	static const char *const names[BACKENDS] = {"one", "two", "three"};

	*w = (struct world){.config = {.farms = w->farms, .n_farms = FARMS},
			    .source = {.interface = ask_interface,
				       .mac = ask_mac,
				       .health = ask_health,
				       .owner = w}};
	for (size_t f = 0; f < FARMS; f++) {
		w->farms[f] = (struct config_farm){.name = f ? "dns" : "web",
						   .interface = "eth0",
						   .minimum_backends = 1,
						   .backends = w->backends[f],
						   .n_backends = BACKENDS};
		for (uint32_t b = 0; b < BACKENDS; b++)
			w->backends[f][b] = (struct config_backend){.name = names[b],
								    .interface = "",
								    .address = addr_v4(FIRST + b),
								    .weight = 1};
	}
}

/* Usable ones as their weights, others as "-". */
static const char *describe(const struct facts *f)
{
	static char text[64];
	size_t used = 0;

	for (size_t i = 0; i < FARMS; i++)
		for (size_t k = 0; k < BACKENDS; k++) {
			const struct plan_backend *b = &f->farms[i][k];

			CU_ASSERT(mac_is_unicast(&b->mac));
			text[used++] = (char)(b->usable ? '0' + b->weight : '-');
		}
	text[used] = '\0';
	return text;
}

/* One that is dead loses what it has, one that ails gets nothing new. */
static void checks_find_fault(void)
{
	const struct addr second = addr_v4(FIRST + 1);
	struct world w;
	struct facts f;

	begin(&w);
	w.found[0][1] = OUTCOME_DEAD;
	w.found[0][2] = OUTCOME_AILING;
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, NULL, &w.source) == 0);
	EXPECT_TEXT(describe(&f), "1-0111");
	/* Found well again, and told by its address. */
	w.found[0][1] = OUTCOME_WELL;
	CU_ASSERT_FATAL(facts_renew(&f, NULL, &w.source, &second, 1));
	EXPECT_TEXT(describe(&f), "110111");
	facts_clear(&f);
}

static void backups_step_in(void)
{
	struct world w;
	struct facts f;

	begin(&w);
	w.backends[0][2].backup = true;
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, NULL, &w.source) == 0);
	EXPECT_TEXT(describe(&f), "110111");
	facts_clear(&f);
	w.found[0][0] = OUTCOME_DEAD;
	w.found[0][1] = OUTCOME_AILING;
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, NULL, &w.source) == 0);
	EXPECT_TEXT(describe(&f), "-01111");
	facts_clear(&f);
}

/* Who leads the farm has the word: on both directors the same backends are in the table. */
static void the_leaders_checks_count(void)
{
	uint16_t weights[] = {1, 1, 0};
	uint8_t percents[] = {40, 0, 0};
	bool usable[] = {true, false, true};
	struct lead_farm farms[FARMS] = {{.told = true,
					  .follows = true,
					  .weights = weights,
					  .percents = percents,
					  .usable = usable}};
	struct lead lead = {.farms = farms, .n = FARMS};
	struct world w;
	struct facts f;

	begin(&w);
	w.source.lead = &lead;
	w.source.percent = seventy;
	w.found[0][0] = OUTCOME_DEAD; /* so it looks from here */
	w.found[1][0] = OUTCOME_DEAD; /* of a farm that this one leads */
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, NULL, &w.source) == 0);
	EXPECT_TEXT(describe(&f), "1-0-11");
	EXPECT_INT(plan_backend_weight(&f.farms[0][0]), 40);
	EXPECT_INT(plan_backend_weight(&f.farms[1][0]), 0);
	EXPECT_INT(plan_backend_weight(&f.farms[1][1]), 70);
	facts_clear(&f);
}

/* A part of nothing does not grow, and so the other director would not be told of its end. */
static void who_gets_nothing_does_not_start(void)
{
	const struct addr first = addr_v4(FIRST);
	struct world w;
	struct facts f;

	begin(&w);
	w.source.percent = seventy;
	w.backends[0][2].backup = true;
	w.found[0][1] = OUTCOME_AILING;
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, NULL, &w.source) == 0);
	EXPECT_TEXT(describe(&f), "100111");
	EXPECT_INT(f.farms[0][0].percent, 70);
	EXPECT_INT(f.farms[0][1].percent, 0);
	EXPECT_INT(f.farms[0][2].percent, 0);
	w.found[0][0] = OUTCOME_DEAD; /* the backup is needed */
	CU_ASSERT_FATAL(facts_renew(&f, NULL, &w.source, &first, 1));
	EXPECT_TEXT(describe(&f), "-01111");
	EXPECT_INT(f.farms[0][2].percent, 70);
	facts_set_percent(&f.all[1], 20); /* a step of each */
	facts_set_percent(&f.all[2], 80);
	EXPECT_INT(f.all[1].percent, 0);
	EXPECT_INT(f.all[2].percent, 80);
	facts_clear(&f);
}

/* Every farm of its own as it is with all of them; `out` counts the interfaces of all. */
static void expect_same_farm_by_farm(struct world *w, const struct facts *f)
{
	for (size_t i = 0; i < FARMS; i++) {
		struct plan_backend alone[BACKENDS];

		memset(alone, 0xff, sizeof(alone));
		CU_ASSERT_FATAL(facts_farm(&w->config, i, &w->source, alone) == 0);
		for (size_t k = 0; k < BACKENDS; k++) {
			const struct plan_backend *b = &f->farms[i][k];

			CU_ASSERT(mac_equal(&alone[k].mac, &b->mac));
			EXPECT_INT(alone[k].usable, b->usable);
			EXPECT_INT(alone[k].weight, b->weight);
			EXPECT_INT(alone[k].percent, b->percent);
		}
	}
}

static void a_farm_of_its_own(void)
{
	struct world w;
	struct facts f;

	begin(&w);
	w.source.percent = seventy;
	w.backends[0][2].backup = true;
	w.found[0][1] = OUTCOME_DEAD;
	w.found[1][0] = OUTCOME_AILING;
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, NULL, &w.source) == 0);
	EXPECT_TEXT(describe(&f), "1-0011");
	expect_same_farm_by_farm(&w, &f);
	facts_clear(&f);
	w.farms[1].interface = "eth9"; /* which is not there, but its backends' is */
	w.backends[1][0].interface = "eth0";
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, NULL, &w.source) == 0);
	expect_same_farm_by_farm(&w, &f);
	facts_clear(&f);
}

UNIT_TESTS(facts_health) = {
	{"a farm of its own", a_farm_of_its_own},
	{"checks find fault", checks_find_fault},
	{"backups step in", backups_step_in},
	{"the leader's checks count", the_leaders_checks_count},
	{"who gets nothing does not start", who_gets_nothing_does_not_start},
	UNIT_TESTS_END,
};
