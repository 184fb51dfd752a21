/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A method, a blank and a path, as in the first line of a request; NUL ends either. */
#ifndef TESTS_FUZZ_METRICS_PATH_CASE_H
#define TESTS_FUZZ_METRICS_PATH_CASE_H

#include "director/monitor/metrics_path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct metrics_path_line {
	char text[4096];
	const char *method, *path;
};

static inline void metrics_path_cut(const uint8_t *data, size_t size, struct metrics_path_line *l)
{
	char *blank;

	if (size >= sizeof(l->text))
		size = sizeof(l->text) - 1;
	memcpy(l->text, data, size);
	l->text[size] = '\0';
	blank = strchr(l->text, ' ');
	if (blank)
		*blank = '\0';
	l->method = l->text;
	l->path = blank ? blank + 1 : "";
}

/* Whether the answer is the right one. */
static inline bool metrics_path_case(const uint8_t *data, size_t size, enum metrics_path *ret)
{
	static struct metrics_path_line l;
	bool there, asks;

	metrics_path_cut(data, size, &l);
	*ret = metrics_path_of(l.path, l.method);
	there = strcmp(l.path, "/") == 0 || strcmp(l.path, "/metrics") == 0 ||
		strcmp(l.path, "/status") == 0 || strcmp(l.path, "/healthz") == 0;
	asks = strcmp(l.method, "GET") == 0 || strcmp(l.method, "HEAD") == 0;
	if (!there || !asks)
		return *ret == (there ? METRICS_PATH_REFUSED : METRICS_PATH_NONE);
	switch (*ret) {
	case METRICS_PATH_PAGE: return l.path[1] == '\0';
	case METRICS_PATH_METRICS: return l.path[1] == 'm';
	case METRICS_PATH_STATUS: return l.path[1] == 's';
	case METRICS_PATH_HEALTH: return l.path[1] == 'h';
	case METRICS_PATH_NONE:
	case METRICS_PATH_REFUSED: break;
	}
	return false;
}

#endif
