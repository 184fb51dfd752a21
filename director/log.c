/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

static void write_text(enum log_level level, const char *text)
{
	if (is_journal())
		dprintf(STDERR_FILENO, "<%d>%s\n", levels[level].priority, text);
	else
		dprintf(STDERR_FILENO, "%s: %s\n", levels[level].name, text);
}

/* --- the queue of the thread that does not wait ------------------------------------------------- */

struct queued {
	enum log_level level;
	uint64_t since_ms;
	char text[LOG_TEXT];
};

/* One thread puts in, without a lock; whoever takes out holds the lock `writers`. */
static struct {
	struct queued lines[LOG_QUEUE];
	atomic_uint put, taken; /* they only grow; put - taken lines wait */
	atomic_ulong lost;
} queue;

static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

/* Of the thread that does not wait; elsewhere NULL. */
static _Thread_local struct {
	void (*wake)(void *owner);
	void *owner;
} deferred;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void put(enum log_level level, const char *text)
{
	unsigned int at = atomic_load(&queue.put);
	struct queued *line = &queue.lines[at % LOG_QUEUE];

	if (at - atomic_load(&queue.taken) == LOG_QUEUE) {
		atomic_fetch_add(&queue.lost, 1);
		return;
	}
	line->level = level;
	line->since_ms = now_ms();
	memcpy(line->text, text, strlen(text) + 1);
	atomic_store(&queue.put, at + 1);
}

static void write_queued(const struct queued *line)
{
	uint64_t age_ms = now_ms() - line->since_ms;
	char text[LOG_TEXT + 48];

	if (age_ms < LOG_OLD_MS) {
		write_text(line->level, line->text);
		return;
	}
	snprintf(text, sizeof(text), "%s (%llu ms ago)", line->text, (unsigned long long)age_ms);
	write_text(line->level, text);
}

/* With the lock. Not for ever, should lines be put in as fast as they are written. */
static void write_all(void)
{
	unsigned int at = atomic_load(&queue.taken), end = atomic_load(&queue.put);
	unsigned long lost;
	char text[LOG_TEXT];

	for (; at != end; at++) {
		write_queued(&queue.lines[at % LOG_QUEUE]);
		atomic_store(&queue.taken, at + 1);
	}
	lost = atomic_exchange(&queue.lost, 0);
	if (!lost || LOG_LEVEL_WARNING > threshold)
		return;
	snprintf(text, sizeof(text), "%lu lines of the election are lost, there were too many",
		 lost);
	write_text(LOG_LEVEL_WARNING, text);
}

void log_defer(void (*wake)(void *owner), void *owner)
{
	if (wake &&
	    atomic_load(&queue.put) == atomic_load(&queue.taken)) /* in memory from now on */
		memset(queue.lines, 0, sizeof(queue.lines));
	deferred.wake = wake;
	deferred.owner = owner;
}

void log_flush(void)
{
	if (deferred.wake)
		return;
	pthread_mutex_lock(&writers);
	write_all();
	pthread_mutex_unlock(&writers);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[LOG_TEXT];
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (deferred.wake) {
		put(level, text);
		deferred.wake(deferred.owner);
		return;
	}
	pthread_mutex_lock(&writers);
	write_all();
	write_text(level, text);
	pthread_mutex_unlock(&writers);
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

const char *log_more(unsigned long suppressed, char buf[static LOG_MORE])
{
	buf[0] = '\0';
	if (suppressed > 0)
		snprintf(buf, LOG_MORE, " (%lu more not shown)", suppressed);
	return buf;
}
