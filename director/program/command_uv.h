/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of a command or a program of the configuration, as the leader of a process group of its own, so
 * that what it has started ends with it.
 *
 * Shell, on the main loop. Never waits; the time is the user's.
 */
#ifndef DIRECTOR_PROGRAM_COMMAND_UV_H
#define DIRECTOR_PROGRAM_COMMAND_UV_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum {
	COMMAND_LINE = 128,	/* octets of the first line of its output that are kept */
	COMMAND_VARIABLES = 16, /* beside the daemon's own environment */
	COMMAND_INPUT = 4096,	/* octets; every pipe holds as many, so nobody waits for a reader */
	COMMAND_TROUBLE = 96,
};

/* How it ended. */
struct command_result {
	int error;	  /* negative errno: it could not be started, and nothing else counts */
	int by_signal;	  /* 0: it ended by itself, ... */
	int64_t status;	  /* ... with that exit status */
	const char *line; /* the first line of what it printed, good while told() runs; "" */
};

typedef void command_told(void *owner, const struct command_result *r);

struct command;

struct command_options {
	const char *text;    /* for the shell, /bin/sh -c; or NULL and ... */
	const char *program; /* ... a file to be run as it is, without arguments */
	/* "NAME=VALUE", as many as there are up to the first NULL; NULL: none. */
	const char *const *variables;
	const char *input; /* all that it finds on its standard input; NULL: /dev/null */
	bool listens; /* the first line that it prints is wanted; else its output goes nowhere */
	bool errors;  /* with listens: or that it complains of on standard error */
};

/*
 * told() is called once, never from inside; all else is gone then. Copies what it is given. NULL: no
 * memory.
 */
struct command *command_start(uv_loop_t *loop, const struct command_options *options,
			      command_told *told, void *owner);
/* Why it did not end well, to follow its name; "" when it did. Returns buf. */
const char *command_trouble(const struct command_result *r, char buf[static COMMAND_TROUBLE]);
/* Ends it, with all that it has started; told() comes as soon as it has. */
void command_kill(struct command *c);
/* The same, and told() is not called. */
void command_abandon(struct command *c);

#endif
