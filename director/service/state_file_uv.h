/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files of the runtime directory that outlive the daemon: read as a whole, written as a whole.
 *
 * Shell.
 */
#ifndef DIRECTOR_SERVICE_STATE_FILE_UV_H
#define DIRECTOR_SERVICE_STATE_FILE_UV_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { STATE_FILE_PATH = 512 };

/* All of it, and one octet more than may be in it. 0 with *ret NULL when there is none, or negative errno. */
int state_file_read(const char *path, size_t max, uint8_t **ret, size_t *ret_len);
/*
 * The old file or the new one, whatever happens in between. Not forced to a disk: the directory is
 * in memory, as a rule, and a slow disk must not hold up the advertisements. 0 or negative errno.
 */
int state_file_write(const char *path, void (*print)(const void *what, FILE *out),
		     const void *what);
/* The same with octets that are there already. */
int state_file_write_bytes(const char *path, const void *bytes, size_t len);
/* Out of the way of the next write, for whoever wants to look. Where it is now, in buf. */
const char *state_file_set_aside(const char *path, char buf[static STATE_FILE_PATH + 4]);

#endif
