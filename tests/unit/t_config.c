/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/check.h"
#include "director/config/digest.h"
#include "director/config/load.h"
#include "director/config/number.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOLDEN "tests/golden/config"

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* NULL, and the test failed, when it does not load. */
static struct config *load(const char *path)
{
	struct config *c = NULL;
	struct err err;
	char line[ERR_LINE];

	if (config_load(path, &c, &err) < 0) {
		CU_FAIL("cannot load a configuration");
		printf("\n    %s", err_format(&err, line));
	}
	return c;
}

static struct config *load_text(const char *text)
{
	struct config *c = NULL;
	struct err err;
	char line[ERR_LINE];

	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0) {
		CU_FAIL("cannot load a configuration");
		printf("\n    %s", err_format(&err, line));
	}
	return c;
}

/* The sentence for a text that must not load, with the place in front. */
static const char *mistake(const char *text, char line[static ERR_LINE])
{
	struct config *c = NULL;
	struct err err;

	CU_ASSERT(config_load_text("test.conf", text, strlen(text), &c, &err) < 0);
	CU_ASSERT_PTR_NULL(c);
	config_free(c);
	return err_format(&err, line);
}

/* --- the folder ------------------------------------------------------------------------------- */

/* FILE.conf with FILE.err beside it must fail with that text, without it must load. */
static void golden_file(const char *path)
{
	char expected_path[512], line[ERR_LINE + 1], *expected;
	struct config *c = NULL;
	struct err err;

	snprintf(expected_path, sizeof(expected_path), "%.*s.err", (int)strlen(path) - 5, path);
	if (access(expected_path, F_OK) != 0) {
		config_free(load(path));
		return;
	}
	expected = unit_read_file(expected_path);
	if (config_load(path, &c, &err) == 0) {
		CU_FAIL("a wrong configuration was loaded");
		printf("\n    %s", path);
		config_free(c);
	} else {
		CU_ASSERT_PTR_NULL(c);
		err_format(&err, line);
		strcat(line, "\n");
		EXPECT_TEXT(line, expected);
	}
	free(expected);
}

static size_t for_each_conf(const char *folder, void (*call)(const char *path))
{
	DIR *d = opendir(folder);
	char path[512];
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (struct dirent *e; (e = readdir(d));) {
		if (!ends_with(e->d_name, ".conf"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		call(path);
		n++;
	}
	closedir(d);
	return n;
}

static void every_mistake_has_its_sentence(void)
{
	CU_ASSERT(for_each_conf(GOLDEN, golden_file) > 100);
}

static void load_and_free(const char *path)
{
	config_free(load(path));
}

static void what_is_installed_loads(void)
{
	CU_ASSERT(for_each_conf("conf", load_and_free) >= 3);
}

/* --- what is read ----------------------------------------------------------------------------- */

static void defaults(void)
{
	struct config *c = load("conf/pair.conf");
	const struct config_vrrp *v = c->vrrps;
	const struct config_farm *f = c->farms;

	EXPECT_TEXT(c->path, "conf/pair.conf");
	EXPECT_INT(c->has_cluster, true);
	EXPECT_INT(c->cluster.sync_port, 8405);
	EXPECT_TEXT(c->cluster.key_file, "");
	EXPECT_INT(config_node_by_name(c, "a")->priority, 150);
	EXPECT_INT(config_node_by_name(c, "b")->priority, 100);
	CU_ASSERT_PTR_NULL(config_node_by_name(c, "c"));
	EXPECT_INT(c->drill_max_gap_ms, 200);
	EXPECT_INT(c->drill_by_peer, false);
	EXPECT_TEXT(c->metrics_listen, "");
	EXPECT_INT(v->version, 3);
	EXPECT_INT(v->advertise_interval_ms, 1000);
	EXPECT_INT(v->preempt, true);
	EXPECT_INT(v->accept, true);
	EXPECT_INT(v->garp_repeat, 5);
	EXPECT_INT(v->garp_refresh_ms, 60000);
	EXPECT_TEXT(f->interface, "eth0");
	EXPECT_TEXT(config_scheduler_name(f->scheduler), "maglev");
	EXPECT_TEXT(config_protocol_name(f->protocol), "tcp");
	EXPECT_INT(f->max_connections, 1048576);
	EXPECT_INT(f->tcp_timeout_ms, 900000);
	EXPECT_INT(f->transition_time_ms, 0);
	EXPECT_INT(f->sync, true);
	EXPECT_INT(f->backends[0].weight, 1);
	EXPECT_INT(f->backends[0].has_mac, false);
	EXPECT_INT(f->backends[0].state, ADMIN_ENABLED);
	config_free(c);
	c = load_text("metrics { }");
	EXPECT_TEXT(c->metrics_listen, "127.0.0.1:9405");
	config_free(c);
}

static void expect_checks(const struct config_farm *f)
{
	const struct config_check *k = f->checks;

	EXPECT_INT(f->n_checks, 6);
	EXPECT_INT(k[0].port, 81);
	EXPECT_INT(k[0].fast_interval_ms, 500);
	EXPECT_TEXT(k[1].method, "HEAD");
	EXPECT_INT(k[1].n_expect_status, 2);
	EXPECT_INT(k[1].expect_status[1], 204);
	EXPECT_TEXT(k[1].expect_body, "^o{1,2}k\\.");
	EXPECT_INT(k[2].verify, false);
	EXPECT_INT(k[3].type, CHECK_ICMP);
	EXPECT_INT(k[3].fast_interval_ms, k[3].interval_ms);
	EXPECT_TEXT(k[4].command, "/bin/sh -c \"exit 0\"");
	EXPECT_INT(k[4].expect_status[0], 200);
}

static void every_key(void)
{
	struct config *c = load(GOLDEN "/good-every-key.conf");
	const struct config_vrrp *v = c->vrrps;
	const struct config_farm *f = config_farm_by_name(c, "other");
	char buf[MAC_TEXT];

	EXPECT_TEXT(c->metrics_listen, "[::1]:9406");
	EXPECT_INT(c->n_farms, 2);
	EXPECT_TEXT(c->farms[0].name, "www");
	EXPECT_INT(c->cluster.sync_port, 8406);
	EXPECT_INT(v->advertise_interval_ms, 40950);
	EXPECT_INT(v->preempt, false);
	EXPECT_INT(v->n_addresses, 2);
	EXPECT_INT(v->addresses[0].length, 24);
	EXPECT_INT(v->addresses[1].length, 32);
	EXPECT_INT(f->n_ports, 3);
	EXPECT_INT(f->ports[2].first, 8000);
	EXPECT_INT(f->ports[2].last, 8010);
	EXPECT_INT(f->ports[1].last, 443);
	EXPECT_INT(f->scheduler, SCHEDULER_ROUND_ROBIN);
	EXPECT_INT(f->seed, 0x1234);
	EXPECT_INT(f->flow_table, FLOW_TABLE_FULL);
	EXPECT_INT(f->tcp_close_timeout_ms, 1500);
	EXPECT_INT(f->gc_interval_ms, 5000);
	EXPECT_INT(f->backends[0].weight, 0);
	EXPECT_INT(f->backends[1].has_mac, true);
	EXPECT_TEXT(mac_format(&f->backends[1].mac, buf), "02:00:00:00:00:05");
	EXPECT_INT(f->backends[1].state, ADMIN_DISABLED);
	expect_checks(f);
	config_free(c);
}

static void durations(void)
{
	static const struct {
		const char *text;
		long long ms; /* -1: refused */
		const char *again;
	} cases[] = {
		{"0s", 0, "0s"},
		{"0ms", 0, "0s"},
		{"10ms", 10, "10ms"},
		{"1s", 1000, "1s"},
		{"40.95s", 40950, "40.95s"},
		{"1.5h", 5400000, "90m"},
		{"0.25m", 15000, "15s"},
		{"1.001s", 1001, "1.001s"},
		{"60m", 3600000, "1h"},
		{"999999999h", 3599999996400000, "999999999h"},
		{"1.0001s", -1, ""},
		{"0.5ms", -1, ""},
		{"1000000000s", -1, ""},
		{"", -1, ""},
		{"s", -1, ""},
		{"1", -1, ""},
		{"1.s", -1, ""},
		{".5s", -1, ""},
		{"+1s", -1, ""},
		{"1 s", -1, ""},
		{"1S", -1, ""},
		{"1d", -1, ""},
		{"1,5s", -1, ""},
		{"1m30s", -1, ""},
		{"1s ", -1, ""},
	};
	char buf[DURATION_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ms = 42;
		int r = duration_parse(cases[i].text, &ms);

		EXPECT_INT(r, cases[i].ms < 0 ? -EINVAL : 0);
		EXPECT_INT(ms, cases[i].ms < 0 ? 42 : cases[i].ms);
		if (r == 0)
			EXPECT_TEXT(duration_format(ms, buf), cases[i].again);
	}
}

static void numbers(void)
{
	int64_t value = 42;

	EXPECT_INT(number_parse("010", &value), 0);
	EXPECT_INT(value, 10);
	EXPECT_INT(number_parse("0xFf", &value), 0);
	EXPECT_INT(value, 255);
	EXPECT_INT(number_parse("-254", &value), 0);
	EXPECT_INT(value, -254);
	EXPECT_INT(number_parse("", &value), -EINVAL);
	EXPECT_INT(number_parse("-", &value), -EINVAL);
	EXPECT_INT(number_parse("0x", &value), -EINVAL);
	EXPECT_INT(number_parse("1e3", &value), -EINVAL);
	EXPECT_INT(number_parse("1234567890123456", &value), -EINVAL);
	EXPECT_INT(value, -254);
}

/* --- the digest ------------------------------------------------------------------------------- */

#define FARM_HEAD "farm \"www\" { address = \"10.77.0.100\" interface = \"eth0\" "
#define BACKEND	  "backend \"b\" { address = \"10.77.0.21\" } }"

static void digest_ignores_the_writing(void)
{
	static const char *const same[] = {
		FARM_HEAD "ports = { \"80\", \"443\" } " BACKEND,
		"# comment\n" FARM_HEAD "\nports={\"443\",80}\n" BACKEND,
		"farm \"www\" { backend \"b\" { weight = 1 address = \"10.77.0.21\" } /* order */\n"
		"ports = { \"80\", \"443\" } tcp-timeout = \"0.25h\" interface = 'eth0' "
		"address = 10.77.0.100 }",
		/* each node's own */
		"metrics { } " FARM_HEAD "ports = { \"80\", \"443\" } " BACKEND,
		FARM_HEAD "ports = { \"80\", \"443\" } " BACKEND
			  " metrics { listen = \"10.77.0.2:9405\" }",
		FARM_HEAD "ports = { \"80\", \"443\" } " BACKEND
			  " drill { max-gap = \"1s\" max-lost-connections = 7 by-peer = true }",
	};
	char first[CONFIG_DIGEST_TEXT], digest[CONFIG_DIGEST_TEXT];

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct config *c = load_text(same[i]);

		config_digest(c, i == 0 ? first : digest);
		if (i > 0)
			EXPECT_TEXT(digest, first);
		config_free(c);
	}
	EXPECT_INT(strlen(first), CONFIG_DIGEST_TEXT - 1);
}

static void digest_tells_differences(void)
{
	static const char *const different[] = {
		FARM_HEAD "ports = \"80\" " BACKEND,
		FARM_HEAD "ports = \"81\" " BACKEND,
		FARM_HEAD "ports = \"80\" seed = 1 " BACKEND,
		FARM_HEAD "ports = \"80\" backend \"a\" { address = \"10.77.0.22\" } " BACKEND,
		FARM_HEAD "ports = \"80\" check \"c\" { type = \"tcp\" } " BACKEND,
		FARM_HEAD "ports = \"80\" check \"c\" { type = \"tcp\" rise = 1 } " BACKEND,
	};
	enum { N = sizeof(different) / sizeof(different[0]) };
	char digests[N][CONFIG_DIGEST_TEXT];

	for (size_t i = 0; i < N; i++) {
		struct config *c = load_text(different[i]);

		config_digest(c, digests[i]);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(digests[i], digests[j]);
		config_free(c);
	}
}

/* Both directors and every version have to come to the same: written down once, kept. */
static void seed_comes_from_the_name(void)
{
	struct config *c = load("conf/pair.conf"), *d = load("conf/standalone.conf");

	EXPECT_INT(c->farms[0].seed, 3518391354);
	EXPECT_INT(d->farms[0].seed, c->farms[0].seed);
	config_free(c);
	config_free(d);
}

/* --- files ------------------------------------------------------------------------------------ */

static void files_that_are_none(void)
{
	struct config *c = NULL;
	struct err err;
	char line[ERR_LINE];

	EXPECT_INT(config_load("/no/such.conf", &c, &err), -ENOENT);
	EXPECT_TEXT(err_format(&err, line),
		    "/no/such.conf: cannot be read: No such file or directory");
	EXPECT_INT(config_load("/tmp", &c, &err), -EISDIR);
	EXPECT_TEXT(err_format(&err, line), "/tmp: cannot be read: Is a directory");
	EXPECT_INT(config_load("/dev/null", &c, &err), -EINVAL);
	EXPECT_TEXT(err_format(&err, line), "/dev/null: the file configures nothing");
	EXPECT_INT(config_load("/dev/zero", &c, &err), -EFBIG);
	CU_ASSERT_PTR_NULL(c);
	config_free(NULL);
}

/* The sentence of config_check_files() for a key file; "" when it is fine. */
static const char *key_file_mistake(const char *path, char line[static ERR_LINE])
{
	char text[512];
	struct config *c;
	struct err err = {.text = ""};

	snprintf(text, sizeof(text),
		 "cluster \"c\" {\n node \"a\" { address = \"10.0.0.1\" }\n"
		 " key-file =\n  \"%s\"\n node \"b\" { address = \"10.0.0.2\" }\n}\n",
		 path);
	c = load_text(text);
	CU_ASSERT_EQUAL(config_check_files(c, &err) < 0, err.text[0] != '\0');
	config_free(c);
	return err_format(&err, line);
}

static void key_file(void)
{
	char folder[] = "/tmp/t_config.XXXXXX", path[64], line[ERR_LINE], want[ERR_LINE];
	FILE *f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/key", folder);
	snprintf(want, sizeof(want), "test.conf:4: key-file %s: No such file or directory", path);
	EXPECT_TEXT(key_file_mistake(path, line), want);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fclose(f);
	chmod(path, 0640);
	snprintf(want, sizeof(want),
		 "test.conf:4: key-file %s has mode 0640, so others than its owner can use it: "
		 "chmod 600 %s",
		 path, path);
	EXPECT_TEXT(key_file_mistake(path, line), want);
	chmod(path, 0600);
	snprintf(want, sizeof(want),
		 "test.conf:4: key-file %s is empty; `directorctl key generate` makes one", path);
	EXPECT_TEXT(key_file_mistake(path, line), want);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fprintf(f, "director-key-1 %064x\n", 1);
	fclose(f);
	EXPECT_TEXT(key_file_mistake(path, line), "");
	snprintf(want, sizeof(want), "test.conf:4: key-file %s is not a regular file", folder);
	EXPECT_TEXT(key_file_mistake(folder, line), want);
	unlink(path);
	rmdir(folder);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void print_backend(FILE *out, unsigned int i)
{
	fprintf(out, "backend \"b%u\" { address = \"10.78.%u.%u\" }\n", i, i / 250, i % 250 + 1);
}

static void print_farm(FILE *out, unsigned int i)
{
	fprintf(out,
		"farm \"f%u\" { address = \"10.77.%u.%u\" interface = \"eth0\" ports = \"80\" "
		"backend \"b\" { address = \"10.80.0.1\" } }\n",
		i, i / 250, i % 250 + 1);
}

/* A text with n sections. */
static char *repeat(const char *head, void (*print)(FILE *out, unsigned int i), unsigned int n,
		    const char *tail)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs(head, out);
	for (unsigned int i = 0; i < n; i++)
		print(out, i);
	fputs(tail, out);
	fclose(out);
	return text;
}

static void many(void)
{
	char *text = repeat(FARM_HEAD "ports = \"80\"\n", print_backend, CONFIG_BACKENDS_MAX, "}");
	char line[ERR_LINE];

	config_free(load_text(text));
	free(text);
	text = repeat(FARM_HEAD "ports = \"80\"\n", print_backend, CONFIG_BACKENDS_MAX + 1, "}");
	EXPECT_TEXT(mistake(text, line), "test.conf:1002: more than 1000 backend sections");
	free(text);
	text = repeat("", print_farm, CONFIG_FARMS_MAX, "");
	config_free(load_text(text));
	free(text);
	text = repeat("", print_farm, CONFIG_FARMS_MAX + 1, "");
	EXPECT_TEXT(mistake(text, line), "test.conf:4097: more than 4096 farm sections");
	free(text);
}

/* Every prefix of a good text gives a sentence or a configuration, and leaves nothing behind. */
static void every_cut(void)
{
	char *text = unit_read_file(GOLDEN "/good-every-key.conf");
	struct err err;

	for (size_t len = strlen(text); len > 0; len--) {
		struct config *c = NULL;
		char *cut = strndup(text, len);

		if (config_load_text(GOLDEN "/cut.conf", cut, len, &c, &err) < 0)
			CU_ASSERT(err.text[0] != '\0');
		config_free(c);
		free(cut);
	}
	free(text);
}

UNIT_TESTS(config) = {
	{"every mistake has its sentence", every_mistake_has_its_sentence},
	{"what is installed loads", what_is_installed_loads},
	{"defaults", defaults},
	{"every key", every_key},
	{"durations", durations},
	{"numbers", numbers},
	{"the digest ignores the writing", digest_ignores_the_writing},
	{"the digest tells differences", digest_tells_differences},
	{"the seed comes from the name", seed_comes_from_the_name},
	{"files that are none", files_that_are_none},
	{"the key file", key_file},
	{"many farms, many backends", many},
	{"every cut of a text", every_cut},
	UNIT_TESTS_END,
};
