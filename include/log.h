/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: one line per event, on standard error as "level: text", or in the journal when standard error
 * goes there, and what the line is about with it, as fields. Called by shell files only.
 *
 * error    something that was asked for is not done
 * warning  it works, but the operator should know
 * info     every transition, with its reason
 * debug    shown with -v
 */
#ifndef INCLUDE_LOG_H
#define INCLUDE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above this level are not written. Default LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * What a line is about; NULL: not about one. In the journal each is a field: DIRECTOR_FARM=www,
 * DIRECTOR_BACKEND=web1, DIRECTOR_VRRP=web, and of what has become another, DIRECTOR_FROM=up,
 * DIRECTOR_TO=down, DIRECTOR_REASON=... (which the text says, too).
 */
struct log_about {
	const char *farm, *backend, *vrrp;
	const char *from, *to, *reason;
};
void log_about(enum log_level level, const struct log_about *about, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* log_about(LOG_LEVEL_INFO, LOG_OF(.farm = name), "farm \"%s\": ...", name) */
#define LOG_OF(...) (&(const struct log_about){__VA_ARGS__})

/*
 * The calling thread must never wait for whoever reads the log: from now on its lines go into a queue
 * of LOG_QUEUE lines, and wake(owner) is called after each. NULL: it writes itself again. One thread
 * at a time. Every other thread writes what is in the queue before its own lines, so that they keep
 * their order; lines that found it full are counted, and the number is written.
 */
void log_defer(void (*wake)(void *owner), void *owner);
/* Writes what is in the queue. To be called when woken, and at the end. */
void log_flush(void);
enum {
	LOG_TEXT = 1024,  /* longer lines are cut */
	LOG_FIELDS = 512, /* of all fields of one; those that have no place are left out */
	LOG_QUEUE = 256,
	LOG_OLD_MS = 1000, /* a line that waited longer than that says for how long */
};

/* At most one line per LOG_LIMIT_MS for what can happen at every packet. Zero-initialised by its owner. */
enum { LOG_LIMIT_MS = 10000 };
struct log_limit {
	uint64_t next_ms;	  /* no line before this time */
	unsigned long suppressed; /* lines kept back since the last one that was written */
};
/*
 * True when a line may be written at now_ms; *ret_suppressed then says how many were kept back.
 * Counts and returns false otherwise.
 */
bool log_limit_pass(struct log_limit *limit, uint64_t now_ms, unsigned long *ret_suppressed);
/* For the end of that line: " (12 more not shown)", or nothing. Returns buf. */
enum { LOG_MORE = 48 };
const char *log_more(unsigned long suppressed, char buf[static LOG_MORE]);

#endif
