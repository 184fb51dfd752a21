/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruments of takeover.sh as one program; what each does is said where it is. */
#include "tests/bench/takeover.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *arguments;
		int min;
		int (*run)(int argc, char **argv);
	} tools[] = {
		{"echo", "ADDRESS PORT", 2, takeover_echo},
		{"send", "ADDRESS PORT LEAST_MS MOST_MS RESULT", 5, takeover_send},
		{"watch", "ADDRESS NETNS=NAME ... asker=NETNS", 2, takeover_watch},
		{"fill", "TABLE MAP ELEMENTS", 3, takeover_fill},
		{"report", "RESULTS JSON", 2, takeover_report},
	};

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (argc > 1 && strcmp(argv[1], tools[i].name) == 0 && argc - 2 >= tools[i].min)
			return tools[i].run(argc - 2, argv + 2);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		fprintf(stderr, "usage: bench_takeover %s %s\n", tools[i].name, tools[i].arguments);
	return 2;
}
