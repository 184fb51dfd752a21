/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --help prints, from the tables of commands and options. */
#ifndef DIRECTOR_CTL_HELP_H
#define DIRECTOR_CTL_HELP_H

#include "director/ctl/command.h"

void help_print(FILE *out);
/* Of the commands that begin with these words: one, or a group. */
void help_print_words(FILE *out, const char *words);

/* "backend drain FARM/BACKEND [--deadline TIME]": what the manual says, too. */
enum { HELP_SYNOPSIS = 512 };
const char *help_synopsis(const struct command *c, char buf[static HELP_SYNOPSIS]);

#endif
