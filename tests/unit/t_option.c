/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options: where they go, who takes them, and that rows name commands and options that exist. */
#include "director/ctl/option.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 12 };

/* What was told on standard error in between. */
static int kept = -1;
static FILE *told;

static void listen_begin(void)
{
	fflush(stderr);
	kept = dup(STDERR_FILENO);
	told = tmpfile();
	CU_ASSERT_FATAL(kept >= 0 && told != NULL);
	CU_ASSERT_FATAL(dup2(fileno(told), STDERR_FILENO) >= 0);
}

static void listen_end(char buf[static COMMAND_TEXT])
{
	size_t n;

	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(told);
	n = fread(buf, 1, COMMAND_TEXT - 1, told);
	buf[n] = '\0';
	fclose(told);
}

/* The line as the program takes it: parsed, its command found, the options compared with it. */
static int take(struct ctl *ctl, const char *line, char said[static COMMAND_TEXT])
{
	static char text[COMMAND_TEXT]; /* the fields of ctl point into it */
	char *argv[WORDS_MAX + 1] = {0}, *save = NULL;
	struct command_match m;
	int argc = 0, first = 0, code;

	snprintf(text, sizeof(text), "directorctl %s", line);
	for (char *word = strtok_r(text, " ", &save); word && argc < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	*ctl = (struct ctl){.socket = CTL_DEFAULT_SOCKET};
	listen_begin();
	code = option_parse(ctl, argc, argv, &first);
	if (code == CTL_DONE) {
		command_find(&m, argc - first, argv + first);
		code = m.command ? option_check(ctl, m.command) : CTL_FAILED;
	}
	listen_end(said);
	return code;
}

static void expect_refused(const char *line, const char *want)
{
	char said[COMMAND_TEXT], wanted[COMMAND_TEXT];
	struct ctl ctl;

	snprintf(wanted, sizeof(wanted), "directorctl: %s\n", want);
	EXPECT_INT(take(&ctl, line, said), CTL_USAGE);
	EXPECT_TEXT(said, wanted);
}

static void they_go_into_their_fields(void)
{
	char said[COMMAND_TEXT];
	struct ctl ctl;

	EXPECT_INT(take(&ctl, "-js /x backend drain www/web1 --deadline 10m --no-wait", said), 0);
	EXPECT_TEXT(said, "");
	CU_ASSERT_TRUE(ctl.json && ctl.no_wait);
	EXPECT_TEXT(ctl.socket, "/x");
	EXPECT_TEXT(ctl.deadline, "10m");
	EXPECT_INT(take(&ctl, "probe 10.0.0.1:80 --max-gap=1s --udp --rate 5", said), 0);
	EXPECT_TEXT(ctl.probe.max_gap, "1s");
	EXPECT_TEXT(ctl.probe.rate, "5");
	CU_ASSERT_TRUE(ctl.probe.udp);
	EXPECT_INT(take(&ctl, "-c FILE ruleset diff", said), 0);
	EXPECT_TEXT(ctl.config, "FILE");
}

static void two_of_one_name(void)
{
	char said[COMMAND_TEXT];
	struct ctl ctl;

	EXPECT_INT(take(&ctl, "connections --count --farm www", said), 0);
	CU_ASSERT_TRUE(ctl.count && !ctl.times);
	EXPECT_INT(take(&ctl, "status --watch --count 3", said), 0);
	EXPECT_TEXT(ctl.times, "3");
	CU_ASSERT_FALSE(ctl.count);
	EXPECT_INT(take(&ctl, "status --watch --count=4", said), 0);
	EXPECT_TEXT(ctl.times, "4");
	expect_refused("status --count 3", "--count N needs --watch");
	expect_refused("connections --count 3",
		       "--count N is for `status` alone; try `directorctl connections --help`");
}

static void mistakes(void)
{
	expect_refused("backend enable www/web1 --deadline 1m",
		       "--deadline is for `backend drain` alone; "
		       "try `directorctl backend enable --help`");
	expect_refused("status --force", "--force is for `cluster maintenance` and `cluster drill` "
					 "alone; try `directorctl status --help`");
	expect_refused("-c FILE status",
		       "--config is for `backend-setup`, `ruleset export`, `ruleset diff`, "
		       "`ruleset explain`, `doctor` and `config check` alone; "
		       "try `directorctl status --help`");
	expect_refused("status --bogus", "\"--bogus\" is no option; try `directorctl --help`");
	expect_refused("status --in 3s",
		       "\"--in\" may be --interval, --interface: write more of it");
	expect_refused("status --watch --interval",
		       "--interval needs TIME; try `directorctl --help`");
	expect_refused("status -s", "--socket needs SOCKET; try `directorctl --help`");
	expect_refused("status --json=3", "--json takes no argument; try `directorctl --help`");
}

/* Each entry of a list is a command; each option that is needed is one. */
static void rows_name_what_exists(void)
{
	for (size_t i = 0; i < n_ctl_options; i++) {
		const struct ctl_option *o = &ctl_options[i];
		size_t takers = 0, entries = 1, needed = !o->needs;

		for (size_t k = 0; k < n_commands; k++)
			takers += option_is_for(o, &commands[k]);
		for (const char *at = o->commands; at && *at; at++)
			entries += *at == ',';
		if (o->commands)
			EXPECT_INT(takers, entries);
		for (size_t k = 0; k < n_ctl_options; k++)
			needed += o->needs && strcmp(ctl_options[k].name, o->needs) == 0;
		EXPECT_INT(needed, 1);
		/* They part the fields of a line in the completion. */
		CU_ASSERT_PTR_NULL(strchr(o->help, '@'));
		CU_ASSERT(!o->commands || !strchr(o->commands, '@'));
	}
}

UNIT_TESTS(option) = {
	{"options go into their fields", they_go_into_their_fields},
	{"two options of one name", two_of_one_name},
	{"mistakes are told with what to do", mistakes},
	{"rows name what exists", rows_name_what_exists},
	UNIT_TESTS_END,
};
