/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The traffic of twin_failover.sh and twin_churn.sh as one program; see clients.h. */
#include "tests/bench/clients.h"
#include "tests/bench/tools.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

enum { PRIORITY = 5 };

int main(int argc, char **argv)
{
	static const struct bench_tool tools[] = {
		{"serve", "PORT", 1, INT_MAX, clients_serve},
		{"load", "ADDRESS PORT DOWNLOADS NEW_A_SECOND RESULT", 5, INT_MAX, clients_load},
		{"churn", "ADDRESS PORT FLOWS PACKETS_A_SECOND FIRST_CLIENT", 5, INT_MAX,
		 clients_churn},
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
	return bench_tools_run("bench_clients", tools, sizeof(tools) / sizeof(tools[0]), argc,
			       argv);
}
