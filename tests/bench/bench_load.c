/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_load: what a configuration costs until it is in the kernel, what the change of one backend
 * costs in it, and the memory that it takes, with the daemon's own parts: configuration, facts,
 * plan and keeper. Beside it the same elements put in by a plain loop (plain.h), in the same run.
 *
 * Every size is measured in a process of its own, so that its memory is its own.
 *
 * The kernel's memory is the growth of unreclaimable slab, per-CPU and vmalloc memory of the whole
 * machine: whatever else runs is in there.
 */
#include "director/ruleset/keeper_uv.h"
#include "director/ruleset/sequence.h"
#include "include/log.h"
#include "tests/bench/plain.h"
#include "tests/bench/planned.h"
#include "tests/bench/report.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct size {
	const char *name;
	struct shape shape;
	unsigned int repeat;
	bool large; /* takes minutes and gigabytes */
};

static const struct size sizes[] = {
	{"10 farms x 10 backends", {10, 10, NULL, false}, 9, false},
	{"300 farms x 10 backends", {300, 10, NULL, false}, 3, false},
	{"1000 farms x 100 backends", {1000, 100, NULL, false}, 1, true},
};

enum {
	N_SIZES = sizeof(sizes) / sizeof(sizes[0]),
	REPEAT_MAX = 16,
	FLIPS = 21,
	SETTLE_US = 500000,
	SETTLE_TRIES = 20,
	SETTLED_KIB = 256,
};

#define FLIP_GOAL 0.020 /* seconds */
#define GOAL	  1.3	/* times the plain loop: planning, comparing and the rules cost, too */

/* Seconds and KiB; written by the child. */
struct result {
	struct err err;
	bool done;
	size_t elements, flip_elements;
	double read, plan[REPEAT_MAX], apply[REPEAT_MAX], plain[REPEAT_MAX], ratio[REPEAT_MAX];
	double flip_plan[FLIPS], flip_apply[FLIPS], flip[FLIPS]; /* flip: both */
	unsigned int n_flips;
	struct quartiles ratios;
	long before, config, resident, peak, kernel;
};

/* --- memory ----------------------------------------------------------------------------------- */

/* Sum of the lines of a file of /proc that begin with one of the names, in KiB. */
static long proc_sum(const char *path, const char *const *names)
{
	FILE *in = fopen(path, "r");
	char line[256];
	long sum = 0;

	while (in && fgets(line, sizeof(line), in))
		for (size_t i = 0; names[i]; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				sum += strtol(line + strlen(names[i]), NULL, 10);
	if (in)
		fclose(in);
	return sum;
}

static long resident(void)
{
	return proc_sum("/proc/self/status", (const char *const[]){"VmRSS:", NULL});
}

static long peak(void)
{
	return proc_sum("/proc/self/status", (const char *const[]){"VmHWM:", NULL});
}

static long kernel_memory(void)
{
	return proc_sum("/proc/meminfo",
			(const char *const[]){"SUnreclaim:", "Percpu:", "VmallocUsed:", NULL});
}

/* The same once it no longer shrinks: what ended before us is given back in the background. */
static long kernel_memory_settled(void)
{
	long now = kernel_memory(), before;
	unsigned int tries = 0;

	do {
		before = now;
		usleep(SETTLE_US);
		now = kernel_memory();
	} while (before - now > SETTLED_KIB && ++tries < SETTLE_TRIES);
	return now;
}

/* --- one size --------------------------------------------------------------------------------- */

static int plan_timed(struct planned *p, int (*make)(struct planned *), double *ret)
{
	double start = report_now();
	int code = make(p);

	*ret = report_now() - start;
	return code;
}

/* The keeper takes the ruleset over. Until all that is planned is there; and then what remains. */
static int apply_timed(struct keeper *k, struct planned *p, double *ret, struct err *err)
{
	double start = report_now();
	int code = keeper_set(k, &p->ruleset, err);

	while (code == KEEPER_GOES_ON)
		code = keeper_go_on(k, err);
	*ret = report_now() - start;
	while (code == 0 && keeper_wait_ms(k) != KEEPER_NEVER)
		code = keeper_go_on(k, err);
	return code;
}

/* How many elements lead from what the keeper holds to the plan. */
static size_t touched(struct keeper *k, const struct planned *p)
{
	struct ruleset_change change = {0};
	struct nft_batch b;

	nft_batch_begin(&b, 1);
	ruleset_diff(keeper_planned(k), &p->ruleset, &b, &change);
	nft_batch_clear(&b);
	return change.elements_added + change.elements_deleted;
}

/* One backend after the other dies, each of another farm. */
static int flips(struct keeper *k, struct planned *p, struct result *r)
{
	int code = 0;

	p->dead = 0;
	r->n_flips = p->shape.farms < FLIPS ? p->shape.farms : FLIPS;
	for (unsigned int i = 0; !code && i < r->n_flips; i++) {
		code = plan_timed(p, planned_lose, &r->flip_plan[i]);
		if (!code && i + 1 == r->n_flips) /* this would warm the caches of the others */
			r->flip_elements = touched(k, p);
		if (!code)
			code = apply_timed(k, p, &r->flip_apply[i], &r->err);
		r->flip[i] = r->flip_plan[i] + r->flip_apply[i];
	}
	p->dead = 0;
	return code;
}

static int with_keeper(struct planned *p, struct result *r, unsigned int i)
{
	struct keeper *k = NULL;
	long before = i == 0 ? kernel_memory_settled() : 0;
	int code = keeper_new(&k, &r->err);

	if (!code)
		code = plan_timed(p, planned_make, &r->plan[i]);
	if (!code) {
		r->elements = planned_elements(&p->ruleset);
		code = apply_timed(k, p, &r->apply[i], &r->err);
	}
	if (!code && i == 0) {
		r->resident = resident();
		r->peak = peak();
		r->kernel = kernel_memory() - before;
	}
	if (!code && i == 0)
		code = flips(k, p, r);
	keeper_free(k);
	return code;
}

static int measure(const struct size *s, struct result *r)
{
	struct place place;
	struct planned p = {0};
	double start;
	int code = place_open(&place);

	if (code)
		return code;
	r->before = resident();
	start = report_now();
	code = planned_init(&p, &s->shape, &place, &r->err);
	r->read = report_now() - start;
	r->config = resident() - r->before;
	for (unsigned int i = 0; !code && i < s->repeat; i++) {
		code = with_keeper(&p, r, i);
		if (!code)
			code = place_load("delete table netdev director\n");
		if (!code)
			code = planned_make(&p);
		if (!code)
			code = plain_insert(&p.ruleset, &r->plain[i], &r->err);
		if (!code)
			code = place_load("delete table netdev director\n");
		r->ratio[i] = r->apply[i] / r->plain[i];
	}
	planned_clear(&p);
	place_close(&place);
	return code;
}

static void measure_apart(const struct size *s, struct result *r)
{
	pid_t child;
	int status = 0;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		int code = measure(s, r);

		if (code && !r->err.text[0])
			err_set(&r->err, code, "%s", strerror(-code));
		r->done = code == 0;
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		err_set(&r->err, -ECHILD, "its process ended (status %d)", status);
}

/* --- reporting -------------------------------------------------------------------------------- */

static double median(double *values, const struct size *s)
{
	return report_quartiles(values, s->repeat).median;
}

static json_t *report(const struct size *s, struct result *r)
{
	double plan = median(r->plan, s), apply = median(r->apply, s);
	double flip_plan = report_quartiles(r->flip_plan, r->n_flips).median;
	double flip_apply = report_quartiles(r->flip_apply, r->n_flips).median;
	struct quartiles flip = report_quartiles(r->flip, r->n_flips);
	bool quick = flip.median <= FLIP_GOAL;
	double plain = median(r->plain, s), n = (double)r->elements;

	r->ratios = report_quartiles(r->ratio, s->repeat);
	printf("%s: %zu elements\n", s->name, r->elements);
	printf("  from nothing   read %.3f s, plan %.3f s, apply %.3f s: %.0f k elements/s\n",
	       r->read, plan, apply, n / apply / 1e3);
	printf("  plain loop     %.3f s: %.0f k elements/s; ours takes %.2f times as long "
	       "(%.2f–%.2f; goal %.2f %s)\n",
	       plain, n / plain / 1e3, r->ratios.median, r->ratios.q1, r->ratios.q3, GOAL,
	       r->ratios.median <= GOAL ? "met" : "MISSED");
	printf("  a backend dies %.1f ms (%.1f–%.1f; plan %.1f, apply %.1f; goal %.0f %s), %zu "
	       "elements touched\n",
	       flip.median * 1e3, flip.q1 * 1e3, flip.q3 * 1e3, flip_plan * 1e3, flip_apply * 1e3,
	       FLIP_GOAL * 1e3, quick ? "met" : "MISSED", r->flip_elements);
	printf("  memory         process %.1f MiB (configuration %.1f, at the peak %.1f), kernel "
	       "%.1f MiB: %.0f octets an element\n\n",
	       (double)r->resident / 1024, (double)r->config / 1024, (double)r->peak / 1024,
	       (double)r->kernel / 1024, (double)r->kernel * 1024 / n);
	return json_pack(
		"{s:s, s:f, s:f, s:f, s:f, s:s, s:f, s:b, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:I, "
		"s:I, s:I, s:I, s:I, s:f, s:b}",
		"name", s->name, "ns", apply / n * 1e9, "ratio", r->ratios.median, "q1",
		r->ratios.q1, "q3", r->ratios.q3, "reference", "plain loop", "goal", GOAL, "met",
		r->ratios.median <= GOAL, "elements", (json_int_t)r->elements, "read_s", r->read,
		"plan_s", plan, "apply_s", apply, "plain_s", plain, "flip_plan_s", flip_plan,
		"flip_apply_s", flip_apply, "flip_elements", (json_int_t)r->flip_elements,
		"config_kib", (json_int_t)r->config, "resident_kib", (json_int_t)r->resident,
		"peak_kib", (json_int_t)r->peak, "kernel_kib", (json_int_t)r->kernel, "flip_goal_s",
		FLIP_GOAL, "flip_met", quick);
}

/* Returns false when it could not be measured. */
static bool run_size(const struct size *s, json_t *cases, json_t *failed)
{
	struct result *r =
		mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool done;

	if (r == MAP_FAILED)
		return false;
	measure_apart(s, r);
	done = r->done;
	if (done) {
		json_array_append_new(cases, report(s, r));
	} else {
		printf("%s: %zu elements: FAILED after reading for %.3f s, planning for %.3f s, "
		       "applying for %.3f s:\n  %s\n\n",
		       s->name, r->elements, r->read, r->plan[0], r->apply[0], r->err.text);
		json_array_append_new(failed, json_pack("{s:s, s:s, s:b}", "name", s->name, "why",
							r->err.text, "failed", 1));
	}
	munmap(r, sizeof(*r));
	return done;
}

static int usage(FILE *out, int status)
{
	fprintf(out, "usage: bench_load [--only PATTERN] [--quick] [--json FILE]\n"
		     "--quick leaves out what takes minutes and gigabytes.\n");
	return status;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{"only", required_argument, NULL, 'o'},
		{"quick", no_argument, NULL, 'q'},
		{"json", required_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *only = "*", *path = NULL;
	json_t *cases = json_array(), *failed = json_array();
	bool quick = false;
	int status = 0, err;

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
		switch (c) {
		case 'o': only = optarg; break;
		case 'q': quick = true; break;
		case 'j': path = optarg; break;
		case 'h': return usage(stdout, 0);
		default: return usage(stderr, 2);
		}
	if (optind < argc)
		return usage(stderr, 2);
	log_set_level(LOG_LEVEL_ERROR);
	err = place_begin();
	if (err) {
		fprintf(stderr, "bench_load: %s\n", strerror(-err));
		return 1;
	}
	for (size_t i = 0; i < N_SIZES; i++)
		if (fnmatch(only, sizes[i].name, 0) == 0 && !(quick && sizes[i].large))
			status |= !run_size(&sizes[i], cases, failed);
	if (path && report_write(path, json_pack("{s:o, s:o, s:o}", "machine", report_machine(),
						 "cases", cases, "left_out", failed)) < 0)
		status = 1;
	return status;
}
