/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The traffic of twin_failover.sh and twin_churn.sh as one program; see clients.h. */
#include "tests/bench/clients.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { PRIORITY = 5 };

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *arguments;
		int min;
		int (*run)(int argc, char **argv);
	} tools[] = {
		{"serve", "PORT", 1, clients_serve},
		{"load", "ADDRESS PORT DOWNLOADS NEW_A_SECOND RESULT", 5, clients_load},
		{"churn", "ADDRESS PORT FLOWS PACKETS_A_SECOND FIRST_CLIENT", 5, clients_churn},
	};
	struct sched_param prompt = {.sched_priority = PRIORITY};
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	/* A late client must not be taken for a late director; it says how late it was all the same. */
	if (sched_setscheduler(0, SCHED_RR, &prompt) < 0)
		perror("no real-time priority");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (argc > 1 && strcmp(argv[1], tools[i].name) == 0 && argc - 2 >= tools[i].min)
			return tools[i].run(argc - 2, argv + 2);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		fprintf(stderr, "usage: bench_clients %s %s\n", tools[i].name, tools[i].arguments);
	return 2;
}
