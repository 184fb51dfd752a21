/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slots of least connections over reloads that change their number. */
#include "director/ruleset/bucket.h"
#include "director/schedule/balance.h"
#include "tests/unit/farm_world.h"
#include "tests/unit/unit.h"

static uint32_t slots_of(const struct balance *b, uint32_t size, uint16_t backend)
{
	uint32_t n = 0;

	for (uint32_t s = 0; s < size; s++)
		n += balance_list(b)[0][s] == backend;
	return n;
}

/* The first has all the connections. */
static bool loaded(void *owner, const struct config_farm *farm, uint64_t *ret)
{
	(void)owner;
	for (size_t i = 0; i < farm->n_backends; i++)
		ret[i] = i == 0 ? 1000 : 0;
	return true;
}

static void slots_go_on_when_their_number_changes(void)
{
	struct balance *b = balance_new();
	struct farm_world w;
	uint32_t before;

	farm_world_init(&w, SCHEDULER_LEAST_CONNECTIONS, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	EXPECT_INT(balance_configure(b, &w.config), 0);
	EXPECT_INT(balance_fit(b, &w.facts), 0);
	for (uint64_t now_ms = 2000; now_ms < 40000; now_ms += 2000)
		CU_ASSERT(balance_step(b, &w.config, now_ms, loaded, NULL) >= 0);
	before = slots_of(b, 1009, 0);
	CU_ASSERT(before < 300);
	/* More backends of the configuration that are away: another number, the same parts. */
	for (size_t i = 2; i < 101; i++)
		w.states[i].usable = false;
	w.farm.n_backends = 101;
	EXPECT_INT(balance_configure(b, &w.config), 0);
	EXPECT_INT(balance_fit(b, &w.facts), 0);
	EXPECT_INT(slots_of(b, 2018, 0), 2 * before);
	EXPECT_INT(slots_of(b, 2018, 1), 2 * (1009 - before));
	CU_ASSERT(balance_counted_ms(b, 0) > 0);
	w.farm.n_backends = 2;
	EXPECT_INT(balance_configure(b, &w.config), 0);
	EXPECT_INT(balance_fit(b, &w.facts), 0);
	EXPECT_INT(slots_of(b, 1009, 0), before);
	balance_free(b);
}

UNIT_TESTS(balance) = {
	{"slots go on when their number changes", slots_go_on_when_their_number_changes},
	UNIT_TESTS_END,
};
