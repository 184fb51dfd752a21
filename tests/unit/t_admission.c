/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New farms enter the plan a few at a time, those that are there at once. */
#include "director/schedule/admission.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FARMS = 200 };

static char names[FARMS][8];

/* Farms f0, f1, … with that many backends each; names and numbers are all that counts. */
static struct config *config_of(unsigned int first, unsigned int n, size_t backends)
{
	struct config *c = calloc(1, sizeof(*c));

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	c->farms = calloc(n + 1, sizeof(*c->farms));
	CU_ASSERT_PTR_NOT_NULL_FATAL(c->farms);
	c->n_farms = n;
	for (unsigned int i = 0; i < n; i++) {
		snprintf(names[first + i], sizeof(names[0]), "f%u", first + i);
		c->farms[i].name = names[first + i];
		c->farms[i].n_backends = backends;
	}
	return c;
}

static void config_end(struct config *c)
{
	free(c->farms);
	free(c);
}

static size_t rounds(struct admission *a, const struct config *c)
{
	size_t n = 0;

	for (; !admission_is_complete(a) && n <= a->n; n++) {
		size_t before = a->n_admitted;

		admission_go_on(a, c);
		CU_ASSERT(a->n_admitted > before);
	}
	return n;
}

static void large_farms_take_longer(void)
{
	struct config *small = config_of(0, FARMS, 3), *large = config_of(0, FARMS, 100);
	struct admission a = {0}, b = {0};
	size_t few, many;

	EXPECT_INT(admission_configure(&a, NULL, small), 0);
	EXPECT_INT(admission_configure(&b, NULL, large), 0);
	EXPECT_INT(admission_is_complete(&a), false);
	few = rounds(&a, small);
	many = rounds(&b, large);
	CU_ASSERT(few > 1 && many > 3 * few && many <= FARMS);
	EXPECT_INT(a.n_admitted, FARMS);
	admission_clear(&a);
	admission_clear(&b);
	config_end(small);
	config_end(large);
}

/* A reload takes some farms away and brings others. */
static void who_is_in_stays_in(void)
{
	struct config *old = config_of(0, 100, 3), *now = config_of(50, 100, 3);
	struct admission a = {0};

	EXPECT_INT(admission_configure(&a, NULL, old), 0);
	rounds(&a, old);
	EXPECT_INT(admission_configure(&a, old, now), 0);
	EXPECT_INT(a.n_admitted, 50);
	CU_ASSERT(a.farms[0] && a.farms[49] && !a.farms[50]);
	rounds(&a, now);
	EXPECT_INT(admission_is_complete(&a), true);
	admission_clear(&a);
	config_end(old);
	config_end(now);
}

static void what_the_kernel_has_is_in_at_once(void)
{
	struct config *c = config_of(0, FARMS, 100);
	struct admission a = {0};
	struct ruleset have;

	ruleset_init(&have);
	CU_ASSERT(ruleset_add_chain(&have, "new-f3") >= 0);
	CU_ASSERT(ruleset_add_chain(&have, "farm-f12") >= 0);
	CU_ASSERT(ruleset_add_chain(&have, "farm-f150.udp6") >= 0);
	CU_ASSERT(ruleset_add_chain(&have, "farm-f7") >= 0);
	EXPECT_INT(admission_configure(&a, NULL, c), 0);
	admission_adopt(&a, c, &have);
	admission_adopt(&a, c, &have);
	EXPECT_INT(a.n_admitted, 3);
	CU_ASSERT(a.farms[12] && a.farms[150] && a.farms[7] && !a.farms[1] && !a.farms[3]);
	ruleset_clear(&have);
	admission_clear(&a);
	config_end(c);
}

static void no_farm_at_all(void)
{
	struct config *c = config_of(0, 0, 0);
	struct admission a = {0};

	EXPECT_INT(admission_configure(&a, NULL, c), 0);
	EXPECT_INT(admission_is_complete(&a), true);
	admission_go_on(&a, c);
	admission_clear(&a);
	config_end(c);
}

UNIT_TESTS(admission) = {
	{"large farms take longer", large_farms_take_longer},
	{"who is in stays in", who_is_in_stays_in},
	{"what the kernel has is in at once", what_the_kernel_has_is_in_at_once},
	{"no farm at all", no_farm_at_all},
	UNIT_TESTS_END,
};
