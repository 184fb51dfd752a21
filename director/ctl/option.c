/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of directorctl: what they are called, where they go, and who takes them. */
#include "director/ctl/option.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>

#define AT(field) offsetof(struct ctl, field)

#define READERS "backend-setup, ruleset export, ruleset diff, ruleset explain, doctor, config check"
#define WAITERS                                                                                    \
	"backend enable, backend drain, backend disable, backend weight, cluster failover, "       \
	"cluster drill, config reload, config push"

const struct ctl_option ctl_options[] = {
	{"socket", 's', "SOCKET", AT(socket), NULL, NULL,
	 "the daemon's socket (default " CTL_DEFAULT_SOCKET ")"},
	{"config", 'c', "FILE", AT(config), READERS, NULL,
	 "the configuration (default " CTL_DEFAULT_CONFIG ")"},
	{"json", 'j', NULL, AT(json), NULL, NULL, "print one JSON document"},
	{"deadline", 0, "TIME", AT(deadline), "backend drain", NULL,
	 "disable it after that time, such as 10m"},
	{"wait", 0, NULL, AT(wait), "backend drain", NULL,
	 "until no connection remains, or the deadline has come"},
	{"farm", 0, "FARM", AT(farm), "connections, persistence", NULL, "those of one farm"},
	{"backend", 0, "BACKEND", AT(backend), "connections, persistence", NULL,
	 "those of one backend of that farm"},
	{"client", 0, "ADDRESS", AT(client), "connections, persistence", NULL,
	 "those of one client"},
	{"count", 0, NULL, AT(count), "connections, persistence", NULL, "print how many there are"},
	{"watch", 0, NULL, AT(watch), "status", NULL,
	 "again and again: on a full screen with keys (q ends it), or block by block into a file"},
	{"interval", 0, "TIME", AT(interval), "status", "watch", "how often (default 1s)"},
	{"count", 0, "N", AT(times), "status", "watch", "how many times"},
	{"force", 0, NULL, AT(force), "cluster maintenance, cluster drill", NULL,
	 "maintenance although nobody is known to take over; a drill whatever speaks against it"},
	{"limit", 0, "TIME", AT(limit), "cluster drill", NULL,
	 "when it is given up (default 30s; 10s of crash, link, split)"},
	{"probe", 0, "IP:PORT", AT(target), "cluster drill", NULL,
	 "a service of a farm: how long it is away"},
	{"failback", 0, NULL, AT(failback), "cluster drill", NULL,
	 "afterwards the node that let go takes over again"},
	{"html", 0, "FILE", AT(html), "cluster drill, cluster drill history", NULL,
	 "the report as a page for browsers"},
	{"confirm", 0, "TIME", AT(confirm), "config reload", NULL,
	 "go back to what ran before unless `config confirm` comes within that time"},
	{"this-node", 0, NULL, AT(this_node), "config reload, config confirm", NULL,
	 "on this node alone, whatever the other one does"},
	{"format", 0, "nft|json", AT(format), "ruleset export", NULL,
	 "nft's language or its JSON schema, which is -j, too (default nft)"},
	{"against", 0, "FILE", AT(against), "ruleset diff", NULL,
	 "a file in place of what runs, without a daemon"},
	{"last", 0, "N", AT(last), "ruleset history", NULL, "the latest alone"},
	{"os", 0, "linux|windows", AT(os), "backend-setup", NULL, "of the backend (default linux)"},
	{"interface", 0, "NAME", AT(interface), "backend-setup", NULL,
	 "where requests arrive there"},
	{"rate", 0, "N", AT(probe.rate), "probe", NULL, "attempts a second (default 100)"},
	{"duration", 0, "TIME", AT(probe.duration), "probe", NULL,
	 "for how long (default: until Ctrl-C)"},
	{"timeout", 0, "TIME", AT(probe.timeout), "probe", NULL,
	 "when an attempt is lost (default 500ms)"},
	{"udp", 0, NULL, AT(probe.udp), "probe, ruleset explain", NULL,
	 "datagrams in place of connections"},
	{"send", 0, "TEXT", AT(probe.send), "probe", NULL, "what to say"},
	{"hold", 0, "N", AT(probe.hold), "probe", NULL, "connections to be kept open"},
	{"max-gap", 0, "TIME", AT(probe.max_gap), "probe", NULL, "the longest gap that is good"},
	{"max-lost", 0, "N", AT(probe.max_lost), "probe", NULL, "how many may be lost"},
	{"no-wait", 0, NULL, AT(no_wait), WAITERS, NULL,
	 "do not wait for the outcome: return when it is accepted"},
	{"version", 'V', NULL, AT(version), NULL, NULL, "print the version and exit"},
	{"help", 'h', NULL, AT(help), NULL, NULL,
	 "print this, of a command or of a group of them, and exit"},
};

const size_t n_ctl_options = sizeof(ctl_options) / sizeof(ctl_options[0]);

enum { LONG = 256, OPTIONS_MAX = 128 }; /* what getopt_long returns: a letter, or LONG + row */

/* --- rows ---------------------------------------------------------------------------------------- */

static const char **text_of(struct ctl *ctl, const struct ctl_option *o)
{
	return (const char **)(void *)((char *)ctl + o->at);
}

static bool *flag_of(struct ctl *ctl, const struct ctl_option *o)
{
	return (bool *)(void *)((char *)ctl + o->at);
}

bool option_is_given(const struct ctl *ctl, const struct ctl_option *o)
{
	struct ctl copy = *ctl;

	return o->argument ? *text_of(&copy, o) != NULL : *flag_of(&copy, o);
}

bool option_is_for(const struct ctl_option *o, const struct command *c)
{
	return command_is_in(c, o->commands);
}

/* The other row of the same name. */
static const struct ctl_option *namesake(const struct ctl_option *o)
{
	for (size_t i = 0; i < n_ctl_options; i++)
		if (&ctl_options[i] != o && strcmp(ctl_options[i].name, o->name) == 0)
			return &ctl_options[i];
	return NULL;
}

bool option_is_repeated(const struct ctl_option *o)
{
	const struct ctl_option *other = namesake(o);

	return other && other < o;
}

static const struct ctl_option *find(const char *name)
{
	for (size_t i = 0; i < n_ctl_options; i++)
		if (strcmp(ctl_options[i].name, name) == 0)
			return &ctl_options[i];
	return NULL;
}

/* --- parsing ------------------------------------------------------------------------------------- */

static void fill(struct option *to, char *letters)
{
	*letters++ = ':'; /* getopt tells an argument that lacks from an option that is none */
	for (size_t i = 0; i < n_ctl_options && i < OPTIONS_MAX; i++) {
		const struct ctl_option *o = &ctl_options[i];

		if (option_is_repeated(o))
			continue;
		*to++ = (struct option){o->name,
					namesake(o)   ? optional_argument
					: o->argument ? required_argument
						      : no_argument,
					NULL, LONG + (int)i};
		if (o->letter)
			*letters++ = o->letter;
		if (o->letter && o->argument)
			*letters++ = ':';
	}
	*to = (struct option){0};
	*letters = '\0';
}

static const struct ctl_option *row_of(int code)
{
	if (code >= LONG)
		return &ctl_options[code - LONG];
	for (size_t i = 0; i < n_ctl_options; i++)
		if (ctl_options[i].letter == code)
			return &ctl_options[i];
	return NULL;
}

/* Of two rows that share a name, the one that fits: "--count", "--count=3" or "--count 3". */
static const struct ctl_option *choose(const struct ctl_option *o, int argc, char **argv)
{
	const struct ctl_option *other = namesake(o);

	if (!other)
		return o;
	if (!optarg && optind < argc && argv[optind][0] >= '0' && argv[optind][0] <= '9')
		optarg = argv[optind++];
	return !optarg == !o->argument ? o : other;
}

/* "--in", which several begin with, or "--bogus", which none does. */
static int fail_unknown(const char *word)
{
	size_t len = strcspn(word, "="), used = 0;
	char list[COMMAND_TEXT] = "";
	int n = 0;

	for (size_t i = 0; strncmp(word, "--", 2) == 0 && i < n_ctl_options; i++) {
		const struct ctl_option *o = &ctl_options[i];

		if (option_is_repeated(o) || strncmp(o->name, word + 2, len - 2) != 0 ||
		    used >= sizeof(list))
			continue;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s--%s",
					 used ? ", " : "", o->name);
		n++;
	}
	if (n > 1)
		return ctl_fail(CTL_USAGE, "\"%s\" may be %s: write more of it", word, list);
	if (n == 1)
		return ctl_fail(CTL_USAGE, "%s takes no argument; try `directorctl --help`", list);
	return ctl_fail(CTL_USAGE, "\"%s\" is no option; try `directorctl --help`", word);
}

static int fail_lacking(int code)
{
	const struct ctl_option *o = row_of(code);

	return ctl_fail(CTL_USAGE, "--%s needs %s; try `directorctl --help`", o ? o->name : "?",
			o && o->argument ? o->argument : "an argument");
}

static bool names_file(const struct ctl_option *o)
{
	return strcmp(o->argument, "FILE") == 0 || strcmp(o->argument, "SOCKET") == 0;
}

int option_parse(struct ctl *ctl, int argc, char **argv, int *ret_first)
{
	struct option options[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 2];
	int code;

	fill(options, letters);
	optind = 0; /* from the beginning, whoever parsed before */
	opterr = 0; /* one sentence, ours */
	while ((code = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		const struct ctl_option *o;

		if (code == '?')
			return fail_unknown(argv[optind - 1]);
		if (code == ':')
			return fail_lacking(optopt);
		o = row_of(code);
		if (!o)
			return CTL_FAILED; /* not a row: cannot be */
		o = choose(o, argc, argv);
		if (o->argument && !optarg[0] && names_file(o))
			return ctl_fail(CTL_USAGE, "--%s needs the name of a file, not \"\"",
					o->name);
		if (o->argument)
			*text_of(ctl, o) = optarg;
		else
			*flag_of(ctl, o) = true;
	}
	*ret_first = optind;
	return CTL_DONE;
}

/* --- who takes what ------------------------------------------------------------------------------ */

/* "--count N" where there is a "--count", too. */
static void write_name(const struct ctl_option *o, char buf[static COMMAND_WORDS])
{
	bool whole = namesake(o) && o->argument;

	snprintf(buf, COMMAND_WORDS, "--%s%s%s", o->name, whole ? " " : "",
		 whole ? o->argument : "");
}

int option_check(const struct ctl *ctl, const struct command *c)
{
	char name[COMMAND_WORDS], list[COMMAND_TEXT];

	for (size_t i = 0; i < n_ctl_options; i++) {
		const struct ctl_option *o = &ctl_options[i];

		if (!option_is_given(ctl, o))
			continue;
		write_name(o, name);
		if (!option_is_for(o, c))
			return ctl_fail(CTL_USAGE,
					"%s is for %s alone; try `directorctl %s --help`", name,
					command_list_text(o->commands, list), c->words);
		if (o->needs && !option_is_given(ctl, find(o->needs)))
			return ctl_fail(CTL_USAGE, "%s needs --%s", name, o->needs);
	}
	return CTL_DONE;
}
