/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several instruments of one bench in one program, by the name of each: `bench_NAME TOOL ARGUMENT …`. */
#ifndef TESTS_BENCH_TOOLS_H
#define TESTS_BENCH_TOOLS_H

#include <stddef.h>

struct bench_tool {
	const char *name, *arguments;	   /* as its usage shows them */
	int least, most;		   /* arguments behind the name */
	int (*run)(int argc, char **argv); /* with these alone; returns the exit status */
};

/* Runs the one that is named, or says how each is used. The exit status of the program. */
int bench_tools_run(const char *program, const struct bench_tool *tools, size_t n, int argc,
		    char **argv);

#endif
