/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a probe sees, for people and for programs. */
#include "director/config/number.h"
#include "director/ctl/ctl.h"
#include "director/ctl/probe.h"
#include "director/probe/probe_spark.h"
#include "include/moment.h"
#include "include/output.h"

#include <inttypes.h>
#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	WIDTH = 80,	    /* of a terminal that does not say */
	NUMBERS_WIDTH = 44, /* behind the line of the near past */
	NUMBERS = 96,
};

static const char *const clear_line = "\r\033[K";

static double in_ms(uint64_t us)
{
	return (double)us / 1000;
}

static const char *time_of(const struct probe_result *r, uint64_t us, char buf[static MOMENT_TEXT])
{
	return moment_format((r->unix_us + us) / 1000, buf);
}

/* --- while it runs ------------------------------------------------------------------------------- */

void print_probe_begin(FILE *out, struct probe_report *report)
{
	const struct probe_order *o = &report->order;
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	char target[PROBE_TARGET_TEXT], timeout[DURATION_TEXT];

	report->live = isatty(fileno(out)) && (!term || strcmp(term, "dumb") != 0);
	report->unicode = setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	report->colour = !no_color || !no_color[0];
	fprintf(out,
		"%s, %s, %" PRIu64
		" attempts a second, each lost after %s; a gap is measured to %.3g ms\n",
		probe_target_format(&report->target, target), o->udp ? "udp" : "tcp", o->rate,
		duration_format(o->timeout_ms, timeout), 1000.0 / (double)o->rate);
	output_flush(out);
}

static void print_gap(const struct probe_result *r, const struct probe_gap *g)
{
	char when[MOMENT_TEXT];

	printf("gap at %s: %s%" PRIu64 " ms, %" PRIu64 " lost (%s)%s\n",
	       time_of(r, g->start_us, when), g->open ? "at least " : "",
	       probe_report_gap_ms(g->end_us - g->start_us), g->lost, probe_loss_name(g->loss),
	       g->from_start ? ", from the beginning" : "");
}

/* Those that have ended since the last time. */
static void print_gaps(struct probe_report *report, const struct probe_result *r)
{
	for (; report->gaps_printed < r->book.n_gaps; report->gaps_printed++)
		if (report->gaps_printed < PROBE_GAPS)
			print_gap(r, &r->book.gaps[report->gaps_printed]);
}

static void print_near_past(const struct probe_report *report, const struct probe_result *r)
{
	static char line[PROBE_SPARK_TEXT];
	struct winsize size = {0};
	char numbers[NUMBERS];
	unsigned int width = WIDTH, used;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	width = width > NUMBERS_WIDTH + 8 ? width - NUMBERS_WIDTH : 8;
	used = probe_spark(&r->book, width, report->unicode, report->colour, line);
	snprintf(numbers, sizeof(numbers), "%" PRIu64 " sent, %" PRIu64 " lost, p99 %.2f ms",
		 r->book.judged, probe_book_lost(&r->book),
		 in_ms(probe_book_quantile(&r->book, 990)));
	printf("%s%s%*s %s", clear_line, line, (int)(width - used), "", numbers);
}

void print_probe_so_far(void *owner, const struct probe_result *so_far)
{
	struct probe_report *report = owner;
	bool news = report->gaps_printed < so_far->book.n_gaps;

	if (report->live && news)
		fputs(clear_line, stdout);
	print_gaps(report, so_far);
	if (report->live)
		print_near_past(report, so_far);
	if (report->live || news)
		output_flush(stdout);
}

void print_probe_held_lost(void *owner, const struct probe_result *r, const struct probe_held *h)
{
	const struct probe_report *report = owner;
	char when[MOMENT_TEXT];

	printf("%sheld connection from port %u lost at %s: %s, %.1f s after it was %s, last heard "
	       "%.0f ms "
	       "before\n",
	       report->live ? clear_line : "", h->port, time_of(r, h->lost_us, when),
	       probe_held_end_name(h->end), in_ms(h->lost_us - h->opened_us) / 1000,
	       h->was_open ? "opened" : "asked for", in_ms(h->lost_us - h->proven_us));
	output_flush(stdout);
}

/* --- the end ------------------------------------------------------------------------------------- */

static bool is_open(const struct probe_held *h)
{
	return h->state == PROBE_HELD_OPEN;
}

static void print_trouble(FILE *out, const struct probe_report *report)
{
	const struct probe_result *r = &report->result;
	const struct probe_book *b = &r->book;

	if (b->lost[PROBE_NO_ROOM])
		fprintf(out,
			"%" PRIu64
			" of the lost ones were not made for want of room, at most %u at a time: "
			"that is this machine's, not the service's; a lower --rate or --timeout "
			"needs less\n",
			b->lost[PROBE_NO_ROOM], r->under_way_max);
	if (b->lost[PROBE_CANNOT])
		fprintf(out, "%" PRIu64 " of the lost ones failed on this machine itself\n",
			b->lost[PROBE_CANNOT]);
	if (b->late_us > report->order.timeout_ms * 1000 / 2)
		fprintf(out,
			"this machine was up to %.0f ms late with its attempts: times and gaps may "
			"be its own\n",
			in_ms(b->late_us));
	if (b->n_gaps > PROBE_GAPS)
		fprintf(out, "%zu more gaps were not told one by one\n", b->n_gaps - PROBE_GAPS);
}

void print_probe(FILE *out, struct probe_report *report)
{
	const struct probe_result *r = &report->result;
	const struct probe_book *b = &r->book;
	uint64_t lost = probe_book_lost(b);
	const char *between = " (";

	if (report->live)
		fputs(clear_line, out);
	print_gaps(report, r);
	fprintf(out, "sent %" PRIu64 ", lost %" PRIu64, b->judged, lost);
	for (enum probe_loss i = 0; i < PROBE_LOSSES; i++)
		if (b->lost[i]) {
			fprintf(out, "%s%" PRIu64 " %s", between, b->lost[i], probe_loss_name(i));
			between = ", ";
		}
	fprintf(out, "%s, %zu %s", lost ? ")" : "", b->n_gaps, b->n_gaps == 1 ? "gap" : "gaps");
	if (b->n_gaps)
		fprintf(out, ", the longest %" PRIu64 " ms", probe_report_gap_ms(b->longest_us));
	fputc('\n', out);
	if (b->good)
		fprintf(out,
			"from the moment due to the answer: p50 %.2f ms, p99 %.2f ms, max %.2f ms; "
			"longest time "
			"without any answer %.0f ms\n",
			in_ms(probe_book_quantile(b, 500)), in_ms(probe_book_quantile(b, 990)),
			in_ms(b->worst_us), in_ms(b->silence_us));
	if (r->n_held)
		fprintf(out, "held %u connections: %u alive, %u lost\n", r->n_held,
			probe_report_held(r, is_open), probe_report_held(r, probe_report_is_lost));
	print_trouble(out, report);
	output_flush(out);
}

/* --- JSON ---------------------------------------------------------------------------------------- */

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *gaps_of(const struct probe_result *r)
{
	const struct probe_book *b = &r->book;
	json_t *gaps = json_array();

	for (size_t i = 0; i < b->n_gaps && i < PROBE_GAPS; i++) {
		const struct probe_gap *g = &b->gaps[i];

		json_array_append_new(
			gaps, json_pack("{s:o, s:o, s:o, s:o, s:s, s:b}", "start_ms",
					number((g->start_us - b->start_us) / 1000), "length_ms",
					number(probe_report_gap_ms(g->end_us - g->start_us)),
					"at_ms", number((r->unix_us + g->start_us) / 1000), "lost",
					number(g->lost), "reason", probe_loss_name(g->loss), "open",
					g->open));
	}
	return gaps;
}

static json_t *lost_by(const struct probe_book *b)
{
	json_t *by = json_object();

	for (enum probe_loss i = 0; i < PROBE_LOSSES; i++)
		json_object_set_new(by, probe_loss_name(i), number(b->lost[i]));
	return by;
}

static json_t *held_of(const struct probe_result *r)
{
	json_t *lost = json_array();

	for (uint32_t i = 0; i < r->n_held; i++) {
		const struct probe_held *h = &r->held[i];

		if (h->state == PROBE_HELD_LOST)
			json_array_append_new(
				lost,
				json_pack("{s:i, s:s, s:o, s:o}", "port", h->port, "reason",
					  probe_held_end_name(h->end), "at_ms",
					  number((r->unix_us + h->lost_us) / 1000), "heard_ms",
					  number((r->unix_us + h->proven_us) / 1000)));
	}
	return json_pack("{s:o, s:o, s:o}", "asked", number(r->n_held), "alive",
			 number(probe_report_held(r, is_open)), "lost", lost);
}

int print_json_probe(FILE *out, const struct probe_report *report)
{
	const struct probe_result *r = &report->result;
	const struct probe_book *b = &r->book;
	char target[PROBE_TARGET_TEXT];

	return print_json_document(
		out, json_pack("{s:s, s:s, s:o, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			       "s:{s:o, s:o, s:o}, s:o, s:o, s:o, s:b}",
			       "target", probe_target_format(&report->target, target), "protocol",
			       report->order.udp ? "udp" : "tcp", "rate", number(b->rate),
			       "resolution_ms", 1000.0 / (double)b->rate, "started_at_ms",
			       number((r->unix_us + b->start_us) / 1000), "duration_ms",
			       number((b->stopped_us - b->start_us) / 1000), "sent",
			       number(b->judged), "answered", number(b->good), "lost",
			       number(probe_book_lost(b)), "lost_by", lost_by(b), "gaps",
			       gaps_of(r), "gaps_total", number(b->n_gaps), "longest_gap_ms",
			       number(probe_report_gap_ms(b->longest_us)), "answer_us", "p50",
			       number(probe_book_quantile(b, 500)), "p99",
			       number(probe_book_quantile(b, 990)), "max", number(b->worst_us),
			       "longest_silence_ms", number(probe_report_gap_ms(b->silence_us)),
			       "late_us", number(b->late_us), "held", held_of(r), "passed",
			       report->good));
}
