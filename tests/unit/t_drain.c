/* SPDX-License-Identifier: GPL-2.0-or-later */
/* director/ctl/drain.h: when a wait for a draining backend is over. */
#include "director/ctl/drain.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct {
	const char *state, *phase;
	uint64_t connections, deadline_ms;
	enum drain_stand stand;
} rows[] = {
	{"draining", "", 3, STATUS_UNKNOWN, DRAIN_GOES_ON},
	{"draining", "", 3, 5000, DRAIN_GOES_ON},
	{"draining", "", 0, STATUS_UNKNOWN, DRAIN_EMPTY},
	{"draining", "", 0, 5000, DRAIN_EMPTY},
	{"draining", "steady", 0, STATUS_UNKNOWN, DRAIN_EMPTY},
	{"draining", "moving", 0, STATUS_UNKNOWN, DRAIN_GOES_ON},
	{"draining", "", STATUS_UNKNOWN, 5000, DRAIN_GOES_ON},
	{"draining", "", STATUS_UNKNOWN, STATUS_UNKNOWN, DRAIN_BLIND},
	{"disabled", "", 0, STATUS_UNKNOWN, DRAIN_OVER},
	{"disabled", "", 7, STATUS_UNKNOWN, DRAIN_OVER},
	{"enabled", "", 7, STATUS_UNKNOWN, DRAIN_UNDONE},
	{"enabled", "steady", 0, STATUS_UNKNOWN, DRAIN_UNDONE},
};

static void stands(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct status_farm f = {0};
		struct status_backend b = {.connections = rows[i].connections,
					   .deadline_ms = rows[i].deadline_ms};

		strcpy(f.transition.phase, rows[i].phase);
		strcpy(b.admin_state, rows[i].state);
		CU_ASSERT_EQUAL(drain_stand(&f, &b), rows[i].stand);
	}
}

UNIT_TESTS(drain) = {
	{"when the wait is over", stands},
	UNIT_TESTS_END,
};
