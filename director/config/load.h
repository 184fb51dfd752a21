/* SPDX-License-Identifier: GPL-2.0-or-later */
/* director.conf(5) -> struct config. */
#ifndef DIRECTOR_CONFIG_LOAD_H
#define DIRECTOR_CONFIG_LOAD_H

#include "include/config.h"
#include "include/err.h"

/*
 * 0, or negative errno with *err filled and *ret untouched: the first mistake, in the order of the
 * file. Of the files that the configuration names only lists of clients are read, which are part of
 * it; for the others there is config_check_files().
 */
int config_load(const char *path, struct config **ret, struct err *err);
/*
 * The same, and what it was read from as one text, allocated, for config_load_text(): files that it includes
 * stand in their places. *ret_text is NULL after an error, too.
 */
int config_load_kept(const char *path, struct config **ret, char **ret_text, size_t *ret_len,
		     struct err *err);
/* The same for a text; `name` stands for the file in sentences and for relative includes. */
int config_load_text(const char *name, const char *text, size_t len, struct config **ret,
		     struct err *err);
/* Accepts NULL and what was only half filled. */
void config_free(struct config *c);

#endif
