/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The completion that is installed is what the program prints, and each shell makes of it what it should.
 * After a change of the tables: GOLDEN=write run-tests completion.
 */
#include "director/ctl/completion.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *printed(const char *shell)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	EXPECT_INT(completion_print(out, shell), 0);
	fclose(out);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs(text, out);
	CU_ASSERT_FATAL(fclose(out) == 0);
}

static void installed_files(void)
{
	static const struct {
		const char *shell, *path;
	} files[] = {
		{"bash", "deploy/directorctl.bash"},
		{"zsh", "deploy/_directorctl"},
		{"fish", "deploy/directorctl.fish"},
	};
	const char *golden = getenv("GOLDEN");

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = printed(files[i].shell), *file;

		CU_ASSERT_PTR_NULL(strstr(text, "\n@")); /* each place of a table is filled */
		if (golden && strcmp(golden, "write") == 0)
			write_file(files[i].path, text);
		file = unit_read_file(files[i].path);
		EXPECT_TEXT(text, file);
		free(file);
		free(text);
	}
}

static void another_shell(void)
{
	EXPECT_INT(completion_print(stdout, "tcsh"), -1);
}

/* --- the shells themselves ------------------------------------------------------------------------ */

/* A line, and what is offered behind it; of names, by a daemon that has www/web1 and mail/m1. */
static const char *const offers[] = {
	": backend backend-setup cluster completion config connections doctor farm key metrics "
	"persistence "
	"probe "
	"ruleset status",
	"cl: cluster",
	"cl : drill failover maintenance status",
	"cl dr: drill",
	"cl drill h: history",
	"backend d: disable drain",
	"backend show : mail/m1 www/web1",
	"-s /x backend-setup : far far/web9", /* another daemon's */
	"cl ma : off on",
	"connections --farm : mail www",
	"connections --backend : m1 web1",
	"backend drain --d: --deadline",
	"status --c: --count",
	"cl dr --: --failback --force --help --html --json --limit --no-wait --probe --socket "
	"--version",
	"backend-setup www --os : linux windows",
	"farm show www :",
	"doctor : mail www",
	"connections --count :",
	"completion z: zsh",
	"config check READ: README.md",
};

enum { N_OFFERS = sizeof(offers) / sizeof(offers[0]), LINE = 256, COMMAND = 4096 };

/* Everything in front of the last ": " or ":" is the line. */
static int line_length(const char *offer)
{
	return (int)(strchr(offer, ':') - offer);
}

static void expect_offered(const char *command)
{
	char all[COMMAND], line[LINE];
	size_t used = (size_t)snprintf(all, sizeof(all), "timeout -k 5 60 %s", command), n = 0;
	FILE *in;

	for (size_t i = 0; i < N_OFFERS; i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, " '%.*s'",
					 line_length(offers[i]), offers[i]);
	CU_ASSERT_FATAL(used < sizeof(all));
	in = popen(all, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	for (; n < N_OFFERS && fgets(line, sizeof(line), in); n++) {
		line[strcspn(line, "\n")] = '\0';
		EXPECT_TEXT(line, offers[n]);
	}
	EXPECT_INT(n, N_OFFERS);
	EXPECT_INT(pclose(in), 0);
}

static void bash_offers(void)
{
	expect_offered("bash tests/unit/completion/try.bash");
}

static void zsh_offers(void)
{
	expect_offered("zsh -f tests/unit/completion/try.zsh");
}

static void fish_offers(void)
{
	expect_offered("fish --no-config tests/unit/completion/try.fish");
}

UNIT_TESTS(completion) = {
	{"the installed files are what the program prints", installed_files},
	{"a shell that is not known", another_shell},
	{"bash offers what there is", bash_offers},
	{"zsh offers what there is", zsh_offers},
	{"fish offers what there is", fish_offers},
	UNIT_TESTS_END,
};
