/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion of the shells, from the tables of commands and options. */
#ifndef DIRECTOR_CTL_COMPLETION_H
#define DIRECTOR_CTL_COMPLETION_H

#include <stdio.h>

/* What the shell runs. 0, or -1 for one that is not known. */
int completion_print(FILE *out, const char *shell);

/* Those scripts, with @commands@ and the like where the tables belong. */
extern const char completion_bash[], completion_zsh[], completion_fish[];

#endif
