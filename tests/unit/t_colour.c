/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States are in colour at a terminal alone, and not where the environment says so. */
#include "director/ctl/ctl.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAID = 256 };

/* What a terminal gets. */
static void say_to_terminal(char said[static SAID])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	ssize_t n;
	FILE *out;

	CU_ASSERT_FATAL(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	CU_ASSERT_FATAL(slave >= 0);
	out = fdopen(slave, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	print_state(out, "up", 4);
	print_state(out, "down", 0);
	print_state(out, "backup", 8);
	fputc('|', out);
	fflush(out);
	n = read(master, said, SAID - 1);
	said[n > 0 ? n : 0] = '\0';
	fclose(out);
	close(master);
}

static void at_a_terminal(void)
{
	char said[SAID];

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	say_to_terminal(said);
	EXPECT_TEXT(said, "\033[32mup\033[0m  \033[31mdown\033[0mbackup  |");
	setenv("NO_COLOR", "", 1); /* empty: as not set */
	say_to_terminal(said);
	CU_ASSERT_PTR_NOT_NULL(strchr(said, '\033'));
}

static void where_it_is_not_wanted(void)
{
	char said[SAID];

	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	say_to_terminal(said);
	EXPECT_TEXT(said, "up  downbackup  |");
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	say_to_terminal(said);
	EXPECT_TEXT(said, "up  downbackup  |");
	setenv("TERM", "xterm", 1);
}

static void elsewhere(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size), *file = tmpfile();

	CU_ASSERT_FATAL(out && file);
	setenv("TERM", "xterm", 1);
	CU_ASSERT_FALSE(colour_is_wanted(file));
	print_state(out, "up", 4);
	fclose(out);
	fclose(file);
	EXPECT_TEXT(text, "up  ");
	free(text);
}

UNIT_TESTS(colour) = {
	{"in colour at a terminal", at_a_terminal},
	{"not where the environment says so", where_it_is_not_wanted},
	{"not into a file or into memory", elsewhere},
	UNIT_TESTS_END,
};
