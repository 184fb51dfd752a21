/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration as its parts, and where two of them differ. A part is what stands at the top level, or a
 * section with all that is in it: "farm www". What counts of it is what config_digest() hashes; its lines
 * tell that in one form, "backend web1: weight = 2". So two outlines are alike when the digests are, but
 * for the order of the parts.
 *
 * Pure.
 */
#ifndef DIRECTOR_CONFIG_OUTLINE_H
#define DIRECTOR_CONFIG_OUTLINE_H

#include "include/config.h"
#include "include/sync.h"

#include <stdio.h>

enum { OUTLINE_PARTS_MAX = 4096 }; /* more are not looked at */

/* Without its lines, which are many: outline_lines(). */
struct outline_part {
	char name[SYNC_PART_NAME]; /* printable ASCII; "the top level" */
	uint64_t sum;
};

/* In the order of their names. */
struct outline {
	struct outline_part *parts;
	size_t n;
};

/* 0, or -ENOMEM and nothing is in it. It takes as long as a digest. */
int outline_make(const struct config *c, struct outline *ret);
void outline_clear(struct outline *o);
/* Puts parts into their order; of two of one name one stays. */
void outline_sort(struct outline *o);
/* The part of that name; NULL: there is none. */
const struct outline_part *outline_find(const struct outline *o, const char *name);
/*
 * The lines of a part, printable ASCII, each with a newline, to be freed. NULL: without memory, or there is
 * no such part, or its lines are none or longer than SYNC_PART_TEXT.
 */
char *outline_lines(const struct config *c, const char *name);
/* All of them with their lines, also those of the node alone, which no other director is told. In front of
 * each one a line with `before` and its name. */
void outline_print(const struct config *c, const char *before, FILE *out);

enum {
	OUTLINE_DIFFERENCES_MAX = 32,
	OUTLINE_DIFFERENCE = 192, /* with its NUL; what is longer is cut */
	OUTLINE_LINES_MAX = 1500, /* of a part, to be compared: 20 ms, each line with all */
};

/* Sentences; who speaks is "here". */
struct outline_differences {
	char list[OUTLINE_DIFFERENCES_MAX][OUTLINE_DIFFERENCE];
	size_t n;     /* of them, ... */
	size_t total; /* ... of so many */
};

__attribute__((format(printf, 2, 3))) void outline_differ(struct outline_differences *d,
							  const char *fmt, ...);
/* What the two hold otherwise: "farm www: backend web1: weight = 2 here, 1 on b". */
void outline_compare_lines(const char *part, const char *here, const char *there, const char *node,
			   struct outline_differences *d);

#endif
