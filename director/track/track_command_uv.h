/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the commands of track-command sections, each again after its interval: /bin/sh -c, standard
 * streams on /dev/null, well when its exit status is 0. One run of a command at a time; one that
 * takes longer than the interval is ended, with all that it has started, and has failed.
 *
 * Shell, on the main loop. Never waits; decides nothing; whatever ends, its processes end with it.
 */
#ifndef DIRECTOR_TRACK_TRACK_COMMAND_UV_H
#define DIRECTOR_TRACK_TRACK_COMMAND_UV_H

#include "include/config.h"

#include <uv.h>

struct track_commands;

/* After each run: how it ended; why is the rest of a sentence, such as "exit status 1". */
typedef void track_command_told(void *owner, const char *section, const char *name, bool well,
				const char *why);

/* NULL without memory. */
struct track_commands *track_commands_new(uv_loop_t *loop, track_command_told *told, void *owner);
/*
 * Those of the configuration from now on. One that stays goes on as it is, with another command or
 * interval it begins anew. 0, or -ENOMEM: some of the new ones are not run.
 */
int track_commands_configure(struct track_commands *t, const struct config *c);
/* Asynchronous; accepts NULL. */
void track_commands_close(struct track_commands *t);

#endif
