/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes into the cells of a screen: what does not fit is cut, what cannot be shown becomes "?". Pure. */
#ifndef DIRECTOR_CTL_SCREEN_PEN_H
#define DIRECTOR_CTL_SCREEN_PEN_H

#include "director/ctl/screen.h"

struct pen {
	struct screen *screen;
	size_t line, column;
	size_t bottom; /* lines of the screen; 0: it grows */
	bool unicode, failed;
};

/* So many lines are there, blank. 0 or -ENOMEM. */
int pen_make_lines(struct pen *p, size_t height);
/* Cells that a text takes. */
size_t pen_length(const struct pen *p, const char *text);
void pen_move(struct pen *p, size_t column);
void pen_next(struct pen *p); /* the beginning of the next line */
/* All of the line becomes so; text over it keeps its own style. */
void pen_fill(struct pen *p, enum screen_style style);
/* From here, before the column `end`. A text that is cut ends with "…" or "~". */
void pen_write(struct pen *p, enum screen_style style, const char *text, size_t end);
void pen_writef(struct pen *p, enum screen_style style, size_t end, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* In whole lines from here, at most so many, cut between words; then the next line. */
void pen_wrap(struct pen *p, enum screen_style style, const char *text, size_t most);

#endif
