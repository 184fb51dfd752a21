/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nice values, as the kernel has them; each story in a process of its own, for they do not go back. */
#include "include/precedence.h"

#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int nice_now(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

static void *tell_nice(void *ret)
{
	*(int *)ret = nice_now();
	return NULL;
}

static int nice_of_a_new_thread(void)
{
	pthread_t thread;
	int nice = -100;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, tell_nice, &nice), 0);
	pthread_join(thread, NULL);
	return nice;
}

static int nice_of_a_new_process(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(nice_now() + 20);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) - 20 : -100;
}

/* "/autogroup-N nice VALUE"; fallback where the kernel has no such groups. */
static int nice_of_the_session(int fallback)
{
	char *text = unit_output_of("cat /proc/self/autogroup 2>/dev/null");
	int number, nice, found = sscanf(text, "/autogroup-%d nice %d", &number, &nice);

	free(text);
	return found == 2 ? nice : fallback;
}

static void raised_story(void)
{
	EXPECT_INT(nice_now(), 0);
	EXPECT_INT(precedence_raise(), 1);
	EXPECT_INT(nice_now(), PRECEDENCE_NICE);
	EXPECT_INT(nice_of_a_new_thread(), PRECEDENCE_NICE);
	EXPECT_INT(precedence_keep_from_children(), 0);
	EXPECT_INT(nice_now(), PRECEDENCE_NICE);
	EXPECT_INT(nice_of_a_new_thread(), 0);
	EXPECT_INT(nice_of_a_new_process(), 0);
}

static void raised_and_kept_from_children(void)
{
	unit_in_namespace("true", raised_story);
}

static void wish_story(void)
{
	CU_ASSERT_EQUAL_FATAL(setpriority(PRIO_PROCESS, 0, 5), 0);
	EXPECT_INT(precedence_raise(), 0);
	EXPECT_INT(nice_now(), 5);
}

static void another_value_is_a_wish(void)
{
	unit_in_namespace("true", wish_story);
}

static void refused_story(void)
{
	const struct rlimit none = {0, 0};

	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NICE, &none), 0);
	CU_ASSERT_EQUAL_FATAL(setsid(), getpid());
	CU_ASSERT_EQUAL_FATAL(setuid(65534), 0);
	CU_ASSERT(precedence_raise() < 0);
	EXPECT_INT(nice_now(), 0);
	if (nice_of_the_session(-1) == 0)
		CU_ASSERT(precedence_raise_session() < 0);
	EXPECT_INT(nice_of_the_session(0), 0);
}

static void refused_it_changes_nothing(void)
{
	unit_in_namespace("true", refused_story);
}

static void session_story(void)
{
	int before = nice_of_the_session(0);

	EXPECT_INT(precedence_raise_session(), 0); /* another's */
	EXPECT_INT(nice_of_the_session(0), before);
	CU_ASSERT_EQUAL_FATAL(setsid(), getpid());
	EXPECT_INT(nice_of_the_session(0), 0);
	EXPECT_INT(precedence_raise_session(), 0);
	EXPECT_INT(nice_of_the_session(PRECEDENCE_NICE), PRECEDENCE_NICE);
}

static void only_a_session_of_its_own_is_raised(void)
{
	unit_in_namespace("true", session_story);
}

UNIT_TESTS(precedence) = {
	{"a thread is raised, what it begins afterwards is not", raised_and_kept_from_children},
	{"a nice value that is not 0 stays", another_value_is_a_wish},
	{"refused, it changes nothing", refused_it_changes_nothing},
	{"only a session of its own is raised", only_a_session_of_its_own_is_raised},
	UNIT_TESTS_END,
};
