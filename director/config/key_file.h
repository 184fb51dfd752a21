/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that hold the cluster's keys. Whoever gets a key from here wipes it in the end. */
#ifndef DIRECTOR_CONFIG_KEY_FILE_H
#define DIRECTOR_CONFIG_KEY_FILE_H

#include "include/config.h"
#include "include/err.h"
#include "proto/cluster_key.h"

/*
 * Opens a file that holds a secret. It is there, regular, and neither its group nor others may use it: a secret
 * that was readable for a while is to be replaced, not only to be hidden again, so it is refused
 * instead of mended. what: the word for it at the beginning of the sentence. A descriptor, or
 * negative errno.
 */
int key_file_open(const char *what, const char *path, struct err *err);
/* Reads a key file of the cluster. 0, or negative errno. */
int key_file_read(const char *what, const char *path, struct cluster_key *ret, struct err *err);
/*
 * Makes a key file with that key, mode 0600 whatever the umask. Never touches a file that is there.
 */
int key_file_create(const char *path, const struct cluster_key *key, struct err *err);

/*
 * The keys of a configuration: key-file first, then accept-key-file; none without them. The
 * sentence has the place in the configuration.
 */
int config_read_keys(const struct config *c, struct cluster_keys *ret, struct err *err);
/*
 * What to tell when files are read one after another: a mistake rather than a file that may not be
 * read (-EACCES), and of those the first. Only for a code that is 0 or -EACCES so far; the new one,
 * with *err filled from *found when that is the next one's.
 */
int key_file_worse(int code, struct err *err, int next, const struct err *found);

#endif
