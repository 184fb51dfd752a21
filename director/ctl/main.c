/* SPDX-License-Identifier: GPL-2.0-or-later */
/* directorctl: arguments and the table of commands. */
#include "director/ctl/ctl.h"

#include <getopt.h>
#include <sodium.h>
#include <string.h>

static const struct command {
	const char *words; /* "ruleset export" */
	const char *arguments;
	int min_arguments, max_arguments;
	int (*run)(const struct ctl *ctl);
	const char *help;
} commands[] = {
	{"status", "", 0, 0, ctl_status, "everything at a glance; --watch: again and again, live"},
	{"farm list", "", 0, 0, ctl_farm_list, "the farms and what they serve"},
	{"farm show", "FARM", 1, 1, ctl_farm_show, "one farm in detail"},
	{"backend list", "", 0, 0, ctl_backend_list, "the backends of all farms"},
	{"backend show", "FARM/BACKEND", 1, 1, ctl_backend_show,
	 "one backend in detail: its checks and what has become of it"},
	{"backend enable", "FARM/BACKEND", 1, 1, ctl_backend_enable,
	 "new connections go to it again"},
	{"backend drain", "FARM/BACKEND", 1, 1, ctl_backend_drain,
	 "no new ones, those it has stay; --deadline disables it then"},
	{"backend disable", "FARM/BACKEND", 1, 1, ctl_backend_disable, "nothing is sent to it"},
	{"backend weight", "FARM/BACKEND N", 2, 2, ctl_backend_weight,
	 "its share of the new connections, 0 to 256"},
	{"backend-setup", "FARM[/BACKEND]", 1, 1, ctl_backend_setup,
	 "what makes a machine a backend; from -c FILE; --os, --interface"},
	{"connections", "", 0, 0, ctl_connections,
	 "what the kernel remembers; --farm, --backend, --client, --count"},
	{"ruleset export", "", 0, 0, ctl_ruleset_export,
	 "the nft ruleset, commented; with -c FILE as planned, without the daemon"},
	{"ruleset verify", "", 0, 0, ctl_ruleset_verify,
	 "compares the kernel's table with the planned one; exit 4 when they differ"},
	{"ruleset diff", "", 0, 0, ctl_ruleset_diff,
	 "what a reload of -c FILE would change; --against FILE; exit 4 when it would"},
	{"ruleset history", "", 0, 0, ctl_ruleset_history,
	 "what was done to the ruleset, when and by whose will; --last N"},
	{"ruleset explain", "CLIENT[:PORT] VIP:PORT", 2, 2, ctl_ruleset_explain,
	 "where a frame goes and why; --udp; with -c FILE as planned; exit 4: not as planned"},
	{"cluster status", "", 0, 0, ctl_cluster_status,
	 "the virtual routers and the other director; exit 4 when there is an alarm"},
	{"cluster failover", "", 0, 0, ctl_cluster_failover,
	 "hands the virtual addresses to the other director; on the master"},
	{"cluster maintenance", "on|off", 1, 1, ctl_cluster_maintenance,
	 "this node is not master until it is off; --force: whoever else is there"},
	{"cluster drill", "graceful", 1, 1, ctl_cluster_drill,
	 "rehearses a failover and measures it; exit 4 when it misses its budget"},
	{"doctor", "[FARM]", 0, 1, ctl_doctor,
	 "looks for what goes wrong in such farms, on the wire, too; exit 4 when it finds any"},
	{"probe", "IP:PORT", 1, 1, ctl_probe,
	 "measures service gaps, from any client machine, without a daemon; exit 4 over --max-gap"},
	{"metrics", "", 0, 0, ctl_metrics, "the same numbers as Prometheus reads them"},
	{"config check", "[FILE]", 0, 1, ctl_config_check, "checks a configuration file"},
	{"config reload", "", 0, 0, ctl_config_reload,
	 "makes the daemon read its configuration again"},
	{"key generate", "FILE", 1, 1, ctl_key_generate,
	 "makes the secret that both directors share"},
	{"key fingerprint", "FILE", 1, 1, ctl_key_fingerprint,
	 "tells whether both have the same one"},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *out)
{
	fputs("usage: directorctl [-s SOCKET] [-c FILE] [-j] COMMAND …\n\n"
	      "  -s, --socket SOCKET  the daemon's socket (default /run/director/director.sock)\n"
	      "  -c, --config FILE    configuration, for commands that read one\n"
	      "  -j, --json           print one JSON document\n"
	      "      --deadline TIME  of a drain, such as 10m\n"
	      "      --farm FARM, --backend BACKEND, --client ADDRESS, --count\n"
	      "                       which connections; how many\n"
	      "      --watch, --interval TIME, --count N\n"
	      "                       status on a full screen with keys (q ends it), or block by\n"
	      "                       block into a file; how often (1s), how many times\n"
	      "      --force          maintenance although nobody is known to take over; a drill\n"
	      "                       whatever speaks against it\n"
	      "      --limit TIME     of a drill (default 30s)\n"
	      "      --against FILE   of a diff: a file in place of what runs, without a daemon\n"
	      "      --last N         of a history: the latest\n"
	      "      --os linux|windows, --interface NAME\n"
	      "                       of a backend, and of its interface there\n"
	      "      --rate N, --duration TIME, --timeout TIME, --udp, --send TEXT, --hold N,\n"
	      "      --max-gap TIME, --max-lost N\n"
	      "                       of a probe: attempts a second (100), for how long (until\n"
	      "                       Ctrl-C), when one is lost (500ms); what to say, connections\n"
	      "                       to be held; what may be lost\n"
	      "  -V, --version        print the version and exit\n"
	      "  -h, --help           print this and exit\n\n"
	      "commands:\n",
	      out);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		char synopsis[64];

		snprintf(synopsis, sizeof(synopsis), "%s %s", commands[i].words,
			 commands[i].arguments);
		fprintf(out, "  %-29s %s\n", synopsis, commands[i].help);
	}
	fputs("\nexit status: 0 done and good, 1 failed, 2 usage, 3 the daemon cannot be reached,\n"
	      "4 it ran and what it checked is not good\n\n"
	      "example: directorctl -j status | jq .farms\n",
	      out);
}

/* How many words of argv the command takes; 0 when it is another one. */
static int words_matched(const char *words, int argc, char **argv)
{
	int n = 0;

	while (*words) {
		size_t len = strcspn(words, " ");

		if (n == argc || strlen(argv[n]) != len || strncmp(words, argv[n], len) != 0)
			return 0;
		n++;
		words += len + (words[len] == ' ');
	}
	return n;
}

static bool is_probe_option_given(const struct ctl_probe *p)
{
	return p->rate || p->duration || p->timeout || p->udp || p->send || p->hold || p->max_gap ||
	       p->max_lost;
}

static int run_command(struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		int words = words_matched(commands[i].words, argc, argv);

		if (!words)
			continue;
		ctl->argc = argc - words;
		ctl->argv = argv + words;
		if (ctl->argc < commands[i].min_arguments)
			return ctl_fail(CTL_USAGE, "`%s` needs %s; try `directorctl --help`",
					commands[i].words, commands[i].arguments);
		if (ctl->argc > commands[i].max_arguments)
			return ctl_fail(CTL_USAGE,
					"`%s` takes no argument \"%s\"; try `directorctl --help`",
					commands[i].words, ctl->argv[commands[i].max_arguments]);
		if (ctl->deadline && commands[i].run != ctl_backend_drain)
			return ctl_fail(CTL_USAGE, "--deadline is for `backend drain` alone");
		if ((ctl->farm || ctl->backend || ctl->client || ctl->count) &&
		    commands[i].run != ctl_connections)
			return ctl_fail(CTL_USAGE, "--farm, --backend, --client and --count are "
						   "for `connections` alone");
		if ((ctl->watch || ctl->interval || ctl->times) && commands[i].run != ctl_status)
			return ctl_fail(CTL_USAGE,
					"--watch, --interval and --count N are for `status` alone");
		if ((ctl->interval || ctl->times) && !ctl->watch)
			return ctl_fail(CTL_USAGE, "--interval and --count N need --watch");
		if (ctl->force && commands[i].run != ctl_cluster_maintenance &&
		    commands[i].run != ctl_cluster_drill)
			return ctl_fail(CTL_USAGE, "--force is for `cluster maintenance` and "
						   "`cluster drill` alone");
		if (ctl->limit && commands[i].run != ctl_cluster_drill)
			return ctl_fail(CTL_USAGE, "--limit is for `cluster drill` alone");
		if (ctl->against && commands[i].run != ctl_ruleset_diff)
			return ctl_fail(CTL_USAGE, "--against is for `ruleset diff` alone");
		if (ctl->last && commands[i].run != ctl_ruleset_history)
			return ctl_fail(CTL_USAGE, "--last is for `ruleset history` alone");
		if ((ctl->os || ctl->interface) && commands[i].run != ctl_backend_setup)
			return ctl_fail(CTL_USAGE,
					"--os and --interface are for `backend-setup` alone");
		if (ctl->probe.udp && commands[i].run == ctl_ruleset_explain) {
			ctl->udp = true;
			ctl->probe.udp = false;
		}
		if (is_probe_option_given(&ctl->probe) && commands[i].run != ctl_probe)
			return ctl_fail(CTL_USAGE,
					"--rate, --duration, --timeout, --udp, --send, --hold, "
					"--max-gap and --max-lost are for `probe` alone, "
					"--udp for `ruleset explain`, too");
		return commands[i].run(ctl);
	}
	return ctl_fail(CTL_USAGE, "unknown command \"%s%s%s\"; `directorctl --help` lists them",
			argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
}

/* Of `connections` without an argument; of `status --watch` with one, "--count=3" or "--count 3". */
static void take_count(struct ctl *ctl, int argc, char **argv)
{
	if (!optarg && optind < argc && argv[optind][0] >= '0' && argv[optind][0] <= '9')
		optarg = argv[optind++];
	ctl->times = optarg;
	ctl->count = !optarg;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"deadline", required_argument, NULL, 'D'},
		{"farm", required_argument, NULL, 'F'},
		{"backend", required_argument, NULL, 'B'},
		{"client", required_argument, NULL, 'C'},
		{"count", optional_argument, NULL, 'N'},
		{"watch", no_argument, NULL, 'Z'},
		{"interval", required_argument, NULL, 'P'},
		{"force", no_argument, NULL, 'O'},
		{"limit", required_argument, NULL, 'L'},
		{"against", required_argument, NULL, 'A'},
		{"last", required_argument, NULL, 'Y'},
		{"os", required_argument, NULL, 'S'},
		{"interface", required_argument, NULL, 'I'},
		{"rate", required_argument, NULL, 'R'},
		{"duration", required_argument, NULL, 'T'},
		{"timeout", required_argument, NULL, 'W'},
		{"udp", no_argument, NULL, 'U'},
		{"send", required_argument, NULL, 'E'},
		{"hold", required_argument, NULL, 'H'},
		{"max-gap", required_argument, NULL, 'G'},
		{"max-lost", required_argument, NULL, 'M'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct ctl ctl = {.socket = "/run/director/director.sock"};
	int option;

	if (sodium_init() < 0)
		return ctl_fail(CTL_FAILED, "libsodium cannot be initialised");
	opterr = 0; /* one sentence, ours */
	while ((option = getopt_long(argc, argv, "s:c:jVh", options, NULL)) != -1)
		switch (option) {
		case 's': ctl.socket = optarg; break;
		case 'c': ctl.config = optarg; break;
		case 'j': ctl.json = true; break;
		case 'D': ctl.deadline = optarg; break;
		case 'F': ctl.farm = optarg; break;
		case 'B': ctl.backend = optarg; break;
		case 'C': ctl.client = optarg; break;
		case 'N': take_count(&ctl, argc, argv); break;
		case 'Z': ctl.watch = true; break;
		case 'P': ctl.interval = optarg; break;
		case 'O': ctl.force = true; break;
		case 'L': ctl.limit = optarg; break;
		case 'A': ctl.against = optarg; break;
		case 'Y': ctl.last = optarg; break;
		case 'S': ctl.os = optarg; break;
		case 'I': ctl.interface = optarg; break;
		case 'R': ctl.probe.rate = optarg; break;
		case 'T': ctl.probe.duration = optarg; break;
		case 'W': ctl.probe.timeout = optarg; break;
		case 'U': ctl.probe.udp = true; break;
		case 'E': ctl.probe.send = optarg; break;
		case 'H': ctl.probe.hold = optarg; break;
		case 'G': ctl.probe.max_gap = optarg; break;
		case 'M': ctl.probe.max_lost = optarg; break;
		case 'V': puts("directorctl " DIRECTOR_VERSION); return CTL_DONE;
		case 'h': print_usage(stdout); return CTL_DONE;
		default:
			return ctl_fail(
				CTL_USAGE,
				"\"%s\" is no option, or lacks its argument; try `directorctl "
				"--help`",
				argv[optind - 1]);
		}
	if (optind == argc) {
		print_usage(stderr);
		return CTL_USAGE;
	}
	return run_command(&ctl, argc - optind, argv + optind);
}
