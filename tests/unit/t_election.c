/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread of the election and its deadlines, on real loops (ha/election_uv.h, ha/deadline_uv.h). */
#include "ha/clock_uv.h"
#include "ha/deadline_uv.h"
#include "ha/election_uv.h"
#include "include/log.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sched.h>

struct world {
	uv_loop_t loop;
	struct election *election;
	unsigned int woken;
};

static void woken(void *owner)
{
	struct world *w = owner;

	log_flush();
	w->woken++;
	uv_stop(&w->loop);
}

static void begin(struct world *w)
{
	struct err err = {0};

	*w = (struct world){0};
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&w->loop), 0);
	CU_ASSERT_EQUAL_FATAL(election_new(&w->loop, woken, w, &w->election, &err), 0);
}

/* Nothing is left open. */
static void end(struct world *w)
{
	election_close(w->election);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&w->loop), 0);
}

struct visit {
	struct world *w;
	pthread_t thread;
	unsigned int count;
};

static void visit(void *arg)
{
	struct visit *v = arg;

	v->thread = pthread_self();
	v->count++;
}

static void a_call_runs_on_the_other_thread(void)
{
	struct world w;
	struct visit v = {.w = &w};

	begin(&w);
	for (unsigned int i = 1; i <= 1000; i++) {
		election_call(w.election, visit, &v);
		EXPECT_INT(v.count, i); /* it has run when the call returns */
	}
	CU_ASSERT_FALSE(pthread_equal(v.thread, pthread_self()));
	end(&w);
}

static void wake_often(void *arg)
{
	struct world *w = arg;

	for (int i = 0; i < 100; i++)
		election_wake(w->election);
}

static void waking_runs_on_the_main_loop(void)
{
	struct world w;

	begin(&w);
	election_call(w.election, wake_often, &w);
	EXPECT_INT(w.woken, 0); /* not before the main loop runs */
	uv_run(&w.loop, UV_RUN_DEFAULT);
	EXPECT_INT(w.woken, 1);
	end(&w);
}

static void woken_after_the_end(void)
{
	struct world w;

	begin(&w);
	election_call(w.election, wake_often, &w);
	end(&w);
	EXPECT_INT(w.woken, 0);
}

static void note_some(void *arg)
{
	struct world *w = arg;

	election_late(w->election, 3);
	election_late(w->election, 700);
}

static void the_view_shows_how_late_it_was(void)
{
	struct election_view view;
	struct world w;

	begin(&w);
	election_call(w.election, note_some, &w);
	election_view(w.election, &view);
	EXPECT_INT(view.late.count, 2);
	EXPECT_INT(view.late.max_us, 700);
	CU_ASSERT_FALSE(view.realtime);
	end(&w);
}

static void ask_policy(void *arg)
{
	struct sched_param param;

	CU_ASSERT_EQUAL(pthread_getschedparam(pthread_self(), arg, &param), 0);
}

/* May be refused where the tests run; then nothing has changed. */
static void realtime_is_the_thread_s_alone(void)
{
	struct election_view view;
	struct sched_param param;
	struct world w;
	int own = -1, its = -1, code;

	begin(&w);
	code = election_set_realtime(w.election, true);
	election_view(w.election, &view);
	EXPECT_INT(view.realtime, code == 0);
	election_call(w.election, ask_policy, &its);
	EXPECT_INT(its, code == 0 ? SCHED_FIFO : SCHED_OTHER);
	CU_ASSERT_EQUAL(pthread_getschedparam(pthread_self(), &own, &param), 0);
	EXPECT_INT(own, SCHED_OTHER);
	EXPECT_INT(election_set_realtime(w.election, false), 0);
	election_call(w.election, ask_policy, &its);
	EXPECT_INT(its, SCHED_OTHER);
	end(&w);
}

/* --- deadlines -------------------------------------------------------------------------------- */

struct moments {
	uv_loop_t loop;
	struct deadline deadline;
	uint64_t due_us[4];
	unsigned int armed, came;
	bool closed;
};

static void moment_closed(void *owner)
{
	struct moments *m = owner;

	m->closed = true;
}

static void moment(void *owner, uint64_t late_us)
{
	struct moments *m = owner;
	uint64_t now = clock_us(), due = m->due_us[m->came];

	CU_ASSERT(now >= due);			 /* never too early … */
	CU_ASSERT(late_us <= now - due);	 /* … and it knows … */
	CU_ASSERT(late_us + 100000 > now - due); /* … how late it is */
	if (++m->came < m->armed)
		deadline_arm(&m->deadline, m->due_us[m->came]);
	else
		deadline_close(&m->deadline, moment_closed);
}

static void moments_begin(struct moments *m)
{
	struct err err = {0};

	*m = (struct moments){0};
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&m->loop), 0);
	CU_ASSERT_EQUAL_FATAL(deadline_init(&m->deadline, &m->loop, moment, m, &err), 0);
}

static void moments_end(struct moments *m)
{
	uv_run(&m->loop, UV_RUN_DEFAULT);
	CU_ASSERT_TRUE(m->closed);
	EXPECT_INT(m->came, m->armed);
	EXPECT_INT(uv_loop_close(&m->loop), 0);
}

static void deadlines_come_in_time(void)
{
	struct moments m;

	moments_begin(&m);
	m.armed = 4;
	m.due_us[0] = 0; /* long ago: at once */
	m.due_us[1] = clock_us() + 300;
	m.due_us[2] = clock_us() + 5700;
	m.due_us[3] = clock_us() - 1;
	deadline_arm(&m.deadline, m.due_us[0]);
	moments_end(&m);
}

static void the_last_word_on_a_deadline_counts(void)
{
	struct moments m;

	moments_begin(&m);
	m.armed = 1;
	deadline_arm(&m.deadline, clock_us());
	deadline_arm(&m.deadline, DEADLINE_NEVER);
	uv_run(&m.loop, UV_RUN_NOWAIT);
	EXPECT_INT(m.came, 0);
	m.due_us[0] = clock_us() + 20000;
	deadline_arm(&m.deadline, clock_us());
	deadline_arm(&m.deadline, m.due_us[0]);
	moments_end(&m);
}

UNIT_TESTS(election) = {
	{"a call runs on the other thread", a_call_runs_on_the_other_thread},
	{"waking runs on the main loop, once", waking_runs_on_the_main_loop},
	{"nobody is woken after the end", woken_after_the_end},
	{"the view shows how late it was", the_view_shows_how_late_it_was},
	{"real-time priority is the thread's alone", realtime_is_the_thread_s_alone},
	{"deadlines come in time, never before", deadlines_come_in_time},
	{"the last word on a deadline counts", the_last_word_on_a_deadline_counts},
	UNIT_TESTS_END,
};
