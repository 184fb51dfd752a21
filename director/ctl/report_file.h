/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that somebody asked for (--html FILE): whole or not at all. It is begun beside its place before there is
 * anything to write, so that a path that cannot be written is told before something is done for it.
 */
#ifndef DIRECTOR_CTL_REPORT_FILE_H
#define DIRECTOR_CTL_REPORT_FILE_H

#include <stdio.h>

enum { REPORT_PATH = 4096 };

/* Zeroed: none. */
struct report_file {
	const char *path;
	FILE *out; /* NULL: none */
	char beside[REPORT_PATH];
};

/* CTL_DONE, or the exit code of what was told. path is borrowed; NULL: none, and all is well. */
int report_file_begin(struct report_file *f, const char *path);
/* What was written stands at its place now, instead of what was there. The same. */
int report_file_finish(struct report_file *f);
/* It is not wanted any more, unless it is finished. */
void report_file_drop(struct report_file *f);

#endif
