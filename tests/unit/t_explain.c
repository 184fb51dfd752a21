/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a frame goes, by the rules of a farm of every scheduler in a small world; what the packet path
 * remembers is this test's word. That the kernel sends it there, too, is t_explain.sh's business.
 */
#include "director/ruleset/bucket.h"
#include "director/ruleset/explain.h"
#include "director/ruleset/jhash.h"
#include "director/ruleset/transition.h"
#include "tests/unit/farm_world.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What the kernel has: a table, of one key, or nothing; of sets that are planned, the same. */
struct kernel {
	const struct ruleset *r;
	const char *remembers; /* a set; NULL: none */
	uint32_t id;
	bool silent;	    /* it cannot be asked */
	const char *spoilt; /* a set that has other data than planned */
	unsigned int asked;
};

static struct farm_world world;
static struct ruleset ruleset;
static struct kernel kernel;
static struct walk_frame frame;

static enum walk_known planned(const struct ruleset_set *set, const uint8_t *key, size_t len,
			       struct walk_answer *ret)
{
	uint32_t bucket = 0;

	ret->data_len = ruleset_data_len(set->kind);
	if (ruleset_kind_is_indexed(set->kind)) {
		memcpy(&bucket, key, sizeof(bucket));
		if (bucket >= set->size || set->owners[bucket] == RULESET_NO_OWNER)
			return WALK_ABSENT;
		memcpy(ret->data, set->values[set->owners[bucket]], sizeof(ret->data));
		return WALK_PRESENT;
	}
	for (size_t i = 0; i < set->n_elements; i++)
		if (memcmp(set->elements[i].key, key, len) == 0) {
			memcpy(ret->data, set->elements[i].data, sizeof(ret->data));
			return WALK_PRESENT;
		}
	return WALK_ABSENT;
}

static enum walk_known ask(void *owner, const struct ruleset_set *set, const uint8_t *key,
			   size_t len, struct walk_answer *ret)
{
	struct kernel *k = owner;
	enum walk_known known;

	k->asked++;
	EXPECT_INT(len, (len + 3) / 4 * 4 == ruleset_key_len(set->kind)
				? len
				: ruleset_key_len(set->kind));
	if (k->silent)
		return WALK_UNKNOWN;
	if (!ruleset_kind_is_dynamic(set->kind)) {
		known = planned(set, key, len, ret);
		if (k->spoilt && strcmp(set->name, k->spoilt) == 0)
			ret->data[5] ^= 0x40;
		return known;
	}
	if (!k->remembers || strcmp(set->name, k->remembers) != 0)
		return WALK_ABSENT;
	memcpy(ret->data, &k->id, sizeof(k->id));
	ret->data_len = sizeof(k->id);
	ret->expires_ms = 30000;
	return WALK_PRESENT;
}

static void plan_again(void)
{
	ruleset_clear(&ruleset);
	EXPECT_INT(plan_ruleset(&world.facts, &ruleset), 0);
	kernel = (struct kernel){.r = &ruleset};
}

static void begin(enum config_scheduler scheduler)
{
	farm_world_init(&world, scheduler, 3);
	world.farm.seed = 0x1234;
	plan_again();
	frame = (struct walk_frame){.client = addr_v4(0x0a4d0009),
				    .vip = world.address,
				    .client_port = 40000,
				    .port = world.ports.first,
				    .protocol = IPPROTO_TCP};
}

static void over(void)
{
	ruleset_clear(&ruleset);
}

static struct walk_result way(uint8_t flags)
{
	const struct walk_ops ops = {.ask = ask, .owner = &kernel};

	frame.flags = flags;
	return walk(&ruleset, &frame, &ops);
}

/* The text; to be freed. */
static char *told(void)
{
	const struct walk_ops ops = {.ask = ask, .owner = &kernel};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	EXPECT_INT(explain_print(out, &ruleset, &frame, &ops), 0);
	fclose(out);
	return text;
}

static void expect_told(const char *line, bool wanted)
{
	char *text = told();

	if ((strstr(text, line) != NULL) != wanted) {
		printf("\n    %s \"%s\" in:\n%s", wanted ? "no" : "unwanted", line, text);
		CU_FAIL("it is told otherwise");
	}
	free(text);
}

static uint32_t id_of(const char *backend)
{
	const struct ruleset_set *set = &ruleset.sets[ruleset_find_set(&ruleset, "www-backends")];
	uint32_t id = 0;

	for (size_t i = 0; i < set->n_elements; i++)
		if (strcmp(set->names[set->elements[i].backend], backend) == 0)
			memcpy(&id, set->elements[i].key, sizeof(id));
	CU_ASSERT(id != 0);
	return id;
}

/* lookup3.c, driver5(): the same function. */
static void the_hash(void)
{
	const uint8_t *text = (const uint8_t *)"Four score and seven years ago";

	EXPECT_INT(jhash(text, 30, 0), 0x17770551);
	EXPECT_INT(jhash(text, 30, 1), 0xcd628161);
	EXPECT_INT(jhash(text, 0, 0), 0xdeadbeef);
}

/* What a hashed farm does with a client, by hand. */
static void a_hashed_farm(void)
{
	uint8_t key[8] = {10, 77, 0, 9, 40000 >> 8, (uint8_t)40000};
	const struct ruleset_set *set;
	struct walk_result w;

	begin(SCHEDULER_MAGLEV);
	set = &ruleset.sets[ruleset_find_set(&ruleset, "www-buckets")];
	w = way(TCP_SYN);
	EXPECT_INT(w.end, WALK_SENT);
	EXPECT_INT(w.hash, jhash(key, sizeof(key), 0x1234));
	EXPECT_INT(w.bucket, bucket_of_hash(w.hash, set->size));
	CU_ASSERT_PTR_NOT_NULL_FATAL(w.backend);
	EXPECT_TEXT(w.backend, set->names[set->owners[w.bucket]]);
	CU_ASSERT(memcmp(&w.to, set->values[set->owners[w.bucket]], MAC_LEN) == 0);
	EXPECT_INT(w.differences, 0);
	CU_ASSERT(kernel.asked > 0);
	over();

	begin(SCHEDULER_SOURCE_HASH);
	w = way(TCP_SYN);
	EXPECT_INT(w.hash, jhash(key, 4, 0x1234));
	frame.client_port = 0; /* nothing depends on it */
	EXPECT_INT(way(TCP_SYN).hash, w.hash);
	over();
}

static void ipv6_and_udp(void)
{
	uint8_t key[20] = {0x20, 1, 0x0d, 0xb8, [15] = 9, 40000 >> 8, (uint8_t)40000};
	struct walk_result w;

	begin(SCHEDULER_MAGLEV);
	addr_parse("2001:db8::100", &world.address);
	world.farm.protocol = PROTOCOL_UDP;
	plan_again();
	addr_parse("2001:db8::9", &frame.client);
	frame.vip = world.address;
	frame.protocol = IPPROTO_UDP;
	w = way(0);
	EXPECT_INT(w.end, WALK_SENT);
	EXPECT_INT(w.hash, jhash(key, sizeof(key), 0x1234));
	EXPECT_INT(w.differences, 0);
	world.farm.scheduler = SCHEDULER_ROUND_ROBIN;
	plan_again();
	EXPECT_INT(way(0).end, WALK_TURN);
	kernel.remembers = "www-flows.udp6";
	kernel.id = id_of("web1");
	expect_told("step farm-www.udp6 ", true);
	expect_told("backend web1\n", true);
	frame.protocol = IPPROTO_TCP;
	expect_told("note no farm serves [2001:db8::100]:80 tcp\n", true);
	over();
}

/* Buckets on their way lead new connections to where they go. */
static void shares_while_buckets_move(void)
{
	enum { SIZE = 1009 };
	static uint16_t buckets[SIZE], home[SIZE], moved[SIZE];
	const struct transition t = {.phase = TRANSITION_MOVING,
				     .size = SIZE,
				     .buckets = buckets,
				     .home = home,
				     .moved = moved};
	const struct transition *transitions[] = {&t};

	begin(SCHEDULER_MAGLEV);
	for (size_t i = 0; i < SIZE; i++) {
		buckets[i] = i % 2;
		home[i] = i < 1000 ? i % 2 : RULESET_NO_OWNER;
		moved[i] = i < 1000 ? 2 : RULESET_NO_OWNER;
	}
	world.facts.transitions = transitions;
	plan_again();
	expect_told("share web1 5\n", true);
	expect_told("share web2 4\n", true);
	expect_told("share web3 1000\n", true);
	over();
}

static void a_port_that_is_not_given(void)
{
	begin(SCHEDULER_MAGLEV);
	frame.client_port = 0;
	EXPECT_INT(way(TCP_SYN).end, WALK_PORT);
	expect_told("end port\n", true);
	expect_told("share web1 ", true);
	over();
	begin(SCHEDULER_ROUND_ROBIN);
	frame.client_port = 0;
	expect_told("end turn\n", true);
	expect_told("www-flows cannot be asked without the client's port", true);
	over();
}

static void turns_and_chance(void)
{
	static const struct {
		enum config_scheduler scheduler;
		const char *end;
	} rows[] = {{SCHEDULER_ROUND_ROBIN, "end turn\n"},
		    {SCHEDULER_RANDOM, "end chance\n"},
		    {SCHEDULER_LEAST_CONNECTIONS, "end chance\n"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(rows[i].scheduler);
		expect_told(rows[i].end, true);
		expect_told("backend ", false);
		/* A segment that nobody knows goes by hash. */
		EXPECT_INT(way(TCP_ACK).end, WALK_SENT);
		expect_told("note told of a new connection; other segments", true);

		kernel.remembers = "www-flows";
		kernel.id = id_of("web2");
		EXPECT_TEXT(way(TCP_ACK).backend, "web2");
		expect_told("end sent\n", true);
		expect_told("backend web2\n", true);
		expect_told("remembered\n", true);
		expect_told("www-flows has it: web2, for 30 s more", true);
		kernel.remembers = "www-closing";
		expect_told("backend web2\n", true);
		kernel.remembers = "www-half";
		expect_told("backend web2\n", true);
		over();
	}
}

/* A flow of a backend that is gone is chosen anew. */
static void a_backend_that_is_gone(void)
{
	begin(SCHEDULER_ROUND_ROBIN);
	kernel.remembers = "www-flows";
	kernel.id = 0xdead;
	EXPECT_INT(way(TCP_SYN).end, WALK_TURN);
	expect_told("www-flows has it: a backend that is gone", true);
	expect_told("is forgotten in www-flows", true);
	over();
}

static void a_client_that_is_kept(void)
{
	begin(SCHEDULER_MAGLEV);
	world.farm.persistence = PERSISTENCE_SOURCE_ADDRESS;
	world.farm.persistence_prefix = 24;
	world.farm.persistence_prefix6 = 128;
	plan_again();
	expect_told("pinned\n", false);
	frame.client_port = 0; /* the client alone decides */
	EXPECT_INT(way(TCP_SYN).end, WALK_SENT);
	kernel.remembers = "www-pins";
	kernel.id = id_of("web3");
	expect_told("backend web3\n", true);
	expect_told("pinned\n", true);
	expect_told("remembered\n", false);
	over();
}

static void guards(void)
{
	struct addr_range denied = {addr_v4(0x0a4d0008), addr_v4(0x0a4d000f)};
	const char *written[] = {"10.77.0.8/29"};

	begin(SCHEDULER_MAGLEV);
	world.farm.deny = written;
	world.farm.n_deny = 1;
	world.farm.denied = (struct config_clients){.v4 = &denied, .n_v4 = 1};
	world.farm.max_rate = 100;
	plan_again();
	EXPECT_INT(way(TCP_SYN).end, WALK_DROPPED);
	expect_told("reason denied\n", true);
	expect_told("the client is in www-deny", true);
	frame.client = addr_v4(0x0a4d0010);
	expect_told("end sent\n", true);
	expect_told("at most 100 new connections a second", true);
	EXPECT_INT(way(TCP_SYN | TCP_FIN).end, WALK_DROPPED);
	over();
}

static void what_is_no_service(void)
{
	begin(SCHEDULER_MAGLEV);
	frame.port++;
	expect_told("end host\n", true);
	expect_told("note no farm serves ", true);
	frame.port--;
	frame.protocol = IPPROTO_UDP;
	expect_told("note no farm serves ", true);
	frame.vip = addr_v4(0x0a4d00c8);
	expect_told("note 10.77.0.200 is no address of a farm", true);
	addr_parse("2001:db8::100", &frame.vip);
	addr_parse("2001:db8::9", &frame.client);
	expect_told("note 2001:db8::100 is no address of a farm", true);
	over();
}

static void nobody_in_service(void)
{
	begin(SCHEDULER_MAGLEV);
	for (size_t i = 0; i < 3; i++)
		world.states[i].usable = false;
	plan_again();
	expect_told("end dropped\n", true);
	expect_told("reason no backend\n", true);
	over();
}

static void a_kernel_that_has_something_else(void)
{
	begin(SCHEDULER_MAGLEV);
	expect_told("difference ", false);
	expect_told("kernel asked\n", true);
	kernel.spoilt = "www-buckets";
	EXPECT_INT(way(TCP_SYN).differences, 1);
	expect_told("difference set www-buckets: ", true);
	expect_told(" is something else, the plan has web", true);
	kernel = (struct kernel){.r = &ruleset, .silent = true};
	expect_told("difference ", false);
	expect_told("kernel asked\n", false);
	over();
}

UNIT_TESTS(explain) = {
	{"the hash", the_hash},
	{"a hashed farm", a_hashed_farm},
	{"IPv6 and UDP", ipv6_and_udp},
	{"shares while buckets move", shares_while_buckets_move},
	{"a port that is not given", a_port_that_is_not_given},
	{"turns and chance", turns_and_chance},
	{"a backend that is gone", a_backend_that_is_gone},
	{"a client that is kept", a_client_that_is_kept},
	{"guards", guards},
	{"what is no service", what_is_no_service},
	{"nobody in service", nobody_in_service},
	{"a kernel that has something else", a_kernel_that_has_something_else},
	UNIT_TESTS_END,
};
