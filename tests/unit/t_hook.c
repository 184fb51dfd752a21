/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program of notify, in real time. */
#include "director/program/hook_uv.h"

#include "tests/unit/loop.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATES = 3 };

struct story {
	uv_loop_t loop;
	uv_timer_t waker;
	struct hook *hook;
	char dir[32], program[64], told[64];
	unsigned int next, begun; /* states that are asked for */
	const char *waits;	  /* a change that is told only when it is asked for; NULL: none */
};

static void tell(struct story *s, const char *name);

static void settle(void *owner)
{
	struct story *s = owner;
	const char *waits = s->waits;

	s->waits = NULL;
	if (waits)
		tell(s, waits);
}

static bool next(void *owner, bool again, struct notice *ret)
{
	struct story *s = owner;

	if (again)
		s->next = 0;
	s->begun += again;
	if (s->next == STATES)
		return false;
	*ret = (struct notice){.event = NOTICE_FARM, .from = "up", .to = "up"};
	snprintf(ret->name, sizeof(ret->name), "s%u", s->next++);
	return true;
}

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

/* The program: what it does with the object beside, and the object in the file `told`. */
static void write_program(const struct story *s, const char *does)
{
	FILE *out = fopen(s->program, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fprintf(out, "#!/bin/sh\ncat >>%s\n%s\n", s->told, does);
	fclose(out);
	CU_ASSERT_FATAL(chmod(s->program, 0755) == 0);
}

static void begin(struct story *s, const char *does)
{
	const struct hook_ops ops = {.settle = settle, .next = next};

	*s = (struct story){.dir = "/tmp/director-hook-XXXXXX"};
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->dir));
	snprintf(s->program, sizeof(s->program), "%s/program", s->dir);
	snprintf(s->told, sizeof(s->told), "%s/told", s->dir);
	write_program(s, does);
	uv_loop_init(&s->loop);
	uv_timer_init(&s->loop, &s->waker);
	uv_timer_start(&s->waker, wake, 1, 5);
	CU_ASSERT_FATAL(hook_new(&s->loop, &ops, s, &s->hook) == 0);
	hook_configure(s->hook, s->program, "a");
}

static void end(struct story *s)
{
	hook_close(s->hook);
	uv_close((uv_handle_t *)&s->waker, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&s->loop), 0);
	unlink(s->told);
	unlink(s->program);
	rmdir(s->dir);
}

static void tell(struct story *s, const char *name)
{
	struct notice n = {.event = NOTICE_VRRP, .from = "backup", .to = "master"};

	snprintf(n.name, sizeof(n.name), "%s", name);
	hook_tell(s->hook, &n);
}

static uint64_t runs(const struct story *s)
{
	struct hook_stats stats;

	hook_stats(s->hook, &stats);
	return stats.done + stats.failed + stats.timeout;
}

static void wait_runs(struct story *s, uint64_t n)
{
	for (int i = 0; i < 2000 && runs(s) < n; i++)
		unit_loop_run(&s->loop, 5);
	EXPECT_INT(runs(s), n);
	unit_loop_run(&s->loop, 2 * HOOK_GAP_MS);
	EXPECT_INT(runs(s), n); /* and no more */
}

/* "NAME NAME+ NAME-2 ", but for the first ones: in order; resent ones with a plus, with a minus how many were lost before. */
static void expect_told(const struct story *s, unsigned int skip, const char *want)
{
	char *text = unit_read_file(s->told), got[512] = "";
	size_t used = 0;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *o = json_loads(line, 0, NULL);
		json_int_t lost = json_integer_value(json_object_get(o, "lost"));

		CU_ASSERT_PTR_NOT_NULL_FATAL(o);
		if (skip && skip--) {
			json_decref(o);
			continue;
		}
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s",
					 json_string_value(json_object_get(o, "name")),
					 json_is_true(json_object_get(o, "resent")) ? "+" : "");
		if (lost)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "-%d", (int)lost);
		used += (size_t)snprintf(got + used, sizeof(got) - used, " ");
		json_decref(o);
	}
	free(text);
	EXPECT_TEXT(got, want);
}

static void in_order(void)
{
	struct story s;

	begin(&s, "[ $DIRECTOR_EVENT$DIRECTOR_BACKEND = vrrp ] && [ $DIRECTOR_FROM = backup ] &&\n"
		  "[ $DIRECTOR_TO = master ] && [ -n \"$DIRECTOR_NAME\" ]");
	tell(&s, "one");
	tell(&s, "two");
	tell(&s, "three");
	wait_runs(&s, 3);
	expect_told(&s, 0, "one two three ");
	end(&s);
}

/* A change goes before the states that are still to come. */
static void states(void)
{
	struct story s;

	begin(&s, "true");
	hook_tell_all(s.hook);
	tell(&s, "one");
	wait_runs(&s, 1 + STATES);
	expect_told(&s, 0, "s0+ one s1+ s2+ ");
	EXPECT_INT(s.begun, 1);
	hook_tell_all(s.hook);
	wait_runs(&s, 1 + 2 * STATES);
	EXPECT_INT(s.begun, 2);
	end(&s);
}

static void fails(void)
{
	struct hook_stats stats;
	struct story s;

	begin(&s, "echo it is broken; exit 3");
	tell(&s, "one");
	tell(&s, "two");
	wait_runs(&s, 2);
	expect_told(&s, 0, "one two ");
	unlink(s.program);
	tell(&s, "three");
	wait_runs(&s, 3);
	hook_stats(s.hook, &stats);
	EXPECT_INT(stats.failed, 3);
	end(&s);
}

/* While one run lasts, more come than there is room for. */
static void too_many(void)
{
	char name[16];
	struct hook_stats stats;
	struct story s;

	begin(&s, "[ \"$DIRECTOR_NAME\" != first ] || sleep 0.5");
	tell(&s, "first");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		tell(&s, name);
	}
	hook_stats(s.hook, &stats);
	EXPECT_INT(stats.lost, 1000 - NOTICES_MOST);
	EXPECT_INT(stats.done, 0);
	wait_runs(&s, 1 + NOTICES_MOST + STATES);
	expect_told(&s, NOTICES_MOST - 1, "254 255 s0+-744 s1+ s2+ ");
	EXPECT_INT(s.begun, 1);
	end(&s);
}

static void another_path(void)
{
	struct story s;
	char copy[80];

	begin(&s, "sleep 0.2");
	tell(&s, "one");
	tell(&s, "two");
	snprintf(copy, sizeof(copy), "%s2", s.program);
	CU_ASSERT_FATAL(link(s.program, copy) == 0);
	hook_configure(s.hook, copy, "a");
	wait_runs(&s, 2);
	expect_told(&s, 0, "one two ");
	hook_configure(s.hook, "", "a");
	tell(&s, "three");
	hook_tell_all(s.hook);
	unit_loop_run(&s.loop, 100);
	EXPECT_INT(runs(&s), 2);
	unlink(copy);
	end(&s);
}

static void the_end(void)
{
	struct story s;

	begin(&s, "[ \"$DIRECTOR_NAME\" != hangs ] || sleep 60");
	hook_tell_all(s.hook);
	tell(&s, "last");
	hook_stop(s.hook);
	CU_ASSERT(hook_lingers(s.hook));
	wait_runs(&s, 2);
	CU_ASSERT(!hook_lingers(s.hook));
	expect_told(&s, 0, "s0+ last ");
	tell(&s, "hangs");
	tell(&s, "never");
	CU_ASSERT(hook_lingers(s.hook));
	unit_loop_run(&s.loop, HOOK_END_MS + 100);
	CU_ASSERT(!hook_lingers(s.hook));
	end(&s); /* the loop ends, so the run was */
}

/* A state that the router has only by a change that waits elsewhere is told behind it. */
static void changes_before_states(void)
{
	struct story s;

	begin(&s, "");
	s.waits = "moved";
	hook_tell_all(s.hook);
	wait_runs(&s, 1 + STATES);
	expect_told(&s, 0, "moved s0+ s1+ s2+ ");
	end(&s);
}

/* Nothing follows that would tell of it. */
static void a_loss_behind_the_last_one(void)
{
	struct hook_stats stats;
	struct story s;

	begin(&s, "");
	tell(&s, "a");
	hook_lose(s.hook, 7);
	wait_runs(&s, 1 + STATES);
	expect_told(&s, 0, "a s0+-7 s1+ s2+ ");
	hook_stats(s.hook, &stats);
	EXPECT_INT(stats.lost, 7);
	end(&s);
}

UNIT_TESTS(hook) = {
	{"changes come before states", changes_before_states},
	{"a loss behind the last one", a_loss_behind_the_last_one},
	{"in order", in_order},
	{"states", states},
	{"fails", fails},
	{"too many", too_many},
	{"another path", another_path},
	{"the end", the_end},
	UNIT_TESTS_END,
};
