/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/health_world.h"
#include "tests/unit/loop.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* --- a loop that is elsewhere ------------------------------------------------------------------- */

/*
 * A port whose queue is full: the first SYN is dropped, the next one, a second later, is answered while the
 * loop is elsewhere, which it is until the timeout has passed.
 */
struct stall {
	uv_check_t handle;
	const struct health_world *world;
	unsigned int ways; /* so many attempts began before the one that is stalled */
	int port, crowd[4];
	bool full, over;
};

static void empty(const struct stall *s)
{
	int fd;

	while ((fd = accept(s->port, NULL, NULL)) >= 0)
		close(fd);
}

static void leave(const struct stall *s)
{
	for (int i = 0; i < 4; i++)
		close(s->crowd[i]);
	empty(s);
}

static void stall(uv_check_t *handle)
{
	struct stall *s = handle->data;

	if (!s->full)
		empty(s);
	if (!s->full || s->world->ways == s->ways)
		return;
	s->full = false;
	s->over = true;
	leave(s);
	usleep(1400000);
}

static struct sockaddr_in listen_here(struct stall *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(to);

	s->port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CU_ASSERT_FATAL(s->port >= 0 && bind(s->port, (struct sockaddr *)&to, len) == 0 &&
			listen(s->port, 0) == 0 &&
			getsockname(s->port, (struct sockaddr *)&to, &len) == 0);
	return to;
}

static void time_that_nobody_looked(void)
{
	struct health_world w;
	struct stall s = {.world = &w};
	struct sockaddr_in to = listen_here(&s);
	unsigned int seen;
	char check[160];

	snprintf(check, sizeof(check),
		 "type = \"tcp\" through = \"address\" port = %u interval = \"2s\" timeout = "
		 "\"1200ms\"",
		 ntohs(to.sin_port));
	health_begin_check(&w, ONE, check);
	w.at = (struct addr){.family = AF_INET, .bytes = {127, 0, 0, 1}};
	uv_check_init(&w.loop, &s.handle);
	s.handle.data = &s;
	uv_check_start(&s.handle, stall);
	health_settle(&w);
	EXPECT_INT(health_sight(w.health, 0, 0).state, SYNC_VIEW_WELL);
	seen = w.seen;
	s.ways = w.ways;
	s.full = true;
	for (int i = 0; i < 4; i++) {
		s.crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		CU_ASSERT(connect(s.crowd[i], (struct sockaddr *)&to, sizeof(to)) < 0);
	}
	unit_loop_wait(&w.loop, &w.ways, w.ways + 2);
	CU_ASSERT(s.over);
	EXPECT_INT(w.seen, seen); /* not even doubted */
	EXPECT_INT(health_sight(w.health, 0, 0).state, SYNC_VIEW_WELL);
	uv_close((uv_handle_t *)&s.handle, NULL);
	health_finish(&w);
	close(s.port);
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
	{"time that nobody looked", time_that_nobody_looked},
	{"rise and fall", rise_and_fall},
	{"another configuration", another_configuration},
	{"out of service it is left alone", out_of_service_it_is_left_alone},
	{"one that was away", one_that_was_away},
	UNIT_TESTS_END,
};
