/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_packet: what a frame costs on its way through the rulesets of cases.c.
 *
 * A NIC and its wire are not measured, nor anything else that all rulesets have in common: the
 * figures to look at are ratios to the reference, which does the least that a director has to do.
 * Every measurement of a case stands between two of its reference, a few milliseconds apart; the
 * ratio is to the mean of those, and the median over the rounds is reported. The order of the cases
 * moves on from round to round. The ratio of the reference to itself shows what the machine's noise
 * makes of all that.
 *
 * Each measured burst follows an unmeasured one of the same length in the same place. Without it,
 * and with short bursts, one measures how fast the caches fill: after the other cases ran, bursts
 * of 1,000 frames overstated a bucket table of 4,001 entries by 70 %.
 *
 * Before and after the rounds it is checked that the frames of a case left as they should, and that
 * flow tables hold the flows that the case is about: a ruleset that drops is fast.
 */
#include "include/err.h"
#include "tests/bench/cases.h"
#include "tests/bench/prepare.h"
#include "tests/bench/report.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DEFAULT_ROUNDS = 40,
	DEFAULT_FRAMES = 20000,
	SETTLE_ROUNDS = 2, /* of which nothing is kept: the first frames of a place are slow */
	WHY = 160,
};

struct running {
	const struct bench_case *c;
	bool chosen;   /* to be reported; else measured only as a reference */
	char why[WHY]; /* it is left out because …; "": it is not */
	bool wrong;    /* … because it did not do what it should */
	size_t place;  /* index of the row whose place it uses */
	struct place own;
	struct frames frames;
	int64_t held; /* flows in its tables before the rounds; -1: not known */
	double *ns, *ratio;
	struct quartiles time, ratios; /* after the rounds */
	double best;		       /* the least time of all rounds */
};

struct bench {
	struct running *rows;
	size_t n;
	size_t rounds, done;
	uint32_t frames;
	const char *only, *json;
	const struct running *last; /* the reference that was measured just now, and its time */
	double last_ns;
};

/* --- setting up ------------------------------------------------------------------------------- */

static void fail(struct running *r, const char *what, int err)
{
	snprintf(r->why, sizeof(r->why), "%.*s: %s", WHY - 64, what, strerror(-err));
	r->wrong = true;
}

static void open_own_place(struct running *r)
{
	struct err err = {0};
	int code = place_open(&r->own);

	if (code) {
		fail(r, "a network namespace", code);
		return;
	}
	code = prepare(r->c, &r->own, &r->held, &err);
	if (code) {
		fail(r, err.text[0] ? err.text : r->c->name, code);
		r->wrong = code != -ENOTSUP;
		place_close(&r->own);
	}
}

static void set_up(struct bench *b, size_t i)
{
	struct running *r = &b->rows[i];
	struct frame_ends ends;
	int err;

	r->place = i;
	r->held = -1;
	for (size_t before = 0; before < i; before++)
		if (b->rows[before].own.ns > 0 && bench_case_same_place(b->rows[before].c, r->c)) {
			r->place = before;
			r->held = b->rows[before].held;
			r->own = b->rows[before].own;
		}
	if (r->place == i)
		open_own_place(r);
	if (r->why[0])
		return;
	ends = prepare_ends(r->c, &r->own);
	err = place_enter(&r->own);
	if (!err)
		err = frames_open(&r->frames, &r->c->traffic, &ends);
	if (!err)
		err = frames_hold(&r->frames, place_spare());
	if (err)
		fail(r, "live frames (Linux 5.18 or newer, root)", err);
}

static void tear_down(struct bench *b)
{
	for (size_t i = 0; i < b->n; i++) {
		frames_close(&b->rows[i].frames);
		if (b->rows[i].place == i)
			place_close(&b->rows[i].own);
		free(b->rows[i].ns);
		free(b->rows[i].ratio);
	}
	free(b->rows);
}

/* --- measuring -------------------------------------------------------------------------------- */

static int burst(const struct bench *b, const struct running *r, double *ret_ns)
{
	int err = place_enter(&r->own);

	if (!err)
		err = frames_send(&r->frames, r->own.ifindex, b->frames, ret_ns); /* warm */
	return err ? err : frames_send(&r->frames, r->own.ifindex, b->frames, ret_ns);
}

/* One burst must leave as a whole, or not at all. */
static void check(const struct bench *b, struct running *r, const char *when)
{
	uint64_t before, sent, want = r->c->drops ? 0 : 2ULL * b->frames;
	double ns;
	int err = place_enter(&r->own);

	if (r->why[0])
		return;
	before = place_sent();
	if (!err)
		err = burst(b, r, &ns);
	sent = place_sent() - before;
	if (err)
		fail(r, when, err);
	else if (sent != want) {
		snprintf(r->why, sizeof(r->why), "%s, %llu of %llu frames left", when,
			 (unsigned long long)sent, 2ULL * b->frames);
		r->wrong = true;
	}
}

static int measure_reference(struct bench *b, struct running *reference)
{
	int err = 0;

	if (b->last != reference)
		err = burst(b, reference, &b->last_ns);
	b->last = reference;
	return err;
}

static void measure_row(struct bench *b, struct running *r)
{
	struct running *reference = &b->rows[bench_case_find(r->c->reference)];
	double before, ns = 0;
	int err = measure_reference(b, reference);

	before = b->last_ns;
	if (!err)
		err = burst(b, r, &ns);
	b->last = NULL;
	if (!err)
		err = measure_reference(b, reference);
	if (err)
		fail(r, "measuring", err);
	r->ns[b->done] = ns;
	r->ratio[b->done] = 2 * ns / (before + b->last_ns);
}

static void measure(struct bench *b)
{
	for (size_t round = 0; round < b->rounds + SETTLE_ROUNDS; round++) {
		b->done = round < SETTLE_ROUNDS ? 0 : round - SETTLE_ROUNDS;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rround %zu of %zu ", b->done + 1, b->rounds);
		for (size_t i = 0; i < b->n; i++) {
			struct running *r = &b->rows[(i + round * 7) % b->n];

			if (r->chosen && !r->why[0])
				measure_row(b, r);
		}
	}
	if (isatty(STDERR_FILENO))
		fputs("\r                      \r", stderr);
}

/* --- reporting -------------------------------------------------------------------------------- */

static const char *judge(const struct running *r)
{
	if (r->c->goal <= 0)
		return "";
	return r->ratios.median <= r->c->goal ? "met" : "MISSED";
}

static void print_row(const struct running *r, double bare, double drop)
{
	printf("%-32s %6.0f %6.0f  %5.2f  %4.2f–%4.2f  %+6.0f  %6.2f  ", r->c->name, r->time.median,
	       r->best, r->ratios.median, r->ratios.q1, r->ratios.q3, r->time.median - bare,
	       drop > 0 ? r->time.median / drop : 0);
	if (r->c->goal > 0)
		printf("%4.2f %s", r->c->goal, judge(r));
	putchar('\n');
}

static void print_table(const struct bench *b)
{
	double bare = b->rows[bench_case_find("bare rewrite")].time.median;
	double drop = b->rows[bench_case_find("ingress drop")].time.median;

	printf("per frame, %zu rounds of %u frames; ratios to \"bare rewrite\" of the same "
	       "moment, or to the row that is named for it\n\n",
	       b->rounds, b->frames);
	printf("%-32s %6s %6s  %5s  %-9s  %6s  %6s  %s\n", "case", "ns", "best", "ratio",
	       "quartiles", "+ns", "x drop", "goal");
	for (size_t i = 0; i < b->n; i++)
		if (b->rows[i].chosen && !b->rows[i].why[0])
			print_row(&b->rows[i], bare, drop);
	printf("\nlimits: a frame that is dropped on arrival %.0f ns, one that is forwarded with "
	       "both MACs rewritten %.0f ns\n",
	       drop, bare);
	for (size_t i = 0; i < b->n; i++)
		if (b->rows[i].chosen && b->rows[i].why[0])
			printf("%s: %s: %s\n", b->rows[i].wrong ? "FAILED" : "left out",
			       b->rows[i].c->name, b->rows[i].why);
}

static json_t *row_json(const struct running *r)
{
	json_t *o = json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:s}", "name", r->c->name, "ns",
			      r->time.median, "best_ns", r->best, "ratio", r->ratios.median, "q1",
			      r->ratios.q1, "q3", r->ratios.q3, "reference", r->c->reference);

	if (r->c->goal > 0)
		json_object_update_new(o, json_pack("{s:f, s:b}", "goal", r->c->goal, "met",
						    r->ratios.median <= r->c->goal));
	if (r->held >= 0)
		json_object_set_new(o, "flows", json_integer(r->held));
	return o;
}

static int write_json(const struct bench *b)
{
	json_t *cases = json_array(), *left_out = json_array();

	for (size_t i = 0; i < b->n; i++) {
		const struct running *r = &b->rows[i];

		if (r->chosen && r->why[0])
			json_array_append_new(left_out,
					      json_pack("{s:s, s:s, s:b}", "name", r->c->name,
							"why", r->why, "failed", r->wrong));
		else if (r->chosen)
			json_array_append_new(cases, row_json(r));
	}
	return report_write(b->json,
			    json_pack("{s:o, s:I, s:I, s:o, s:o}", "machine", report_machine(),
				      "rounds", (json_int_t)b->rounds, "frames",
				      (json_int_t)b->frames, "cases", cases, "left_out", left_out));
}

/* --- the program ------------------------------------------------------------------------------ */

static void usage(FILE *out)
{
	fprintf(out, "usage: bench_packet [--rounds N] [--frames N] [--only PATTERN] [--json FILE] "
		     "[--list]\n"
		     "PATTERN is a shell pattern for names of cases, such as 'maglev*'.\n");
}

static void list(void)
{
	for (size_t i = 0; i < bench_cases_count; i++)
		puts(bench_cases[i].name);
}

/* Returns -1 to go on, else the exit status. */
static int options(struct bench *b, int argc, char **argv)
{
	static const struct option known[] = {
		{"rounds", required_argument, NULL, 'r'},
		{"frames", required_argument, NULL, 'f'},
		{"only", required_argument, NULL, 'o'},
		{"json", required_argument, NULL, 'j'},
		{"list", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
		switch (c) {
		case 'r': b->rounds = strtoul(optarg, NULL, 10); break;
		case 'f': b->frames = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'o': b->only = optarg; break;
		case 'j': b->json = optarg; break;
		case 'l': list(); return 0;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	if (optind == argc && b->rounds > 0 && b->rounds < 100000 && b->frames > 0 &&
	    b->frames <= 10000000)
		return -1;
	usage(stderr);
	return 2;
}

/* Which rows are asked for; the limits always are. */
static int choose(struct bench *b)
{
	size_t chosen = 0;

	b->n = bench_cases_count;
	b->rows = calloc(b->n, sizeof(*b->rows));
	for (size_t i = 0; b->rows && i < b->n; i++) {
		struct running *r = &b->rows[i];

		r->c = &bench_cases[i];
		r->chosen = !b->only || fnmatch(b->only, r->c->name, 0) == 0;
		chosen += r->chosen;
		r->chosen |= i == bench_case_find("bare rewrite") ||
			     i == bench_case_find("ingress drop");
		r->ns = calloc(b->rounds, sizeof(*r->ns));
		r->ratio = calloc(b->rounds, sizeof(*r->ratio));
		if (!r->ns || !r->ratio)
			return -ENOMEM;
	}
	for (size_t i = 0; b->rows && i < b->n; i++)
		if (b->rows[i].chosen && b->rows[i].c->reference)
			b->rows[bench_case_find(b->rows[i].c->reference)].chosen = true;
	return !b->rows ? -ENOMEM : chosen ? 0 : -ENOENT;
}

int main(int argc, char **argv)
{
	struct bench b = {.rounds = DEFAULT_ROUNDS, .frames = DEFAULT_FRAMES};
	int status = options(&b, argc, argv), err;

	if (status >= 0)
		return status;
	err = choose(&b);
	if (!err)
		err = place_begin();
	if (err) {
		fprintf(stderr, "bench_packet: %s\n", strerror(-err));
		return 1;
	}
	for (size_t i = 0; i < b.n; i++)
		if (b.rows[i].chosen) {
			set_up(&b, i);
			check(&b, &b.rows[i], "before the rounds");
		}
	/* Not to be interrupted between the two halves of a comparison; it works without, too. */
	sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
	measure(&b);
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){.sched_priority = 0});
	status = 0;
	for (size_t i = 0; i < b.n; i++)
		if (b.rows[i].chosen && !b.rows[i].why[0]) {
			check(&b, &b.rows[i], "after the rounds");
			b.rows[i].time = report_quartiles(b.rows[i].ns, b.rounds);
			b.rows[i].best = b.rows[i].ns[0]; /* sorted by now */
			b.rows[i].ratios = report_quartiles(b.rows[i].ratio, b.rounds);
		}
	print_table(&b);
	if (b.json && write_json(&b) < 0)
		status = 1;
	for (size_t i = 0; i < b.n; i++)
		status |= b.rows[i].wrong;
	tear_down(&b);
	return status;
}
