/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program prints for somebody, and whether it got there: a file on a disk that is full is cut off, and
 * nobody would know but for the exit status.
 */
#ifndef INCLUDE_OUTPUT_H
#define INCLUDE_OUTPUT_H

#include "include/err.h"

#include <stdio.h>

/* Now, not at the end. Why it could not be written is kept for output_end(). 0, or -1: it is over. */
int output_flush(FILE *out);
/* A long text; likewise. */
void output_write(FILE *out, const char *text, size_t len);
/* The name of a file, say: its control characters as "?". */
void output_name(FILE *out, const char *name);
/*
 * The last thing that is done with standard output, which is closed. 0, or a negative errno with the sentence;
 * -EPIPE: nobody reads it any more, which most programs say nothing of.
 */
int output_end(struct err *err);

#endif
