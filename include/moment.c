/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/moment.h"

#include <stdio.h>
#include <time.h>

const char *moment_format(uint64_t unix_ms, char buf[static MOMENT_TEXT])
{
	time_t s = (time_t)(unix_ms / 1000);
	struct tm tm = {0};
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(buf, MOMENT_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, MOMENT_TEXT - n, ".%03uZ", (unsigned int)(unix_ms % 1000));
	return buf;
}
