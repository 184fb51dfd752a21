/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/namespace.h"

#include "tests/unit/unit.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void unit_in_namespace(const char *command, void (*story)(void))
{
	unsigned int before;
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNET) < 0 || system(command) != 0)
			_exit(100);
		before = CU_get_number_of_failures();
		story();
		fflush(stdout);
		_exit(CU_get_number_of_failures() == before ? 0 : 1);
	}
	waitpid(child, &status, 0);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

char *unit_output_of(const char *command)
{
	FILE *pipe = popen(command, "r");
	char *text = NULL;
	size_t size = 0;

	if (!pipe || getdelim(&text, &size, '\0', pipe) < 0) {
		free(text);
		text = strdup("");
	}
	if (pipe)
		pclose(pipe);
	return text;
}

void unit_feed(const char *command, const char *text)
{
	FILE *pipe = popen(command, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
	fputs(text, pipe);
	EXPECT_INT(pclose(pipe), 0);
}
