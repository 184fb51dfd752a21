/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From two configurations to what a reload would do: through the text that a daemon sends, in a small
 * world of one interface where every backend of the status answers.
 */
#include "director/audit/forecast.h"
#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WEB(n) "backend \"web" #n "\" { address = \"10.77.0.2" #n "\" }\n"
#define FARM(more)                                                                                 \
	"farm \"www\" { interface = \"eth0\" address = \"10.77.0.100\" ports = { \"80\" }\n" more  \
	"}\n"

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	(void)owner;
	*ret = (struct plan_interface){.ifindex = 2, .mac = {{2, 0, 0, 0, 0, 1}}};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return true;
}

static bool ask_route(void *owner, const struct addr *addr, char ret[static RULESET_IFNAME])
{
	(void)owner;
	(void)addr;
	strcpy(ret, "eth0");
	return true;
}

/* As allocated text; "" when the configuration has a mistake. */
static char *prospect_of(const char *conf, const struct status *s)
{
	const struct facts_source world = {.interface = ask_interface, .route = ask_route};
	struct config *c = NULL;
	struct err err = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	if (config_load_text("test", conf, strlen(conf), &c, &err) < 0) {
		printf("\n    %s", err.text);
		CU_FAIL("the configuration is refused");
	} else {
		EXPECT_INT(prospect_print(out, c, s, &world), 0);
	}
	fclose(out);
	config_free(c);
	return text;
}

struct both {
	char *before_text, *after_text;
	struct prospect before, after;
	struct forecast forecast;
	char changes[4096];
};

static void take(void *owner, const char *sentence)
{
	char *all = owner;

	strcat(strcat(all, sentence), "\n");
}

static void both_init(struct both *b, const char *before, const char *after, const struct status *s)
{
	*b = (struct both){.before_text = prospect_of(before, s),
			   .after_text = prospect_of(after, s)};
	EXPECT_INT(prospect_read(b->before_text, &b->before), 0);
	EXPECT_INT(prospect_read(b->after_text, &b->after), 0);
	EXPECT_INT(forecast_changes(&b->before, &b->after, take, b->changes), 0);
	EXPECT_INT(forecast_make(&b->before, &b->after, s, &b->forecast), 0);
}

static void both_clear(struct both *b)
{
	forecast_clear(&b->forecast);
	prospect_clear(&b->before);
	prospect_clear(&b->after);
	free(b->before_text);
	free(b->after_text);
}

static void expect_changes(const char *before, const char *after, const char *want)
{
	struct both b;

	both_init(&b, before, after, NULL);
	EXPECT_TEXT(b.changes, want);
	both_clear(&b);
}

static void changes_in_words(void)
{
	expect_changes(FARM(WEB(1)), FARM(WEB(1)), "");
	expect_changes(FARM(WEB(1)), FARM(WEB(1) WEB(2)), "farm www: backend web2 is added\n");
	expect_changes(FARM(WEB(1) WEB(2)), FARM(WEB(2)), "farm www: backend web1 is removed\n");
	expect_changes(FARM(WEB(1)), FARM("backend \"web1\" { address = \"10.77.0.31\" }\n"),
		       "farm www: backend web1: address = 10.77.0.31, was 10.77.0.21\n");
	expect_changes(FARM(WEB(1)),
		       FARM("backend \"web1\" { address = \"10.77.0.21\" weight = 3 }\n"),
		       "farm www: backend web1: weight = 3, was 1\n");
	expect_changes(FARM(WEB(1)),
		       FARM(WEB(1)) "farm \"b\" { interface = \"eth0\" address = \"10.77.0.101\" "
				    "ports = { \"80\" }\n" WEB(1) "}\n",
		       "farm b is added\n");
	expect_changes("farm \"www\" { interface = \"eth0\" address = \"10.77.0.100\" ports = { "
		       "\"80\" }" WEB(1) "}",
		       "farm \"www\" { interface = \"eth0\" address = \"10.77.0.100\" ports = { "
		       "\"80\", \"443\" }" WEB(1) "}",
		       "farm www: ports = 443 is new\n");
	expect_changes(FARM(WEB(1)), "metrics { listen = \"127.0.0.1:9405\" }\n" FARM(WEB(1)),
		       "metrics: listen = 127.0.0.1:9405, was \"\"\n");
}

/* --- a status ----------------------------------------------------------------------------------- */

static struct status_backend backends[4];
static struct status_farm farm;
static struct status status;

/* web1, web2, … with ten connections each. */
static void status_init(size_t n)
{
	memset(backends, 0, sizeof(backends));
	farm = (struct status_farm){.name = "www",
				    .connections = 10 * n,
				    .n_tables = 1,
				    .backends = backends,
				    .n_backends = n};
	status = (struct status){.farms = &farm, .n_farms = 1};
	for (size_t i = 0; i < n; i++) {
		struct status_backend *b = &backends[i];

		snprintf(b->name, sizeof(b->name), "web%zu", i + 1);
		snprintf(b->address, sizeof(b->address), "10.77.0.2%zu", i + 1);
		snprintf(b->mac, sizeof(b->mac), "02:00:00:00:00:2%zu", i + 1);
		strcpy(b->state, "up");
		strcpy(b->admin_state, "enabled");
		strcpy(b->configured_state, "enabled");
		b->weight = b->configured_weight = 1;
		b->connections = 10;
	}
}

static void expect_farm(const char *before, const char *after, const char *want)
{
	char text[FORECAST_SENTENCE];
	struct both b;

	both_init(&b, before, after, &status);
	EXPECT_INT(b.forecast.n, 1);
	if (b.forecast.n == 1)
		EXPECT_TEXT(forecast_text(&b.forecast.farms[0], text), want);
	both_clear(&b);
}

static void buckets_that_move(void)
{
	status_init(2);
	expect_farm(FARM(WEB(1) WEB(2)), FARM(WEB(1) WEB(2) "tcp-timeout = \"2h\"\n"),
		    "farm www: none of its 1009 buckets moves");
	expect_farm(FARM(WEB(1) WEB(2)), FARM(WEB(1)),
		    "farm www: 504 of 1009 buckets (50.0 %) move to other backends; of 20 "
		    "connections 10 end with their backend");
	/* A third of what each has: three of ten. */
	expect_farm(FARM(WEB(1) WEB(2)), FARM(WEB(1) WEB(2) WEB(3)),
		    "farm www: 345 of 1009 buckets (34.2 %) move to other backends; of 20 "
		    "connections 0 end with their backend, about 6 on buckets that move stay where "
		    "they are");
	expect_farm(FARM(WEB(1) WEB(2)), FARM(WEB(1) WEB(2) "seed = 7\n"),
		    "farm www: another seed: its connections go to other backends, which do not "
		    "know them; how many connections that concerns is not known");
	expect_farm(FARM(WEB(1) WEB(2) "scheduler = round-robin\n"),
		    FARM(WEB(1) "scheduler = round-robin\n"),
		    "farm www: it does not hash, so what is remembered decides; of 20 connections "
		    "10 end with their backend");
	expect_farm(FARM(WEB(1) WEB(2)),
		    FARM(WEB(1) "backend \"web2\" { address = \"10.77.0.22\" state = disabled }\n"),
		    "farm www: 504 of 1009 buckets (50.0 %) move to other backends; of 20 "
		    "connections 10 end with their backend");
}

#define OTHER(ports, more)                                                                         \
	"farm \"www\" { interface = \"eth0\" address = \"10.77.0.100\" ports = { " ports           \
	" }\n" more WEB(1) WEB(2) "}\n"
#define NOT_KNOWN "; how many is not known"

static void expect_end(const char *before, const char *after, const char *buckets, const char *want)
{
	char text[FORECAST_SENTENCE];
	struct both b;

	status_init(2);
	snprintf(text, sizeof(text), "farm www: %s; %s", buckets, want);
	expect_farm(before, after, text);
	both_init(&b, before, after, &status);
	CU_ASSERT(b.forecast.n == 1 && b.forecast.farms[0].ended == STATUS_UNKNOWN);
	both_clear(&b);
}

/* It is not known how many they are, so none is told. */
static void connections_that_end_otherwise(void)
{
	const char *stay = "none of its 1009 buckets moves";
	const char *www = OTHER("\"80\"", "");

	expect_end(www, OTHER("\"81\"", ""), stay,
		   "connections to port 80 that it serves no longer end" NOT_KNOWN);
	expect_end(OTHER("\"80\"", "protocol = \"tcp+udp\"\n"), www, stay,
		   "connections by a protocol that it serves no longer end" NOT_KNOWN);
	expect_end(www,
		   "farm \"www\" { interface = \"eth0\" address = \"10.77.0.101\" ports = { \"80\" "
		   "}\n" WEB(1) WEB(2) "}\n",
		   stay, "connections to 10.77.0.100 end" NOT_KNOWN);
	expect_end(www, OTHER("\"80\"", "deny = { \"192.0.2.0/24\" }\n"), stay,
		   "connections of clients in 192.0.2.0-192.0.2.255 end" NOT_KNOWN);
	expect_end(www, OTHER("\"80\"", "allow = { \"192.0.2.0/24\" }\n"), stay,
		   "connections of clients that it does not allow end" NOT_KNOWN);
	/* One reason, not one for each line. */
	expect_end(www, OTHER("\"80\"", "allow = { \"192.0.2.0/24\", \"198.51.100.0/24\" }\n"),
		   stay, "connections of clients that it does not allow end" NOT_KNOWN);
	expect_end(OTHER("\"80\"", "allow = { \"192.0.2.0/24\", \"198.51.100.0/24\" }\n"),
		   OTHER("\"80\"", "allow = { \"198.51.100.0/24\" }\n"), stay,
		   "connections of clients in 192.0.2.0-192.0.2.255 end" NOT_KNOWN);
	expect_end(OTHER("\"80\"", "scheduler = round-robin\n"), www,
		   "its buckets decide from then on",
		   "what is remembered goes, connections that hash elsewhere end" NOT_KNOWN);
	expect_end(www, OTHER("\"80\"", "scheduler = round-robin\n"),
		   "what is remembered decides from then on",
		   "nothing is remembered yet, connections that go elsewhere end" NOT_KNOWN);
}

#define TWO_PORTS(ports, state)                                                                    \
	"farm \"www\" { interface = \"eth0\" address = \"10.77.0.100\" ports = { " ports           \
	" }\n" WEB(1) "backend \"web2\" { address = \"10.77.0.22\" " state " }\n}\n"

/* The sentence about backends is for one that is disabled by this reload, not for one that was. */
static void a_backend_that_was_disabled(void)
{
	char text[FORECAST_SENTENCE];
	struct both b;

	status_init(2);
	both_init(&b, TWO_PORTS("\"80\", \"81\"", "state = disabled"),
		  TWO_PORTS("\"80\"", "state = disabled"), &status);
	CU_ASSERT_FATAL(b.forecast.n == 1);
	EXPECT_TEXT(forecast_ends(&b.forecast.farms[0], text),
		    "connections to port 81 that it serves no longer end" NOT_KNOWN);
	both_clear(&b);
	both_init(&b, TWO_PORTS("\"80\", \"81\"", ""), TWO_PORTS("\"80\"", "state = disabled"),
		  &status);
	CU_ASSERT_FATAL(b.forecast.n == 1);
	EXPECT_TEXT(forecast_ends(&b.forecast.farms[0], text),
		    "connections to port 81 that it serves no longer end; so do those of backends "
		    "that go, are disabled or have another address" NOT_KNOWN);
	both_clear(&b);
}

#define KEPT  "scheduler = maglev\npersistence = source-address\n"
#define HEAVY "backend \"web2\" { address = \"10.77.0.22\" weight = 9 }\n"

/* Who is remembered stays, who is new goes by the slots. */
static void new_clients_that_move(void)
{
	struct both b;

	status_init(2);
	expect_farm(FARM(KEPT WEB(1) WEB(2)), FARM(KEPT WEB(1) WEB(2) "tcp-timeout = \"2h\"\n"),
		    "farm www: what is remembered stays; none of its 1009 slots moves");
	expect_farm(FARM(KEPT WEB(1) WEB(2)), FARM(KEPT WEB(1) WEB(2) "seed = 7\n"),
		    "farm www: what is remembered stays; another seed: new clients go to other "
		    "backends; of 20 connections 0 end with their backend");
	both_init(&b, FARM(KEPT WEB(1) WEB(2)), FARM(KEPT WEB(1) HEAVY), &status);
	CU_ASSERT_FATAL(b.forecast.n == 1);
	CU_ASSERT(!b.forecast.farms[0].hashed && b.forecast.farms[0].hashes_new);
	CU_ASSERT(b.forecast.farms[0].moved > 350 && b.forecast.farms[0].moved < 460);
	EXPECT_INT(b.forecast.farms[0].ended, 0);
	both_clear(&b);
}

static void what_ends_nothing(void)
{
	status_init(2);
	expect_farm(OTHER("\"80-90\"", ""), OTHER("\"80-85\", \"86-99\"", ""),
		    "farm www: none of its 1009 buckets moves");
	expect_farm(OTHER("\"80\"", "allow = { \"192.0.2.0/24\" }\n"), OTHER("\"80\"", ""),
		    "farm www: none of its 1009 buckets moves");
	expect_farm(OTHER("\"80\"", "deny = { \"192.0.2.0/24\" }\n"),
		    OTHER("\"80\"", "deny = { \"192.0.2.64/26\" }\n"),
		    "farm www: none of its 1009 buckets moves");
	expect_farm(OTHER("\"80\"", ""), OTHER("\"80\"", "protocol = \"tcp+udp\"\n"),
		    "farm www: none of its 1009 buckets moves");
}

/* Another host has that address: it knows none of them. */
static void a_backend_with_another_address(void)
{
	status_init(2);
	expect_farm(FARM(WEB(1) WEB(2)),
		    FARM(WEB(1) "backend \"web2\" { address = \"10.77.0.29\" }\n"),
		    "farm www: none of its 1009 buckets moves; of 20 connections 10 end with their "
		    "backend");
}

/* Nothing is counted where nothing is remembered. */
static void connections_that_nobody_counts(void)
{
	status_init(2);
	farm.connections = 0;
	farm.n_tables = 0;
	expect_farm(FARM(WEB(1) WEB(2)), FARM(WEB(1)),
		    "farm www: 504 of 1009 buckets (50.0 %) move to other backends; how many "
		    "connections that concerns is not known");
	farm.n_tables = 1;
	backends[1].connections = STATUS_UNKNOWN;
	expect_farm(FARM(WEB(1) WEB(2)), FARM(WEB(1)),
		    "farm www: 504 of 1009 buckets (50.0 %) move to other backends; how many "
		    "connections that concerns is not known");
}

/* The operator's word and the checks' are on both sides; a word lasts as long as the daemon keeps it. */
static void the_state_of_now_counts(void)
{
	status_init(2);
	backends[0].override = true;
	strcpy(backends[0].admin_state, "draining");
	expect_farm(FARM(WEB(1) WEB(2)), FARM(WEB(2)),
		    "farm www: none of its 1009 buckets moves; of 20 connections 10 end with their "
		    "backend");
	expect_farm(FARM(WEB(1) WEB(2)),
		    FARM(WEB(2) "backend \"web1\" { address = \"10.77.0.21\" state = draining }\n"),
		    "farm www: none of its 1009 buckets moves");
	status_init(2);
	strcpy(backends[0].state, "down");
	expect_farm(FARM(WEB(1) WEB(2)), FARM(WEB(1) WEB(2) WEB(3)),
		    "farm www: 504 of 1009 buckets (50.0 %) move to other backends; of 20 "
		    "connections 0 end with their backend, about 4 on buckets that move stay where "
		    "they are");
}

static void a_new_backend_has_a_stand_in(void)
{
	struct both b;

	status_init(1);
	both_init(&b, FARM(WEB(1)), FARM(WEB(1) WEB(2)), &status);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.before.ruleset, "02:00:00:00:00:21"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.after.ruleset, "02:00:00:00:00:21"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.after.ruleset, "02:00:0a:4d:00:16"));
	both_clear(&b);
}

static void turns_that_nobody_takes(void)
{
	struct both b;

	status_init(1);
	both_init(&b, FARM("scheduler = \"round-robin\"\n" WEB(1)),
		  FARM("scheduler = \"round-robin\"\nbackend \"web1\" { address = \"10.77.0.21\" "
		       "state = disabled }\n"),
		  &status);
	CU_ASSERT_FATAL(b.forecast.n == 1);
	CU_ASSERT(!b.forecast.farms[0].hashed);
	both_clear(&b);
}

/* --- the text in between ------------------------------------------------------------------------ */

static int read_code(const char *text)
{
	struct prospect p;
	char *copy = strdup(text);
	int code = prospect_read(copy, &p);

	CU_ASSERT(code == 0 || (!p.parts && !p.tables));
	prospect_clear(&p);
	free(copy);
	return code;
}

static void what_is_no_prospect(void)
{
	EXPECT_INT(read_code("@ruleset\n"), 0);
	EXPECT_INT(read_code("@part a\nx = y\n@table a hashed 1 2 w\n0 -\n@ruleset\n"), 0);
	EXPECT_INT(read_code(""), -EBADMSG);
	EXPECT_INT(read_code("@part a\nx = y\n"), -EBADMSG);
	EXPECT_INT(read_code("x\n@ruleset\n"), -EBADMSG);
	EXPECT_INT(read_code("@other\n@ruleset\n"), -EBADMSG);
	EXPECT_INT(read_code("@table a hashed 1 2 w\n0\n@ruleset\n"), -EBADMSG);
	EXPECT_INT(read_code("@table a hashed 1 2 w\n0 1\n@ruleset\n"), -EBADMSG);
	EXPECT_INT(read_code("@table a hashed 1 2 w\n0 0 0\n@ruleset\n"), -EBADMSG);
	EXPECT_INT(read_code("@table a hashed 1 0 w\n\n@ruleset\n"), -EBADMSG);
	EXPECT_INT(read_code("@table a hashed\n0\n@ruleset\n"), -EBADMSG);
	EXPECT_INT(read_code("@table a hashed 1 99999999999999999999 w\n0\n@ruleset\n"), -EBADMSG);
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	char *text = strndup((const char *)bytes, len);
	int code = read_code(text);

	free(text);
	return code == 0;
}

static void what_fuzzing_found(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_prospect", is_good) >= 19);
}

UNIT_TESTS(forecast) = {
	{"changes in words", changes_in_words},
	{"buckets that move, and what is on them", buckets_that_move},
	{"connections that end without a backend that goes", connections_that_end_otherwise},
	{"a backend that was disabled", a_backend_that_was_disabled},
	{"new clients that move", new_clients_that_move},
	{"what ends nothing", what_ends_nothing},
	{"a backend with another address", a_backend_with_another_address},
	{"connections that nobody counts", connections_that_nobody_counts},
	{"the state of now counts on both sides", the_state_of_now_counts},
	{"a new backend has a stand-in for its MAC address", a_new_backend_has_a_stand_in},
	{"turns that nobody takes", turns_that_nobody_takes},
	{"what is no prospect", what_is_no_prospect},
	{"what fuzzing found", what_fuzzing_found},
	UNIT_TESTS_END,
};
