/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal of `status --watch`: taken over, and given back as it was on every way out. */
#ifndef DIRECTOR_CTL_WATCH_TERMINAL_H
#define DIRECTOR_CTL_WATCH_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct watch_terminal {
	bool live; /* it is one that can move its cursor; else octets for a file */
	bool keys; /* standard input is one, too */
	bool entered;
	bool unicode, colour;
	int signals; /* signalfd */
	struct termios before;
};

/* Blocks the signals that end, stop or resize; before any thread. 0 or a negative errno. */
int watch_terminal_init(struct watch_terminal *t);
void watch_terminal_enter(struct watch_terminal *t);
void watch_terminal_leave(struct watch_terminal *t);
/* Columns and lines; 80 and 24 of one that does not say. */
void watch_terminal_size(size_t *width, size_t *height);
/* The next signal of signals, carried out as far as it is the terminal's: true when the program is to end. */
bool watch_terminal_signal(struct watch_terminal *t);

#endif
