/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/drill_draw.h"

#include "director/ctl/drill_seen.h"
#include "director/drill/drill.h"

#include <string.h>

/*
 * In units of the drawing. A moment's text stands to the right of its place, the latest one highest, so that no line
 * crosses a text; the last one needs room there, too.
 */
enum {
	WIDTH = 1000,
	LEFT = 10,
	RIGHT = 690, /* where time ends, */
	LATER = 650, /* or has a break, behind which is what comes much later */
	BAR = 22,
	ROW = 18,
	TITLE = 20,
	GAP = 46, /* between the lanes */
	TOP = 4,
	LEAST_US = 10000, /* what is drawn at least: everything at once has no length */
};

#define MOST_US 1000000000000 /* of either side: no drill is as long, and sums of these have room */

struct drawing {
	const struct control_drill *d;
	FILE *out;
	int64_t from_us, to_us; /* drawn to scale */
	bool breaks;
};

void drill_escape(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		case '\'': fputs("&#39;", out); break;
		default: fputc(*text, out);
		}
}

/* --- time ------------------------------------------------------------------------------------- */

static int64_t time_of(const struct control_moment *m)
{
	return m->at_us > MOST_US ? MOST_US : m->at_us < -MOST_US ? -MOST_US : m->at_us;
}

/* Seconds after the rest, as a rule: the silence is over. */
static bool is_late(const struct control_moment *m)
{
	return m->kind == SYNC_MOMENT_RESTORED;
}

static void find_scale(struct drawing *w)
{
	const struct control_drill *d = w->d;
	int64_t last_us = 0;

	for (size_t i = 0; i < d->n; i++) {
		int64_t at_us = time_of(&d->moments[i]);

		if (!is_late(&d->moments[i]) && at_us > w->to_us)
			w->to_us = at_us;
		if (at_us < w->from_us)
			w->from_us = at_us;
		if (at_us > last_us)
			last_us = at_us;
	}
	if (w->to_us - w->from_us < LEAST_US)
		w->to_us = w->from_us + LEAST_US;
	w->breaks = last_us - w->to_us > w->to_us - w->from_us;
	if (!w->breaks && last_us > w->to_us)
		w->to_us = last_us;
}

static double place(const struct drawing *w, int64_t at_us)
{
	double end = w->breaks ? LATER : RIGHT;

	if (at_us > w->to_us)
		return RIGHT;
	return LEFT + (end - LEFT) * ((double)at_us - (double)w->from_us) /
			      ((double)w->to_us - (double)w->from_us);
}

/* --- a lane ------------------------------------------------------------------------------------- */

static void draw_bar(const struct drawing *w, const char *cls, double from, double to, int y,
		     const char *text)
{
	fprintf(w->out, "<g class=\"%s\"><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
		cls, from, y, to > from ? to - from : 0, BAR);
	if (to - from > 8 * (double)strlen(text))
		fprintf(w->out, "<text x=\"%.1f\" y=\"%d\">%s</text>", from + 5, y + 16, text);
	fputs("</g>\n", w->out);
}

/* False: there is none. */
static bool find_time(const struct control_drill *d, bool there, uint8_t kind, int64_t *ret)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->moments[i].there == there && d->moments[i].kind == kind) {
			*ret = time_of(&d->moments[i]);
			return true;
		}
	return false;
}

/* Where it is, or RIGHT. False: there is none. */
static bool find(const struct drawing *w, bool there, uint8_t kind, double *ret)
{
	int64_t at_us;
	bool is = find_time(w->d, there, kind, &at_us);

	*ret = is ? place(w, at_us) : RIGHT;
	return is;
}

/* What the one that lets go is meanwhile: a style of the page, and words. */
static const char *style_of(uint8_t kind)
{
	if (kind == SYNC_DRILL_GRACEFUL)
		return "backup";
	return kind == SYNC_DRILL_SPLIT ? "unheard" : "silent";
}

static const char *words_of(uint8_t kind)
{
	switch (kind) {
	case SYNC_DRILL_GRACEFUL: return "backup";
	case SYNC_DRILL_SPLIT: return "its adverts are lost";
	case SYNC_DRILL_DAEMON_KILL: return "no daemon";
	default: return "silent";
	}
}

/* The one that lets go; in a split it stays master and is not heard. */
static void draw_old_role(const struct drawing *w, int y)
{
	uint8_t kind = drill_kind_by_name(w->d->kind);
	double gone = place(w, 0), back;
	bool restored;

	draw_bar(w, "master", LEFT, gone, y, "master");
	if (find(w, false, SYNC_MOMENT_MASTER, &back)) {
		draw_bar(w, style_of(kind), gone, back, y, words_of(kind));
		draw_bar(w, "master", back, WIDTH, y, "master");
		return;
	}
	restored = find(w, false, SYNC_MOMENT_RESTORED, &back);
	draw_bar(w, style_of(kind), gone, back, y, words_of(kind));
	if (restored)
		draw_bar(w, "back", back, WIDTH, y, "as before");
	else
		draw_bar(w, drill_is_harsh(kind) ? "silent" : "backup", back, WIDTH, y, "");
}

static void draw_new_role(const struct drawing *w, int y)
{
	double master;

	if (drill_seen_half(w->d)) {
		draw_bar(w, "silent", LEFT, WIDTH, y, "not known");
		return;
	}
	if (!find(w, true, SYNC_MOMENT_MASTER, &master))
		master = WIDTH;
	draw_bar(w, "backup", LEFT, master, y, "backup");
	draw_bar(w, "master", master, WIDTH, y, "master");
}

static size_t count(const struct control_drill *d, bool there)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->moments[i].there == there;
	return n;
}

/* The height of a lane. */
static int height(const struct control_drill *d, bool there)
{
	return TITLE + BAR + ROW * (int)count(d, there) + 8;
}

static void draw_moment(const struct drawing *w, const struct control_moment *m, int bar, int row)
{
	double x = place(w, time_of(m));
	int y = bar + BAR + ROW * row;

	fprintf(w->out,
		"<line class=\"tick\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/><circle "
		"cx=\"%.1f\" "
		"cy=\"%d\" r=\"3\"/><text x=\"%.1f\" y=\"%d\"><tspan class=\"at\">%+.1f "
		"ms</tspan> %s</text>\n",
		x, bar, x, y - 4, x, y - 4, x + 6, y, (double)m->at_us / 1000,
		drill_moment_name(m->there, m->kind));
}

static void draw_lane(const struct drawing *w, bool there, int y)
{
	const struct control_drill *d = w->d;
	size_t left = count(d, there);
	int bar = y + TITLE;

	fprintf(w->out, "<text class=\"name\" x=\"%d\" y=\"%d\">node ", LEFT, y + 14);
	drill_escape(w->out, there ? d->to : d->from);
	fputs("</text>\n", w->out);
	if (there)
		draw_new_role(w, bar);
	else
		draw_old_role(w, bar);
	for (size_t i = 0; i < d->n; i++)
		if (d->moments[i].there == there)
			draw_moment(w, &d->moments[i], bar, (int)left--);
}

/* --- between the lanes ------------------------------------------------------------------------ */

static void draw_gap(const struct drawing *w, int y)
{
	const struct control_drill *d = w->d;
	double from = place(w, 0),
	       to = place(w, d->takeover_us < MOST_US ? (int64_t)d->takeover_us : MOST_US);
	int64_t again_us = 0;
	bool again = !d->took_over && find_time(d, false, SYNC_MOMENT_MASTER, &again_us);

	if (again)
		to = place(w, again_us);

	if (drill_kind_by_name(d->kind) == SYNC_DRILL_SPLIT || drill_seen_half(d))
		return;
	fprintf(w->out,
		"<g class=\"gap\"><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\"/><text "
		"x=\"%.1f\" "
		"y=\"%d\">",
		from, y, (d->took_over || again ? to > from ? to - from : 1 : WIDTH - from), from,
		y + 28);
	if (d->took_over)
		fprintf(w->out, "nobody is master for %.1f ms", (double)d->takeover_us / 1000);
	else
		fputs("nobody took over", w->out);
	if (again)
		fprintf(w->out, ", nobody is master for %.1f ms", (double)again_us / 1000);
	if (d->took_over && drill_gap_is_known(d))
		fprintf(w->out, ", the service was away for %.1f ms", (double)d->gap_us / 1000);
	fprintf(w->out, ", max-gap is %u ms</text></g>\n", d->about.max_gap_ms);
}

/* Where the budget ends, if that is in the picture: of a gap it does not begin with the takeover. */
static void draw_budget(const struct drawing *w, int bottom)
{
	int64_t gap_us = (int64_t)w->d->about.max_gap_ms * 1000;
	double x = place(w, gap_us);

	if (drill_kind_by_name(w->d->kind) == SYNC_DRILL_SPLIT || gap_us > w->to_us ||
	    drill_gap_is_known(w->d))
		return;
	fprintf(w->out,
		"<line class=\"budget\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" "
		"y2=\"%d\"><title>max-gap, %u "
		"ms</title></line>\n",
		x, TOP, x, bottom, w->d->about.max_gap_ms);
}

void drill_draw(const struct control_drill *d, FILE *out)
{
	struct drawing w = {.d = d, .out = out};
	int above, bottom;

	if (!d->n)
		return;
	find_scale(&w);
	above = TOP + height(d, false);
	bottom = above + GAP + height(d, true);
	fprintf(out,
		"<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"What both directors saw, and "
		"when; the same is in the table below\">\n",
		WIDTH, bottom);
	draw_budget(&w, bottom);
	draw_lane(&w, false, TOP);
	draw_gap(&w, above);
	draw_lane(&w, true, above + GAP);
	if (w.breaks)
		fprintf(out,
			"<line class=\"break\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"><title>time "
			"is "
			"not to scale behind this</title></line>\n",
			(LATER + RIGHT) / 2, TOP, (LATER + RIGHT) / 2, bottom);
	fputs("</svg>\n", out);
}
