/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t low = (size_t)at;
	double rest = at - (double)low;

	return low + 1 < n ? sorted[low] * (1 - rest) + sorted[low + 1] * rest : sorted[low];
}

struct quartiles report_quartiles(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return (struct quartiles){.q1 = quantile(values, n, 0.25),
				  .median = quantile(values, n, 0.5),
				  .q3 = quantile(values, n, 0.75)};
}

double report_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The value of the first "model name : VALUE" of /proc/cpuinfo. */
static void cpu_name(char *ret, size_t size)
{
	FILE *in = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(ret, size, "?");
	while (in && fgets(line, sizeof(line), in))
		if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(ret, size, "%s", strchr(line, ':') + 2);
			break;
		}
	if (in)
		fclose(in);
}

json_t *report_machine(void)
{
	struct utsname u;
	char cpu[128];
	double load = 0;

	uname(&u);
	cpu_name(cpu, sizeof(cpu));
	getloadavg(&load, 1);
	return json_pack("{s:s, s:s, s:I, s:f}", "kernel", u.release, "cpu", cpu, "cores",
			 (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "load", load);
}

int report_write(const char *path, json_t *document)
{
	char temporary[512];
	int err = 0;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	if (!document ||
	    json_dump_file(document, temporary, JSON_INDENT(2) | JSON_REAL_PRECISION(5)) < 0)
		err = -EIO;
	else if (rename(temporary, path) < 0)
		err = -errno;
	json_decref(document);
	if (err)
		fprintf(stderr, "%s: %s\n", path, strerror(-err));
	return err;
}
