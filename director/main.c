/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * directord: arguments, signals, the loop. Nothing else; the director is put together in
 * director_uv.c.
 */
#include "director/config/check.h"
#include "director/config/load.h"
#include "director/director_uv.h"
#include "director/evidence/straggler_uv.h"
#include "director/flow/flow_index_file_uv.h"
#include "director/ruleset/keeper_uv.h"
#include "director/service/advert_marks_uv.h"
#include "director/service/notify_uv.h"
#include "director/service/running_uv.h"
#include "ha/vip_uv.h"
#include "ha/vmac_uv.h"
#include "include/log.h"
#include "include/memory.h"
#include "include/output.h"
#include "include/precedence.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct arguments {
	const char *config;
	const char *node;
	const char *runtime_dir;
	const char *state_dir;
	bool test, clean, supervised;
};

static const char usage[] =
	"usage: directord [-c FILE] [-n NODE] [--runtime-dir DIR] [--state-dir DIR]\n"
	"                 [--supervised] [-v]\n"
	"       directord -t | --clean | -V | -h\n"
	"\n"
	"  -c, --config FILE    configuration (default /etc/director/director.conf)\n"
	"  -n, --node NODE      which node of the cluster this is, when its address does not tell\n"
	"      --runtime-dir DIR  where the control socket is (default /run/director)\n"
	"      --state-dir DIR  where the histories are, which outlive a boot (default\n"
	"                       $STATE_DIRECTORY, as systemd sets it, else the runtime directory)\n"
	"      --supervised     who starts this starts it again when it is killed: for drills; "
	"systemd\n"
	"                       needs it not\n"
	"  -t, --test           check the configuration and exit\n"
	"      --clean          remove our nft table and our virtual addresses, and exit\n"
	"  -v, --verbose        log more\n"
	"  -V, --version        print the version and exit\n"
	"  -h, --help           print this and exit\n"
	"\n"
	"SIGHUP reads the configuration again; SIGTERM gives the virtual addresses up and leaves "
	"the\n"
	"ruleset, so that a restart drops nothing.\n";

/* Returns -1 to go on, else the exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"node", required_argument, NULL, 'n'},
		{"runtime-dir", required_argument, NULL, 'r'},
		{"state-dir", required_argument, NULL, 'S'},
		{"supervised", no_argument, NULL, 's'},
		{"test", no_argument, NULL, 't'},
		{"clean", no_argument, NULL, 'C'},
		{"verbose", no_argument, NULL, 'v'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	opterr = 0; /* one sentence, ours */
	*args = (struct arguments){.config = "/etc/director/director.conf",
				   .runtime_dir = "/run/director",
				   .state_dir = getenv("STATE_DIRECTORY")};
	while ((option = getopt_long(argc, argv, "c:n:tvVh", options, NULL)) != -1)
		switch (option) {
		case 'c': args->config = optarg; break;
		case 'n': args->node = optarg; break;
		case 'r': args->runtime_dir = optarg; break;
		case 'S': args->state_dir = optarg; break;
		case 's': args->supervised = true; break;
		case 't': args->test = true; break;
		case 'C': args->clean = true; break;
		case 'v': log_set_level(LOG_LEVEL_DEBUG); break;
		case 'V': puts("directord " DIRECTOR_VERSION); return EXIT_DONE;
		case 'h': fputs(usage, stdout); return EXIT_DONE;
		default:
			fprintf(stderr,
				"directord: \"%s\" is no option, or lacks its argument; try "
				"`directord --help`\n",
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	if (!args->state_dir)
		args->state_dir = args->runtime_dir;
	if (optind < argc) {
		fprintf(stderr, "directord: unexpected argument \"%s\"; try `directord --help`\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

static int fail(const struct err *err)
{
	char line[ERR_LINE];

	fprintf(stderr, "directord: %s\n", err_format(err, line));
	return EXIT_FAILED;
}

/* The exit status of what printed and is over. */
static int end(int status)
{
	struct err err;
	int written = output_end(&err);

	if (written < 0 && written != -EPIPE)
		fail(&err);
	return written < 0 && status == EXIT_DONE ? EXIT_FAILED : status;
}

/* --- directord -t ----------------------------------------------------------------------------- */

static int test_config(const struct config *c, const char *path)
{
	struct err err = {0};

	if (config_check_files(c, &err) < 0)
		return fail(&err);
	output_name(stdout, path);
	puts(" is good");
	return EXIT_DONE;
}

/* --- directord --clean ------------------------------------------------------------------------ */

/* A daemon that runs would put everything back. */
static int refuse_while_running(const char *runtime_dir, struct err *err)
{
	char path[512];
	FILE *lock;
	int busy;

	snprintf(path, sizeof(path), "%s/directord.lock", runtime_dir);
	lock = fopen(path, "re");
	if (!lock)
		return 0;
	busy = flock(fileno(lock), LOCK_EX | LOCK_NB) < 0;
	fclose(lock);
	return busy ? err_set(err, -EBUSY, "directord is running; stop it before --clean") : 0;
}

static int clean_addresses(const struct config *c, const char *node, struct err *err)
{
	const struct config_node *self = NULL;
	struct err ignored;

	if (director_find_self(c, node, &self, &ignored) == 0 && self && self->priority == 255)
		return 0; /* the owner's addresses are the host's */
	for (size_t i = 0; i < c->n_vrrps; i++) {
		size_t removed = 0;
		int code = vip_clean(c->vrrps[i].interface, c->vrrps[i].addresses,
				     c->vrrps[i].n_addresses, &removed, err);

		if (code < 0)
			return code;
	}
	return 0;
}

static int clean(const struct arguments *args, const struct config *c)
{
	struct keeper *keeper = NULL;
	struct err err = {0};
	char path[512];
	size_t devices;
	int code = refuse_while_running(args->runtime_dir, &err);

	if (code == 0)
		code = keeper_new(&keeper, &err);
	if (code == 0)
		code = keeper_remove(keeper, &err);
	if (code == 0)
		code = stragglers_clean(&err);
	if (code == 0)
		code = clean_addresses(c, args->node, &err);
	if (code == 0)
		code = vmac_clean(NULL, NULL, &devices, &err);
	keeper_free(keeper);
	if (code == 0) {
		code = flow_file_remove(args->runtime_dir);
		if (code < 0)
			err_set(&err, code, "cannot remove the index of flows in %s: %s",
				args->runtime_dir, strerror(-code));
	}
	if (code < 0)
		return fail(&err);
	advert_marks_remove(args->runtime_dir);
	running_remove(args->runtime_dir);
	snprintf(path, sizeof(path), "%s/director.sock", args->runtime_dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/admin.state", args->runtime_dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/admin.state.bad", args->runtime_dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/directord.lock", args->runtime_dir);
	unlink(path);
	return EXIT_DONE;
}

/* --- the daemon ------------------------------------------------------------------------------- */

enum { SIGNALS = 3 };

struct daemon {
	uv_loop_t loop;
	uv_signal_t signals[SIGNALS];
	uv_timer_t watchdog;
	struct director *director;
};

static void ready(void *owner)
{
	(void)owner;
	notify_send("READY=1");
}

static void forget_signals(struct daemon *daemon)
{
	for (size_t i = 0; i < SIGNALS; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	uv_close((uv_handle_t *)&daemon->watchdog, NULL);
}

static void stop(struct daemon *daemon)
{
	notify_send("STOPPING=1");
	director_stop(daemon->director);
	daemon->director = NULL;
	forget_signals(daemon);
}

static void signalled(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;

	if (number != SIGHUP) {
		stop(daemon);
		return;
	}
	notify_send("RELOADING=1");
	director_reload(daemon->director);
}

static void watchdog(uv_timer_t *timer)
{
	(void)timer;
	notify_send("WATCHDOG=1");
}

static void watch_signals(struct daemon *daemon)
{
	static const int numbers[SIGNALS] = {SIGHUP, SIGTERM, SIGINT};
	uint64_t every = notify_watchdog_ms();

	for (size_t i = 0; i < SIGNALS; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		uv_signal_start(&daemon->signals[i], signalled, numbers[i]);
	}
	uv_timer_init(&daemon->loop, &daemon->watchdog);
	if (every)
		uv_timer_start(&daemon->watchdog, watchdog, every, every);
}

/* As prompt as the host allows; without, the director does the same, a little later at times. */
static void take_precedence(void)
{
	int code = memory_lock();

	if (code < 0)
		log_warning(
			"the memory is not locked: %s; when the host is short of it the election "
			"may be late",
			strerror(-code));
	code = precedence_raise();
	if (code > 0)
		code = precedence_raise_session();
	if (code < 0)
		log_info("no precedence over other programs: %s; when all processors are busy the "
			 "other director learns of connections later",
			 strerror(-code));
	precedence_keep_from_children();
}

static int run(const struct arguments *args, struct config *config, struct running_start *start)
{
	struct director_options options = {.config_path = args->config,
					   .node = args->node,
					   .runtime_dir = args->runtime_dir,
					   .state_dir = args->state_dir,
					   .supervised = args->supervised,
					   .start = start,
					   .ready = ready};
	struct daemon daemon = {0};
	struct err err = {0};
	int code;

	signal(SIGPIPE, SIG_IGN);
	take_precedence();
	uv_loop_init(&daemon.loop);
	watch_signals(&daemon); /* before anything is begun: a signal is heard when the loop runs */
	code = director_new(&daemon.loop, &options, config, &daemon.director, &err);
	if (code < 0)
		forget_signals(&daemon);
	uv_run(&daemon.loop, UV_RUN_DEFAULT);
	log_flush();
	if (uv_loop_close(&daemon.loop) < 0)
		log_warning("a handle was left open at the end");
	return code < 0 ? fail(&err) : EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct running_start start = {0};
	struct config *config = NULL;
	struct arguments args;
	struct err err = {0};
	int code, status = parse_arguments(argc, argv, &args);

	if (status >= 0)
		return end(status);
	memory_start();
	if (sodium_init() < 0) {
		fputs("directord: libsodium cannot be initialised\n", stderr);
		return EXIT_FAILED;
	}
	if (!args.test && !args.clean) {
		code = running_load(args.runtime_dir, args.config, &start, &config, &err);
		status = code < 0 ? fail(&err) : run(&args, config, &start);
		free(start.text);
		return status;
	}
	if (config_load(args.config, &config, &err) < 0)
		return fail(&err);
	status = args.test ? test_config(config, args.config) : clean(&args, config);
	config_free(config);
	return end(status);
}
