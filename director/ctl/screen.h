/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status on a screen of any size: what `status --watch` shows. From a model (the last answer, rates, what
 * is wrong with the connection) and what the user has chosen, lines of cells. What is bad is told by a word
 * as well as by a colour. Nothing from the daemon but printable characters gets into a cell.
 *
 * Pure.
 */
#ifndef DIRECTOR_CTL_SCREEN_H
#define DIRECTOR_CTL_SCREEN_H

#include "director/ctl/rates.h"

#include <stdio.h>

enum screen_style {
	STYLE_PLAIN,
	STYLE_FAINT,
	STYLE_STRONG,
	STYLE_GOOD,
	STYLE_CARE,
	STYLE_BAD,
	STYLE_BAR, /* the line of the keys, the head of the table */
	STYLE_ALARM,
};

struct screen_cell {
	char octets[4]; /* one character of UTF-8 */
	uint8_t len;	/* 0: a blank */
	uint8_t style;
};

struct screen_model {
	const struct status *status; /* NULL: there was no answer yet */
	const struct rates *rates;   /* of that status */
	const char *trouble;	     /* why there is no answer now, or "" */
	uint64_t silent_ms;	     /* how long there has been none */
	uint64_t interval_ms;
	const char *clock; /* "12:34:56 UTC" */
};

enum { SCREEN_FILTER = 64 };

/* What the user has chosen. */
struct screen_view {
	size_t width, height; /* height 0: as many lines as there are, without keys */
	bool unicode;
	size_t top;	    /* first row of the farms that is shown; kept within them */
	size_t rows, shown; /* filled: how many there are, how many fit */
	bool problems_first, paused, typing;
	char filter[SCREEN_FILTER]; /* part of the name of a farm, or of "farm/backend" */
};

struct screen_line; /* what a row of the table stands for */

/* Zero to begin with. */
struct screen {
	struct screen_cell *cells; /* height lines of width cells */
	size_t width, height, room;
	struct screen_line *lines;
	size_t n_lines, lines_room;
};

/* 0 or -ENOMEM. */
int screen_draw(struct screen *sc, const struct screen_model *m, struct screen_view *v);
/* For a file: without trailing blanks, each line ended. */
void screen_print(FILE *out, const struct screen *sc);
/* For a terminal: from its upper left corner, what was there before is overwritten. */
void screen_paint(FILE *out, const struct screen *sc, bool colour);
void screen_clear(struct screen *sc);

/* Keys, as they come from a terminal: how many of the octets are used; 0: the rest has to come. *quit is set. */
size_t screen_press(struct screen_view *v, const uint8_t *octets, size_t n, bool *quit);

/* For its parts (screen_rows.c). */
struct screen_line {
	uint32_t farm, backend; /* backend: SCREEN_FARM for the farm itself */
	uint32_t rate;		/* of the rows of rates */
	bool note;		/* what is wrong with it, in a line of its own */
};
enum { SCREEN_FARM = UINT32_MAX };
/* Lines of the table. 0 or -ENOMEM. */
int screen_rows(struct screen *sc, const struct screen_model *m, const struct screen_view *v);
bool screen_backend_is_bad(const struct status_backend *b);
bool screen_farm_is_bad(const struct status_farm *f);
/* "" when there is nothing to be said. */
const char *screen_note(const struct status *s, const struct screen_line *line, char *buf,
			size_t size);

#endif
