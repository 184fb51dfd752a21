/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a request over HTTP asks for, by its path (decoded, without the query) and its method: all of it that
 * is ours to judge; the rest is libmicrohttpd's.
 */
#ifndef DIRECTOR_MONITOR_METRICS_PATH_H
#define DIRECTOR_MONITOR_METRICS_PATH_H

enum metrics_path {
	METRICS_PATH_METRICS,
	METRICS_PATH_STATUS,
	METRICS_PATH_HEALTH,
	METRICS_PATH_PAGE,
	METRICS_PATH_NONE,    /* nothing is there */
	METRICS_PATH_REFUSED, /* it is there, and the method is neither GET nor HEAD */
};

enum metrics_path metrics_path_of(const char *path, const char *method);

#endif
