/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A screen as octets: for a terminal, for a file. */
#include "director/ctl/screen.h"

/* Without colours what is bad is still told from the rest. */
static const struct {
	const char *colour, *plain;
} styles[] = {
	[STYLE_PLAIN] = {"", ""},      [STYLE_FAINT] = {";2", ""},
	[STYLE_STRONG] = {";1", ";1"}, [STYLE_GOOD] = {";32", ""},
	[STYLE_CARE] = {";33", ";1"},  [STYLE_BAD] = {";1;31", ";1"},
	[STYLE_BAR] = {";7", ";7"},    [STYLE_ALARM] = {";1;37;41", ";1;7"},
};

static void put(FILE *out, const struct screen_cell *cell)
{
	if (cell->len)
		fwrite(cell->octets, 1, cell->len, out);
	else
		fputc(' ', out);
}

/* Where the last character is, or the last cell that is seen by its style. */
static size_t end_of(const struct screen_cell *line, size_t width, bool styled)
{
	while (width && (!line[width - 1].len || line[width - 1].octets[0] == ' ') &&
	       !(styled && line[width - 1].style >= STYLE_BAR))
		width--;
	return width;
}

void screen_print(FILE *out, const struct screen *sc)
{
	for (size_t i = 0; i < sc->height; i++) {
		const struct screen_cell *line = sc->cells + i * sc->width;
		size_t end = end_of(line, sc->width, false);

		for (size_t k = 0; k < end; k++)
			put(out, &line[k]);
		fputc('\n', out);
	}
}

static void paint_line(FILE *out, const struct screen_cell *line, size_t width, bool colour)
{
	size_t end = end_of(line, width, true);
	uint8_t style = STYLE_PLAIN;

	for (size_t k = 0; k < end; k++) {
		if (line[k].style != style) {
			style = line[k].style;
			fprintf(out, "\033[0%sm",
				colour ? styles[style].colour : styles[style].plain);
		}
		put(out, &line[k]);
	}
	if (style != STYLE_PLAIN)
		fputs("\033[0m", out);
	/* After the last column the cursor still stands on it, and this would take what was just written. */
	if (end < width)
		fputs("\033[K", out);
}

void screen_paint(FILE *out, const struct screen *sc, bool colour)
{
	for (size_t i = 0; i < sc->height; i++) {
		fprintf(out, "\033[%zu;1H", i + 1);
		paint_line(out, sc->cells + i * sc->width, sc->width, colour);
	}
}
