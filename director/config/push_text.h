/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `config push` brings from one node's file into the other's: the sections vrrp and farm, each as a whole
 * and as it is written, with its comments. Everything else stays as the other one's file has it:
 *
 *     a section that both have, of other words    is replaced where it stands
 *     one of the same words                       stays, with its own comments
 *     one that is not there                       is put behind the one in front of it, or at the end
 *     one that is there alone                     goes
 *
 * Where the order of those that both have is another one, all of a kind stand where its first one stood.
 *
 * No push changes what a daemon runs, reads or believes: a command, a file that it opens, or how adverts are
 * authenticated. Of a section that both have these values have to be the same; one that is new has none, and one that
 * goes had none.
 *
 * Pure but for the files that a configuration is made of; allocates.
 */
#ifndef DIRECTOR_CONFIG_PUSH_TEXT_H
#define DIRECTOR_CONFIG_PUSH_TEXT_H

#include "include/err.h"

#include <stddef.h>

/*
 * The configuration of a file as one text, in which those sections are as they are written. 0, or negative
 * errno with *err: it does not say whether the file is any good.
 */
int push_text_make(const char *path, char **ret, size_t *ret_len, struct err *err);

struct push_merge {
	char *own; /* the file as it is, ... */
	size_t own_len;
	char *kept; /* ... as config_load_kept() has it, ... */
	size_t kept_len;
	char *merged; /* ... and as it shall be */
	size_t merged_len;
};

/*
 * A text that was pushed, put into the file. 0, or negative errno with *err, cleared then. What comes of it was
 * not read as a configuration.
 */
int push_merge(const char *path, const char *text, size_t len, struct push_merge *ret,
	       struct err *err);
void push_merge_clear(struct push_merge *m);

#endif
