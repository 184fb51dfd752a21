/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum log_level threshold = LOG_LEVEL_INFO;

static const struct {
	const char *name;
	int priority; /* syslog's number, which journald reads from "<N>" */
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", 3},
	[LOG_LEVEL_WARNING] = {"warning", 4},
	[LOG_LEVEL_INFO] = {"info", 6},
	[LOG_LEVEL_DEBUG] = {"debug", 7},
};

void log_set_level(enum log_level level)
{
	threshold = level;
}

/* JOURNAL_STREAM names device and inode of the stream; a child with another standard error inherits it. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (is_journal())
		dprintf(STDERR_FILENO, "<%d>%s\n", levels[level].priority, text);
	else
		dprintf(STDERR_FILENO, "%s: %s\n", levels[level].name, text);
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_ms, unsigned long *ret_suppressed)
{
	if (now_ms < limit->next_ms) {
		limit->suppressed++;
		return false;
	}
	*ret_suppressed = limit->suppressed;
	*limit = (struct log_limit){.next_ms = now_ms + LOG_LIMIT_MS};
	return true;
}
