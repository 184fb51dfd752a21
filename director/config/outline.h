/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration as its parts, and where two of them differ. A part is what stands at the top level, or a
 * section with all that is in it: "farm www". Its lines are the values that config_digest() hashes, in one
 * form, "backend web1: weight = 2". So two outlines are alike when the digests are, but for the order of
 * the parts.
 *
 * Pure.
 */
#ifndef DIRECTOR_CONFIG_OUTLINE_H
#define DIRECTOR_CONFIG_OUTLINE_H

#include "include/config.h"
#include "include/sync.h"

struct outline_part {
	char name[SYNC_PART_NAME]; /* printable ASCII; "the top level" */
	char *lines;		   /* printable ASCII, each with a newline; "" when it has none */
	uint64_t sum;
};

struct outline {
	struct outline_part *parts; /* in the order of the configuration */
	size_t n;
};

/* 0, or -ENOMEM and nothing is in it. */
int outline_make(const struct config *c, struct outline *ret);
void outline_clear(struct outline *o);
/* The part of that name; NULL: there is none. */
const struct outline_part *outline_find(const struct outline *o, const char *name);

enum {
	OUTLINE_DIFFERENCES_MAX = 32,
	OUTLINE_DIFFERENCE = 192, /* with its NUL; what is longer is cut */
};

/* Sentences; who speaks is "here". */
struct outline_differences {
	char (*list)[OUTLINE_DIFFERENCE]; /* place for OUTLINE_DIFFERENCES_MAX */
	size_t n;			  /* of them, ... */
	size_t total;			  /* ... of so many */
};

__attribute__((format(printf, 2, 3))) void outline_differ(struct outline_differences *d,
							  const char *fmt, ...);
/* What the two hold otherwise: "farm www: backend web1: weight = 2 here, 1 on b". */
void outline_compare_lines(const char *part, const char *here, const char *there, const char *node,
			   struct outline_differences *d);

#endif
