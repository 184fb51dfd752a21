/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of directorctl, and which one is meant by some words. */
#include "director/ctl/command.h"

#include <string.h>

const struct command commands[] = {
	{"status", "", 0, 0, ctl_status, "everything at a glance; --watch: again and again, live",
	 "-j status | jq .farms"},
	{"farm list", "", 0, 0, ctl_farm_list, "the farms and what they serve", "farm list"},
	{"farm show", "FARM", 1, 1, ctl_farm_show, "one farm in detail", "farm show www"},
	{"backend list", "", 0, 0, ctl_backend_list, "the backends of all farms", "backend list"},
	{"backend show", "FARM/BACKEND", 1, 1, ctl_backend_show,
	 "one backend in detail: its checks and what has become of it", "backend show www/web1"},
	{"backend enable", "FARM/BACKEND", 1, 1, ctl_backend_enable,
	 "new connections go to it again", "backend enable www/web1"},
	{"backend drain", "FARM/BACKEND", 1, 1, ctl_backend_drain,
	 "no new ones, those it has stay; --deadline disables it then",
	 "backend drain www/web1 --deadline 20m --wait"},
	{"backend disable", "FARM/BACKEND", 1, 1, ctl_backend_disable, "nothing is sent to it",
	 "backend disable www/web1"},
	{"backend weight", "FARM/BACKEND N", 2, 2, ctl_backend_weight,
	 "its share of the new connections, 0 to 256", "backend weight www/web1 20"},
	{"backend-setup", "FARM[/BACKEND]", 1, 1, ctl_backend_setup,
	 "what makes a machine a backend; from -c FILE; --os, --interface",
	 "backend-setup www/web1 --os linux"},
	{"connections", "", 0, 0, ctl_connections,
	 "what the kernel remembers; --farm, --backend, --client, --count",
	 "connections --farm www --count"},
	{"persistence", "", 0, 0, ctl_persistence,
	 "clients that keep their backend; --farm, --backend, --client, --count",
	 "persistence --client 192.0.2.7"},
	{"ruleset export", "", 0, 0, ctl_ruleset_export,
	 "the nft ruleset, commented; --format json; with -c FILE as planned, without the daemon",
	 "ruleset export >director.nft"},
	{"ruleset verify", "", 0, 0, ctl_ruleset_verify,
	 "compares the kernel's table with the planned one; exit 4 when they differ",
	 "ruleset verify"},
	{"ruleset diff", "", 0, 0, ctl_ruleset_diff,
	 "what a reload of -c FILE would change; --against FILE; exit 4 when it would",
	 "ruleset diff -c new.conf"},
	{"ruleset history", "", 0, 0, ctl_ruleset_history,
	 "what was done to the ruleset, when and by whose will; --last N",
	 "ruleset history --last 10"},
	{"ruleset explain", "CLIENT[:PORT] VIP:PORT", 2, 2, ctl_ruleset_explain,
	 "where a frame goes and why; with -c FILE as planned; exit 4: not as planned",
	 "ruleset explain 192.0.2.7:40000 10.77.0.100:80"},
	{"cluster status", "", 0, 0, ctl_cluster_status,
	 "the virtual routers and the other director; exit 4 when there is an alarm",
	 "cluster status"},
	{"cluster failover", "", 0, 0, ctl_cluster_failover,
	 "hands the virtual addresses to the other director; on the master", "cluster failover"},
	{"cluster maintenance", "on|off", 1, 1, ctl_cluster_maintenance,
	 "this node is not master until it is off; --force: whoever else is there",
	 "cluster maintenance on"},
	{"cluster drill", "graceful|crash|link|daemon-kill|split", 1, 1, ctl_cluster_drill,
	 "rehearses a failover and measures it; exit 4 when it misses its budget",
	 "cluster drill graceful --limit 1m"},
	{"cluster drill history", "[N]", 0, 1, ctl_drill_history,
	 "the drills of the past, the latest first, or one of them; --html FILE",
	 "cluster drill history"},
	{"doctor", "[FARM]", 0, 1, ctl_doctor,
	 "looks for what goes wrong in such farms, on the wire, too; exit 4 when it finds any",
	 "doctor www"},
	{"probe", "IP:PORT", 1, 1, ctl_probe,
	 "measures service gaps, from any client machine, without a daemon; exit 4 over --max-gap",
	 "probe 10.77.0.100:80 --rate 1000 --duration 30s --max-gap 500ms"},
	{"metrics", "", 0, 0, ctl_metrics, "the same numbers as Prometheus reads them", "metrics"},
	{"config check", "[FILE]", 0, 1, ctl_config_check, "checks a configuration file",
	 "config check /etc/director/director.conf"},
	{"config reload", "", 0, 0, ctl_config_reload,
	 "makes the daemon read its configuration again; --confirm: both do, and for a time",
	 "config check && directorctl config reload --confirm 5m"},
	{"config confirm", "", 0, 0, ctl_config_confirm,
	 "what `config reload --confirm` brought is there to stay", "config confirm"},
	{"config rollback", "", 0, 0, ctl_config_rollback,
	 "goes back at once to what ran before `config reload --confirm`", "config rollback"},
	{"config push", "", 0, 0, ctl_config_push,
	 "brings the farms and routers of this node's file to the other node: on both, or on "
	 "neither",
	 "config check && directorctl config push"},
	{"config diff", "", 0, 0, ctl_config_diff,
	 "what differs between this director and the other one; exit 4 when anything must not",
	 "config diff"},
	{"key generate", "FILE", 1, 1, ctl_key_generate,
	 "makes the secret that both directors share", "key generate /etc/director/cluster.key"},
	{"key fingerprint", "FILE", 1, 1, ctl_key_fingerprint,
	 "tells whether both have the same one", "key fingerprint /etc/director/cluster.key"},
	{"completion", "bash|zsh|fish", 1, 1, ctl_completion,
	 "prints what makes a shell complete these commands", "completion zsh"},
};

const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

/* --- words --------------------------------------------------------------------------------------- */

bool command_begins(const struct command *c, const char *words)
{
	size_t len = strlen(words);

	return strncmp(c->words, words, len) == 0 && (!len || strchr(" ", c->words[len]));
}

const char *command_word_after(const struct command *c, const char *words, size_t *ret_len)
{
	const char *at = c->words;

	if (command_begins(c, words))
		at += strlen(words);
	else
		at += strlen(at);
	at += *at == ' ';
	*ret_len = strcspn(at, " ");
	return at;
}

static bool is_next(const struct command *c, const char *words, const char *word, size_t len)
{
	size_t next_len;
	const char *next = command_word_after(c, words, &next_len);

	return next_len == len && memcmp(next, word, len) == 0;
}

bool command_is_first(const struct command *c, const char *words)
{
	size_t len;
	const char *word = command_word_after(c, words, &len);

	for (const struct command *other = commands; other < c; other++)
		if (is_next(other, words, word, len))
			return false;
	return len > 0;
}

/* A word that can follow the words and begins so; how many there are, and the first of them. */
static size_t find_next(const char *words, const char *begin, const struct command **ret)
{
	size_t n = 0;

	for (const struct command *c = commands; c < commands + n_commands; c++) {
		size_t len;
		const char *word = command_word_after(c, words, &len);

		if (!command_is_first(c, words) || len < strlen(begin) ||
		    strncmp(word, begin, strlen(begin)) != 0)
			continue;
		if (len == strlen(begin)) {
			*ret = c;
			return 1;
		}
		if (!n++)
			*ret = c;
	}
	return n;
}

/* "`cluster drill`, `cluster status`": what can follow the words and begins so. */
static void list_next(struct command_match *m, const char *begin)
{
	size_t used = 0;

	for (const struct command *c = commands; c < commands + n_commands; c++) {
		size_t len;
		const char *word = command_word_after(c, m->words, &len);

		if (command_is_first(c, m->words) && strncmp(word, begin, strlen(begin)) == 0 &&
		    used < sizeof(m->candidates))
			used += (size_t)snprintf(m->candidates + used, sizeof(m->candidates) - used,
						 "%s`%.*s`", used ? ", " : "",
						 (int)(word + len - c->words), c->words);
	}
}

static const struct command *find_whole(const char *words)
{
	for (size_t i = 0; i < n_commands; i++)
		if (strcmp(commands[i].words, words) == 0)
			return &commands[i];
	return NULL;
}

/* Takes one word; false when none of a command is left to take. */
static bool take_word(struct command_match *m, const char *word)
{
	const struct command *next = NULL;
	size_t n = word[0] ? find_next(m->words, word, &next) : 0, len;
	const char *whole;

	if (n > 1 && !m->command) {
		m->outcome = COMMAND_AMBIGUOUS;
		list_next(m, word);
		return false;
	}
	whole = n == 1 ? command_word_after(next, m->words, &len) : NULL;
	/* Behind a whole command stands an argument, which may look like the beginning of a word. */
	if (!whole || (m->command && strlen(word) != len)) {
		m->outcome = m->command ? COMMAND_FOUND : COMMAND_UNKNOWN;
		if (m->outcome == COMMAND_UNKNOWN && m->n_words)
			list_next(m, "");
		return false;
	}
	snprintf(m->words, sizeof(m->words), "%.*s", (int)(whole + len - next->words), next->words);
	m->n_words++;
	m->command = find_whole(m->words);
	return true;
}

void command_find(struct command_match *m, int argc, char *const argv[])
{
	*m = (struct command_match){0};
	while (m->n_words < argc)
		if (!take_word(m, argv[m->n_words]))
			return;
	m->outcome = m->command ? COMMAND_FOUND : COMMAND_GROUP;
	if (m->outcome == COMMAND_GROUP)
		list_next(m, "");
}

/* --- lists --------------------------------------------------------------------------------------- */

bool command_is_in(const struct command *c, const char *list)
{
	size_t len = strlen(c->words);

	if (!list)
		return true;
	for (const char *at = list; (at = strstr(at, c->words)); at += len)
		if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ',') &&
		    (at == list || at[-2] == ','))
			return true;
	return false;
}

const char *command_list_text(const char *list, char buf[static COMMAND_TEXT])
{
	size_t used = 0;

	buf[0] = '\0';
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ",");
		const char *next = at + len + (at[len] ? 2 : 0);
		const char *join = at == list ? "" : *next ? ", " : " and ";

		if (used < COMMAND_TEXT)
			used += (size_t)snprintf(buf + used, COMMAND_TEXT - used, "%s`%.*s`", join,
						 (int)len, at);
		at = next;
	}
	return buf;
}
