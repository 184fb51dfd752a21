/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration's file that is replaced by one that came from the other director:
 *
 *     NAME              what counts
 *     NAME.pushed       what is going to
 *     NAME.before-push  what did before the last one
 *
 * All three have the owner and the mode of the first; it is there at any time, as one or as the other.
 *
 * Shell.
 */
#ifndef DIRECTOR_SERVICE_PUSHED_FILE_UV_H
#define DIRECTOR_SERVICE_PUSHED_FILE_UV_H

#include "director/service/state_file_uv.h"
#include "include/err.h"

#include <stdbool.h>
#include <uv.h>

#define PUSHED_FILE_NEW	   ".pushed"
#define PUSHED_FILE_BEFORE ".before-push"

enum { PUSHED_FILE_HASH = 32 };

struct pushed_file {
	char path[STATE_FILE_PATH];    /* NAME.pushed; "": there is none */
	uint8_t own[PUSHED_FILE_HASH]; /* of what NAME was then */
	bool same;		       /* and it shall be that */
};

/* Beside the file `name`, of which that is the present text; on the disk when it returns. */
int pushed_file_write(struct pushed_file *f, const char *name, const char *own, size_t own_len,
		      const char *text, size_t len, struct err *err);
/*
 * It takes the place of the file, which is kept; one that shall be what it is stays, with what was kept before, and
 * f->same says so. 0, or negative errno with *err and nothing was changed, also when the
 * file is not what it was.
 */
int pushed_file_commit(struct pushed_file *f, const char *name, struct err *err);
/*
 * Behind that: the names are forced to the disk, on a thread, for that may take seconds. Until then a machine that
 * loses its power may come back with the file of before.
 */
void pushed_file_settle(uv_loop_t *loop, const char *name);
/* It goes, if there is one. */
void pushed_file_drop(struct pushed_file *f);

#endif
