/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruments of twin.sh as one program; what each does is said where it is. */
#include "tests/bench/tools.h"
#include "tests/bench/twin.h"

int main(int argc, char **argv)
{
	static const struct bench_tool tools[] = {
		{"send", "DEVICE VIP PORT PORTS CLIENTS tcp|udp FLOWS RATE", 8, 8, twin_bench_send},
		{"insert", "FLOWS MAPS SIZE watched|alone", 4, 4, twin_bench_insert},
		{"limits", "", 0, 0, twin_bench_limits},
	};

	return bench_tools_run("bench_twin", tools, sizeof(tools) / sizeof(tools[0]), argc, argv);
}
