/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever is in the file of a drill whose daemon was killed: it is refused, or a drill that runs, with a limit
 * of its own, and one moment. tests/unit/t_drill_rest.c replays the corpus.
 */
#include "director/drill/drill_rest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct drill_budget budget = {.gap_ms = 200};
	const uint64_t now_us = 71 * 1000000;
	struct control_drill shown;
	struct drill d;

	if (drill_rest_take(data, size, &budget, now_us, &d, &shown) < 0)
		return 0;
	check(d.state == DRILL_RUNNING && d.yields_here && d.here.n == 1);
	check(drill_kind_by_name(shown.kind) == d.kind && d.kind);
	check(d.limit_ms > 0 && d.limit_ms <= DRILL_LIMIT_MAX_MS);
	check(d.began_us <= d.here.moments[0].at_us && d.here.moments[0].at_us <= now_us);
	return 0;
}
