/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/probe_case.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	expect("/no/such/program", LONG_MS, "exit-status: exit status 127");
}

static void what_it_is_told(void)
{
	expect("echo $DIRECTOR_FARM $DIRECTOR_BACKEND $DIRECTOR_CHECK $DIRECTOR_ADDRESS", LONG_MS,
	       "good: web one test 192.0.2.21");
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

UNIT_TESTS(probe_command) = {
	{"exit statuses", exit_statuses},
	{"what it is told", what_it_is_told},
	{"what it prints", what_it_prints},
	{"one that takes too long", overtime},
	{"nobody wants to know", nobody_wants_to_know},
	UNIT_TESTS_END,
};
