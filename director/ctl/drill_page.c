/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/drill_page.h"

#include "director/ctl/drill_draw.h"
#include "director/ctl/drill_seen.h"
#include "director/drill/drill.h"
#include "director/monitor/page.h"
#include "include/moment.h"

#include <string.h>

static void text(FILE *out, const char *before, const char *what, const char *after)
{
	fputs(before, out);
	drill_escape(out, what);
	fputs(after, out);
}

/* --- the verdict ---------------------------------------------------------------------------- */

static bool is(const struct control_drill *d, enum drill_result result)
{
	return strcmp(d->result, drill_result_name(result)) == 0;
}

static void print_verdict(const struct control_drill *d, FILE *out)
{
	const char *mood = is(d, DRILL_PASSED) ? "good" : is(d, DRILL_MISSED) ? "bad" : "warn";

	text(out, "<h1>drill ", d->kind, ": ");
	fprintf(out, "<span class=\"%s\">", mood);
	text(out, "", d->result, "</span></h1>\n");
	if (d->why[0])
		text(out, "<p>", d->why, "</p>\n");
}

/* --- what came of it -------------------------------------------------------------------------- */

static void begin_row(FILE *out, const char *name)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th>", name);
}

/* What was measured, what is allowed, and whether that is kept; mood NULL: nobody can say. */
static void row(FILE *out, const char *name, const char *measured, const char *allowed,
		const char *mood)
{
	begin_row(out, name);
	fprintf(out, "<td class=\"%s\">%s</td><td>%s</td></tr>\n", mood ? mood : "", measured,
		allowed);
}

/* With names of nodes in it. */
static void seen_row(FILE *out, const char *name, const char *measured)
{
	begin_row(out, name);
	text(out, "<td>", measured, "</td><td></td></tr>\n");
}

static void print_seen(const struct control_drill *d, FILE *out)
{
	char buf[DRILL_SEEN_TEXT];

	if (!drill_seen_is(d))
		return;
	seen_row(out, "last frame of the old master", drill_seen_frame(d, false, buf));
	seen_row(out, "first frame of the new master", drill_seen_frame(d, true, buf));
	seen_row(out, "stragglers", drill_seen_stragglers(d, buf));
	seen_row(out, "connections of the old master", drill_seen_flows(&d->from_seen, buf));
	seen_row(out, "connections of the new master", drill_seen_flows(&d->to_seen, buf));
	seen_row(out, "synchronisation lag", drill_seen_lag(d, buf));
}

/* Of the service, when that was probed: by the gap the drill is judged, where it is known. */
static void print_gap(const struct control_drill *d, const char *allowed, FILE *out)
{
	char at[PROBE_TARGET_TEXT], name[sizeof("gap at ") + PROBE_TARGET_TEXT];
	uint64_t max_us = (uint64_t)d->about.max_gap_ms * 1000;
	char buf[DRILL_SEEN_TEXT];

	if (!d->vip.family || !d->let_go)
		return;
	snprintf(name, sizeof(name), "gap at %s", drill_probed(d, at));
	if (drill_gap_is_known(d))
		row(out, name, drill_seen_gap(d, buf), allowed,
		    d->gap_us <= max_us ? "good" : "bad");
	else
		seen_row(out, name, drill_seen_gap(d, buf));
}

static void print_numbers(const struct control_drill *d, FILE *out)
{
	bool knows = drill_lost_is_known(d); /* what both did */
	bool split = drill_kind_by_name(d->kind) == SYNC_DRILL_SPLIT;
	uint64_t gap_us = (uint64_t)d->about.max_gap_ms * 1000;
	char measured[64] = "not known", allowed[64], back[DRILL_SEEN_TEXT];

	fputs("<h2>Measured</h2>\n<table>\n<tr><th></th><th>measured</th><th>allowed</th></tr>\n",
	      out);
	if (d->took_over)
		snprintf(measured, sizeof(measured), "%.1f ms", (double)d->takeover_us / 1000);
	else if (knows)
		strcpy(measured, "nobody took over");
	snprintf(allowed, sizeof(allowed), "%u ms", d->about.max_gap_ms);
	if (split)
		row(out, "a second master", d->took_over || !knows ? measured : "none", "none",
		    !knows	   ? NULL
		    : d->took_over ? "bad"
				   : "good");
	else if (d->took_over && drill_gap_is_known(d))
		row(out, "takeover", measured, "", NULL);
	else
		row(out, "takeover", measured, allowed,
		    !knows				       ? NULL
		    : d->took_over && d->takeover_us <= gap_us ? "good"
							       : "bad");
	print_gap(d, allowed, out);
	snprintf(measured, sizeof(measured), "%llu", (unsigned long long)d->lost);
	snprintf(allowed, sizeof(allowed), "%u", d->about.max_lost);
	row(out, "connections lost", knows ? measured : "not known", split ? "" : allowed,
	    !knows || split		   ? NULL
	    : d->lost <= d->about.max_lost ? "good"
					   : "bad");
	print_seen(d, out);
	if (d->back != CONTROL_BACK_UNWANTED)
		seen_row(out, "back again", drill_seen_back(d, back));
	fputs("</table>\n", out);
}

/* --- the timeline ----------------------------------------------------------------------------- */

static void print_timeline(const struct control_drill *d, FILE *out)
{
	fputs("<h2>Timeline</h2>\n", out);
	if (!d->n) {
		fputs(drill_seen_half(d) ? "<p>Whether the master let go is not known.</p>\n"
					 : "<p>The master did not let go: nothing was seen.</p>\n",
		      out);
		return;
	}
	fputs("<div class=\"wide\">\n", out);
	drill_draw(d, out);
	fputs("</div>\n<table>\n<tr><th>time</th><th>node</th><th></th></tr>\n", out);
	for (size_t i = 0; i < d->n; i++) {
		const struct control_moment *m = &d->moments[i];

		fprintf(out, "<tr><td class=\"at\">%+.1f ms</td>", (double)m->at_us / 1000);
		text(out, "<td>", m->there ? d->to : d->from, "</td>");
		text(out, "<td>", drill_moment_name(m->there, m->kind), "</td></tr>\n");
	}
	fprintf(out,
		"</table>\n<p>Times count from the moment when the master let go; the clocks of "
		"both are known to %.1f ms.</p>\n",
		(double)d->within_us / 1000);
}

/* --- who, when, of what ------------------------------------------------------------------------- */

static void print_node(FILE *out, const char *role, const char *name,
		       const struct control_drill_node *n)
{
	begin_row(out, role);
	text(out, "<td>", name, "</td>");
	text(out, "<td>", n->version[0] ? n->version : "?", "</td>");
	text(out, "<td>", n->config[0] ? n->config : "?", "</td></tr>\n");
}

static void print_about(const struct control_drill *d, FILE *out)
{
	const struct control_drill_about *a = &d->about;
	char at[MOMENT_TEXT];

	text(out, "<h2>About</h2>\n<p>Asked for on node ", a->asked_on, "");
	if (a->has_asker)
		fprintf(out, " by uid %u", a->uid);
	fprintf(out, " at %s%s, with a limit of %u ms.</p>\n", moment_format(a->at_ms, at),
		a->force ? ", by force" : "", a->limit_ms);
	fputs("<table>\n<tr><th></th><th>node</th><th>version</th><th>configuration</th></tr>\n",
	      out);
	print_node(out, "lets go", d->from, &a->from);
	print_node(out,
		   drill_kind_by_name(d->kind) == SYNC_DRILL_SPLIT ? "stays backup" : "takes over",
		   d->to, &a->to);
	fputs("</table>\n", out);
	if (a->from.config[0] && a->to.config[0] && strcmp(a->from.config, a->to.config) != 0)
		fputs("<p class=\"warn\">The two were configured otherwise.</p>\n", out);
}

void drill_page(const struct control_drill *d, FILE *out)
{
	char at[MOMENT_TEXT];

	fputs(page_drill_html, out);
	text(out, "<title>drill ", d->kind, ": ");
	text(out, "", d->result, ", ");
	text(out, "", moment_format(d->about.at_ms, at), "</title>\n</head>\n<body>\n");
	print_verdict(d, out);
	print_numbers(d, out);
	print_timeline(d, out);
	print_about(d, out);
	fputs("</body>\n</html>\n", out);
}
