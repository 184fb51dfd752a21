/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One sentence for a person: what is wrong, why, and where. Filled once, by whoever found it;
 * callers pass it on and do not add to it. Inside the program errors are 0 or negative errno.
 */
#ifndef INCLUDE_ERR_H
#define INCLUDE_ERR_H

enum {
	ERR_TEXT = 512, /* a sentence: longer ones are cut */
	ERR_FILE = 256, /* path of a configuration file: longer ones are cut */
	ERR_LINE = ERR_TEXT + ERR_FILE + 16,
};

struct err {
	char text[ERR_TEXT]; /* the sentence, of printable characters; "" when nothing went wrong */
	char file[ERR_FILE]; /* "" when it has no place in a file */
	int line;	     /* 0: the file as a whole */
};

/* A sentence without a place. Returns the negative errno given, so `return err_set(…);` reads well. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A sentence about FILE:LINE. Returns code. */
int err_at(struct err *err, int code, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* "FILE:LINE: text", "FILE: text" or "text". Returns buf. */
const char *err_format(const struct err *err, char buf[static ERR_LINE]);

#endif
