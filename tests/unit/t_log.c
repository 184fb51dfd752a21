/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of the thread that does not wait for its log lines (include/log.h). */
#include "include/log.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

/* Standard error goes into a file meanwhile. */
struct capture {
	FILE *file;
	int saved;
	char text[(LOG_QUEUE + 8) * 64];
};

static void capture_begin(struct capture *c)
{
	*c = (struct capture){.file = tmpfile(), .saved = dup(STDERR_FILENO)};
	CU_ASSERT_FATAL(c->file && c->saved >= 0);
	dup2(fileno(c->file), STDERR_FILENO);
}

static void capture_read(struct capture *c)
{
	size_t n;

	rewind(c->file);
	n = fread(c->text, 1, sizeof(c->text) - 1, c->file);
	c->text[n] = '\0';
}

static void capture_end(struct capture *c)
{
	capture_read(c);
	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	fclose(c->file);
}

static void count_wake(void *owner)
{
	(*(unsigned int *)owner)++;
}

struct speaker {
	unsigned int lines, woken;
	void (*wake)(void *owner);
};

static void speak(void *arg)
{
	struct speaker *s = arg;

	log_defer(s->wake, &s->woken);
	for (unsigned int i = 0; i < s->lines; i++)
		log_info("line %u", i);
	log_flush(); /* not by this thread */
	log_defer(NULL, NULL);
}

static void run(struct speaker *s)
{
	uv_thread_t thread;

	CU_ASSERT_EQUAL_FATAL(uv_thread_create(&thread, speak, s), 0);
	uv_thread_join(&thread);
}

static void lines_wait_and_keep_their_order(void)
{
	static struct capture c;
	struct speaker s = {.lines = 3, .wake = count_wake};

	capture_begin(&c);
	log_info("before");
	run(&s);
	capture_read(&c);
	EXPECT_TEXT(c.text, "info: before\n");
	log_warning("after");
	capture_end(&c);
	EXPECT_INT(s.woken, 3);
	EXPECT_TEXT(c.text,
		    "info: before\ninfo: line 0\ninfo: line 1\ninfo: line 2\nwarning: after\n");
}

/* On a terminal they are the text's. */
static void what_it_is_about_is_for_the_journal(void)
{
	static struct capture c;

	capture_begin(&c);
	log_about(LOG_LEVEL_WARNING, LOG_OF(.farm = "www", .to = "down"), "farm \"%s\"", "www");
	log_about(LOG_LEVEL_DEBUG, LOG_OF(.farm = "www"), "not shown");
	log_about(LOG_LEVEL_INFO, NULL, "about nothing");
	capture_end(&c);
	EXPECT_TEXT(c.text, "warning: farm \"www\"\ninfo: about nothing\n");
}

static void a_flush_writes_once(void)
{
	static struct capture c;
	struct speaker s = {.lines = 1, .wake = count_wake};

	capture_begin(&c);
	run(&s);
	log_flush();
	log_flush();
	capture_end(&c);
	EXPECT_TEXT(c.text, "info: line 0\n");
}

static void a_full_queue_says_what_it_lost(void)
{
	static struct capture c;
	struct speaker s = {.lines = LOG_QUEUE + 5, .wake = count_wake};
	const char *end;
	unsigned int n = 0;
	char want[32];

	capture_begin(&c);
	run(&s);
	log_flush();
	s.lines = 1;
	run(&s); /* and it goes on */
	log_flush();
	capture_end(&c);
	for (const char *at = c.text; (end = strchr(at, '\n')); at = end + 1, n++) {
		snprintf(want, sizeof(want), "info: line %u\n", n);
		if (n < LOG_QUEUE)
			CU_ASSERT(strncmp(at, want, strlen(want)) == 0);
	}
	EXPECT_INT(n, LOG_QUEUE + 2);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(c.text, "\nwarning: 5 lines of the election are lost, there were too many\n"
			       "info: line 0\n"));
}

/* Thousands of lines while another thread writes them out: none doubled, none out of order. */
static void a_crowd_keeps_its_order(void)
{
	static struct capture c;
	struct speaker s = {.lines = 20000, .wake = count_wake};
	uv_thread_t thread;
	unsigned int last = 0, value, n = 0;
	unsigned long lost = 0, some;
	char line[128];

	capture_begin(&c);
	CU_ASSERT_EQUAL_FATAL(uv_thread_create(&thread, speak, &s), 0);
	for (int i = 0; i < 2000; i++)
		log_flush();
	uv_thread_join(&thread);
	log_flush();
	rewind(c.file);
	while (fgets(line, sizeof(line), c.file)) {
		if (sscanf(line, "warning: %lu lines", &some) == 1) {
			lost += some;
		} else if (sscanf(line, "info: line %u", &value) == 1) {
			CU_ASSERT(n == 0 || value > last);
			last = value;
			n++;
		}
	}
	capture_end(&c);
	EXPECT_INT(n + lost, s.lines);
}

UNIT_TESTS(log) = {
	{"lines wait and keep their order", lines_wait_and_keep_their_order},
	{"what it is about is for the journal", what_it_is_about_is_for_the_journal},
	{"a flush writes once", a_flush_writes_once},
	{"a full queue says what it lost", a_full_queue_says_what_it_lost},
	{"a crowd keeps its order", a_crowd_keeps_its_order},
	UNIT_TESTS_END,
};
