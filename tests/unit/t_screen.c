/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `status --watch`: screens of several sizes, as they are in tests/golden/screen/ (GOLDEN=write makes them
 * anew); what does not depend on taste is asserted beside them.
 */
#include "director/ctl/screen.h"
#include "director/monitor/alarms.h"
#include "tests/unit/status_sample.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCREENS "tests/golden/screen/"

enum { MANY = 1000, PATH = 128 };

static char (*address)[PREFIX_TEXT] = (char[1][PREFIX_TEXT]){"10.77.0.100/24"};

static struct status_backend backend(const char *name, const char *state, unsigned int host)
{
	struct status_backend b = {
		.connections = 100 * host,
		.packets = 1000,
		.share = 1.0 / 3,
		.weight = 1,
		.deadline_ms = STATUS_UNKNOWN,
	};

	snprintf(b.name, sizeof(b.name), "%s", name);
	snprintf(b.state, sizeof(b.state), "%s", state);
	snprintf(b.address, sizeof(b.address), "10.77.0.%u", host);
	if (strcmp(state, "unresolved") != 0)
		snprintf(b.mac, sizeof(b.mac), "02:00:00:00:00:%02x", host);
	return b;
}

static void fill_pair(struct status *s)
{
	static struct status_vrrp v;
	static struct status_peer p;

	v = (struct status_vrrp){.name = "web",
				 .state = "master",
				 .interface = "eth0",
				 .priority = 150,
				 .addresses = address,
				 .n_addresses = 1,
				 .since_ms = 200000,
				 .auth_failed_age_ms = STATUS_UNKNOWN,
				 .skew_age_ms = STATUS_UNKNOWN};
	p = (struct status_peer){.node = "b",
				 .state = "connected",
				 .sync = "in-sync",
				 .lag_ms = 3,
				 .heartbeat = "up",
				 .key_age_ms = STATUS_UNKNOWN,
				 .channel = {.enabled = true}};
	*s = (struct status){.node = "a",
			     .version = "1.0",
			     .uptime_ms = 4000000,
			     .ruleset_in_sync = true,
			     .vrrps = &v,
			     .n_vrrps = 1,
			     .peers = &p,
			     .n_peers = 1};
}

/* Farms of three backends; the second has trouble with its own. */
static struct status_farm *make_farms(struct status *s, size_t n)
{
	struct status_farm *farms = calloc(n, sizeof(*farms));

	CU_ASSERT_PTR_NOT_NULL_FATAL(farms);
	for (size_t i = 0; i < n; i++) {
		struct status_backend *b = calloc(3, sizeof(*b));

		CU_ASSERT_PTR_NOT_NULL_FATAL(b);
		snprintf(farms[i].name, sizeof(farms[i].name), i ? "farm%zu" : "www", i);
		strcpy(farms[i].state, "up");
		b[0] = backend("web1", "up", 21);
		b[1] = backend("web2", i == 1 ? "down" : "up", 22);
		b[2] = backend("web3", i == 1 ? "unresolved" : i == 2 ? "draining" : "up", 23);
		if (i == 1)
			strcpy(b[1].reason, "tcp: connection refused");
		b[2].override = i == 2;
		farms[i].backends = b;
		farms[i].n_backends = 3;
	}
	s->farms = farms;
	s->n_farms = n;
	return farms;
}

static void free_farms(struct status *s)
{
	for (size_t i = 0; i < s->n_farms; i++)
		free(s->farms[i].backends);
	free(s->farms);
}

/* What a file shows of it; each line is checked to be no wider than the screen. */
static char *shown(const struct screen_model *m, struct screen_view *v)
{
	struct screen sc = {0};
	char *text = NULL;
	size_t size = 0, lines = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	EXPECT_INT(screen_draw(&sc, m, v), 0);
	screen_print(out, &sc);
	fclose(out);
	for (const char *at = text; *at; lines++) {
		size_t cells = 0;

		for (; *at != '\n'; at++)
			cells += (*at & 0xc0) != 0x80;
		CU_ASSERT(cells <= v->width);
		at++;
	}
	if (v->height)
		EXPECT_INT(lines, v->height);
	screen_clear(&sc);
	return text;
}

static void expect_golden(const char *name, const struct screen_model *m, struct screen_view *v)
{
	const char *mode = getenv("GOLDEN");
	char path[PATH], *text = shown(m, v), *want;

	snprintf(path, sizeof(path), SCREENS "%s.txt", name);
	if (mode && strcmp(mode, "write") == 0) {
		FILE *out = fopen(path, "w");

		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		fputs(text, out);
		fclose(out);
	} else {
		want = unit_read_file(path);
		EXPECT_TEXT(text, want);
		free(want);
	}
	free(text);
}

/* Two answers a second apart: there are rates. */
static void model_of(struct screen_model *m, const struct status *s, struct rates *r)
{
	*r = (struct rates){0};
	rates_take(r, s, 10000);
	for (size_t i = 0; i < s->n_farms; i++) {
		s->farms[i].packets += 123456;
		s->farms[i].bytes += 98765432;
		s->farms[i].backends[0].packets += 123456;
		s->farms[i].backends[0].bytes += 98765432;
		s->farms[i].backends[0].new_flows += 9999;
	}
	rates_take(r, s, 11000);
	*m = (struct screen_model){.status = s,
				   .rates = r,
				   .trouble = "",
				   .interval_ms = 1000,
				   .clock = "12:34:56 UTC"};
}

static void no_room(const struct screen_model *m)
{
	struct screen_view v = {.width = 80, .height = 3};
	char *text = shown(m, &v);

	CU_ASSERT_PTR_NULL(strstr(text, "1-0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n0 of "));
	free(text);
}

static void sizes(void)
{
	struct screen_view v = {.width = 80, .height = 24, .unicode = true};
	struct screen_model m;
	struct status s;
	struct rates r;

	fill_pair(&s);
	make_farms(&s, 4);
	model_of(&m, &s, &r);
	expect_golden("80x24", &m, &v);
	v = (struct screen_view){.width = 40, .height = 10};
	expect_golden("40x10", &m, &v);
	v = (struct screen_view){.width = 200, .height = 60, .unicode = true};
	expect_golden("200x60", &m, &v);
	v = (struct screen_view){.width = 132};
	expect_golden("file", &m, &v);
	for (size_t width = 1; width < 90; width++)
		for (size_t height = 1; height < 30; height++) {
			v = (struct screen_view){
				.width = width, .height = height, .typing = width % 2};
			free(shown(&m, &v));
		}
	no_room(&m);
	rates_clear(&r);
	free_farms(&s);
}

static void a_thousand_farms(void)
{
	struct screen_view v = {.width = 80, .height = 24, .top = SIZE_MAX / 2};
	struct screen_model m;
	struct status s;
	struct rates r;
	char *text;

	fill_pair(&s);
	make_farms(&s, MANY);
	model_of(&m, &s, &r);
	expect_golden("thousand-end", &m, &v);
	EXPECT_INT(v.top + v.shown, v.rows);
	v.problems_first = true;
	v.top = 0;
	expect_golden("thousand-problems", &m, &v);
	v = (struct screen_view){.width = 80, .height = 24, .filter = "FARM77/WEB2"};
	text = shown(&m, &v);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nfarm77 "));
	CU_ASSERT_PTR_NULL(strstr(text, "web1"));
	EXPECT_INT(v.rows, 2);
	free(text);
	rates_clear(&r);
	free_farms(&s);
}

static void every_alarm(void)
{
	struct screen_view v = {.width = 80, .height = 24};
	struct screen_model m;
	struct status s;
	struct rates r;
	char *text;

	fill_pair(&s);
	make_farms(&s, 1);
	s.vrrps[0].two_masters = s.vrrps[0].held = s.vrrps[0].claimed = true;
	strcpy(s.vrrps[0].error, "10.77.0.100 is claimed by 02:00:00:00:00:99");
	s.vrrps[0].auth_failed_age_ms = s.vrrps[0].skew_age_ms = 10;
	strcpy(s.vrrps[0].state, "fault");
	strcpy(s.peers[0].error, "no route");
	strcpy(s.peers[0].state, "down");
	strcpy(s.peers[0].sync, "stale");
	s.peers[0].key_age_ms = 10;
	s.peers[0].channel.would_lose = STATUS_UNKNOWN;
	s.ruleset_in_sync = false;
	s.uptime_ms = 3000;
	strcpy(s.farms[0].state, "down");
	strcpy(s.farms[0].reason, "no backend is up");
	s.claims = &(struct status_claim){.address = "10.77.0.100",
					  .mac = "02:00:00:00:00:15",
					  .farm = "www",
					  .backend = "web1",
					  .count = 3,
					  .goes_on = true};
	s.n_claims = 1;
	EXPECT_INT(alarms_fill(&s), 0);
	model_of(&m, &s, &r);
	expect_golden("alarms", &m, &v);
	v.height = 0;
	text = shown(&m, &v);
	for (size_t i = 0; i < s.n_alarms; i++) {
		char begin[40];

		snprintf(begin, sizeof(begin), "ALARM %.30s", s.alarms[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, begin));
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "CLAIMS the virtual address 10.77.0.100"));
	free(text);
	free(s.alarms);
	rates_clear(&r);
	free_farms(&s);
}

static void no_answer(void)
{
	static const struct rates none;
	struct screen_model m = {.rates = &none,
				 .trouble = "directord is not running",
				 .silent_ms = 5000,
				 .interval_ms = 1000,
				 .clock = "12:34:56 UTC"};
	struct screen_view v = {.width = 80};
	char *text = shown(&m, &v);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "NO ANSWER for 5 s: directord is not running\n"));
	free(text);
}

/* Whatever the daemon says: everything as long as it may be, and octets that would steer a terminal. */
static void nothing_steers_the_terminal(void)
{
	struct status s = status_sample(status_fill_most);
	struct screen_view v = {.width = 80, .height = 24, .unicode = true};
	struct screen_model m;
	struct screen sc = {0};
	struct rates r = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	strcpy(s.node, "a\033[2J\x9b\xc2\x9b"
		       "2J\xff\n");
	rates_take(&r, &s, 1000);
	m = (struct screen_model){.status = &s, .rates = &r, .trouble = "", .clock = ""};
	EXPECT_INT(screen_draw(&sc, &m, &v), 0);
	screen_print(out, &sc);
	fclose(out);
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
	CU_ASSERT_PTR_NULL(strstr(text, "\xc2\x9b"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "a?[2J??2J??"));
	free(text);
	screen_clear(&sc);
	rates_clear(&r);
	status_clear(&s);
}

static char *painted(bool colour)
{
	static const struct rates none;
	struct screen_model m = {.rates = &none, .trouble = "gone", .clock = ""};
	struct screen_view v = {.width = 40, .height = 3};
	struct screen sc = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	screen_draw(&sc, &m, &v);
	screen_paint(out, &sc, colour);
	fclose(out);
	screen_clear(&sc);
	return text;
}

static void colours_can_be_off(void)
{
	char *text = painted(true);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[2;1H\033[0;1;37;41mNO ANSWER"));
	free(text);
	text = painted(false);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[2;1H\033[0;1;7mNO ANSWER"));
	CU_ASSERT_PTR_NULL(strstr(text, ";41"));
	free(text);
}

UNIT_TESTS(screen) = {
	{"sizes", sizes},
	{"a thousand farms", a_thousand_farms},
	{"every alarm", every_alarm},
	{"no answer", no_answer},
	{"nothing steers the terminal", nothing_steers_the_terminal},
	{"colours can be off", colours_can_be_off},
	UNIT_TESTS_END,
};
