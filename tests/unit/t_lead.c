/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two directors and one farm that hashes: what the leader tells of it, over the wire, makes the other
 * one's table the same at every step, and good to go on from. Their clocks show different times.
 */
#include "director/ruleset/bucket.h"
#include "director/schedule/lead.h"
#include "director/twin/telling.h"
#include "proto/codec_sync.h"
#include "tests/unit/farm_world.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { OTHER_CLOCK_MS = 5000000 };

struct node {
	struct farm_world w;
	struct plan_backend seen[WORLD_BACKENDS]; /* by this node alone */
	struct transitions *ts;
	struct lead lead;
	struct telling telling;
	struct admin admin;
	uint64_t remembered;
	uint64_t clock_ms; /* ahead of virtual time */
	uint64_t due_ms;
	bool leads;
};

static uint64_t now_ms; /* virtual */
static struct node a, b;

/* --- a node ----------------------------------------------------------------------------------- */

static uint64_t remembered(void *owner, const char *farm)
{
	(void)farm;
	return ((struct node *)owner)->remembered;
}

static void nobody_listens(void *owner, const struct config_farm *farm, const struct transition *t,
			   const struct transition_update *update)
{
	(void)owner;
	(void)farm;
	(void)t;
	(void)update;
}

static const struct transition *table(const struct node *n)
{
	return transitions_list(n->ts)[0];
}

/* As apply_uv.c does it. */
static void step(struct node *n)
{
	struct transitions_handler handler = {
		.remembered = remembered, .changed = nobody_listens, .lead = &n->lead, .owner = n};

	memcpy(n->w.states, n->seen, sizeof(n->w.states));
	if (lead_of(&n->lead, 0))
		lead_apply(lead_of(&n->lead, 0), n->w.states, n->w.farm.n_backends);
	EXPECT_INT(transitions_step(n->ts, &n->w.facts, now_ms + n->clock_ms, &handler), 0);
	n->due_ms = transitions_committed(n->ts, now_ms + n->clock_ms);
	telling_look(&n->telling);
}

static void configure(struct node *n, size_t backends)
{
	n->w.farm.n_backends = backends;
	EXPECT_INT(transitions_configure(n->ts, &n->w.config), 0);
	EXPECT_INT(lead_configure(&n->lead, &n->w.config), 0);
	EXPECT_INT(telling_configure(&n->telling, &n->w.config), 0);
}

static void start(struct node *n, size_t backends, uint64_t clock_ms, bool leads)
{
	memset(n, 0, sizeof(*n));
	farm_world_init(&n->w, SCHEDULER_MAGLEV, backends);
	memcpy(n->seen, n->w.states, sizeof(n->seen));
	n->ts = transitions_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(n->ts);
	n->clock_ms = clock_ms;
	n->leads = leads;
	n->remembered = 3;
	configure(n, backends);
	lead_set(&n->lead, 0, !leads);
	step(n);
}

static void end(struct node *n)
{
	transitions_free(n->ts);
	lead_clear(&n->lead);
	telling_clear(&n->telling);
	admin_clear(&n->admin);
}

/* --- the channel ------------------------------------------------------------------------------ */

static bool leads(void *owner, size_t farm)
{
	return farm == 0 && ((struct node *)owner)->leads;
}

static struct telling_source source_of(struct node *n)
{
	return (struct telling_source){.config = &n->w.config,
				       .facts = &n->w.facts,
				       .transitions = n->ts,
				       .admin = &n->admin,
				       .leads = leads,
				       .owner = n,
				       .now_ms = now_ms + n->clock_ms};
}

static int hear(struct node *n, const struct sync_message *m)
{
	switch ((int)m->type) {
	case SYNC_FACTS: return lead_take(&n->lead, &n->w.config, &m->facts, now_ms + n->clock_ms);
	case SYNC_BUCKETS: return lead_stage(&n->lead, &m->buckets);
	default: return admin_merge(&n->admin, &n->w.config, &m->order, now_ms + n->clock_ms);
	}
}

/* All that there is to tell, as it lies on the wire. Returns how many messages. */
static int tell(struct node *from, struct node *to)
{
	struct telling_source source = source_of(from);
	static struct sync_message said, heard;
	static uint8_t bytes[SYNC_MESSAGE_MAX];
	int n = 0;

	for (; telling_next(&from->telling, &source, &said); n++) {
		size_t len;

		if (said.type == SYNC_FACTS)
			said.facts.sequence = 1;
		len = codec_sync_pack(&said, bytes);
		CU_ASSERT_FATAL(len > 0);
		EXPECT_INT(codec_sync_unpack(bytes, len, &heard), SYNC_REJECT_NONE);
		CU_ASSERT(hear(to, &heard) >= 0);
	}
	return n;
}

/* --- what must be ------------------------------------------------------------------------------- */

static void expect_same_table(void)
{
	const struct transition *t = table(&a), *u = table(&b);
	size_t octets = t->size * sizeof(uint16_t);

	EXPECT_TEXT(transition_phase_name(u->phase), transition_phase_name(t->phase));
	EXPECT_INT(u->size, t->size);
	EXPECT_INT(u->moving, t->moving);
	EXPECT_INT(u->udp_learned, t->udp_learned);
	EXPECT_INT(!u->home, !t->home);
	if (u->size != t->size)
		return;
	CU_ASSERT(memcmp(u->buckets, t->buckets, octets) == 0);
	if (t->home && u->home) {
		CU_ASSERT(memcmp(u->home, t->home, octets) == 0);
		CU_ASSERT(memcmp(u->moved, t->moved, octets) == 0);
	}
}

/* The leader goes on when it is due, the other one only when it is told. */
static void go_on(uint64_t ms)
{
	now_ms += ms;
	step(&a);
	tell(&a, &b);
	step(&b);
	expect_same_table();
}

static void start_both(size_t backends)
{
	now_ms = 1000;
	start(&a, backends, 0, true);
	start(&b, backends, OTHER_CLOCK_MS, false);
	go_on(0);
	EXPECT_INT(table(&b)->phase, TRANSITION_STEADY);
}

static void end_both(void)
{
	end(&a);
	end(&b);
}

static void the_same_at_every_step(void)
{
	start_both(3);
	a.seen[0].weight = b.seen[0].weight = 0;
	go_on(10);
	EXPECT_INT(table(&b)->phase, TRANSITION_MOVING);
	CU_ASSERT(table(&b)->moving > 300);
	for (int i = 0; i < 100; i++)
		go_on(50);
	EXPECT_INT(table(&b)->phase, TRANSITION_EXCEPTIONS);
	a.remembered = 0;
	for (int i = 0; i < 5; i++)
		go_on(50);
	EXPECT_INT(table(&b)->phase, TRANSITION_STEADY);
	a.seen[0].weight = 1; /* slow start, which b does not see by itself */
	for (a.seen[0].percent = 10; a.seen[0].percent < 100; a.seen[0].percent += 45)
		go_on(50);
	end_both();
}

/* Its own facts and its own clock move nothing. */
static void who_is_led_stands_still(void)
{
	start_both(3);
	b.seen[1].weight = 0;
	step(&b);
	expect_same_table();
	a.seen[0].weight = 0;
	go_on(10);
	now_ms += 60000;
	b.remembered = 0;
	step(&b);
	EXPECT_INT(b.due_ms, TRANSITION_NEVER);
	CU_ASSERT(!transitions_wait_for_flows(b.ts));
	expect_same_table();
	end_both();
}

static void who_takes_over_goes_on(void)
{
	uint64_t due_ms;

	start_both(3);
	a.seen[0].weight = b.seen[0].weight = 0;
	go_on(10);
	due_ms = transition_next_ms(table(&a));
	now_ms += 700;
	step(&a);
	tell(&a, &b);
	lead_set(&b.lead, 0, false);
	step(&b);
	expect_same_table();
	EXPECT_INT(b.due_ms - b.clock_ms, due_ms);
	now_ms = due_ms;
	step(&b);
	EXPECT_INT(table(&b)->phase, TRANSITION_SWITCHED);
	EXPECT_INT(table(&a)->phase, TRANSITION_MOVING);
	/* Now it leads, and the other one comes back from nothing. */
	b.leads = true;
	end(&a);
	start(&a, 3, 0, false);
	a.seen[0].weight = 0;
	telling_restart(&b.telling);
	CU_ASSERT(tell(&b, &a) > 1);
	step(&a);
	expect_same_table();
	end_both();
}

/* What only one of them cannot reach. */
static void what_each_sees(void)
{
	const struct transition *t;

	start_both(3);
	t = table(&b);
	b.seen[2].usable = false;
	step(&b);
	for (uint32_t i = 0; i < t->size; i++)
		CU_ASSERT(t->buckets[i] != 2);
	EXPECT_INT(t->phase, TRANSITION_STEADY);
	b.seen[2].usable = true;
	step(&b); /* as the leader has it, at once: nothing moves */
	expect_same_table();
	a.seen[1].usable = false;
	go_on(10); /* what the leader does not reach gets nothing here either */
	for (uint32_t i = 0; i < t->size; i++)
		CU_ASSERT(table(&b)->buckets[i] != 1);
	lead_set(&b.lead, 0, false);
	step(&b); /* alone it does, and who is elsewhere stays there */
	EXPECT_INT(table(&b)->phase, TRANSITION_MOVING);
	end_both();
}

/* In the middle of it, another backend; and one of them has them in another order. */
static void several_changes(void)
{
	start_both(3);
	a.seen[0].weight = 0;
	go_on(10);
	a.seen[1].weight = 5;
	go_on(1000);
	a.seen[0].weight = 1;
	go_on(1000);
	a.seen[2].usable = false;
	go_on(10);
	for (int i = 0; i < 80; i++)
		go_on(50);
	EXPECT_INT(table(&b)->phase, TRANSITION_EXCEPTIONS);
	end_both();
}

static void another_order_of_backends(void)
{
	const struct transition *t, *u;

	start_both(3);
	b.w.backends[0].name = a.w.backends[2].name;
	b.w.backends[2].name = a.w.backends[0].name;
	configure(&b, 3);
	lead_set(&b.lead, 0, true);
	a.seen[0].weight = 0;
	step(&a);
	tell(&a, &b);
	step(&b);
	t = table(&a);
	u = table(&b);
	EXPECT_INT(u->moving, t->moving);
	for (uint32_t i = 0; i < t->size; i++) {
		uint16_t home = t->home[i];

		EXPECT_INT(u->home[i], home == BUCKET_NONE ? BUCKET_NONE : 2 - home);
		EXPECT_INT(u->buckets[i], 2 - t->buckets[i]);
	}
	end_both();
}

/* The table of many takes several messages, and is larger. */
static void a_large_table(void)
{
	start_both(3);
	configure(&a, 201);
	configure(&b, 201);
	lead_set(&b.lead, 0, true);
	step(&a);
	CU_ASSERT(table(&a)->moving > 0);
	EXPECT_INT(tell(&a, &b), 2);
	step(&b);
	expect_same_table();
	end_both();
}

static void each_is_told_once(void)
{
	start_both(3);
	EXPECT_INT(tell(&a, &b), 0);
	step(&a);
	EXPECT_INT(tell(&a, &b), 0);
	telling_restart(&a.telling);
	EXPECT_INT(tell(&a, &b), 1);
	a.leads = false;
	telling_restart(&a.telling);
	EXPECT_INT(tell(&a, &b), 0);
	end_both();
}

static void words_are_told(void)
{
	start_both(3);
	EXPECT_INT(admin_set_weight(&a.admin, "www", &a.w.backends[1], 7), 0);
	CU_ASSERT(admin_stamp(&a.admin, "www", "web2", 5));
	EXPECT_INT(admin_set_weight(&a.admin, "www", &a.w.backends[2], 8), 0);
	telling_order(&a.telling);
	EXPECT_INT(tell(&a, &b), 1); /* the other one has no epoch yet */
	EXPECT_INT(admin_view(&b.admin, "www", &b.w.backends[1]).weight, 7);
	EXPECT_INT(admin_view(&b.admin, "www", &b.w.backends[2]).weight, 1);
	/* The next one alone; after a restart all of them. */
	CU_ASSERT(admin_stamp(&a.admin, "www", "web3", 5));
	EXPECT_INT(tell(&a, &b), 0);
	telling_order(&a.telling);
	EXPECT_INT(tell(&a, &b), 1);
	EXPECT_INT(admin_view(&b.admin, "www", &b.w.backends[2]).weight, 8);
	telling_order(&a.telling);
	EXPECT_INT(tell(&a, &b), 0);
	telling_restart(&a.telling);
	EXPECT_INT(tell(&a, &b), 3); /* and the farm */
	end_both();
}

/* Of a farm that it tells of no more nothing counts, once it has told of all. */
static void a_farm_that_is_told_no_more(void)
{
	start_both(3);
	a.seen[1].usable = false;
	go_on(10);
	lead_mark(&b.lead);
	CU_ASSERT_PTR_NOT_NULL(lead_of(&b.lead, 0)); /* until then it does */
	telling_restart(&a.telling);
	tell(&a, &b);
	CU_ASSERT(!lead_sweep(&b.lead));
	CU_ASSERT_PTR_NOT_NULL(lead_of(&b.lead, 0));
	lead_mark(&b.lead);
	CU_ASSERT(lead_sweep(&b.lead));
	CU_ASSERT_PTR_NULL(lead_of(&b.lead, 0));
	CU_ASSERT(!lead_sweep(&b.lead));
	step(&b); /* by what it sees itself */
	EXPECT_INT(table(&b)->phase, TRANSITION_MOVING);
	end_both();
}

/* --- what does not fit -------------------------------------------------------------------------- */

static struct sync_facts facts_of(enum transition_phase phase, uint32_t size)
{
	struct sync_facts f = {.farm = "www",
			       .phase = (uint8_t)phase,
			       .buckets = size,
			       .unlearned_ms = SYNC_AGO_NEVER,
			       .accepted_ms = SYNC_AGO_NEVER,
			       .n = 1,
			       .facts = {{"web1", 1, SYNC_ENABLED, SYNC_UP}}};

	return f;
}

static void what_cannot_be_followed(void)
{
	static struct sync_facts f;
	static struct sync_buckets piece = {.farm = "www", .first = 0, .n = 4};

	start_both(3);
	f = facts_of(TRANSITION_STEADY, 1009);
	strcpy(f.farm, "other");
	EXPECT_INT(lead_take(&b.lead, &b.w.config, &f, 1), -ENOENT);
	f = facts_of(TRANSITION_MOVING, 1009);
	EXPECT_INT(lead_take(&b.lead, &b.w.config, &f, 1), -EINVAL); /* no buckets */
	EXPECT_INT(lead_stage(&b.lead, &piece), 0);
	EXPECT_INT(lead_take(&b.lead, &b.w.config, &f, 1), -EINVAL); /* not all */
	f.buckets = 4;
	EXPECT_INT(lead_take(&b.lead, &b.w.config, &f, 1), -EINVAL); /* they are gone */
	EXPECT_INT(lead_stage(&b.lead, &piece), 0);
	piece.first = 5;
	EXPECT_INT(lead_stage(&b.lead, &piece), -EINVAL); /* a gap */
	EXPECT_INT(lead_take(&b.lead, &b.w.config, &f, 1), -EINVAL);
	piece.first = 0;
	EXPECT_INT(lead_stage(&b.lead, &piece), 0);
	piece.first = 4;
	strcpy(piece.farm, "other");
	EXPECT_INT(lead_stage(&b.lead, &piece), -EINVAL);
	/* A table of a size that this farm's cannot have: it goes its own way. */
	step(&b);
	expect_same_table();
	f = facts_of(TRANSITION_STEADY, 15 * 1009); /* a multiple that no table has */
	f.n = 3;
	for (size_t i = 0; i < 3; i++) {
		f.facts[i] = f.facts[0];
		strcpy(f.facts[i].backend, b.w.names[i]);
	}
	EXPECT_INT(lead_take(&b.lead, &b.w.config, &f, 1), 0);
	step(&b);
	expect_same_table();
	end_both();
}

/* Numbers that are nobody's, and a backend that this node does not have. */
static void strange_buckets(void)
{
	static struct sync_facts f;
	static struct sync_buckets piece = {.farm = "www", .first = 0, .n = 1009};

	start_both(3);
	for (size_t i = 0; i < piece.n; i++)
		piece.buckets[i] = (struct sync_bucket){(uint16_t)(i % 5), 1000, SYNC_NOBODY};
	f = facts_of(TRANSITION_MOVING, 1009);
	f.n = 2;
	f.facts[1] = f.facts[0];
	strcpy(f.facts[1].backend, "stranger");
	EXPECT_INT(lead_stage(&b.lead, &piece), 0);
	EXPECT_INT(lead_take(&b.lead, &b.w.config, &f, 1), 0);
	step(&b);
	for (uint32_t i = 0; i < table(&b)->size; i++) {
		EXPECT_INT(table(&b)->buckets[i], 0); /* the only one that the leader has */
		EXPECT_INT(table(&b)->home[i], BUCKET_NONE);
	}
	end_both();
}

UNIT_TESTS(lead) = {
	{"the same at every step", the_same_at_every_step},
	{"who is led stands still", who_is_led_stands_still},
	{"who takes over goes on", who_takes_over_goes_on},
	{"what each sees", what_each_sees},
	{"several changes", several_changes},
	{"another order of backends", another_order_of_backends},
	{"a large table", a_large_table},
	{"each is told once", each_is_told_once},
	{"words are told", words_are_told},
	{"a farm that is told no more", a_farm_that_is_told_no_more},
	{"what cannot be followed", what_cannot_be_followed},
	{"strange buckets", strange_buckets},
	UNIT_TESTS_END,
};
