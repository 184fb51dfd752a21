/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flowcheck: arguments, and the judge's words. */
#include "tests/flowcheck/flowcheck.h"
#include "tests/flowcheck/judge.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_GOOD, EXIT_FAILED, EXIT_USAGE, EXIT_BAD = 4, EXIT_OVERLOAD = 5 };

volatile sig_atomic_t flowcheck_stopped, flowcheck_fewer;

static const char usage[] =
	"usage: flowcheck send --dev IF --to MAC --vip ADDRESS:PORT --report FILE [OPTION …]\n"
	"         --flows N           flows that last (1000)\n"
	"         --rate N            packets a second, 0: as many as possible (100000)\n"
	"         --duration S        seconds (5)\n"
	"         --churn N           passing flows opened a second (0)\n"
	"         --churn-packets N   packets of each (10)\n"
	"         --churn-alive N     of them at a time (as many as are opened in a second)\n"
	"         --tuples N          5-tuples that they share in turn (0: each its own)\n"
	"         --apart             no two of them that follow each other are of one client\n"
	"         --client ADDRESS    of the flows; the low 16 bits are theirs (10.99.0.0)\n"
	"         --from MAC          in the frames (the interface's own)\n"
	"         --keep N            of the flows that last, the first ones, which SIGUSR1 leaves "
	"(1)\n"
	"         --udp\n"
	"         SIGTERM: all flows are closed, by FIN or RST; SIGINT: they fall silent;\n"
	"         SIGUSR1: all that last are closed but the first --keep\n"
	"       flowcheck receive --dev IF --name BACKEND --report FILE\n"
	"         until SIGTERM; says \"ready\" once it listens\n"
	"       flowcheck judge [OPTION …] REPORT …\n"
	"         --dead NAME=FROM-UNTIL  milliseconds since 1970: its flows may move once\n"
	"         --closed NAME=FROM[-UNTIL]  flows opened in between must not be on it\n"
	"         --mark WHAT=FROM        what was done then, to be named with flows that moved\n"
	"         --offenders N           how many to name (10)\n"
	"\n"
	"exit status: 0 good, 1 failed, 2 usage, 4 packets were lost, doubled or sent to another\n"
	"backend, 5 packets are missing that the instrument itself may have dropped\n";

static int wrong(const char *what, const char *value)
{
	fprintf(stderr, "flowcheck: %s: %s; `flowcheck --help` shows more\n", what, value);
	return EXIT_USAGE;
}

int64_t flow_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void heard(int signal)
{
	if (signal == SIGUSR1)
		flowcheck_fewer = 1;
	else
		flowcheck_stopped = signal;
}

static void listen_to_signals(void)
{
	struct sigaction action = {.sa_handler = heard};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

/* Under its name when it is complete, not before. */
static int save(const char *path, const struct flow_report *r)
{
	char temporary[4096];
	FILE *out;
	int code;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	out = fopen(temporary, "w");
	code = out ? flow_report_write(out, r) : -errno;
	if (out && fclose(out) != 0 && !code)
		code = -errno;
	if (!code && rename(temporary, path) < 0)
		code = -errno;
	if (!code)
		return EXIT_GOOD;
	fprintf(stderr, "flowcheck: %s: %s\n", path, strerror(-code));
	return EXIT_FAILED;
}

/* --- send ------------------------------------------------------------------------------------- */

/* "10.77.0.100:80", "[2001:db8::100]:80" */
static bool parse_endpoint(const char *text, struct addr *ret_addr, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	char address[ADDR_TEXT + 2];
	size_t len = colon ? (size_t)(colon - text) : 0;
	char *end, *at = address;
	unsigned long port;

	if (len == 0 || len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (address[0] == '[' && address[len - 1] == ']') {
		address[len - 1] = '\0';
		at++;
	}
	port = strtoul(colon + 1, &end, 10);
	*ret_port = (uint16_t)port;
	return *end == '\0' && port > 0 && port < 65536 && addr_parse(at, ret_addr) == 0;
}

static bool device_mac(const char *device, struct mac *ret)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	good = fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &request) == 0;
	if (good)
		memcpy(ret->bytes, request.ifr_hwaddr.sa_data, MAC_LEN);
	if (fd >= 0)
		close(fd);
	return good;
}

static const struct option send_table[] = {
	{"dev", required_argument, NULL, 'i'},
	{"to", required_argument, NULL, 't'},
	{"from", required_argument, NULL, 'f'},
	{"vip", required_argument, NULL, 'v'},
	{"client", required_argument, NULL, 'c'},
	{"report", required_argument, NULL, 'o'},
	{"flows", required_argument, NULL, 'n'},
	{"rate", required_argument, NULL, 'r'},
	{"duration", required_argument, NULL, 'd'},
	{"churn", required_argument, NULL, 'C'},
	{"churn-packets", required_argument, NULL, 'P'},
	{"churn-alive", required_argument, NULL, 'A'},
	{"tuples", required_argument, NULL, 'T'},
	{"apart", no_argument, NULL, 'a'},
	{"keep", required_argument, NULL, 'k'},
	{"udp", no_argument, NULL, 'u'},
	{NULL, 0, NULL, 0},
};

static bool send_option(struct send_options *o, int option, const char *value)
{
	switch (option) {
	case 'i': o->device = value; return true;
	case 't': return mac_parse(value, &o->to) == 0;
	case 'f': return mac_parse(value, &o->from) == 0;
	case 'v': return parse_endpoint(value, &o->vip, &o->port);
	case 'c': return addr_parse(value, &o->plan.client) == 0;
	case 'n': o->plan.lasting = (uint32_t)strtoul(value, NULL, 10); return true;
	case 'r': o->rate = strtod(value, NULL); return true;
	case 'd': o->duration = strtod(value, NULL); return true;
	case 'C': o->churn = strtod(value, NULL); return true;
	case 'P': o->churn_packets = (uint32_t)strtoul(value, NULL, 10); return true;
	case 'A': o->churn_alive = (uint32_t)strtoul(value, NULL, 10); return true;
	case 'T': o->plan.tuples = (uint32_t)strtoul(value, NULL, 10); return true;
	case 'a': o->plan.apart = true; return true;
	case 'k': o->keep = (uint32_t)strtoul(value, NULL, 10); return true;
	case 'u': o->protocol = IPPROTO_UDP; return true;
	default: return false;
	}
}

/* What was left out, and what contradicts itself. NULL when all is well. */
static const char *complete(struct send_options *o)
{
	if (!o->device || !o->vip.family || !mac_is_unicast(&o->to))
		return "it needs --dev, --to and --vip";
	if (!mac_is_unicast(&o->from) && !device_mac(o->device, &o->from))
		return "the interface has no MAC address; try --from";
	if (!o->plan.client.family)
		addr_parse(o->vip.family == AF_INET ? "10.99.0.0" : "2001:db8:99::",
			   &o->plan.client);
	if (o->plan.client.family != o->vip.family)
		return "--client and --vip are of two families";
	if (o->churn > 0 && !o->churn_alive)
		o->churn_alive = (uint32_t)o->churn + 1;
	if (o->churn_alive && o->churn_packets < 3)
		return "a passing flow has three packets or more";
	if (o->plan.lasting + o->churn_alive == 0)
		return "it needs --flows or --churn";
	if (o->keep == 0)
		return "--keep leaves one flow at least";
	if (o->plan.tuples && o->plan.tuples < 2 * o->churn_alive)
		return "--tuples must be twice as many as are alive: one ends before the next "
		       "begins";
	return NULL;
}

static int run_send(int argc, char **argv)
{
	struct send_options o = {
		.protocol = IPPROTO_TCP,
		.plan.lasting = 1000,
		.rate = 100000,
		.duration = 5,
		.churn_packets = 10,
		.keep = 1,
	};
	const char *report = NULL, *mistake;
	struct send_result result;
	int option, status;

	while ((option = getopt_long(argc, argv, "", send_table, NULL)) != -1) {
		if (option == 'o')
			report = optarg;
		else if (option == '?' || !send_option(&o, option, optarg))
			return wrong("send", optarg ? optarg : "unknown option");
	}
	mistake = complete(&o);
	if (mistake || !report)
		return wrong("send", mistake ? mistake : "it needs --report");
	if (!flow_send(&o, &result))
		return EXIT_FAILED;
	status = save(report, &result.report);
	printf("%" PRIu64 " packets of %zu flows in %.2f s: %.0f a second\n", result.packets,
	       result.report.n, result.seconds, (double)result.packets / result.seconds);
	flow_report_clear(&result.report);
	return status;
}

/* --- receive ---------------------------------------------------------------------------------- */

static int run_receive(int argc, char **argv)
{
	static const struct option table[] = {
		{"dev", required_argument, NULL, 'i'},
		{"name", required_argument, NULL, 'n'},
		{"report", required_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	struct flow_report r = {.name = ""};
	const char *device = NULL, *report = NULL;
	int option, status;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 'i': device = optarg; break;
		case 'n': snprintf(r.name, sizeof(r.name), "%s", optarg); break;
		case 'o': report = optarg; break;
		default: return wrong("receive", "unknown option");
		}
	}
	if (!device || !r.name[0] || !report)
		return wrong("receive", "it needs --dev, --name and --report");
	if (!flow_receive(device, &r))
		return EXIT_FAILED;
	status = save(report, &r);
	flow_report_clear(&r);
	return status;
}

/* --- judge ------------------------------------------------------------------------------------ */

struct bench {
	struct flow_report reports[JUDGE_BACKENDS_MAX + 1];
	struct flow_report sent;
	struct judge_rule outages[JUDGE_BACKENDS_MAX], closures[JUDGE_BACKENDS_MAX];
	struct judge_rule marks[JUDGE_BACKENDS_MAX];
	struct judge_case c;
};

/* NAME=FROM-UNTIL, or NAME=FROM where that is two words */
static bool add_rule(struct judge_rule *rules, size_t *n, const char *text, int least)
{
	struct judge_rule *r = &rules[*n];

	r->until_ms = INT64_MAX;
	if (*n == JUDGE_BACKENDS_MAX || sscanf(text, "%31[^=]=%" SCNd64 "-%" SCNd64, r->name,
					       &r->from_ms, &r->until_ms) < least)
		return false;
	++*n;
	return true;
}

static bool add_report(struct bench *b, const char *path)
{
	struct flow_report *r = &b->reports[b->c.n_backends];
	char why[FLOW_WHY] = "";
	FILE *in = fopen(path, "r");
	bool good = in && b->c.n_backends <= JUDGE_BACKENDS_MAX && flow_report_read(in, r, why);

	if (!good)
		fprintf(stderr, "flowcheck: %s: %s\n", path, why[0] ? why : strerror(errno));
	if (in)
		fclose(in);
	if (!good)
		return false;
	if (r->name[0]) {
		b->c.n_backends++;
		return true;
	}
	flow_report_clear(&b->sent);
	b->sent = *r;
	b->c.sent = &b->sent;
	return true;
}

static void print_report(const char *name, const struct flow_report *r)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < r->n; i++)
		packets += r->rows[i].packets;
	printf("%-8s %9zu flows %11" PRIu64 " packets  overload %" PRIu64 "\n", name, r->n, packets,
	       r->overload);
}

static void print_result(const struct bench *b, const struct judge_result *r)
{
	const struct {
		const char *name;
		uint64_t n;
	} lines[] = {
		{"flows moved", r->flows_moved},	 {"flows with loss", r->flows_lossy},
		{"packets lost", r->packets_lost},	 {"packets twice", r->packets_twice},
		{"packets too late", r->packets_late},	 {"packets of nobody", r->packets_strange},
		{"flows misplaced", r->flows_misplaced}, {"moves granted", r->moves_granted},
		{"losses excused", r->losses_excused},	 {"packets reordered", r->reordered},
	};

	print_report("sent", &b->sent);
	for (size_t i = 0; i < b->c.n_backends; i++)
		print_report(b->reports[i].name, &b->reports[i]);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		printf("%s: %" PRIu64 "\n", lines[i].name, lines[i].n);
	for (size_t i = 0; i < r->n_offenders; i++)
		printf("%s\n", r->offenders[i]);
	printf("verdict: %s\n", judge_verdict_name(r->verdict));
}

static int judge_bench(struct bench *b)
{
	static const int statuses[] = {
		[JUDGE_GOOD] = EXIT_GOOD, [JUDGE_BAD] = EXIT_BAD, [JUDGE_OVERLOAD] = EXIT_OVERLOAD};
	static struct judge_result result;

	if (!b->c.sent || !b->c.n_backends)
		return wrong("judge", "it needs the sender's report and the backends'");
	if (judge(&b->c, &result) < 0) {
		fputs("flowcheck: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	print_result(b, &result);
	return statuses[result.verdict];
}

static int run_judge(int argc, char **argv)
{
	static const struct option table[] = {
		{"dead", required_argument, NULL, 'd'},
		{"closed", required_argument, NULL, 'c'},
		{"mark", required_argument, NULL, 'm'},
		{"offenders", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	static struct bench b;
	int option, status = EXIT_GOOD;

	b.c = (struct judge_case){.backends = b.reports,
				  .outages = b.outages,
				  .closures = b.closures,
				  .marks = b.marks,
				  .offenders = 10};
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == 'd' && add_rule(b.outages, &b.c.n_outages, optarg, 3))
			continue;
		if (option == 'c' && add_rule(b.closures, &b.c.n_closures, optarg, 2))
			continue;
		if (option == 'm' && add_rule(b.marks, &b.c.n_marks, optarg, 2))
			continue;
		if (option != 'n')
			return wrong("judge", optarg ? optarg : "unknown option");
		b.c.offenders = strtoul(optarg, NULL, 10);
	}
	for (; optind < argc && status == EXIT_GOOD; optind++)
		status = add_report(&b, argv[optind]) ? EXIT_GOOD : EXIT_FAILED;
	if (status == EXIT_GOOD)
		status = judge_bench(&b);
	for (size_t i = 0; i < b.c.n_backends; i++)
		flow_report_clear(&b.reports[i]);
	flow_report_clear(&b.sent);
	return status;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {{"send", run_send}, {"receive", run_receive}, {"judge", run_judge}};

	listen_to_signals();
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_GOOD;
	}
	fputs(usage, stderr);
	return EXIT_USAGE;
}
