/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the keys of a terminal do to the view. */
#include "director/ctl/screen.h"

#include <string.h>

enum { ESCAPE = 0x1b, DELETE = 0x7f, ERASE = '\b', ENTER = '\r', LINE = '\n' };

static void scroll(struct screen_view *v, size_t rows, bool up)
{
	if (up)
		v->top -= rows < v->top ? rows : v->top;
	else
		v->top += rows < v->rows ? rows : v->rows; /* the drawing keeps it within */
}

static void press_sequence(struct screen_view *v, const uint8_t *octets, size_t n)
{
	static const struct {
		const char *octets;
		bool page, up, end;
	} keys[] = {
		{"[A", false, true, false}, {"[B", false, false, false},
		{"[5~", true, true, false}, {"[6~", true, false, false},
		{"[H", false, true, true},  {"[F", false, false, true},
		{"[1~", false, true, true}, {"[4~", false, false, true},
	};
	char text[8];

	if (n >= sizeof(text))
		return;
	memcpy(text, octets, n);
	text[n] = '\0';
	text[0] = '['; /* or "O": a terminal that is in the mode of applications */
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].octets, text) == 0)
			scroll(v, keys[i].end ? v->rows : keys[i].page ? v->shown : 1, keys[i].up);
}

static void press_typing(struct screen_view *v, uint8_t key)
{
	size_t len = strlen(v->filter);

	if (key == ENTER || key == LINE)
		v->typing = false;
	else if ((key == DELETE || key == ERASE) && len)
		v->filter[len - 1] = '\0';
	else if (key > ' ' && key < DELETE && len + 1 < sizeof(v->filter)) {
		v->filter[len] = (char)key;
		v->filter[len + 1] = '\0';
	}
	v->top = 0;
}

static void press_one(struct screen_view *v, uint8_t key, bool *quit)
{
	if (key == ESCAPE) {
		v->typing = false;
		v->filter[0] = '\0';
		return;
	}
	if (v->typing) {
		press_typing(v, key);
		return;
	}
	switch (key) {
	case 'q':
	case 'Q': *quit = true; break;
	case '/': v->typing = true; break;
	case ' ': v->paused = !v->paused; break;
	case 'p':
		v->problems_first = !v->problems_first;
		v->top = 0;
		break;
	case 'k': scroll(v, 1, true); break;
	case 'j': scroll(v, 1, false); break;
	}
}

size_t screen_press(struct screen_view *v, const uint8_t *octets, size_t n, bool *quit)
{
	size_t end = 2;

	if (!n)
		return 0;
	if (octets[0] != ESCAPE || n == 1 || (octets[1] != '[' && octets[1] != 'O')) {
		press_one(v, octets[0], quit);
		return 1;
	}
	while (end < n && (octets[end] < 0x40 || octets[end] > 0x7e))
		end++;
	if (end == n)
		return n < 16 ? 0 : n; /* longer than any key: it is none */
	press_sequence(v, octets + 1, end);
	return end + 1;
}
