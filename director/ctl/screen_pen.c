/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/screen_pen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 1024, INDENT = 6 };

int pen_make_lines(struct pen *p, size_t height)
{
	struct screen *sc = p->screen;
	size_t have = sc->height * sc->width, need = height * sc->width;

	if (need > sc->room) {
		struct screen_cell *cells = realloc(sc->cells, 2 * need * sizeof(*cells));

		if (!cells) {
			p->failed = true;
			return -ENOMEM;
		}
		sc->cells = cells;
		sc->room = 2 * need;
	}
	memset(sc->cells + have, 0, (need - have) * sizeof(*sc->cells));
	sc->height = height;
	return 0;
}

/* The line that is written to; NULL: below the screen. */
static struct screen_cell *line_of(struct pen *p)
{
	if (p->failed || (p->bottom && p->line >= p->bottom))
		return NULL;
	if (p->line >= p->screen->height && pen_make_lines(p, p->line + 1) < 0)
		return NULL;
	return p->screen->cells + p->line * p->screen->width;
}

/*
 * Octets of the character at text, in *cell as it is shown. Only what begins and goes on as UTF-8 above the
 * control characters is let through: no text may steer the terminal.
 */
static size_t take(const struct pen *p, const char *text, struct screen_cell *cell)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t len = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2, n = 1;

	while (n < len && (at[n] & 0xc0) == 0x80)
		n++;
	cell->len = 1;
	cell->octets[0] = '?';
	if (len == 1 && at[0] >= 0x20 && at[0] != 0x7f)
		cell->octets[0] = text[0];
	/* Two octets from 0xc2 0xa0 on: before it are more control characters. */
	if (len > 1 && n == len && at[0] >= 0xc2 && at[0] < 0xf5 &&
	    (at[0] > 0xc2 || at[1] >= 0xa0)) {
		if (p->unicode) {
			memcpy(cell->octets, text, len);
			cell->len = (uint8_t)len;
		} else if (strncmp(text, "…", len) == 0) {
			cell->octets[0] = '~';
		}
	}
	return n;
}

size_t pen_length(const struct pen *p, const char *text)
{
	struct screen_cell cell;
	size_t n = 0;

	for (; *text; n++)
		text += take(p, text, &cell);
	return n;
}

void pen_move(struct pen *p, size_t column)
{
	p->column = column;
}

void pen_next(struct pen *p)
{
	if (!p->bottom)
		line_of(p);
	p->line++;
	p->column = 0;
}

void pen_fill(struct pen *p, enum screen_style style)
{
	struct screen_cell *line = line_of(p);

	for (size_t i = 0; line && i < p->screen->width; i++)
		line[i].style = (uint8_t)style;
}

void pen_write(struct pen *p, enum screen_style style, const char *text, size_t end)
{
	struct screen_cell *line = line_of(p);

	if (end > p->screen->width)
		end = p->screen->width;
	for (; line && *text && p->column < end; p->column++) {
		line[p->column] = (struct screen_cell){.style = (uint8_t)style};
		text += take(p, text, &line[p->column]);
	}
	if (line && *text && end && p->column == end)
		take(p, "…", &line[end - 1]);
}

void pen_writef(struct pen *p, enum screen_style style, size_t end, const char *fmt, ...)
{
	char text[TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pen_write(p, style, text, end);
}

/* How many octets go into so many cells: up to the last blank, if there is one. */
static size_t fits(const struct pen *p, const char *text, size_t cells)
{
	struct screen_cell cell;
	size_t at = 0, blank = 0;

	while (text[at] && cells--) {
		if (text[at] == ' ')
			blank = at;
		at += take(p, text + at, &cell);
	}
	return !text[at] || text[at] == ' ' || !blank ? at : blank;
}

void pen_wrap(struct pen *p, enum screen_style style, const char *text, size_t most)
{
	size_t indent = 0;

	for (size_t i = 1; *text; i++) {
		size_t width = p->screen->width, n;

		indent = i > 1 && width > 2 * INDENT ? INDENT : 0;
		pen_fill(p, style);
		pen_move(p, indent);
		n = fits(p, text, width - indent);
		if (i == most) {
			pen_write(p, style, text, SIZE_MAX);
			pen_next(p);
			return;
		}
		pen_writef(p, style, SIZE_MAX, "%.*s", (int)n, text);
		pen_next(p);
		text += n;
		text += strspn(text, " ");
	}
}
