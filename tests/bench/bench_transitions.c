/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many transitions of a bucket table under load: is one packet of a flow ever sent to another
 * backend, or lost?
 *
 * Frames of as many flows as asked for are injected without a pause, in turn, while a backend
 * drains and comes back again and again; every phase is one transaction. The far end of the link
 * remembers which flow came with which destination MAC (a set of both: one element too many is a
 * misdirected packet, which nothing can take back), and counts. When both tables are the same again
 * what is remembered is flushed, so that each drain meets flows that nobody knows.
 *
 *	bench_transitions [--count N=10000] [--flows N=1024] [--mutant]
 *
 * --mutant changes the table at once, without a transition: it must be found out.
 * Exit status 0: all were right (mutant: it was found out), 1: not.
 */
#include "director/config/load.h"
#include "director/facts.h"
#include "director/ruleset/keeper_uv.h"
#include "director/transitions.h"
#include "include/log.h"
#include "tests/bench/frames.h"

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 1500, TIME_STEP_MS = 1000 };

#define CONFIGURATION                                                                              \
	"farm \"www\" { address = \"10.77.0.100\"  ports = \"80\"  interface = \"eth0\"\n"         \
	"transition-time = \"1s\"\n"                                                               \
	"backend \"web1\" { address = \"10.77.0.21\" }\n"                                          \
	"backend \"web2\" { address = \"10.77.0.22\" }\n"                                          \
	"backend \"web3\" { address = \"10.77.0.23\" }\n"                                          \
	"backend \"web4\" { address = \"10.77.0.24\" } }\n"

#define FAR_END                                                                                    \
	"table netdev far {\n"                                                                     \
	"	set seen { typeof @nh,96,32 . th sport . @ll,0,48; size 4194304; flags dynamic; "        \
	"}\n"                                                                                      \
	"	chain arrived {\n"                                                                       \
	"		type filter hook ingress device \"p0\" priority filter;\n"                              \
	"		add @seen { @nh,96,32 . th sport . @ll,0,48 }\n"                                        \
	"		drop\n"                                                                                 \
	"	}\n"                                                                                     \
	"}\n"

struct bench {
	unsigned int count, flows;
	bool mutant;
	struct config *config;
	struct keeper *keeper;
	struct transitions *transitions;
	struct frames frames;
	uint32_t ifindex;
	struct mac mac;
	uint64_t now_ms;
	atomic_ullong sent;
	atomic_bool stop;
};

static int shell(const char *command)
{
	int status = system(command);

	if (status)
		fprintf(stderr, "failed: %s\n", command);
	return status ? -EINVAL : 0;
}

static int feed_nft(const char *text)
{
	FILE *nft = popen("nft -f -", "w");

	if (!nft)
		return -errno;
	fputs(text, nft);
	return pclose(nft) ? -EINVAL : 0;
}

/* --- the world -------------------------------------------------------------------------------- */

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	const struct bench *b = owner;

	*ret = (struct plan_interface){.ifindex = b->ifindex, .mac = b->mac};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return true;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	(void)owner;
	(void)ifindex;
	*ret = (struct mac){{2, 0, 0, 0, 0, addr->bytes[3]}};
	return true;
}

static uint64_t remembered(void *owner, const char *farm)
{
	struct bench *b = owner;
	uint64_t n = TRANSITION_UNKNOWN;

	keeper_remembered(b->keeper, farm, &n);
	return n;
}

static void say_nothing(void *owner, const struct config_farm *farm, const struct transition *t,
			const struct transition_update *update)
{
	(void)owner;
	(void)farm;
	(void)t;
	(void)update;
}

/* One step and its transaction. 0 or negative errno. */
static int apply(struct bench *b)
{
	struct transitions_handler handler = {
		.remembered = remembered, .changed = say_nothing, .owner = b};
	struct facts_source source = {.interface = ask_interface, .mac = ask_mac, .owner = b};
	struct err err = {0};
	struct ruleset want;
	struct facts facts;
	int code = facts_gather(&facts, b->config, NULL, &source);

	if (!code && !b->mutant) {
		code = transitions_step(b->transitions, &facts.plan, b->now_ms, &handler);
		facts.plan.transitions = transitions_list(b->transitions);
	}
	if (!code)
		code = plan_ruleset(&facts.plan, &want);
	if (!code)
		code = keeper_set(b->keeper, &want, &err);
	if (!code)
		transitions_committed(b->transitions, b->now_ms);
	else
		fprintf(stderr, "%s\n", err.text[0] ? err.text : strerror(-code));
	facts_clear(&facts);
	return code;
}

/* --- frames ----------------------------------------------------------------------------------- */

static void *inject(void *data)
{
	struct bench *b = data;
	double ns;

	while (!atomic_load(&b->stop)) {
		if (frames_send(&b->frames, b->ifindex, BURST, &ns) < 0)
			break;
		atomic_fetch_add(&b->sent, BURST);
	}
	return NULL;
}

static void wait_frames(struct bench *b, uint64_t n)
{
	uint64_t until = atomic_load(&b->sent) + n;

	while (atomic_load(&b->sent) < until && !atomic_load(&b->stop))
		usleep(500);
}

/* --- transitions ------------------------------------------------------------------------------ */

static enum transition_phase phase(const struct bench *b)
{
	return transitions_list(b->transitions)[0]->phase;
}

/* From the order until the buckets have changed hands and nothing of it is left but exceptions. */
static int transition(struct bench *b, enum config_admin_state state)
{
	int code;

	b->config->farms[0].backends[1].state = state;
	b->now_ms += TIME_STEP_MS;
	code = apply(b);
	if (b->mutant) {
		wait_frames(b, 2 * b->flows);
		return code;
	}
	for (int steps = 0; !code && phase(b) != TRANSITION_EXCEPTIONS; steps++) {
		if (steps > 10)
			return -ETIMEDOUT;
		/* All flows have to be heard of while the buckets move; else the wire has to be empty. */
		wait_frames(b, (phase(b) == TRANSITION_MOVING ? 2 * b->flows : 0) + 2 * BURST);
		b->now_ms += TIME_STEP_MS;
		code = apply(b);
	}
	return code;
}

static uint64_t misdirected(struct bench *b)
{
	FILE *nft = popen("nft list set netdev far seen | grep -o ' \\. 0x' | wc -l", "r");
	unsigned long long seen = 0;

	if (!nft || fscanf(nft, "%llu", &seen) != 1)
		seen = 0;
	if (nft)
		pclose(nft);
	return seen - b->flows;
}

/* Frames that the far end received, whatever became of them. */
static uint64_t received(void)
{
	FILE *f = fopen("/proc/self/net/dev", "r"); /* sysfs shows the first namespace's devices */
	unsigned long long octets, n = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " p0: %llu %llu", &octets, &n) == 2)
			break;
	if (f)
		fclose(f);
	return n;
}

static int run(struct bench *b)
{
	struct timespec start, end;
	uint64_t wrong = 0, sent, before;
	pthread_t thread;
	double seconds;
	unsigned int done = 0;
	int code = apply(b);

	if (code)
		return code;
	before = received();
	if (pthread_create(&thread, NULL, inject, b) != 0)
		return -EAGAIN;
	wait_frames(b, 2 * b->flows + BURST);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!code && done < b->count) {
		code = transition(b, ADMIN_DRAINING);
		if (!code)
			code = transition(b, ADMIN_ENABLED);
		if (!code && !b->mutant)
			code = feed_nft("flush map netdev director www-flows\n"
					"flush map netdev director www-closing\n"
					"flush map netdev director www-half\n");
		done += 2;
		if (done % 500 == 0 || done >= b->count) {
			wrong = misdirected(b);
			printf("\r%u transitions, %llu frames, %llu flows misdirected", done,
			       (unsigned long long)atomic_load(&b->sent),
			       (unsigned long long)wrong);
			fflush(stdout);
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	atomic_store(&b->stop, true);
	pthread_join(thread, NULL);
	sent = atomic_load(&b->sent);
	seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	printf("\n%.0f s, %.0f k frames a second, %lld frames lost\n", seconds,
	       (double)sent / seconds / 1e3, (long long)(sent - (received() - before)));
	if (code)
		return code;
	if (b->mutant)
		return wrong ? 0 : -EPROTO;
	return wrong || sent != received() - before ? -EPROTO : 0;
}

static int set_up(struct bench *b)
{
	struct traffic traffic = {
		.flows = b->flows, .in_turn = true, .first_flags = FRAMES_ACK, .flags = FRAMES_ACK};
	struct frame_ends ends = {.from = {{2, 0, 0, 0, 0, 9}},
				  .client = addr_v4(0xc6120000),
				  .vip = addr_v4(0x0a4d0064),
				  .port = 80};
	struct err err = {0};
	int code;

	b->mac = ends.to = (struct mac){{2, 0, 0, 0, 0, 1}};
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	if (shell("ip link add eth0 address 02:00:00:00:00:01 type veth peer name p0 && "
		  "ip link add spare0 type veth peer name spare1 && "
		  "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && "
		  "ip link set eth0 up && ip link set p0 up") < 0 ||
	    feed_nft(FAR_END) < 0)
		return -EINVAL;
	b->ifindex = if_nametoindex("eth0");
	code = config_load_text("bench", CONFIGURATION, strlen(CONFIGURATION), &b->config, &err);
	if (!code)
		code = keeper_new(&b->keeper, &err);
	b->transitions = transitions_new();
	if (!code)
		code = b->transitions ? transitions_configure(b->transitions, b->config) : -ENOMEM;
	if (!code)
		code = frames_open(&b->frames, &traffic, &ends);
	if (!code)
		code = frames_hold(&b->frames, if_nametoindex("spare0"));
	if (code)
		fprintf(stderr, "%s\n", err.text[0] ? err.text : strerror(-code));
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"count", required_argument, NULL, 'c'},
						{"flows", required_argument, NULL, 'f'},
						{"mutant", no_argument, NULL, 'm'},
						{0}};
	struct bench b = {.count = 10000, .flows = 1024, .now_ms = TIME_STEP_MS};
	int opt, code;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c': b.count = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'f': b.flows = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'm': b.mutant = true; break;
		default: return 2;
		}
	}
	log_set_level(LOG_LEVEL_WARNING);
	code = set_up(&b);
	if (!code)
		code = run(&b);
	if (code)
		fprintf(stderr, "failed: %s\n", strerror(-code));
	frames_close(&b.frames);
	keeper_free(b.keeper);
	transitions_free(b.transitions);
	config_free(b.config);
	return code ? 1 : 0;
}
