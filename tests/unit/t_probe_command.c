/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/namespace.h"
#include "tests/unit/probe_case.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LONG_MS = 5000 };

static void expect(const char *command, uint64_t expire_ms, const char *want)
{
	struct probe_case c;

	probe_case_begin(&c, &probe_command, "192.0.2.21");
	c.check.command = command;
	EXPECT_TEXT(probe_case_run(&c, expire_ms), want);
	probe_case_end(&c);
}

/* As monitoring plugins end. */
static void exit_statuses(void)
{
	expect("true", LONG_MS, "good: ");
	expect("echo OK - all is well; echo more", LONG_MS, "good: OK - all is well");
	expect("echo WARNING; exit 1", LONG_MS, "warning: WARNING");
	expect("echo CRITICAL - no disk; exit 2", LONG_MS,
	       "exit-status: exit status 2: CRITICAL - no disk");
	expect("exit 3", LONG_MS, "exit-status: exit status 3");
	expect("kill -9 $$", LONG_MS, "exit-status: ended by signal 9");
	expect("/no/such/program", LONG_MS, "cannot-run: exit status 127");
}

static void what_it_is_told(void)
{
	expect("echo $DIRECTOR_FARM $DIRECTOR_BACKEND $DIRECTOR_CHECK $DIRECTOR_ADDRESS", LONG_MS,
	       "good: www web1 test 192.0.2.21");
	expect("echo $DIRECTOR_VIP $DIRECTOR_PORT $DIRECTOR_TIMEOUT_MS; test -n \"$PATH\"", LONG_MS,
	       "good: 192.0.2.100 80 300");
}

/* More than a pipe holds, without a line's end, octets that are no text. */
static void what_it_prints(void)
{
	char want[OUTCOME_DETAIL + 8] = "good: ";

	memset(want + strlen(want), 'x', OUTCOME_DETAIL - 1);
	expect("printf 'a\\033[2J'", LONG_MS, "good: a?[2J");
	expect("head -c 1000000 /dev/zero | tr '\\0' x", LONG_MS, want);
	expect("echo first; head -c 1000000 /dev/zero", LONG_MS, "good: first");
}

static bool is_gone(pid_t pid)
{
	for (int i = 0; i < 200; i++) {
		if (kill(pid, 0) < 0)
			return true;
		usleep(10000);
	}
	return false;
}

/* What it has started ends with it; a background process that holds its output does not keep it. */
static void overtime(void)
{
	char path[] = "/tmp/director-probe-XXXXXX", command[128], *text;
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command), "sleep 60 & echo $! >%s; wait", path);
	expect(command, 300, "overtime: ");
	text = unit_read_file(path);
	CU_ASSERT(atoi(text) > 1 && is_gone(atoi(text)));
	free(text);
	unlink(path);
	expect("sleep 60 & exit 0", LONG_MS, "good: ");
}

static void nobody_wants_to_know(void)
{
	struct probe_case c;

	probe_case_begin(&c, &probe_command, "192.0.2.21");
	c.check.command = "sleep 60";
	for (int i = 0; i < 3; i++)
		probe_command.cancel(probe_case_start(&c));
	EXPECT_INT(c.done, 0);
	probe_case_end(&c);
	EXPECT_INT(c.done, 0);
}

/* A link-local address is told with its interface. */
static void story_of_an_interface(void)
{
	struct probe_case c;

	probe_case_begin(&c, &probe_command, "fe80::21");
	c.ask.ifindex = 1;
	c.check.command = "echo $DIRECTOR_ADDRESS";
	EXPECT_TEXT(probe_case_run(&c, LONG_MS), "good: fe80::21%lo");
	probe_case_end(&c);
}

static void where_it_is(void)
{
	unit_in_namespace("true", story_of_an_interface);
}

/* No descriptors for its output. */
static void story_of_no_start(void)
{
	struct rlimit none;
	struct probe_case c;
	int next;

	probe_case_begin(&c, &probe_command, "192.0.2.21");
	c.check.command = "true";
	next = dup(0);
	close(next);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &none), 0);
	none.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &none);
	EXPECT_TEXT(probe_case_run(&c, LONG_MS), "cannot-run: too many open files");
	probe_case_end(&c);
}

static void not_started(void)
{
	unit_in_namespace("true", story_of_no_start);
}

enum { CROWD = 64 };

/* Nobody has noticed yet that those have ended. */
static void too_many_that_do_not_end(void)
{
	struct probe_case c;

	probe_case_begin(&c, &probe_command, "192.0.2.21");
	c.check.command = "sleep 60";
	for (int i = 0; i < CROWD; i++)
		probe_command.cancel(probe_case_start(&c));
	probe_command.expire(probe_case_start(&c));
	EXPECT_INT(c.done, 1);
	EXPECT_INT(c.outcome.code, OUTCOME_CANNOT_RUN);
	EXPECT_TEXT(c.outcome.detail, "64 earlier commands are killed and do not end");
	probe_command.cancel(probe_case_start(&c));
	EXPECT_INT(c.done, 1);
	for (int i = 0; i < 20; i++)
		uv_run(&c.loop, UV_RUN_ONCE);
	c.check.command = "true";
	EXPECT_TEXT(probe_case_run(&c, LONG_MS), "good: ");
	probe_case_end(&c);
}

UNIT_TESTS(probe_command) = {
	{"exit statuses", exit_statuses},
	{"what it is told", what_it_is_told},
	{"what it prints", what_it_prints},
	{"one that takes too long", overtime},
	{"nobody wants to know", nobody_wants_to_know},
	{"where it is", where_it_is},
	{"one that cannot be started", not_started},
	{"too many that do not end", too_many_that_do_not_end},
	UNIT_TESTS_END,
};
