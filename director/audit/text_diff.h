/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two texts, and how the lines of the one become those of the other: as diff -u tells it.
 *
 * Pure: time and memory are bounded by TEXT_DIFF_MOST, beyond which it tells more than the least.
 */
#ifndef DIRECTOR_AUDIT_TEXT_DIFF_H
#define DIRECTOR_AUDIT_TEXT_DIFF_H

#include <stdio.h>

enum {
	TEXT_DIFF_CONTEXT = 3, /* lines that are alike, around those that are not */
	/* Lines that differ in the least way; 16 MB of memory. With more of them, all between the first
	 * and the last difference is told as gone and as new. */
	TEXT_DIFF_MOST = 2000,
};

/*
 * Each text has whole lines. Nothing is printed when they are alike, else the names first. 0: alike,
 * 1: not, or -ENOMEM.
 */
int text_diff_print(FILE *out, const char *before, const char *after, const char *name_before,
		    const char *name_after);

#endif
