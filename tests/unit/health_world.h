/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks in real time, of type command: what they find is a file that is there or not, and a program that
 * is there or not. To begin a process takes a tenth of a second where sanitizers have filled the memory.
 */
#ifndef TESTS_HEALTH_WORLD_H
#define TESTS_HEALTH_WORLD_H

#include "director/health/health_uv.h"

#define HEALTH_FOLDER "/tmp/director-health-XXXXXX"

#define ONE   "backend \"one\" { address = \"192.0.2.1\" } "
#define TWO   "backend \"two\" { address = \"192.0.2.2\" } "
#define THREE "backend \"three\" { address = \"192.0.2.3\" } "

struct health_world {
	uv_loop_t loop;
	uv_timer_t waker;
	struct health *health;
	struct config *config;
	char folder[sizeof(HEALTH_FOLDER)];
	struct addr at;	   /* where the backends are, instead of their addresses */
	const char *check; /* in place of the command */
	bool way, wanted;
	unsigned int ways;	 /* times that somebody asked for the way */
	bool eased;		 /* the other director finds all of them well */
	enum outcome_class told; /* that it finds */
	unsigned int changed;	 /* times that a backend was another one */
	unsigned int seen;	 /* times that what is seen of one was */
};

/* A farm of these backends, each checked every second; ill: one that is so from the start, or NULL. */
void health_begin(struct health_world *w, const char *backends, const char *ill);
/* The same with another check. */
void health_begin_check(struct health_world *w, const char *backends, const char *check);
void health_reload(struct health_world *w, const char *backends);
void health_finish(struct health_world *w);
/* A backend is ill while there is a file of its name; of the name "lost": the program of all checks is away. */
void health_file(const struct health_world *w, const char *name, bool there);
uint64_t health_attempts(const struct health_world *w);
/* Until backend i is of that class; how many attempts that took. */
uint64_t health_run_until(struct health_world *w, size_t i, enum outcome_class class);
/* Until nothing is left that was not tried. */
void health_settle(struct health_world *w);

#endif
