/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a unit test file gives and what it may use. tests/unit/t_<noun>.c tests the pure file of
 * that noun and defines one table, t_<noun>[], of its tests; tests/run.c finds it by the file name.
 * Paths given to tests are relative to the repository's root.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stdint.h>

/* A NULL name ends the table. */
#define UNIT_TESTS(noun) const CU_TestInfo t_##noun[]
#define UNIT_TESTS_END	 CU_TEST_INFO_NULL

/* CU_ASSERT_EQUAL prints no values; these do, on failure. */
bool unit_equal_int(long long got, long long want, const char *what, const char *file, int line);
bool unit_equal_text(const char *got, const char *want, const char *file, int line);

#define EXPECT_INT(got, want)                                                                      \
	CU_ASSERT(unit_equal_int((long long)(got), (long long)(want), #got, __FILE__, __LINE__))
#define EXPECT_TEXT(got, want) CU_ASSERT(unit_equal_text((got), (want), __FILE__, __LINE__))

/* The whole file as text; the test fails and "" comes back when it cannot be read. free() it. */
char *unit_read_file(const char *path);

/* Each file of a folder, in no order: its name and what is in it. Returns how many there are. */
typedef void unit_file_seen(void *data, const char *name, const uint8_t *bytes, size_t len);
size_t unit_each_file(const char *folder, unit_file_seen *seen, void *data);

/*
 * What fuzzing found worth keeping: each file of the folder is judged; its name begins with the
 * verdict. Returns how many there are.
 */
typedef const char *unit_verdict(const uint8_t *bytes, size_t len);
size_t unit_replay_verdicts(const char *folder, unit_verdict *verdict);
/* The same where the verdict is good- or bad-. */
size_t unit_replay(const char *folder, bool (*is_good)(const uint8_t *bytes, size_t len));

#endif
