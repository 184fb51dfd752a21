/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running director: holds the rooms together. What the network shows (links, neighbours) and
 * what the configuration says become facts, facts become a plan, the plan becomes the kernel's
 * table; virtual routers hold the addresses; the control socket answers.
 *
 * Shell. A start is complete or nothing: until every part is open nothing in the kernel is changed.
 */
#ifndef DIRECTOR_DIRECTOR_UV_H
#define DIRECTOR_DIRECTOR_UV_H

#include "include/config.h"
#include "include/err.h"

#include <stdbool.h>
#include <uv.h>

struct director;
struct running_start; /* running_uv.h */

struct director_options {
	const char *config_path;
	const char *node;	 /* -n, or NULL */
	const char *runtime_dir; /* what is of this boot: orders, locks, the control socket */
	const char *state_dir;	 /* what outlives it: the histories; may be the same one */
	bool supervised;	 /* who started the daemon starts it again when it is killed */
	struct running_start
		*start; /* what the configuration was chosen by; for director_new() alone */
	/* Called when the first ruleset is in the kernel, and when a reload has ended. */
	void (*ready)(void *owner);
	void *owner;
};

/* Takes over config in every case. The options' strings are borrowed for its lifetime. */
int director_new(uv_loop_t *loop, const struct director_options *options, struct config *config,
		 struct director **ret, struct err *err);
/*
 * Begins to read the configuration again. The director goes over to it, or refuses it and stays as it
 * was, and logs which. A ruleset that the kernel does not take at once is an error, too, but the new
 * configuration is in force then and the ruleset is tried again. For a signal, of which nobody knows
 * who sent it.
 */
void director_reload(struct director *d);
/*
 * Orderly end: the virtual addresses are given up, the other director is told, the ruleset stays.
 * Afterwards the loop runs empty and the director frees itself. NULL is fine.
 */
void director_stop(struct director *d);

/*
 * Which node of the cluster this is: by name when one is given, else the one whose address is on a
 * local interface. *ret is NULL without a cluster. 0 or negative errno with *err filled.
 */
int director_find_self(const struct config *c, const char *name, const struct config_node **ret,
		       struct err *err);

#endif
