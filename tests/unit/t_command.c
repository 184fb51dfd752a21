/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands, in real time. */
#include "director/program/command_uv.h"
#include "include/precedence.h"
#include "tests/unit/loop.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct story {
	uv_loop_t loop;
	uv_timer_t waker;
	unsigned int told;
	struct command_result result;
	char line[COMMAND_LINE];
};

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

static void begin(struct story *s)
{
	*s = (struct story){0};
	uv_loop_init(&s->loop);
	uv_timer_init(&s->loop, &s->waker);
	uv_timer_start(&s->waker, wake, 1, 5);
}

static void end(struct story *s)
{
	uv_close((uv_handle_t *)&s->waker, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&s->loop), 0);
}

static void told(void *owner, const struct command_result *r)
{
	struct story *s = owner;

	s->told++;
	s->result = *r;
	snprintf(s->line, sizeof(s->line), "%s", r->line);
}

static struct command *start(struct story *s, const char *text, const char *const *variables)
{
	const struct command_options options = {
		.text = text, .variables = variables, .listens = true};
	struct command *c = command_start(&s->loop, &options, told, s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	EXPECT_INT(s->told, 0); /* never from inside */
	return c;
}

static void expect_line(const char *text, const char *const *variables, const char *line)
{
	struct story s;

	begin(&s);
	start(&s, text, variables);
	unit_loop_wait(&s.loop, &s.told, 1);
	EXPECT_INT(s.result.error, 0);
	EXPECT_INT(s.result.by_signal, 0);
	EXPECT_INT(s.result.status, 0);
	EXPECT_TEXT(s.line, line);
	end(&s);
}

/* A pipe, as everywhere, and nothing else: what reads or complains gets /dev/null. */
static void its_streams(void)
{
	expect_line("echo one; echo two", NULL, "one");
	expect_line("printf 'no end'", NULL, "no end");
	expect_line("echo again >/dev/stdout", NULL, "again");
	expect_line("echo 1 >/proc/self/fd/1", NULL, "1");
	expect_line("cat; readlink /proc/self/fd/0 /proc/self/fd/2 | tr '\n' ' '", NULL,
		    "/dev/null /dev/null ");
	expect_line("echo a >&2", NULL, "");
}

/* What is added counts, also where the daemon has a variable of that name. */
static void its_environment(void)
{
	static const char *const variables[] = {"DIRECTOR_TEST=new", "DIRECTOR_EMPTY=", NULL};

	setenv("DIRECTOR_TEST", "old", 1);
	setenv("DIRECTOR_TEST_LONGER", "stays", 1);
	expect_line("echo $DIRECTOR_TEST $DIRECTOR_TEST_LONGER \"<$DIRECTOR_EMPTY>\"", variables,
		    "new stays <>");
	expect_line("env | grep -c ^DIRECTOR_TEST=", variables, "1");
	expect_line("echo $DIRECTOR_TEST", NULL, "old");
	unsetenv("DIRECTOR_TEST");
	unsetenv("DIRECTOR_TEST_LONGER");
}

static void story_of_precedence(void)
{
	EXPECT_INT(precedence_raise(), 1);
	EXPECT_INT(precedence_keep_from_children(), 0);
	expect_line("nice", NULL, "0");
}

/* The daemon goes before others, and its commands do not. */
static void its_precedence(void)
{
	unit_in_namespace("true", story_of_precedence);
}

static void killed(void)
{
	struct story s;

	begin(&s);
	command_kill(start(&s, "sleep 60", NULL));
	unit_loop_wait(&s.loop, &s.told, 1);
	EXPECT_INT(s.result.by_signal, 9);
	end(&s);
}

static void abandoned(void)
{
	struct story s;

	begin(&s);
	command_abandon(start(&s, "sleep 60", NULL));
	command_abandon(start(&s, "true", NULL));
	end(&s); /* the loop ends as soon as they have */
	EXPECT_INT(s.told, 0);
}

/* Told of one, its owner begins the next. */
static void told_and_starts(void *owner, const struct command_result *r)
{
	struct story *s = owner;
	const struct command_options options = {.text = "true"};

	EXPECT_INT(r->status, 0);
	EXPECT_TEXT(r->line, "");
	if (++s->told < 3)
		command_start(&s->loop, &options, told_and_starts, s);
}

static void one_after_the_other(void)
{
	struct story s;
	const struct command_options options = {.text = "echo nobody listens"};

	begin(&s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(command_start(&s.loop, &options, told_and_starts, &s));
	unit_loop_wait(&s.loop, &s.told, 3);
	end(&s);
}

static void expect_run(const struct command_options *options, int error, const char *trouble,
		       const char *line)
{
	char buf[COMMAND_TROUBLE];
	struct story s;

	begin(&s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(command_start(&s.loop, options, told, &s));
	unit_loop_wait(&s.loop, &s.told, 1);
	EXPECT_INT(s.result.error, error);
	EXPECT_TEXT(command_trouble(&s.result, buf), trouble);
	EXPECT_TEXT(s.line, line);
	end(&s);
}

/* It ends: cat would wait for more for ever. */
static void its_input(void)
{
	static char much[COMMAND_INPUT + 2];
	struct command_options options = {.text = "cat", .input = "one\ntwo", .listens = true};

	expect_run(&options, 0, "", "one");
	options.input = "";
	expect_run(&options, 0, "", "");
	memset(much, 'x', COMMAND_INPUT);
	options = (struct command_options){.text = "wc -c", .input = much, .listens = true};
	expect_run(&options, 0, "", "4096");
	options.text = "true"; /* reads nothing of it */
	expect_run(&options, 0, "", "");
	much[COMMAND_INPUT] = 'x';
	expect_run(&options, -EMSGSIZE, "cannot be started: message too long", "");
}

static void a_program(void)
{
	struct command_options options = {
		.program = "/bin/cat", .input = "$HOME; one\n", .listens = true};

	expect_run(&options, 0, "", "$HOME; one");
	options.program = "/bin/false";
	expect_run(&options, 0, "has exit status 1", "");
	options.program = "/bin/no such program";
	expect_run(&options, -ENOENT, "cannot be started: no such file or directory", "");
}

static void its_complaints(void)
{
	struct command_options options = {
		.text = "echo one >&2; echo two", .listens = true, .errors = true};

	expect_run(&options, 0, "", "one");
	options.text = "kill -TERM $$";
	expect_run(&options, 0, "was ended by signal 15", "");
}

UNIT_TESTS(command) = {
	{"its streams", its_streams},
	{"its input", its_input},
	{"its complaints", its_complaints},
	{"a program", a_program},
	{"its environment", its_environment},
	{"its precedence", its_precedence},
	{"killed", killed},
	{"abandoned", abandoned},
	{"one after the other", one_after_the_other},
	UNIT_TESTS_END,
};
