/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/connect_error.h"
#include "tests/unit/unit.h"

#include <errno.h>

static void expect(int error, const char *word, enum outcome_class class, const char *detail)
{
	struct addr a = addr_v4(0x0a4d0015);
	struct outcome o = {.code = OUTCOME_GOOD};

	connect_error_judge(error, &a, 80, &o);
	EXPECT_TEXT(outcome_word(o.code), word);
	EXPECT_INT(outcome_class(o.code), class);
	EXPECT_TEXT(o.detail, detail);
}

static void test_backend(void)
{
	expect(ECONNREFUSED, "refused", OUTCOME_DEAD, "port 80 of 10.77.0.21");
	expect(ECONNRESET, "refused", OUTCOME_DEAD, "port 80 of 10.77.0.21");
	expect(ETIMEDOUT, "silent", OUTCOME_DEAD, "port 80 of 10.77.0.21");
	expect(EHOSTUNREACH, "unreachable", OUTCOME_DEAD, "10.77.0.21: No route to host");
	expect(ENETUNREACH, "unreachable", OUTCOME_DEAD, "10.77.0.21: Network is unreachable");
	expect(EACCES, "unreachable", OUTCOME_DEAD, "10.77.0.21: Permission denied");
}

/* What says nothing of the backend. */
static void test_own(void)
{
	expect(EMFILE, "cannot-run", OUTCOME_UNDECIDED,
	       "no connection to port 80 of 10.77.0.21: Too many open files");
	expect(ENOBUFS, "cannot-run", OUTCOME_UNDECIDED,
	       "no connection to port 80 of 10.77.0.21: No buffer space available");
	expect(EADDRNOTAVAIL, "cannot-run", OUTCOME_UNDECIDED,
	       "no connection to port 80 of 10.77.0.21: Cannot assign requested address");
	expect(EPERM, "cannot-run", OUTCOME_UNDECIDED,
	       "no connection to port 80 of 10.77.0.21: Operation not permitted");
	expect(4711, "cannot-run", OUTCOME_UNDECIDED,
	       "no connection to port 80 of 10.77.0.21: unknown error");
}

UNIT_TESTS(connect_error) = {
	{"the backend's", test_backend},
	{"this machine's", test_own},
	UNIT_TESTS_END,
};
