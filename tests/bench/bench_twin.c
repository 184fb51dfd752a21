/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruments of twin.sh as one program; what each does is said where it is. */
#include "tests/bench/twin.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *arguments;
		int n;
		int (*run)(int argc, char **argv);
	} tools[] = {
		{"send", "DEVICE VIP PORT PORTS CLIENTS tcp|udp FLOWS RATE", 8, twin_bench_send},
		{"insert", "FLOWS MAPS SIZE watched|alone", 4, twin_bench_insert},
		{"limits", "", 0, twin_bench_limits},
	};

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (argc > 1 && strcmp(argv[1], tools[i].name) == 0 && argc - 2 == tools[i].n)
			return tools[i].run(argc - 2, argv + 2);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		fprintf(stderr, "usage: bench_twin %s %s\n", tools[i].name, tools[i].arguments);
	return 2;
}
