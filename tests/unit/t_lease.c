/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/lease.h"
#include "tests/unit/unit.h"

static const struct lease_settings pair = {.pair = true, .short_ms = 2000, .lone_ms = 600000};
static const struct lease_facts alone = {.peer_silent = true, .link_up = true, .lan_answers = true};

static uint32_t valid_of(const struct lease_settings *settings, const struct lease_facts *facts)
{
	struct lease l;

	lease_init(&l, settings);
	lease_learn(&l, facts, 0);
	return lease_valid_s(&l);
}

static void long_only_when_alone(void)
{
	struct lease_settings standalone = pair;

	standalone.pair = false;
	EXPECT_INT(valid_of(&standalone, &(struct lease_facts){0}), 600);
	/* each of the three is needed */
	for (unsigned int known = 0; known < 8; known++) {
		struct lease_facts facts = {
			.peer_silent = known & 1, .link_up = known & 2, .lan_answers = known & 4};

		EXPECT_INT(valid_of(&pair, &facts), known == 7 ? 600 : 2);
	}
}

static void whole_seconds_rounded_up(void)
{
	struct lease_settings s = pair;

	s.short_ms = 1000;
	EXPECT_INT(valid_of(&s, &(struct lease_facts){0}), 1);
	s.short_ms = 1001;
	EXPECT_INT(valid_of(&s, &(struct lease_facts){0}), 2);
	s.short_ms = 20000;
	s.lone_ms = 5000; /* shorter than that of a living pair */
	EXPECT_INT(valid_of(&s, &alone), 20);
}

static void renewed_four_times(void)
{
	struct lease l;

	lease_init(&l, &pair);
	CU_ASSERT(lease_due(&l) == LEASE_NEVER);
	lease_renewed(&l, 1000000);
	EXPECT_INT(lease_due(&l), 1500000);
	lease_renewed(&l, 1500000);
	EXPECT_INT(lease_due(&l), 2000000);
	lease_learn(&l, &alone, 1500000);
	lease_renewed(&l, 1500000);
	EXPECT_INT(lease_due(&l), 1500000 + LEASE_RENEW_MAX_MS * 1000);
	lease_end(&l);
	CU_ASSERT(lease_due(&l) == LEASE_NEVER);
	CU_ASSERT(!l.held);
}

static void another_length_is_due_at_once(void)
{
	struct lease_settings other = pair;
	struct lease l;

	lease_init(&l, &pair);
	lease_learn(&l, &alone, 0); /* not held: nothing to be renewed */
	CU_ASSERT(lease_due(&l) == LEASE_NEVER);
	lease_renewed(&l, 0);
	lease_learn(&l, &alone, 100);
	EXPECT_INT(lease_due(&l), LEASE_RENEW_MAX_MS * 1000); /* the same length */
	lease_learn(&l, &(struct lease_facts){0}, 200);	      /* a sign of life */
	EXPECT_INT(lease_due(&l), 200);
	lease_renewed(&l, 200);
	EXPECT_INT(lease_due(&l), 500200);
	other.short_ms = 4000;
	lease_set(&l, &other, 300);
	EXPECT_INT(lease_due(&l), 300);
}

static void lapsed(void)
{
	struct lease l;

	lease_init(&l, &pair);
	CU_ASSERT(!lease_lapsed(&l, 10000000));
	lease_renewed(&l, 1000000);
	CU_ASSERT(!lease_lapsed(&l, 2999999));
	CU_ASSERT(lease_lapsed(&l, 3000000));
	lease_end(&l);
	CU_ASSERT(!lease_lapsed(&l, 3000000));
}

static void restored_at_once_but_not_in_a_race(void)
{
	struct lease l;
	unsigned int restored = 0;

	lease_init(&l, &pair);
	lease_lost(&l, 5); /* not held */
	CU_ASSERT(lease_due(&l) == LEASE_NEVER);
	lease_renewed(&l, 0);
	lease_lost(&l, 10);
	EXPECT_INT(lease_due(&l), 10);
	/* somebody removes it every millisecond, for a second */
	for (uint64_t us = 1000; us < 1000000; us += 1000) {
		lease_lost(&l, us);
		if (us < lease_due(&l))
			continue;
		lease_renewed(&l, us);
		lease_restored(&l, us);
		restored++;
	}
	EXPECT_INT(restored, 20);
	/* never later than the renewal that was due anyway */
	lease_renewed(&l, 2000000);
	lease_restored(&l, 2490000);
	lease_lost(&l, 2490001);
	EXPECT_INT(lease_due(&l), 2500000);
}

UNIT_TESTS(lease) = {
	{"long only when alone", long_only_when_alone},
	{"whole seconds, rounded up", whole_seconds_rounded_up},
	{"renewed four times", renewed_four_times},
	{"another length is due at once", another_length_is_due_at_once},
	{"lapsed", lapsed},
	{"restored at once, but not in a race", restored_at_once_but_not_in_a_race},
	UNIT_TESTS_END,
};
