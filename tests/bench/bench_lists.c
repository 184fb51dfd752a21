/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of clients that change again and again under load: is one packet dropped of a client who is
 * allowed before and after, or let through of one who is denied before and after?
 *
 *	bench_lists [--count N=1000] [--only NAME] [--mutant]
 *
 * Lists of 5,000 prefixes and more, put into the kernel by the keeper as by a reload. Frames of 64
 * clients are injected without a pause. In each case the list changes as often as asked for:
 *
 *	far    one prefix comes and goes, far away from the clients' one
 *	near   prefixes come and go that touch the clients': the range that they are in becomes
 *	       longer and shorter, which is another range for the kernel
 *	many   half of all the others go, another half comes
 *	whole  the list itself comes and goes, with the rules that name it
 *
 * --mutant takes the clients themselves out of the list, or puts them into it, at each second
 * change: it must be found out. Exit status 0: no packet was judged wrongly (mutant: some were).
 */
#include "director/config/load.h"
#include "include/log.h"
#include "tests/bench/stage.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PREFIXES = 5000, CLIENTS = 64, FIRST_CLIENT = 0xc6120000 /* 198.18.0.0 */ };

#define CONFIGURATION                                                                              \
	"farm \"www\" { address = \"10.77.0.100\"  ports = \"80\"  interface = \"eth0\"\n"         \
	"backend \"web1\" { address = \"10.77.0.21\" }\n"                                          \
	"backend \"web2\" { address = \"10.77.0.22\" }\n"

enum how { FAR, NEAR, MANY, WHOLE };

struct list_case {
	const char *name;
	const char *key; /* of the configuration */
	enum how how;
	bool listed;  /* the clients are in the list, always */
	bool arrives; /* what they send has to arrive, all of it; else nothing */
};

static const struct list_case cases[] = {
	{"allowed, far", "allow", FAR, true, true},
	{"allowed, near", "allow", NEAR, true, true},
	{"allowed, many", "allow", MANY, true, true},
	{"not denied, far", "deny", FAR, false, true},
	{"not denied, near", "deny", NEAR, false, true},
	{"not denied, many", "deny", MANY, false, true},
	{"denied, far", "deny", FAR, true, false},
	{"denied, near", "deny", NEAR, true, false},
	{"denied, many", "deny", MANY, true, false},
	{"allowed, whole", "allow", WHOLE, true, true},
	{"not denied, whole", "deny", WHOLE, false, true},
};

/* Whether the i-th of the others is in the list, of which there are two. */
static bool is_there(const struct list_case *c, unsigned int i, bool second)
{
	return c->how != MANY || (i / 2 % 2 == 0) == second || i % 2;
}

static void write_list(FILE *out, const struct list_case *c, bool second, bool mutant)
{
	fprintf(out, "%s = { \"203.0.113.0/24\"", c->key);
	for (unsigned int i = 0; i < PREFIXES; i++) /* on both sides of the clients */
		if (is_there(c, i, second))
			fprintf(out, ", \"%u.%u.%u.0/25\"", i % 3 ? 172U : 200U, 16 + i / 256,
				i % 256);
	if (c->listed != (mutant && second))
		fputs(", \"198.18.0.0/26\"", out);
	if (c->how == FAR && second)
		fputs(", \"100.64.7.0/24\"", out);
	if (c->how == NEAR && second)
		fputs(", \"198.17.255.128/25\", \"198.18.0.64/27\"", out);
	fputs(" }\n", out);
}

static struct config *make(const struct list_case *c, bool second, bool mutant)
{
	struct config *config = NULL;
	struct err err = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(CONFIGURATION, out);
	if (c->how != WHOLE || second)
		write_list(out, c, second, mutant);
	fputs("}\n", out);
	fclose(out);
	if (config_load_text("bench", text, size, &config, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	free(text);
	return config;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The change is on its way while frames are; the burst that met it has gone out at the end. */
static int change(struct stage *s, struct stage_load *load, struct config *const configs[2],
		  unsigned int count)
{
	int code = 0;

	for (unsigned int i = 1; i <= count && !code; i++) {
		s->config = configs[i % 2];
		code = stage_apply(s);
		stage_load_wait(load, 1);
	}
	return code;
}

static int prepare(struct stage *s, struct stage_load *load, struct config *config)
{
	struct traffic traffic = {
		.flows = CLIENTS << 14, .first_flags = FRAMES_ACK, .flags = FRAMES_ACK};
	int code = stage_open(s, CONFIGURATION " }");

	if (code)
		return code;
	config_free(s->config);
	s->config = config;
	s->abrupt = true; /* there is nothing to move */
	code = stage_apply(s);
	/* So many flows are not to be told apart here; they are counted. */
	if (!code)
		code = stage_nft(
			"flush chain netdev far arrived\nadd rule netdev far arrived drop\n");
	return code ? code : stage_load_open(load, s, &traffic, FIRST_CLIENT);
}

static int measure(const struct list_case *c, struct stage *s, struct config *const configs[2],
		   unsigned int count, uint64_t *ret_wrong)
{
	uint64_t before, sent, arrived;
	struct stage_load load;
	pthread_t thread;
	double seconds;
	int code = prepare(s, &load, configs[0]);

	if (code)
		return code;
	before = stage_received();
	seconds = seconds_now();
	if (pthread_create(&thread, NULL, stage_load_run, &load) != 0)
		return -EAGAIN;
	code = change(s, &load, configs, count);
	load.stop = true;
	pthread_join(thread, NULL);
	seconds = seconds_now() - seconds;
	sent = load.sent;
	arrived = stage_received() - before;
	*ret_wrong = c->arrives ? sent - arrived : arrived;
	printf("lists: %s: %u changes in %.0f s, %llu packets, %.0f k/s: %llu judged wrongly\n",
	       c->name, count, seconds, (unsigned long long)sent, (double)sent / seconds / 1e3,
	       (unsigned long long)*ret_wrong);
	frames_close(&load.frames);
	return code;
}

static int run(const struct list_case *c, unsigned int count, bool mutant)
{
	struct config *configs[2] = {make(c, false, false), make(c, true, mutant)};
	uint64_t wrong = 0;
	struct stage s = {0};
	int code = configs[0] && configs[1] ? measure(c, &s, configs, count, &wrong) : -EINVAL;

	s.config = NULL;
	stage_close(&s);
	config_free(configs[0]);
	config_free(configs[1]);
	return code ? code : (wrong != 0) == mutant ? 0 : -EPROTO;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"count", required_argument, NULL, 'c'},
						{"only", required_argument, NULL, 'o'},
						{"mutant", no_argument, NULL, 'm'},
						{0}};
	unsigned int count = 1000;
	const char *only = "";
	bool mutant = false;
	int opt, failed = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c': count = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'o': only = optarg; break;
		case 'm': mutant = true; break;
		default: return 2;
		}
	}
	log_set_level(LOG_LEVEL_WARNING);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t child;
		int status = 1;

		if (strncmp(cases[i].name, only, strlen(only)) != 0)
			continue;
		fflush(stdout);
		child = fork(); /* a namespace each */
		if (child == 0) {
			int code = run(&cases[i], count, mutant);

			if (code)
				fprintf(stderr, "%s: failed: %s\n", cases[i].name, strerror(-code));
			fflush(stdout);
			_exit(code ? 1 : 0);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0 || status)
			failed = 1;
	}
	return failed;
}
