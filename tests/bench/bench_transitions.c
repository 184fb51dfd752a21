/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many transitions of a bucket table under load: is one packet of a flow ever sent to another
 * backend, or lost?
 *
 * Frames of as many flows as asked for are injected without a pause, in turn, while a backend
 * drains and comes back again and again; every phase is one transaction. When both tables are the
 * same again what is remembered is flushed, so that each drain meets flows that nobody knows.
 *
 *	bench_transitions [--count N=10000] [--flows N=1024] [--mutant]
 *
 * --mutant changes the table at once, without a transition: it must be found out.
 * Exit status 0: all were right (mutant: it was found out), 1: not.
 */
#include "include/log.h"
#include "tests/bench/stage.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIME_STEP_MS = 1000 };

#define CONFIGURATION                                                                              \
	"farm \"www\" { address = \"10.77.0.100\"  ports = \"80\"  interface = \"eth0\"\n"         \
	"transition-time = \"1s\"\n"                                                               \
	"backend \"web1\" { address = \"10.77.0.21\" }\n"                                          \
	"backend \"web2\" { address = \"10.77.0.22\" }\n"                                          \
	"backend \"web3\" { address = \"10.77.0.23\" }\n"                                          \
	"backend \"web4\" { address = \"10.77.0.24\" } }\n"

struct bench {
	unsigned int count, flows;
	struct stage stage;
	struct stage_load load;
};

static enum transition_phase phase(const struct bench *b)
{
	return transitions_list(b->stage.transitions)[0]->phase;
}

/* From the order until the buckets have changed hands and nothing of it is left but exceptions. */
static int transition(struct bench *b, enum config_admin_state state)
{
	int code;

	b->stage.config->farms[0].backends[1].state = state;
	b->stage.now_ms += TIME_STEP_MS;
	code = stage_apply(&b->stage);
	if (b->stage.abrupt) {
		stage_load_wait(&b->load, 2 * b->flows);
		return code;
	}
	for (int steps = 0; !code && phase(b) != TRANSITION_EXCEPTIONS; steps++) {
		if (steps > 10)
			return -ETIMEDOUT;
		/* All flows have to be heard of while the buckets move; else the wire has to be empty. */
		stage_load_wait(&b->load, (phase(b) == TRANSITION_MOVING ? 2 * b->flows : 0) +
						  2 * b->load.burst);
		b->stage.now_ms += TIME_STEP_MS;
		code = stage_apply(&b->stage);
	}
	return code;
}

static int run(struct bench *b)
{
	struct timespec start, end;
	uint64_t wrong = 0, sent, before;
	pthread_t thread;
	double seconds;
	unsigned int done = 0;
	int code = stage_apply(&b->stage);

	if (code)
		return code;
	before = stage_received();
	if (pthread_create(&thread, NULL, stage_load_run, &b->load) != 0)
		return -EAGAIN;
	stage_load_wait(&b->load, 2 * b->flows + b->load.burst);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!code && done < b->count) {
		code = transition(b, ADMIN_DRAINING);
		if (!code)
			code = transition(b, ADMIN_ENABLED);
		if (!code && !b->stage.abrupt)
			code = stage_nft("flush map netdev director www-flows\n"
					 "flush map netdev director www-closing\n"
					 "flush map netdev director www-half\n");
		done += 2;
		if (done % 500 == 0 || done >= b->count) {
			wrong = stage_seen() - b->flows;
			printf("\r%u transitions, %llu frames, %llu flows misdirected", done,
			       (unsigned long long)atomic_load(&b->load.sent),
			       (unsigned long long)wrong);
			fflush(stdout);
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	atomic_store(&b->load.stop, true);
	pthread_join(thread, NULL);
	sent = atomic_load(&b->load.sent);
	seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	printf("\n%.0f s, %.0f k frames a second, %lld frames lost\n", seconds,
	       (double)sent / seconds / 1e3, (long long)(sent - (stage_received() - before)));
	if (code)
		return code;
	if (b->stage.abrupt)
		return wrong ? 0 : -EPROTO;
	return wrong || sent != stage_received() - before ? -EPROTO : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"count", required_argument, NULL, 'c'},
						{"flows", required_argument, NULL, 'f'},
						{"mutant", no_argument, NULL, 'm'},
						{0}};
	struct bench b = {.count = 10000, .flows = 1024};
	struct traffic traffic = {.in_turn = true, .first_flags = FRAMES_ACK, .flags = FRAMES_ACK};
	bool mutant = false;
	int opt, code;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c': b.count = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'f': b.flows = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'm': mutant = true; break;
		default: return 2;
		}
	}
	log_set_level(LOG_LEVEL_WARNING);
	traffic.flows = b.flows;
	code = stage_open(&b.stage, CONFIGURATION);
	b.stage.abrupt = mutant;
	if (!code)
		code = stage_load_open(&b.load, &b.stage, &traffic, 0xc6120000);
	if (!code)
		code = run(&b);
	if (code)
		fprintf(stderr, "failed: %s\n", strerror(-code));
	frames_close(&b.load.frames);
	stage_close(&b.stage);
	return code ? 1 : 0;
}
