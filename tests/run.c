/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs every unit test; the suites are the files tests/unit/t_*.c (the list is made by make).
 * The last line is "N passed, N failed, N skipped"; exit status 1 when any test failed.
 * run-tests NAME … runs only these suites.
 */
#include "tests/unit/unit.h"

#include <CUnit/Basic.h>
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The whole run takes minutes, most of them in real kernels; a test that hangs must end it. */
enum { TIME_LIMIT_S = 720, CORPUS_FILE_MAX = 16384 };

#define SUITE(noun) extern const CU_TestInfo t_##noun[];
#include "tests/suites.h"
#undef SUITE

static const struct {
	const char *name;
	const CU_TestInfo *tests;
} suites[] = {
#define SUITE(noun) {#noun, t_##noun},
#include "tests/suites.h"
#undef SUITE
};

bool unit_equal_int(long long got, long long want, const char *what, const char *file, int line)
{
	if (got == want)
		return true;
	printf("\n    %s:%d: %s is %lld, not %lld", file, line, what, got, want);
	return false;
}

bool unit_equal_text(const char *got, const char *want, const char *file, int line)
{
	if (strcmp(got, want) == 0)
		return true;
	printf("\n    %s:%d: got:\n%s\n    wanted:\n%s\n", file, line, got, want);
	return false;
}

char *unit_read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!f || getdelim(&text, &size, '\0', f) < 0) {
		CU_FAIL("cannot read a file");
		printf("\n    cannot read %s", path);
		free(text);
		text = strdup("");
	}
	if (f)
		fclose(f);
	return text;
}

size_t unit_each_file(const char *folder, unit_file_seen *seen, void *data)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t files = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir))) {
		char path[512];
		uint8_t bytes[CORPUS_FILE_MAX];
		size_t len;
		FILE *f;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		f = fopen(path, "r");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		len = fread(bytes, 1, sizeof(bytes), f);
		fclose(f);
		seen(data, entry->d_name, bytes, len);
		files++;
	}
	closedir(dir);
	return files;
}

static void expect_name(const char *name, const char *verdict)
{
	if (strncmp(name, verdict, strlen(verdict)) != 0)
		EXPECT_TEXT(verdict, name);
}

static void judge_by_verdict(void *data, const char *name, const uint8_t *bytes, size_t len)
{
	unit_verdict *const *verdict = data;

	expect_name(name, (*verdict)(bytes, len));
}

size_t unit_replay_verdicts(const char *folder, unit_verdict *verdict)
{
	return unit_each_file(folder, judge_by_verdict, &verdict);
}

static void judge_good_or_bad(void *data, const char *name, const uint8_t *bytes, size_t len)
{
	bool (*const *is_good)(const uint8_t *, size_t) = data;

	expect_name(name, (*is_good)(bytes, len) ? "good-" : "bad-");
}

size_t unit_replay(const char *folder, bool (*is_good)(const uint8_t *bytes, size_t len))
{
	return unit_each_file(folder, judge_good_or_bad, &is_good);
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

static int register_suite(const char *name, const CU_TestInfo *tests)
{
	CU_pSuite suite = CU_add_suite(name, NULL, NULL);

	if (!suite)
		return -1;
	for (; tests->pName; tests++)
		if (!CU_add_test(suite, tests->pName, tests->pTestFunc))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int run, failed;

	alarm(TIME_LIMIT_S);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (sodium_init() < 0 || CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (wanted(suites[i].name, argc, argv) &&
		    register_suite(suites[i].name, suites[i].tests) < 0) {
			fprintf(stderr, "cannot register suite %s\n", suites[i].name);
			return 1;
		}
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	CU_basic_show_failures(CU_get_failure_list());
	/* Read before the cleanup, which forgets them. */
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	printf("\n%u passed, %u failed, 0 skipped\n", run - failed, failed);
	return run == 0 || failed != 0;
}
