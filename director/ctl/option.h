/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of options: a new one is one row here and a field of struct ctl. Where two rows share a
 * name, one is without and one with an argument, for different commands: `--count`, `--count N`.
 */
#ifndef DIRECTOR_CTL_OPTION_H
#define DIRECTOR_CTL_OPTION_H

#include "director/ctl/command.h"

struct ctl_option {
	const char *name;
	char letter;	      /* 's' for -s, or 0 */
	const char *argument; /* "TIME", "linux|windows"; NULL: the field is a bool */
	size_t at;	      /* of the field in struct ctl */
	const char *commands; /* who takes it: "cluster drill, probe"; NULL: all */
	const char *needs;    /* another option, without which it means nothing */
	const char *help;
};

extern const struct ctl_option ctl_options[];
extern const size_t n_ctl_options;

/*
 * Options into their fields, wherever they stand. CTL_DONE, and the words that are no options in
 * argv[*ret_first] and behind it, or the exit code of a mistake that was told.
 */
int option_parse(struct ctl *ctl, int argc, char **argv, int *ret_first);

/* CTL_DONE, or CTL_USAGE when one was given that is not for the command, which is told. */
int option_check(const struct ctl *ctl, const struct command *c);

bool option_is_given(const struct ctl *ctl, const struct ctl_option *o);
bool option_is_for(const struct ctl_option *o, const struct command *c);
/* Whether a row before this one has the same name. */
bool option_is_repeated(const struct ctl_option *o);

#endif
