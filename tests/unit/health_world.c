/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/health_world.h"

#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool way(void *owner, const struct config_farm *farm, const struct config_backend *b,
		struct probe_ask *ask)
{
	struct health_world *w = owner;

	(void)farm;
	(void)b;
	w->ways++;
	ask->ifindex = 1;
	if (w->at.family)
		ask->address = w->at;
	return w->way;
}

static bool wanted(void *owner, const struct config_farm *farm, const struct config_backend *b)
{
	const struct health_world *w = owner;

	(void)farm;
	return w->wanted || strcmp(b->name, "one") != 0;
}

static void changed(void *owner, const struct addr *address)
{
	struct health_world *w = owner;

	CU_ASSERT_EQUAL(address->bytes[0], 192);
	w->changed++;
}

static bool eased(void *owner, const struct config_farm *farm, const struct config_backend *b)
{
	const struct health_world *w = owner;

	(void)farm;
	(void)b;
	return w->eased;
}

static enum outcome_class told(void *owner, const struct config_farm *farm,
			       const struct config_backend *b, char who[static OUTCOME_DETAIL])
{
	const struct health_world *w = owner;

	(void)farm;
	(void)b;
	snprintf(who, OUTCOME_DETAIL, "the other one says so");
	return w->told;
}

static void seen(void *owner, const struct config_farm *farm, const struct config_backend *b)
{
	struct health_world *w = owner;

	(void)farm;
	(void)b;
	w->seen++;
}

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

static struct config *load(const struct health_world *w, const char *backends)
{
	struct config *c = NULL;
	struct err err = {0};
	char text[1024], check[256];

	snprintf(check, sizeof(check),
		 "type = \"command\" interval = \"1s\" timeout = \"1s\" fast-interval = \"100ms\" "
		 "rise = 2 "
		 "fall = 3 command = \"test ! -e %s/lost || exit 127; test ! -e "
		 "%s/$DIRECTOR_BACKEND || exit 2\"",
		 w->folder, w->folder);
	snprintf(text, sizeof(text),
		 "farm \"web\" { address = \"192.0.2.100\" interface = \"lo\" ports = \"80\" %s "
		 "check \"file\" { %s } }",
		 backends, w->check ? w->check : check);
	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0)
		CU_FAIL_FATAL(err.text);
	return c;
}

void health_file(const struct health_world *w, const char *name, bool there)
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

static void begin(struct health_world *w, const char *backends, const char *ill, const char *check)
{
	const struct health_ops ops = {.way = way,
				       .wanted = wanted,
				       .eased = eased,
				       .told = told,
				       .seen = seen,
				       .changed = changed,
				       .owner = w};
	struct err err = {0};

	*w = (struct health_world){.folder = HEALTH_FOLDER,
				   .check = check,
				   .way = true,
				   .wanted = true,
				   .told = OUTCOME_UNDECIDED};
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(w->folder));
	if (ill)
		health_file(w, ill, true);
	uv_loop_init(&w->loop);
	uv_timer_init(&w->loop, &w->waker);
	uv_timer_start(&w->waker, wake, 1, 5);
	CU_ASSERT_FATAL(health_new(&w->loop, &ops, &w->health, &err) == 0);
	w->config = load(w, backends);
	CU_ASSERT_FATAL(health_configure(w->health, w->config) == 0);
}

void health_begin(struct health_world *w, const char *backends, const char *ill)
{
	begin(w, backends, ill, NULL);
}

void health_begin_check(struct health_world *w, const char *backends, const char *check)
{
	begin(w, backends, NULL, check);
}

void health_reload(struct health_world *w, const char *backends)
{
	struct config *next = load(w, backends);

	CU_ASSERT_FATAL(health_configure(w->health, next) == 0);
	config_free(w->config);
	w->config = next;
}

void health_finish(struct health_world *w)
{
	health_close(w->health);
	uv_close((uv_handle_t *)&w->waker, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&w->loop), 0);
	config_free(w->config);
	health_file(w, "one", false);
	health_file(w, "two", false);
	health_file(w, "three", false);
	health_file(w, "lost", false);
	rmdir(w->folder);
}

uint64_t health_attempts(const struct health_world *w)
{
	struct health_stats stats;
	uint64_t n = 0;

	health_stats(w->health, &stats);
	for (int i = 0; i < OUTCOME_CODES; i++)
		n += stats.outcomes[i];
	return n;
}

uint64_t health_run_until(struct health_world *w, size_t i, enum outcome_class class)
{
	uint64_t before = health_attempts(w), end = uv_hrtime() + 5000000000;

	while (health_of(w->health, 0, i) != class && uv_hrtime() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	EXPECT_INT(health_of(w->health, 0, i), class);
	return health_attempts(w) - before;
}

void health_settle(struct health_world *w)
{
	uint64_t end = uv_hrtime() + 5000000000;

	while (!health_is_settled(w->health) && uv_hrtime() < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	CU_ASSERT(health_is_settled(w->health));
}
