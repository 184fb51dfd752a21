/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/backend/remaining.h"

#include "director/config/number.h"

#include <inttypes.h>
#include <string.h>

enum { SECOND_MS = 1000 };

/* Without a table, or with one that rests, or when all that does not go by the buckets is remembered. */
bool remaining_settles(const struct status_farm *f)
{
	static const char *const counted[] = {"", "steady", "exceptions", "forgetting"};

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (strcmp(f->transition.phase, counted[i]) == 0)
			return false;
	return true;
}

uint64_t remaining_of(const struct status_farm *f, const struct status_backend *b)
{
	bool hashed =
		f->transition.phase[0] && b->share > 0; /* what its buckets send is in no table */

	return remaining_settles(f) || hashed ? STATUS_UNKNOWN : b->connections;
}

void remaining_print(FILE *out, const struct status_farm *f, const struct status_backend *b)
{
	uint64_t n = remaining_of(f, b), left_ms = f->transition.remaining_ms;
	char left[DURATION_TEXT];

	if (remaining_settles(f)) {
		fputs("its connections are counted once the buckets have settled", out);
		/* A whole second is all that can be promised: another change may put it off. */
		if (left_ms)
			fprintf(out, ", in %s",
				duration_format((left_ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS,
						left));
	} else if (n == STATUS_UNKNOWN) {
		fputs("how many connections remain is not known", out);
	} else {
		fprintf(out, "%" PRIu64 " connection%s", n, n == 1 ? " remains" : "s remain");
	}
}
