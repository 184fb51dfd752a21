/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs, kept as a text in the runtime directory, so that a daemon that is started anew never goes over
 * to a configuration that nobody has confirmed:
 *
 *     config.confirmed    what ran last and was there to stay
 *     config.unconfirmed  what runs, or ran when the daemon ended, and waits for a confirmation
 *     config.refused      what was not confirmed: while the file is still this, it is not started with
 *     config.read         while it is read
 *     config.before       what was confirmed, while the file becomes what waits
 *
 * The files are those of the configuration with what it includes, and may hold its secrets: mode 0600.
 *
 * Shell.
 */
#ifndef DIRECTOR_SERVICE_RUNNING_UV_H
#define DIRECTOR_SERVICE_RUNNING_UV_H

#include "include/config.h"
#include "include/err.h"

#include <stdbool.h>
#include <stddef.h>

/* How a start went about it. Zeroed: as the file says. */
struct running_start {
	char *text; /* of the file, owned; NULL: it could not be read */
	size_t len;
	bool held;    /* what runs is config.confirmed: the file was not confirmed */
	bool pending; /* and the daemon ended before its time had passed */
};

/*
 * The configuration to start with: the file's, or that which was confirmed last. Changes nothing on disk. 0, or
 * negative errno with *err filled.
 */
int running_load(const char *dir, const char *path, struct running_start *start,
		 struct config **ret, struct err *err);
/* What came of that is kept, when the directory is ours alone; frees the text. 0 or negative errno. */
int running_settle(const char *dir, struct running_start *start);

/* Keeps a text that was read, until the next word about it; from any thread. 0 or negative errno. */
int running_write(const char *dir, const char *text, size_t len);
/* It runs, and is there to stay. */
int running_keep(const char *dir);
/* It is going to run until it is confirmed; and did not come to run. */
int running_try(const char *dir);
void running_unmark(const char *dir);
/* What waits is confirmed; or runs no more. */
int running_confirm(const char *dir);
int running_give_up(const char *dir);
/* What waits is as good as confirmed, until the file is it, or could not become it. 0 or negative errno. */
int running_set_aside(const char *dir);
void running_set_aside_ended(const char *dir, bool well);
/* What waits is what was confirmed before, word for word. */
bool running_is_same(const char *dir);
/* That text is what runs, and is there to stay. */
bool running_is(const char *dir, const char *text, size_t len);
/* There is something to go back to, if the daemon is started anew. */
bool running_is_kept(const char *dir);
/* Nothing of it is left. */
void running_remove(const char *dir);

#endif
