/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

enum { FIELDS = 6 };

static char identifier[] = "SYSLOG_IDENTIFIER=directord";
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

/* A line and its fields, each as "NAME=value" and a newline. */
static int write_journal(enum log_level level, const char *text, const char *fields)
{
	char priority[16], message[LOG_TEXT + 64];
	struct iovec all[3 + FIELDS] = {{0}};
	int n = 0;

	snprintf(priority, sizeof(priority), "PRIORITY=%d", levels[level].priority);
	snprintf(message, sizeof(message), "MESSAGE=%s", text);
	all[n++] = (struct iovec){priority, strlen(priority)};
	all[n++] = (struct iovec){message, strlen(message)};
	all[n++] = (struct iovec){identifier, strlen(identifier)};
	for (const char *end; n < 3 + FIELDS && (end = strchr(fields, '\n')); fields = end + 1)
		all[n++] = (struct iovec){(char *)fields, (size_t)(end - fields)};
	return sd_journal_sendv(all, n);
}

static void write_text(enum log_level level, const char *text, const char *fields)
{
	if (!is_journal())
		dprintf(STDERR_FILENO, "%s: %s\n", levels[level].name, text);
	else if (write_journal(level, text, fields) < 0) /* it reads its stream, at least */
		dprintf(STDERR_FILENO, "<%d>%s\n", levels[level].priority, text);
}

/* In the journal's form. Printable: it decides for itself what is a value. */
static void add_field(char *fields, const char *name, const char *value)
{
	size_t len = strlen(fields), more;

	if (!value || !value[0] || len + strlen(name) + strlen(value) + 3 > LOG_FIELDS)
		return;
	more = (size_t)snprintf(fields + len, LOG_FIELDS - len, "DIRECTOR_%s=%s\n", name, value);
	if (len + more >= LOG_FIELDS) {
		fields[len] = '\0';
		return;
	}
	for (char *at = fields + len; at < fields + len + more - 1; at++)
		if ((unsigned char)*at < ' ')
			*at = '?';
}

static void print_fields(const struct log_about *about, char fields[static LOG_FIELDS])
{
	fields[0] = '\0';
	if (!about)
		return;
	add_field(fields, "FARM", about->farm);
	add_field(fields, "BACKEND", about->backend);
	add_field(fields, "VRRP", about->vrrp);
	add_field(fields, "FROM", about->from);
	add_field(fields, "TO", about->to);
	add_field(fields, "REASON", about->reason);
}

/* --- the queue of the thread that does not wait ------------------------------------------------- */

struct queued {
	enum log_level level;
	uint64_t since_ms;
	char text[LOG_TEXT];
	char fields[LOG_FIELDS];
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

static void put(enum log_level level, const char *text, const char *fields)
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
	memcpy(line->fields, fields, strlen(fields) + 1);
	atomic_store(&queue.put, at + 1);
}

static void write_queued(const struct queued *line)
{
	uint64_t age_ms = now_ms() - line->since_ms;
	char text[LOG_TEXT + 48];

	if (age_ms < LOG_OLD_MS) {
		write_text(line->level, line->text, line->fields);
		return;
	}
	snprintf(text, sizeof(text), "%s (%llu ms ago)", line->text, (unsigned long long)age_ms);
	write_text(line->level, text, line->fields);
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
	write_text(LOG_LEVEL_WARNING, text, "");
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

static void write_line(enum log_level level, const struct log_about *about, const char *fmt,
		       va_list ap)
{
	char text[LOG_TEXT], fields[LOG_FIELDS];

	vsnprintf(text, sizeof(text), fmt, ap);
	print_fields(about, fields);
	if (deferred.wake) {
		put(level, text, fields);
		deferred.wake(deferred.owner);
		return;
	}
	pthread_mutex_lock(&writers);
	write_all();
	write_text(level, text, fields);
	pthread_mutex_unlock(&writers);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	write_line(level, NULL, fmt, ap);
	va_end(ap);
}

void log_about(enum log_level level, const struct log_about *about, const char *fmt, ...)
{
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	write_line(level, about, fmt, ap);
	va_end(ap);
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
