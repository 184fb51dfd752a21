/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table at the end, from what the runs have written down:
 *
 *	ROW PAIR wanted N		so many runs were to be made
 *	ROW PAIR METRIC VALUE		one for each run; "inf": it did not come to an end
 *
 * PAIR is keepalived, director, or realtime: the directors with real-time priority. A goal is missed,
 * too, by a run that brought no figure. Exit status 1: a goal of ours is missed.
 */
#include "tests/bench/takeover.h"

#include "tests/bench/report.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 512, NO_GOAL = -1, WORD = 32 };

/* 3 x interval + skew of priority 100: RFC 9568, 6.1, Active_Down_Interval. */
#define ACTIVE_DOWN(interval) (3 * (interval) + 156 * (interval) / 256.0)

/* Milliseconds, when the metric's name ends so; else a number. */
static const struct figure {
	const char *row, *metric, *what;
	double median, max; /* goals */
} figures[] = {
	{"idle", "gap_ms", "nothing happens: gap", NO_GOAL, NO_GOAL},
	{"leave", "gap_ms", "orderly leave, 1 s adverts: gap", NO_GOAL, 5},
	{"leave", "unowned_ms", "orderly leave, 1 s adverts: VIP unowned", NO_GOAL, NO_GOAL},
	{"connections", "lost", "orderly leave, 1 s adverts: connections lost", NO_GOAL, 0},
	{"connections", "made", "  of so many", NO_GOAL, NO_GOAL},
	{"gone10", "gap_ms", "machine gone, 10 ms adverts: gap", 40, 50},
	{"gone100", "gap_ms", "machine gone, 100 ms adverts: gap", NO_GOAL, ACTIVE_DOWN(100) + 10},
	{"kill", "gap_ms", "kill -9, 1 s adverts: gap", NO_GOAL, 20},
	{"kill", "unowned_ms", "kill -9, 1 s adverts: VIP unowned", NO_GOAL, NO_GOAL},
	{"kill", "one_owner_ms", "kill -9, 1 s adverts: until one owner", NO_GOAL, 3000},
	/* the lease is 2 s */
	{"stop", "unowned_ms", "SIGSTOP, 1 s adverts: VIP unowned", NO_GOAL,
	 ACTIVE_DOWN(1000) - 2000},
	{"stop", "gap_ms", "SIGSTOP, SIGCONT, 1 s adverts: gap", NO_GOAL, 20},
	{"stop", "two_stopped_ms", "while stopped: two owners", NO_GOAL, 0},
	{"stop", "two_ms", "after SIGCONT: two owners", NO_GOAL, 0},
	{"filtered", "owners", "adverts filtered, 100 ms: owners, at most", NO_GOAL, 1},
	{"filtered", "silent", "adverts filtered: no alarm", NO_GOAL, 0},
	{"heal", "gap_ms", "heal after a split, 100 ms adverts: gap", NO_GOAL, 50},
	{"heal", "told_ms", "heal: client knows the winner's MAC", NO_GOAL, NO_GOAL},
	{"heal", "two_ms", "heal: two owners", NO_GOAL, NO_GOAL},
	{"load", "takeovers", "10 ms adverts under load: false takeovers", NO_GOAL, 0},
	{"load", "gap_ms", "10 ms adverts under load: gap", NO_GOAL, NO_GOAL},
	{"load", "elements", "  elements inserted meanwhile", NO_GOAL, NO_GOAL},
};

static const char *const pairs[] = {"keepalived", "director", "realtime"};

enum { N_FIGURES = sizeof(figures) / sizeof(figures[0]), N_PAIRS = 3, KEEPALIVED = 0 };

struct series {
	double values[VALUES_MAX];
	size_t n;
	size_t wanted;
	double min, median, max;
};

static struct series all[N_FIGURES][N_PAIRS];
static double latest; /* of the client itself, in any run */

static void take(const char *row, const char *pair, const char *metric, double value)
{
	if (strcmp(metric, "late_ms") == 0 && value > latest)
		latest = value;
	for (size_t i = 0; i < N_FIGURES; i++)
		for (size_t p = 0; p < N_PAIRS; p++) {
			struct series *s = &all[i][p];

			if (strcmp(row, figures[i].row) != 0 || strcmp(pair, pairs[p]) != 0)
				continue;
			if (strcmp(metric, "wanted") == 0)
				s->wanted = (size_t)value;
			else if (strcmp(metric, figures[i].metric) == 0 && s->n < VALUES_MAX)
				s->values[s->n++] = value;
		}
}

static int read_results(const char *path)
{
	char row[WORD], pair[WORD], metric[WORD], value[WORD];
	FILE *in = fopen(path, "r");

	if (!in) {
		perror(path);
		return -1;
	}
	while (fscanf(in, "%31s %31s %31s %31s", row, pair, metric, value) == 4)
		take(row, pair, metric, strtod(value, NULL));
	fclose(in);
	return 0;
}

static void summarise(struct series *s)
{
	s->median = report_quartiles(s->values, s->n).median; /* sorts */
	s->min = s->values[0];
	s->max = s->values[s->n - 1];
}

/* NULL: the goals are met, or there are none. */
static const char *missed(const struct figure *f, const struct series *s)
{
	if (f->max < 0)
		return NULL;
	if (s->n < s->wanted)
		return "FAIL: runs without a figure";
	if (s->max > f->max)
		return "FAIL";
	return f->median >= 0 && s->median > f->median ? "FAIL: median" : NULL;
}

static void value_text(char *ret, size_t size, double value, bool ms)
{
	if (isinf(value))
		snprintf(ret, size, "never");
	else
		snprintf(ret, size, ms && value < 100 ? "%.1f" : "%.0f", value);
}

static void series_text(char *ret, size_t size, const struct figure *f, const struct series *s)
{
	bool ms = strstr(f->metric, "_ms") != NULL;
	char min[16], median[16], max[16];

	value_text(min, sizeof(min), s->min, ms);
	value_text(median, sizeof(median), s->median, ms);
	value_text(max, sizeof(max), s->max, ms);
	if (!s->n)
		snprintf(ret, size, "-");
	else if (s->n == 1)
		snprintf(ret, size, "%s", median);
	else
		snprintf(ret, size, "%s / %s / %s", min, median, max);
}

static void goal_text(char *ret, size_t size, const struct figure *f)
{
	if (f->max < 0)
		snprintf(ret, size, "-");
	else if (f->median >= 0)
		snprintf(ret, size, "<= %.0f, median %.0f", f->max, f->median);
	else
		snprintf(ret, size, f->max > 0 ? "<= %.0f" : "%.0f", f->max);
}

static json_t *number(double value)
{
	return isinf(value) ? json_null() : json_real(value);
}

static json_t *series_json(const struct figure *f, const struct series *s, bool judged)
{
	json_t *values = json_array(), *ret;

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(values, number(s->values[i]));
	ret = json_pack("{s:I, s:o}", "wanted", (json_int_t)s->wanted, "values", values);
	if (s->n) {
		json_object_set_new(ret, "min", number(s->min));
		json_object_set_new(ret, "median", number(s->median));
		json_object_set_new(ret, "max", number(s->max));
	}
	if (judged && f->max >= 0)
		json_object_set_new(ret, "met", json_boolean(!missed(f, s)));
	return ret;
}

/* A line for our pair, and one for its variant; both are judged. Returns whether a goal is missed. */
static bool print_figure(const struct figure *f, const struct series *of, json_t *json)
{
	char them[64], us[64], goal[64];
	bool bad = false;

	series_text(them, sizeof(them), f, &of[KEEPALIVED]);
	goal_text(goal, sizeof(goal), f);
	if (of[KEEPALIVED].n && !of[1].wanted && !of[2].wanted)
		printf("%-46s %-19s %-24s %-24s\n", f->what, goal, them, "-");
	for (size_t p = KEEPALIVED + 1; p < N_PAIRS; p++) {
		const struct series *s = &of[p];
		const char *why;

		if (!s->wanted)
			continue;
		why = missed(f, s);
		bad |= why != NULL;
		series_text(us, sizeof(us), f, s);
		printf("%-46s %-19s %-24s %-24s %s\n",
		       p == KEEPALIVED + 1 ? f->what : "  the same, realtime = true", goal, them,
		       us,
		       why	    ? why
		       : f->max < 0 ? ""
				    : "met");
		strcpy(them, "");
	}
	for (size_t p = 0; p < N_PAIRS; p++)
		if (of[p].wanted)
			json_object_set_new(json, pairs[p], series_json(f, &of[p], p > KEEPALIVED));
	return bad;
}

int takeover_report(int argc, char **argv)
{
	json_t *list = json_array();
	bool bad = false;

	(void)argc;
	if (read_results(argv[0]) < 0)
		return 1;
	printf("%-46s %-19s %-24s %-24s\n", "min / median / max of the runs", "goal", "keepalived",
	       "directors");
	for (size_t i = 0; i < N_FIGURES; i++) {
		const struct figure *f = &figures[i];
		json_t *json = json_pack("{s:s, s:s}", "row", f->row, "metric", f->metric);

		for (size_t p = 0; p < N_PAIRS; p++)
			if (all[i][p].n)
				summarise(&all[i][p]);
		if (f->max >= 0)
			json_object_set_new(json, "goal_max", json_real(f->max));
		if (f->median >= 0)
			json_object_set_new(json, "goal_median", json_real(f->median));
		bad |= print_figure(f, all[i], json);
		json_array_append_new(list, json);
	}
	printf("at most %.1f ms, in which the client itself was late, were taken off a gap\n",
	       latest);
	if (report_write(argv[1], json_pack("{s:o, s:f, s:o}", "machine", report_machine(),
					    "client_late_ms", latest, "figures", list)) < 0)
		return 1;
	return bad;
}
