/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directories of the daemon: one for what is of this boot, one for what outlives it.
 *
 * Shell.
 */
#ifndef DIRECTOR_SERVICE_DIRECTORY_UV_H
#define DIRECTOR_SERVICE_DIRECTORY_UV_H

#include "include/err.h"

#include <sys/types.h>

/* The one that is there stays as it is. what: "runtime", for the sentence. 0, or negative errno with *err. */
int directory_make(const char *dir, const char *what, mode_t mode, struct err *err);
/*
 * Nobody else has it while *ret_fd, which is the caller's, is open: directord.lock in it. 0, or negative errno with
 * *err: -EBUSY, another daemon.
 */
int directory_lock(const char *dir, int *ret_fd, struct err *err);

#endif
