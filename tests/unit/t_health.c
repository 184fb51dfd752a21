/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/health_world.h"
#include "tests/unit/loop.h"
#include "tests/unit/unit.h"

/* One that is presumed to be well has three attempts, at once: it may have connections. */
static void the_first_attempts(void)
{
	struct health_world w;

	health_begin(&w, ONE TWO, "two");
	CU_ASSERT(!health_is_settled(w.health));
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	EXPECT_INT(health_of(w.health, 0, 1), OUTCOME_WELL);
	health_settle(&w);
	CU_ASSERT(health_attempts(&w) >= 4);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	EXPECT_INT(health_of(w.health, 0, 1), OUTCOME_AILING);
	EXPECT_INT(w.changed, 1);
	health_finish(&w);
}

static void rise_and_fall(void)
{
	struct health_view worst;
	struct health_world w;
	char text[HEALTH_TEXT];

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	CU_ASSERT(!health_worst(w.health, 0, 0, &worst));
	health_file(&w, "one", true);
	CU_ASSERT(health_run_until(&w, 0, OUTCOME_AILING) >= 3);
	CU_ASSERT_FATAL(health_worst(w.health, 0, 0, &worst));
	EXPECT_TEXT(health_text(&worst, text),
		    "check \"file\" (command): fails its command: exit status 2");
	health_file(&w, "one", false);
	CU_ASSERT(health_run_until(&w, 0, OUTCOME_WELL) >= 2);
	EXPECT_INT(w.changed, 2);
	health_finish(&w);
}

/* What is known stays known; one that is new has to show that it is well. */
static void another_configuration(void)
{
	struct health_world w;

	health_begin(&w, ONE TWO, "two");
	health_settle(&w);
	health_reload(&w, TWO THREE ONE);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_AILING);
	EXPECT_INT(health_of(w.health, 0, 1), OUTCOME_AILING);
	EXPECT_INT(health_of(w.health, 0, 2), OUTCOME_WELL);
	health_run_until(&w, 1, OUTCOME_WELL);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_AILING);
	/* Of one that is out of the configuration nothing is left, of the other all. */
	health_reload(&w, ONE);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	health_finish(&w);
}

static void out_of_service_it_is_left_alone(void)
{
	struct health_world w;
	uint64_t before;

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	w.wanted = false;
	unit_loop_run(&w.loop,
		      1100); /* one may be under way, or is known to be out a second later */
	before = health_attempts(&w);
	unit_loop_run(&w.loop, 600);
	EXPECT_INT(health_attempts(&w), before);
	CU_ASSERT(health_is_settled(w.health)); /* nobody waits for it */
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	w.wanted = true;
	health_look_again(w.health);
	for (int i = 0; i < 90 && health_attempts(&w) == before; i++)
		unit_loop_run(&w.loop, 10);
	EXPECT_INT(health_attempts(&w), before + 1);
	health_finish(&w);
}

/* How one was that nothing is sent to stays so, and it is tried as soon as there is a way again. */
static void one_that_was_away(void)
{
	struct health_world w;
	uint64_t before;

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	w.way = false;
	for (int i = 0; i < 500 && health_is_settled(w.health); i++)
		unit_loop_run(&w.loop, 10);
	CU_ASSERT(!health_is_settled(w.health));
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	health_file(&w, "one", true); /* it was switched off, and serves nobody yet */
	before = health_attempts(&w);
	w.way = true;
	health_look_again(w.health);
	health_run_until(&w, 0, OUTCOME_AILING);
	EXPECT_INT(health_attempts(&w), before + 3);
	CU_ASSERT(health_is_settled(w.health));
	health_finish(&w);
}

UNIT_TESTS(health) = {
	{"the first attempts", the_first_attempts},
	{"rise and fall", rise_and_fall},
	{"another configuration", another_configuration},
	{"out of service it is left alone", out_of_service_it_is_left_alone},
	{"one that was away", one_that_was_away},
	UNIT_TESTS_END,
};
