/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/tools.h"

#include <stdio.h>
#include <string.h>

int bench_tools_run(const char *program, const struct bench_tool *tools, size_t n, int argc,
		    char **argv)
{
	int given = argc - 2;

	for (size_t i = 0; i < n; i++)
		if (argc > 1 && strcmp(argv[1], tools[i].name) == 0 && given >= tools[i].least &&
		    given <= tools[i].most)
			return tools[i].run(given, argv + 2);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "usage: %s %s %s\n", program, tools[i].name, tools[i].arguments);
	return 2;
}
