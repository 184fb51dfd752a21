/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lays out the screen: what is above the table of farms, the table, the line of the keys. */
#include "director/ctl/screen.h"
#include "director/config/number.h"
#include "director/ctl/ctl.h"
#include "director/ctl/screen_pen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	NOTE = 512,
	SHORT = 8,	    /* a number in five characters */
	ALARM_LINES = 2,    /* at most, each */
	STARTED_MS = 30000, /* a daemon that runs for less is told to have been started */
};

/* --- numbers ------------------------------------------------------------------------------------- */

/* "1234", "12.3k", "123M": at most five characters. */
static const char *in_short(uint64_t n, char buf[static SHORT])
{
	static const char units[] = " kMGTPE";
	double value = (double)n;
	size_t i = 0;

	if (n == STATUS_UNKNOWN)
		return strcpy(buf, "-");
	if (n < 10000) {
		snprintf(buf, SHORT, "%u", (unsigned int)n);
		return buf;
	}
	/* What would be rounded up to four digits takes the next unit. */
	for (; value >= 999.5; i++)
		value /= 1000;
	snprintf(buf, SHORT, value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[i]);
	return buf;
}

/* --- the table ----------------------------------------------------------------------------------- */

enum column_kind { NAME, STATE, SHARE, HELD, FLOWS, PACKETS, BYTES, ADDRESS, MAC };

/* A column is there from a width of the screen on; the name takes what the others leave. */
static const struct column {
	const char *title;
	size_t width, from;
	enum column_kind kind;
	bool right;
} columns[] = {
	{"farm/backend", 0, 0, NAME, false},  {"state", 10, 0, STATE, false},
	{"share", 5, 60, SHARE, true},	      {"held", 6, 48, HELD, true},
	{"new/s", 6, 30, FLOWS, true},	      {"pkt/s", 6, 38, PACKETS, true},
	{"byte/s", 6, 54, BYTES, true},	      {"address", 15, 78, ADDRESS, false},
	{"MAC address", 17, 100, MAC, false},
};

enum {
	N_COLUMNS = sizeof(columns) / sizeof(columns[0]),
	NAME_MIN = 8,
	NAME_MAX = 40,
	LONG_ADDRESS = 39,
	LONG_FROM = 150
};

static size_t width_of(const struct column *c, size_t screen)
{
	size_t others = 0;

	if (screen < c->from)
		return 0;
	if (c->kind == ADDRESS && screen >= LONG_FROM)
		return LONG_ADDRESS;
	if (c->kind != NAME)
		return c->width;
	for (size_t i = 1; i < N_COLUMNS; i++)
		if (screen >= columns[i].from)
			others += 1 + width_of(&columns[i], screen);
	if (screen < others + NAME_MIN)
		return NAME_MIN;
	return screen - others > NAME_MAX ? NAME_MAX : screen - others;
}

/* A state is bad in capitals, too. */
static const char *state_word(const char *state, bool bad, char buf[static STATUS_WORD])
{
	size_t i = 0;

	for (; state[i] && i + 1 < STATUS_WORD; i++)
		buf[i] = (char)(bad && state[i] >= 'a' && state[i] <= 'z' ? state[i] - 32
									  : state[i]);
	buf[i] = '\0';
	return buf;
}

/* What a cell of the table says; numbers of a farm or one of its backends. */
static const char *column_text(enum column_kind kind, const struct status_farm *f,
			       const struct status_backend *b, const struct rates_row *rate,
			       char buf[static NOTE])
{
	switch (kind) {
	case NAME: snprintf(buf, NOTE, "%s%s", b ? "  " : "", b ? b->name : f->name); return buf;
	case STATE:
		return b ? state_word(b->state, screen_backend_is_bad(b), buf)
			 : state_word(f->state, screen_farm_is_bad(f), buf);
	case SHARE:
		buf[0] = '\0';
		if (b)
			snprintf(buf, NOTE, "%.0f%%", 100 * b->share);
		return buf;
	case HELD: return in_short(b ? b->connections : f->connections, buf);
	case FLOWS: return in_short(rate->per_second[RATE_FLOWS], buf);
	case PACKETS: return in_short(rate->per_second[RATE_PACKETS], buf);
	case BYTES: return in_short(rate->per_second[RATE_BYTES], buf);
	case ADDRESS: return b ? b->address : "";
	case MAC: return !b ? "" : b->mac[0] ? b->mac : "NO MAC";
	}
	return "";
}

static enum screen_style style_of(const struct status_farm *f, const struct status_backend *b)
{
	if (b ? screen_backend_is_bad(b) : screen_farm_is_bad(f))
		return STYLE_BAD;
	return strcmp(b ? b->state : f->state, "up") == 0 ? STYLE_GOOD : STYLE_CARE;
}

static void draw_column(struct pen *p, const struct column *c, size_t *at, enum screen_style style,
			const char *text)
{
	size_t width = width_of(c, p->screen->width), len = pen_length(p, text);

	if (!width)
		return;
	pen_move(p, *at + (c->right && len < width ? width - len : 0));
	pen_write(p, style, text, *at + width);
	*at += width + 1;
}

static void draw_row(struct pen *p, const struct screen_model *m, const struct screen_line *line)
{
	static const struct rates_row none = {
		.per_second = {STATUS_UNKNOWN, STATUS_UNKNOWN, STATUS_UNKNOWN}};
	const struct status_farm *f = &m->status->farms[line->farm];
	const struct status_backend *b =
		line->backend == SCREEN_FARM ? NULL : &f->backends[line->backend];
	const struct rates_row *rate =
		line->rate < m->rates->n ? &m->rates->rows[line->rate] : &none;
	enum screen_style style = b ? STYLE_PLAIN : STYLE_STRONG;
	char text[NOTE];
	size_t at = 0;

	if (line->note) {
		pen_move(p, b ? 4 : 2);
		pen_write(p, style_of(f, b) == STYLE_BAD ? STYLE_BAD : STYLE_CARE,
			  screen_note(m->status, line, text, sizeof(text)), SIZE_MAX);
		return;
	}
	for (size_t i = 0; i < N_COLUMNS; i++) {
		const struct column *c = &columns[i];
		const char *said = column_text(c->kind, f, b, rate, text);
		bool missing = c->kind == MAC && b && !b->mac[0];

		draw_column(p, c, &at,
			    c->kind == STATE ? style_of(f, b)
			    : missing	     ? STYLE_BAD
					     : style,
			    said);
	}
}

static void draw_table_head(struct pen *p)
{
	size_t at = 0;

	pen_fill(p, STYLE_BAR);
	for (size_t i = 0; i < N_COLUMNS; i++)
		draw_column(p, &columns[i], &at, STYLE_BAR, columns[i].title);
}

/* --- above it ------------------------------------------------------------------------------------ */

static void draw_head(struct pen *p, const struct screen_model *m, const struct screen_view *v)
{
	const struct status *s = m->status;
	char text[NOTE], age[PRINT_AGE], every[DURATION_TEXT];
	size_t at = p->screen->width, len;

	snprintf(text, sizeof(text), "%s%s every %s", v->paused ? "PAUSED " : "", m->clock,
		 duration_format(m->interval_ms, every));
	len = pen_length(p, text);
	if (at > len + 30) {
		pen_move(p, at - len);
		pen_write(p, v->paused ? STYLE_CARE : STYLE_FAINT, text, SIZE_MAX);
		at -= len + 1;
	}
	pen_move(p, 0);
	if (!s) {
		pen_write(p, STYLE_STRONG, "director", at);
		return;
	}
	pen_writef(p, STYLE_STRONG, at, "%s", s->node[0] ? s->node : "standalone");
	if (!s->ruleset_in_sync)
		pen_write(p, STYLE_BAD, "  ruleset NOT in sync", at);
	if (s->unconfirmed_ms)
		pen_writef(p, STYLE_CARE, at, "  configuration NOT confirmed, %s left",
			   print_age(s->unconfirmed_ms, age));
	pen_writef(p, s->uptime_ms < STARTED_MS ? STYLE_CARE : STYLE_PLAIN, at, "  %s %s%s",
		   s->uptime_ms < STARTED_MS ? "started" : "up", print_age(s->uptime_ms, age),
		   s->uptime_ms < STARTED_MS ? " ago" : "");
	pen_writef(p, STYLE_FAINT, at, "  director %s", s->version);
}

static void draw_trouble(struct pen *p, const struct screen_model *m)
{
	char text[NOTE], age[PRINT_AGE];

	if (!m->trouble[0])
		return;
	snprintf(text, sizeof(text), "NO ANSWER for %s: %s%s", print_age(m->silent_ms, age),
		 m->trouble, m->status ? "; below is what was" : "");
	pen_wrap(p, STYLE_ALARM, text, ALARM_LINES);
}

/* Whatever is no farm may take so many lines of the screen, each kind of it. */
static size_t part_of(const struct screen_view *v, size_t parts)
{
	size_t lines = v->height / parts;

	return v->height ? (lines > 1 ? lines : 1) : SIZE_MAX;
}

static void draw_alarms(struct pen *p, const struct screen_model *m, const struct screen_view *v)
{
	size_t end = p->line, i = 0, left = part_of(v, 4);
	char text[STATUS_ALARM + 8];

	end = left == SIZE_MAX ? SIZE_MAX : end + left;
	for (; i < m->status->n_alarms && p->line < end; i++) {
		if (i + 1 < m->status->n_alarms && p->line + 1 == end)
			break;
		snprintf(text, sizeof(text), "ALARM %s", m->status->alarms[i]);
		pen_wrap(p, STYLE_ALARM, text,
			 !v->height		       ? SIZE_MAX
			 : end - p->line > ALARM_LINES ? ALARM_LINES
						       : 1);
	}
	if (i < m->status->n_alarms) {
		pen_writef(p, STYLE_ALARM, SIZE_MAX,
			   "ALARM … and %zu more: `directorctl cluster status`",
			   m->status->n_alarms - i);
		pen_next(p);
	}
}

static bool is_good_router(const struct status_vrrp *v)
{
	return strcmp(v->state, "master") == 0 || strcmp(v->state, "backup") == 0;
}

static void draw_router(struct pen *p, const struct status_vrrp *v)
{
	bool master = strcmp(v->state, "master") == 0, bad = !is_good_router(v);
	char word[STATUS_WORD], age[PRINT_AGE];

	pen_writef(p, STYLE_PLAIN, SIZE_MAX, "vrrp %-8s ", v->name);
	pen_writef(p,
		   bad	    ? STYLE_BAD
		   : master ? STYLE_GOOD
			    : STYLE_PLAIN,
		   SIZE_MAX, "%-6s", state_word(v->state, bad || master, word));
	pen_writef(p, STYLE_PLAIN, SIZE_MAX, " for %s, priority %u", print_age(v->since_ms, age),
		   v->priority);
	if (v->error[0])
		pen_writef(p, STYLE_BAD, SIZE_MAX, ", TROUBLE: %s", v->error);
	if (v->n_addresses)
		pen_writef(p, STYLE_PLAIN, SIZE_MAX, ", %s", v->addresses[0]);
	if (v->n_addresses > 1)
		pen_writef(p, STYLE_PLAIN, SIZE_MAX, " +%zu", v->n_addresses - 1);
	if (!master && v->master[0])
		pen_writef(p, STYLE_PLAIN, SIZE_MAX, ", master %s heard %s ago", v->master,
			   print_age(v->master_age_ms, age));
	if (v->yielded)
		pen_write(p, STYLE_CARE, ", handed over", SIZE_MAX);
	pen_next(p);
}

/* Those that are neither master nor backup first: the rest may not fit. */
static void draw_routers(struct pen *p, const struct screen_model *m, const struct screen_view *v)
{
	const struct status *s = m->status;
	size_t left = part_of(v, 5), done = 0;

	for (int good = 0; good <= 1; good++)
		for (size_t i = 0; i < s->n_vrrps; i++) {
			if (is_good_router(&s->vrrps[i]) != good)
				continue;
			if (done + 1 == left && s->n_vrrps > left)
				break;
			draw_router(p, &s->vrrps[i]);
			done++;
		}
	if (done < s->n_vrrps) {
		pen_writef(p, STYLE_FAINT, SIZE_MAX, "     … and %zu more", s->n_vrrps - done);
		pen_next(p);
	}
}

static void draw_peer(struct pen *p, const struct status_peer *o)
{
	bool connected = strcmp(o->state, "connected") == 0,
	     synced = strcmp(o->sync, "in-sync") == 0;
	char word[STATUS_WORD], age[PRINT_AGE], count[PRINT_COUNT];

	pen_writef(p, STYLE_PLAIN, SIZE_MAX, "peer %-8s ", o->node);
	pen_write(p, connected ? STYLE_GOOD : STYLE_BAD, state_word(o->state, !connected, word),
		  SIZE_MAX);
	if (strcmp(o->heartbeat, "up") != 0)
		pen_writef(p, STYLE_CARE, SIZE_MAX, ", heartbeat %s", o->heartbeat);
	if (o->channel.enabled) {
		pen_write(p, STYLE_PLAIN, ", tables ", SIZE_MAX);
		pen_write(p, synced ? STYLE_GOOD : STYLE_CARE, state_word(o->sync, !synced, word),
			  SIZE_MAX);
		if (o->lag_ms != STATUS_UNKNOWN)
			pen_writef(p, STYLE_PLAIN, SIZE_MAX, ", lag %s", print_age(o->lag_ms, age));
		pen_writef(p, STYLE_PLAIN, SIZE_MAX, ", %s flows would be lost",
			   print_count(o->channel.would_lose, count));
	}
	pen_next(p);
}

static void draw_sums(struct pen *p, const struct screen_model *m)
{
	const struct status *s = m->status;
	size_t bad_farms = 0, backends = 0, bad = 0;
	char a[SHORT], b[SHORT], c[SHORT];

	for (size_t i = 0; i < s->n_farms; i++) {
		bad_farms += screen_farm_is_bad(&s->farms[i]);
		backends += s->farms[i].n_backends;
		for (size_t k = 0; k < s->farms[i].n_backends; k++)
			bad += screen_backend_is_bad(&s->farms[i].backends[k]);
	}
	pen_writef(p, STYLE_PLAIN, SIZE_MAX, "farms %zu", s->n_farms);
	if (bad_farms)
		pen_writef(p, STYLE_BAD, SIZE_MAX, ", %zu DOWN", bad_farms);
	pen_writef(p, STYLE_PLAIN, SIZE_MAX, "; backends %zu", backends);
	if (bad)
		pen_writef(p, STYLE_BAD, SIZE_MAX, ", %zu DOWN", bad);
	pen_writef(p, STYLE_PLAIN, SIZE_MAX, "; %s new/s, %s packets/s, %s bytes/s",
		   in_short(m->rates->total[RATE_FLOWS], a),
		   in_short(m->rates->total[RATE_PACKETS], b),
		   in_short(m->rates->total[RATE_BYTES], c));
	pen_next(p);
}

/* --- all of it ----------------------------------------------------------------------------------- */

static void draw_keys(struct pen *p, const struct screen_view *v)
{
	p->line = v->height - 1;
	pen_move(p, 0);
	pen_fill(p, STYLE_BAR);
	if (v->typing) {
		pen_writef(p, STYLE_BAR, SIZE_MAX, "filter: %s_   Enter keeps it, Esc drops it",
			   v->filter);
		return;
	}
	if (v->filter[0])
		pen_writef(p, STYLE_BAR, SIZE_MAX, "filter: %s  ", v->filter);
	if (v->rows && !v->shown)
		pen_writef(p, STYLE_BAR, SIZE_MAX, "0 of %zu  ", v->rows);
	else if (v->rows > v->shown)
		pen_writef(p, STYLE_BAR, SIZE_MAX, "%zu-%zu of %zu  ", v->top + 1,
			   v->top + v->shown, v->rows);
	pen_writef(p, STYLE_BAR, SIZE_MAX, "q quit  %s scroll  / filter  p %s  space %s",
		   v->unicode ? "↑↓" : "arrows",
		   v->problems_first ? "all in order" : "problems first",
		   v->paused ? "go on" : "pause");
}

static void draw_table(struct pen *p, const struct screen_model *m, struct screen_view *v)
{
	struct screen *sc = p->screen;
	size_t room = v->height > p->line + 2 ? v->height - p->line - 2 : 0;

	v->rows = sc->n_lines;
	v->shown = !v->height || room > v->rows ? v->rows : room;
	if (v->top > v->rows - v->shown)
		v->top = v->rows - v->shown;
	draw_table_head(p);
	pen_next(p);
	for (size_t i = 0; i < v->shown; i++) {
		draw_row(p, m, &sc->lines[v->top + i]);
		pen_next(p);
	}
}

int screen_draw(struct screen *sc, const struct screen_model *m, struct screen_view *v)
{
	struct pen pen = {.screen = sc, .unicode = v->unicode, .bottom = v->height};

	sc->width = v->width ? v->width : 1;
	sc->height = 0;
	if (v->height && pen_make_lines(&pen, v->height) < 0)
		return -ENOMEM;
	draw_head(&pen, m, v);
	pen_next(&pen);
	draw_trouble(&pen, m);
	if (m->status) {
		if (screen_rows(sc, m, v) < 0)
			return -ENOMEM;
		draw_alarms(&pen, m, v);
		draw_routers(&pen, m, v);
		for (size_t i = 0; i < m->status->n_peers; i++)
			draw_peer(&pen, &m->status->peers[i]);
		draw_sums(&pen, m);
		draw_table(&pen, m, v);
	}
	if (v->height)
		draw_keys(&pen, v);
	return pen.failed ? -ENOMEM : 0;
}

void screen_clear(struct screen *sc)
{
	free(sc->cells);
	free(sc->lines);
	*sc = (struct screen){0};
}
