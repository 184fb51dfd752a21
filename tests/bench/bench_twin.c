/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruments of twin.sh as one program; what each does is said where it is. */
#include "tests/bench/twin.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *arguments;
		int min;
		int (*run)(int argc, char **argv);
	} tools[] = {
		{"send", "DEVICE SPARE VIP PORT CLIENTS tcp|udp FLOWS RATE", 8, twin_bench_send},
	};

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (argc > 1 && strcmp(argv[1], tools[i].name) == 0 && argc - 2 == tools[i].min)
			return tools[i].run(argc - 2, argv + 2);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		fprintf(stderr, "usage: bench_twin %s %s\n", tools[i].name, tools[i].arguments);
	return 2;
}
