/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks in real time, of type command: what they find is a file that is there or not. To begin a process
 * takes a tenth of a second where sanitizers have filled the memory.
 */
#include "director/health/health_uv.h"

#include "director/config/load.h"
#include "tests/unit/loop.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/tmp/director-health-XXXXXX"

struct world {
	uv_loop_t loop;
	uv_timer_t waker;
	struct health *health;
	struct config *config;
	char folder[sizeof(FOLDER)];
	bool way, wanted;
	unsigned int changed;
};

static bool way(void *owner, const struct config_farm *farm, const struct config_backend *b,
		struct probe_ask *ask)
{
	const struct world *w = owner;

	(void)farm;
	(void)b;
	ask->ifindex = 1;
	return w->way;
}

static bool wanted(void *owner, const struct config_farm *farm, const struct config_backend *b)
{
	const struct world *w = owner;

	(void)farm;
	return w->wanted || strcmp(b->name, "one") != 0;
}

static void changed(void *owner, const struct addr *address)
{
	struct world *w = owner;

	CU_ASSERT_EQUAL(address->bytes[0], 192);
	w->changed++;
}

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

/* A backend is ill while there is a file of its name. */
static struct config *load(const struct world *w, const char *backends)
{
	struct config *c = NULL;
	struct err err = {0};
	char text[1024];

	snprintf(text, sizeof(text),
		 "farm \"web\" { address = \"192.0.2.100\" interface = \"lo\" ports = \"80\" %s "
		 "check \"file\" { type = \"command\" interval = \"1s\" timeout = \"1s\" "
		 "fast-interval = \"100ms\" rise = 2 fall = 3 command = \"test ! -e "
		 "%s/$DIRECTOR_BACKEND || exit 2\" } }",
		 backends, w->folder);
	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0)
		CU_FAIL_FATAL(err.text);
	return c;
}

#define ONE   "backend \"one\" { address = \"192.0.2.1\" } "
#define TWO   "backend \"two\" { address = \"192.0.2.2\" } "
#define THREE "backend \"three\" { address = \"192.0.2.3\" } "

static void file(const struct world *w, const char *name, bool there)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	if (!there) {
		unlink(path);
		return;
	}
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fclose(f);
}

static void begin(struct world *w, const char *backends, const char *ill)
{
	const struct health_ops ops = {
		.way = way, .wanted = wanted, .changed = changed, .owner = w};
	struct err err = {0};

	*w = (struct world){.folder = FOLDER, .way = true, .wanted = true};
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(w->folder));
	if (ill)
		file(w, ill, true);
	uv_loop_init(&w->loop);
	uv_timer_init(&w->loop, &w->waker);
	uv_timer_start(&w->waker, wake, 1, 5);
	CU_ASSERT_FATAL(health_new(&w->loop, &ops, &w->health, &err) == 0);
	w->config = load(w, backends);
	CU_ASSERT_FATAL(health_configure(w->health, w->config) == 0);
}

static void reload(struct world *w, const char *backends)
{
	struct config *next = load(w, backends);

	CU_ASSERT_FATAL(health_configure(w->health, next) == 0);
	config_free(w->config);
	w->config = next;
}

static void finish(struct world *w)
{
	health_close(w->health);
	uv_close((uv_handle_t *)&w->waker, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&w->loop), 0);
	config_free(w->config);
	file(w, "one", false);
	file(w, "two", false);
	file(w, "three", false);
	rmdir(w->folder);
}

static uint64_t attempts(const struct world *w)
{
	struct health_stats stats;
	uint64_t n = 0;

	health_stats(w->health, &stats);
	for (int i = 0; i < OUTCOME_CODES; i++)
		n += stats.outcomes[i];
	return n;
}

/* Until backend i is of that class; how many attempts that took. */
static uint64_t run_until(struct world *w, size_t i, enum outcome_class class)
{
	uint64_t before = attempts(w), end = uv_hrtime() + 5000000000;

	while (health_of(w->health, 0, i) != class && uv_hrtime() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	EXPECT_INT(health_of(w->health, 0, i), class);
	return attempts(w) - before;
}

static void settle(struct world *w)
{
	uint64_t end = uv_hrtime() + 5000000000;

	while (!health_is_settled(w->health) && uv_hrtime() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	CU_ASSERT(health_is_settled(w->health));
}

/* One that is presumed to be well has three attempts, at once: it may have connections. */
static void the_first_attempts(void)
{
	struct world w;

	begin(&w, ONE TWO, "two");
	CU_ASSERT(!health_is_settled(w.health));
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	EXPECT_INT(health_of(w.health, 0, 1), OUTCOME_WELL);
	settle(&w);
	CU_ASSERT(attempts(&w) >= 4);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	EXPECT_INT(health_of(w.health, 0, 1), OUTCOME_AILING);
	EXPECT_INT(w.changed, 1);
	finish(&w);
}

static void rise_and_fall(void)
{
	struct health_view worst;
	struct world w;
	char text[HEALTH_TEXT];

	begin(&w, ONE, NULL);
	settle(&w);
	CU_ASSERT(!health_worst(w.health, 0, 0, &worst));
	file(&w, "one", true);
	CU_ASSERT(run_until(&w, 0, OUTCOME_AILING) >= 3);
	CU_ASSERT_FATAL(health_worst(w.health, 0, 0, &worst));
	EXPECT_TEXT(health_text(&worst, text),
		    "check \"file\" (command): fails its command: exit status 2");
	file(&w, "one", false);
	CU_ASSERT(run_until(&w, 0, OUTCOME_WELL) >= 2);
	EXPECT_INT(w.changed, 2);
	finish(&w);
}

/* What is known stays known; one that is new has to show that it is well. */
static void another_configuration(void)
{
	struct world w;

	begin(&w, ONE TWO, "two");
	settle(&w);
	reload(&w, TWO THREE ONE);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_AILING);
	EXPECT_INT(health_of(w.health, 0, 1), OUTCOME_AILING);
	EXPECT_INT(health_of(w.health, 0, 2), OUTCOME_WELL);
	run_until(&w, 1, OUTCOME_WELL);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_AILING);
	/* Of one that is out of the configuration nothing is left, of the other all. */
	reload(&w, ONE);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	finish(&w);
}

static void out_of_service_it_is_left_alone(void)
{
	struct world w;
	uint64_t before;

	begin(&w, ONE, NULL);
	settle(&w);
	w.wanted = false;
	unit_loop_run(&w.loop,
		      1100); /* one may be under way, or is known to be out a second later */
	before = attempts(&w);
	unit_loop_run(&w.loop, 600);
	EXPECT_INT(attempts(&w), before);
	CU_ASSERT(health_is_settled(w.health)); /* nobody waits for it */
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	w.wanted = true;
	health_look_again(w.health);
	for (int i = 0; i < 90 && attempts(&w) == before; i++)
		unit_loop_run(&w.loop, 10);
	EXPECT_INT(attempts(&w), before + 1);
	finish(&w);
}

/* How one was that nothing is sent to stays so, and it is tried as soon as there is a way again. */
static void one_that_was_away(void)
{
	struct world w;
	uint64_t before;

	begin(&w, ONE, NULL);
	settle(&w);
	w.way = false;
	for (int i = 0; i < 500 && health_is_settled(w.health); i++)
		unit_loop_run(&w.loop, 10);
	CU_ASSERT(!health_is_settled(w.health));
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	file(&w, "one", true); /* it was switched off, and serves nobody yet */
	before = attempts(&w);
	w.way = true;
	health_look_again(w.health);
	run_until(&w, 0, OUTCOME_AILING);
	EXPECT_INT(attempts(&w), before + 3);
	CU_ASSERT(health_is_settled(w.health));
	finish(&w);
}

UNIT_TESTS(health) = {
	{"the first attempts", the_first_attempts},
	{"rise and fall", rise_and_fall},
	{"another configuration", another_configuration},
	{"out of service it is left alone", out_of_service_it_is_left_alone},
	{"one that was away", one_that_was_away},
	UNIT_TESTS_END,
};
