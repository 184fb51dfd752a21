/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flood of SYNs from ever different clients beside flows that are established: what does it leave
 * behind, and does one of the flows come to harm?
 *
 *	bench_flood [--syns N=10000000]
 *
 * A Maglev farm must remember nothing, a farm with a flow table no more than its half-open table
 * holds, and in both every packet of an established flow goes where it went before. Exit status 0:
 * so it was.
 */
#include "director/ruleset/plan.h"
#include "include/log.h"
#include "tests/bench/stage.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FLOWS = 1024, ESTABLISHED = 0xc6120000, FLOOD = 0xc6130000 }; /* RFC 2544's networks */

#define CONFIGURATION                                                                              \
	"farm \"www\" { address = \"10.77.0.100\"  ports = \"80\"  interface = \"eth0\"\n"         \
	"scheduler = \"%s\"\n"                                                                     \
	"backend \"web1\" { address = \"10.77.0.21\" }\n"                                          \
	"backend \"web2\" { address = \"10.77.0.22\" }\n"                                          \
	"backend \"web3\" { address = \"10.77.0.23\" } }\n"

/* Each flow is opened and answered by its client. */
static int establish(struct stage *s)
{
	struct traffic traffic = {.flows = FLOWS,
				  .in_turn = true,
				  .train = 1,
				  .first_flags = FRAMES_SYN,
				  .flags = FRAMES_ACK};
	struct stage_load load;
	int code = stage_load_open(&load, s, &traffic, ESTABLISHED);

	load.most = load.burst = 2 * FLOWS;
	if (!code)
		stage_load_run(&load);
	frames_close(&load.frames);
	return code;
}

static int judge(struct stage *s, const struct stage_load *flood, const struct stage_load *flows,
		 const char *scheduler, uint64_t before)
{
	bool stateless = strcmp(scheduler, "maglev") == 0;
	uint64_t sent = flood->sent + flows->sent, arrived = stage_received() - before;
	uint64_t wrong = stage_seen() - FLOWS, remembered = 0;
	uint64_t most = stateless ? 0 : PLAN_HALF_MAX + FLOWS;
	int code = keeper_remembered(s->keeper, "www", &remembered);

	printf("%s: %llu SYNs, %llu packets of %d established flows; %llu flows misdirected, %lld "
	       "frames lost; %llu flows remembered, at most %llu allowed\n",
	       scheduler, (unsigned long long)flood->sent, (unsigned long long)flows->sent, FLOWS,
	       (unsigned long long)wrong, (long long)(sent - arrived),
	       (unsigned long long)remembered, (unsigned long long)most);
	return code || wrong || sent != arrived || remembered > most ? -EPROTO : 0;
}

static int run(const char *scheduler, uint64_t syns)
{
	struct traffic steady = {
		.flows = FLOWS, .in_turn = true, .first_flags = FRAMES_ACK, .flags = FRAMES_ACK};
	struct traffic strangers = {.flows = 1 << 26, .first_flags = FRAMES_SYN};
	struct stage_load flood, flows;
	char conf[1024];
	struct stage s;
	uint64_t before;
	pthread_t thread;
	int code;

	snprintf(conf, sizeof(conf), CONFIGURATION, scheduler);
	code = stage_open(&s, conf);
	if (!code)
		code = stage_apply(&s);
	if (!code)
		code = establish(&s);
	if (!code)
		code = stage_load_open(&flows, &s, &steady, ESTABLISHED);
	if (!code)
		code = stage_load_open(&flood, &s, &strangers, FLOOD);
	if (code)
		return code;
	flood.most = syns;
	before = stage_received();
	if (pthread_create(&thread, NULL, stage_load_run, &flows) != 0)
		return -EAGAIN;
	stage_load_wait(&flows, FLOWS);
	stage_load_run(&flood);
	stage_load_wait(&flows, FLOWS);
	flows.stop = true;
	pthread_join(thread, NULL);
	code = judge(&s, &flood, &flows, scheduler, before);
	frames_close(&flood.frames);
	frames_close(&flows.frames);
	stage_close(&s);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"syns", required_argument, NULL, 's'}, {0}};
	static const char *const schedulers[] = {"maglev", "round-robin"};
	uint64_t syns = 10000000;
	int opt, failed = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 's')
			return 2;
		syns = strtoull(optarg, NULL, 10);
	}
	log_set_level(LOG_LEVEL_WARNING);
	for (size_t i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++) {
		pid_t child;
		int status = 1;

		fflush(stdout);
		child = fork(); /* a namespace each */
		if (child == 0) {
			int code = run(schedulers[i], syns);

			if (code)
				fprintf(stderr, "%s: failed: %s\n", schedulers[i], strerror(-code));
			fflush(stdout);
			_exit(code ? 1 : 0);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0 || status)
			failed = 1;
	}
	return failed;
}
