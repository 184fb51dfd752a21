/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status as Prometheus reads it: the whole text of a pair, and what must hold for every family. */
#include "director/monitor/metrics.h"
#include "tests/unit/status_sample.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/metrics/pair.prom"
#define MANUAL "deploy/man/directord.8"

enum { LINE = 512 };

/* Terminated; to be freed. */
static char *print(const struct status *s)
{
	size_t len = 0;
	char *text = metrics_print(s, &len), *copy;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	copy = strndup(text, len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	EXPECT_INT(strlen(copy), len);
	free(text);
	return copy;
}

static void expect_line(const char *text, const char *line)
{
	char between[LINE];

	snprintf(between, sizeof(between), "\n%s\n", line);
	if (strstr(text, between))
		return;
	CU_FAIL("a line is missing");
	printf("\n    %s", line);
}

/* --- a pair ------------------------------------------------------------------------------------- */

static struct status_vrrp a_router(void)
{
	struct status_vrrp v = {.name = "web", .state = "master", .family = 4};

	v.priority = 150;
	v.since_ms = 60500;
	v.transitions = 2;
	v.interval_ms = 200;
	v.adverts_sent = 300;
	v.adverts_received = 3;
	v.adverts_rejected = 5;
	v.lease_s = 2;
	v.announced = 10;
	status_add_count(&v.rejected, "checksum", 5);
	return v;
}

static struct status_peer a_peer(void)
{
	struct status_peer p = {
		.node = "b", .state = "connected", .sync = "in-sync", .heartbeat = "up"};
	struct status_channel *c = &p.channel;

	p.age_ms = 120;
	p.round_trip_us = 250;
	p.sent = 600;
	p.received = 599;
	status_channel_none(c);
	c->enabled = c->connected = c->current_here = c->current_there = true;
	c->since_ms = 61000;
	c->connections = 1;
	c->octets_sent = 4096;
	c->octets_received = 2048;
	c->queued = 1;
	c->unacknowledged = 2;
	c->would_lose = 3;
	c->held_ours = 70;
	c->flows_sent = 80;
	c->lag_median_us = 1500;
	c->lag_p99_us = 20000;
	c->lag_max_us = 1000000;
	c->clock_apart_ms = 250;
	status_add_count_of(&c->rejected, "frame", "forged", 1);
	return p;
}

static struct status_farm a_farm(struct status_backend *backends)
{
	struct status_farm f = {.name = "www", .state = "up", .backends = backends};

	f.n_backends = 2;
	f.connections = 70;
	f.half_open = STATUS_UNKNOWN;
	f.packets = 1000;
	f.bytes = 64000;
	f.new_flows = 90;
	f.scheduler_age_ms = STATUS_UNKNOWN;
	snprintf(f.transition.phase, sizeof(f.transition.phase), "steady");
	status_add_drop(&f, "no-backend", 4);
	status_add_table(&f, "www-flows", 1048576, 70);
	backends[0] = (struct status_backend){.name = "web1",
					      .weight = 1,
					      .state = "up",
					      .connections = 70,
					      .packets = 1000,
					      .bytes = 64000,
					      .share = 1.0 / 3,
					      .effective_weight = 0.1,
					      .peer_state = "up",
					      .new_flows = 90,
					      .syn_retries = 7};
	backends[1] = (struct status_backend){.name = "web2",
					      .weight = 2,
					      .state = "draining",
					      .connections = STATUS_UNKNOWN,
					      .override = true};
	return f;
}

static void a_pair(void)
{
	struct status_backend backends[2];
	struct status_vrrp v = a_router();
	struct status_peer p = a_peer();
	struct status_farm f = a_farm(backends);
	struct status_claim claim = {.address = "10.77.0.100",
				     .mac = "02:00:00:00:00:15",
				     .farm = "www",
				     .backend = "web1",
				     .count = 12};
	struct status s = {.node = "a", .version = "1", .config_digest = "0123456789abcdef"};
	char *text, *want = unit_read_file(GOLDEN);

	s.uptime_ms = 61000;
	s.ruleset_in_sync = s.index_hears = true;
	s.index_held = 70;
	latency_note(&s.election_late, 0);
	latency_note(&s.election_late, 90);
	latency_note(&s.main_late, 5000000);
	s.checks = 2;
	status_add_count(&s.outcomes, "good", 40);
	status_add_count(&s.outcomes, "refused", 3);
	status_add_count(&s.notified, "done", 7);
	status_add_count(&s.notified, "lost", 2);
	latency_note(&s.checks_late, 1000);
	s.vrrps = &v;
	s.peers = &p;
	s.farms = &f;
	s.claims = &claim;
	s.n_vrrps = s.n_peers = s.n_farms = s.n_claims = 1;
	text = print(&s);
	EXPECT_TEXT(text, want);
	if (strcmp(text, want) != 0)
		printf("\n%s", text);
	free(text);
	free(want);
}

/* --- single lines ------------------------------------------------------------------------------- */

static void labels_are_escaped(void)
{
	struct status s = {.node = "a\"b\\c\nd", .version = "1"};
	char *text = print(&s);

	expect_line(text, "director_build_info{node=\"a\\\"b\\\\c\\nd\",version=\"1\"} 1");
	free(text);
}

static void seconds_are_exact(void)
{
	static const struct {
		uint64_t ms;
		const char *line;
	} cases[] = {
		{0, "director_uptime_seconds 0"},
		{7, "director_uptime_seconds 0.007"},
		{1000, "director_uptime_seconds 1"},
		{1050, "director_uptime_seconds 1.05"},
		{UINT64_MAX - 1, "director_uptime_seconds 18446744073709551.614"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct status s = {.uptime_ms = cases[i].ms};
		char *text = print(&s);

		expect_line(text, cases[i].line);
		free(text);
	}
}

static void what_is_unknown_has_no_sample(void)
{
	struct status s = {.counters_age_ms = STATUS_UNKNOWN};
	char *text = print(&s);

	CU_ASSERT_PTR_NULL(strstr(text, "director_counters_age_seconds"));
	CU_ASSERT_PTR_NULL(strstr(text, "director_vrrp"));
	CU_ASSERT_PTR_NULL(strstr(text, "director_sync"));
	CU_ASSERT_PTR_NULL(strstr(text, "director_farm"));
	free(text);
}

/* --- every family ------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static void expect_family(const struct metric_family *f)
{
	bool several = f->form == METRIC_NAMED || f->form == METRIC_WORD ||
		       f->form == METRIC_COUNTS || f->form == METRIC_DROPS ||
		       f->form == METRIC_TABLE_SIZE || f->form == METRIC_TABLE_USED;

	CU_ASSERT(strncmp(f->name, "director_", 9) == 0);
	EXPECT_INT(strspn(f->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(f->name));
	EXPECT_INT(ends_with(f->name, "_total"), f->type == METRIC_COUNTER);
	EXPECT_INT(f->type == METRIC_HISTOGRAM, f->form == METRIC_LATENCY);
	if (f->form == METRIC_MS || f->form == METRIC_US)
		CU_ASSERT(ends_with(f->name, "_seconds"));
	EXPECT_INT(f->label != NULL, several);
	EXPECT_INT(f->words != NULL, f->form == METRIC_WORD);
	CU_ASSERT(ends_with(f->help, "."));
	for (const struct metric_family *g = metric_families; g < f; g++)
		CU_ASSERT(strcmp(f->name, g->name) != 0);
}

static void names_are_by_the_rules(void)
{
	for (const struct metric_family *f = metric_families; f->name; f++)
		expect_family(f);
}

/* With something in every field of the status, lines are samples or belong to one. */
static void expect_lines(char *text)
{
	char name[LINE] = "";

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, "# HELP ", 7) == 0) {
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + 7, " "), line + 7);
			continue;
		}
		if (strncmp(line, "# TYPE ", 7) == 0) {
			CU_ASSERT(strncmp(line + 7, name, strlen(name)) == 0);
			continue;
		}
		CU_ASSERT(strncmp(line, name, strlen(name)) == 0);
		CU_ASSERT_PTR_NOT_NULL(strrchr(line, ' '));
	}
}

static void every_family_is_printed(void)
{
	struct status s = status_sample(status_fill_plain);
	char *text = print(&s), head[LINE];

	for (const struct metric_family *f = metric_families; f->name; f++) {
		snprintf(head, sizeof(head), "# TYPE %s %s", f->name, metric_type_name(f->type));
		expect_line(text, head);
	}
	expect_lines(text);
	free(text);
	status_clear(&s);
	s = status_sample(status_fill_most);
	text = print(&s);
	expect_lines(text);
	free(text);
	status_clear(&s);
}

/* In the manual a sentence may go on in the next line. */
static void join_sentences(char *manual)
{
	for (char *line = manual, *end; (end = strchr(line, '\n')); line = end + 1)
		if (line[0] != '.' && end[1] != '.' && end > line && end[-1] != '.')
			*end = ' ';
}

static void the_manual_has_the_same(void)
{
	char *manual = unit_read_file(MANUAL), item[LINE];
	size_t families = 0, items = 0;

	join_sentences(manual);
	for (const struct metric_family *f = metric_families; f->name; f++, families++) {
		snprintf(item, sizeof(item), ".It Va %s , No %s%s%s\n%s", f->name,
			 metric_type_name(f->type), f->label ? " by Va " : "",
			 f->label ? f->label : "", f->help);
		expect_line(manual, item);
	}
	for (const char *at = manual; (at = strstr(at, "\n.It Va director_")); at++)
		items++;
	EXPECT_INT(items, families);
	free(manual);
}

UNIT_TESTS(metrics) = {
	{"a pair", a_pair},
	{"labels are escaped", labels_are_escaped},
	{"seconds are exact", seconds_are_exact},
	{"what is unknown has no sample", what_is_unknown_has_no_sample},
	{"names are by the rules", names_are_by_the_rules},
	{"every family is printed", every_family_is_printed},
	{"the manual has the same families", the_manual_has_the_same},
	UNIT_TESTS_END,
};
