/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A status with something in every field, for tests of what carries or shows one. The tables list
 * every field of include/status.h once; the code walks over them.
 */
#ifndef TESTS_STATUS_SAMPLE_H
#define TESTS_STATUS_SAMPLE_H

#include "include/status.h"

struct status_field {
	const char *name; /* NULL ends a list */
	size_t at, size;
	bool text; /* else a number of its size */
};

/* Something done with the same part of two statuses; `fields` are those of that part. */
typedef void status_part_fn(const struct status_field *fields, void *a, void *b);

/* Each part of both: the status, its vrrps with their addresses, peers, farms and what is in them. */
void status_each_part(struct status *a, struct status *b, status_part_fn *run);

/*
 * Three vrrps with 0, 1 and 3 addresses, two peers, three farms with 2, 0 and 3 backends, with as
 * many drops and tables as there may be and with fewer; lists are allocated, the caller clears it.
 */
struct status status_sample(status_part_fn *fill);
/* Fills every field with a value of its own. */
status_part_fn status_fill_plain;
/* Texts as long as their fields hold, numbers the greatest: STATUS_UNKNOWN. */
status_part_fn status_fill_most;

/* The test fails, naming the field, where they differ. */
void status_expect_same(struct status *got, struct status *want);

#endif
