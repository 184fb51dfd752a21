/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/monitor/metrics_path.h"

#include <string.h>

enum metrics_path metrics_path_of(const char *path, const char *method)
{
	static const char *const paths[METRICS_PATH_NONE] = {
		[METRICS_PATH_METRICS] = "/metrics",
		[METRICS_PATH_STATUS] = "/status",
		[METRICS_PATH_HEALTH] = "/healthz",
		[METRICS_PATH_PAGE] = "/",
	};
	enum metrics_path at = 0;

	while (at < METRICS_PATH_NONE && strcmp(path, paths[at]) != 0)
		at++;
	if (at == METRICS_PATH_NONE || strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return at;
	return METRICS_PATH_REFUSED;
}
