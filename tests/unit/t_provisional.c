/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reload that lasts until it is confirmed: two directors that talk, each with a file and a clock. */
#include "director/config/provisional.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_MS = 60000, QUEUE = 16 };

struct node {
	struct provisional p;
	uint8_t file;	   /* what its file comes to */
	const char *fails; /* going over does; NULL: it works */
	bool is_new;	   /* what runs is the file's */
	bool kept;
	int looks, returns;
};

struct stage {
	struct node a, b;
	bool cut; /* nothing that is said arrives */
	uint64_t now_us;
};

static void feed(struct stage *s, struct node *n, struct provisional_event ev);

static void carry_out(struct stage *s, struct node *n, const struct provisional_update *u)
{
	struct node *other = n == &s->a ? &s->b : &s->a;
	uint8_t digest[SYNC_DIGEST_LEN] = {n->file};

	if (u->flags & PROVISIONAL_KEEP)
		n->kept = true;
	if (u->flags & PROVISIONAL_RETURN) {
		n->is_new = false;
		n->returns++;
	}
	if (u->flags & PROVISIONAL_SEND && !s->cut)
		feed(s, other,
		     (struct provisional_event){.type = PROVISIONAL_EVENT_HEARD,
						.heard = &u->message});
	if (u->flags & PROVISIONAL_LOOK) {
		n->looks++;
		feed(s, n,
		     (struct provisional_event){.type = PROVISIONAL_EVENT_LOOKED,
						.digest = digest});
	}
	if (u->flags & PROVISIONAL_GO) {
		n->is_new = !n->fails;
		feed(s, n,
		     (struct provisional_event){.type = PROVISIONAL_EVENT_WENT, .why = n->fails});
	}
}

static void feed(struct stage *s, struct node *n, struct provisional_event ev)
{
	struct provisional_update u;

	ev.now_us = s->now_us;
	u = provisional_step(&n->p, &ev);
	carry_out(s, n, &u);
}

static void order(struct stage *s, bool this_node)
{
	feed(s, &s->a,
	     (struct provisional_event){.type = PROVISIONAL_EVENT_ORDER,
					.id = 7,
					.limit_ms = LIMIT_MS,
					.this_node = this_node});
}

static void say(struct stage *s, struct node *n, enum provisional_event_type type)
{
	feed(s, n, (struct provisional_event){.type = type});
}

static void pass(struct stage *s, uint64_t us)
{
	s->now_us += us;
	say(s, &s->a, PROVISIONAL_EVENT_TIMER);
	say(s, &s->b, PROVISIONAL_EVENT_TIMER);
}

static struct stage begin(void)
{
	return (struct stage){.a.file = 2, .b.file = 2, .now_us = 100000000};
}

static void expect_both(const struct stage *s, bool is_new, enum provisional_state state)
{
	EXPECT_INT(s->a.is_new, is_new);
	EXPECT_INT(s->b.is_new, is_new);
	EXPECT_INT(s->a.p.state, state);
	EXPECT_INT(s->b.p.state, state);
}

static void both_are_confirmed(void)
{
	struct stage s = begin();

	order(&s, false);
	expect_both(&s, true, PROVISIONAL_RUNNING);
	EXPECT_INT(provisional_left_ms(&s.b.p, s.now_us), LIMIT_MS);
	say(&s, &s.b, PROVISIONAL_EVENT_CONFIRM); /* on either */
	expect_both(&s, true, PROVISIONAL_NONE);
	EXPECT_INT(s.a.kept && s.b.kept, true);
	pass(&s, 2 * LIMIT_MS * 1000ULL);
	expect_both(&s, true, PROVISIONAL_NONE);
}

/* Each by its own clock, and no moment too early: the channel is away. */
static void neither_is_confirmed(void)
{
	struct stage s = begin();

	order(&s, false);
	s.cut = true;
	EXPECT_INT(provisional_deadline_us(&s.a.p), s.now_us + LIMIT_MS * 1000ULL);
	pass(&s, LIMIT_MS * 1000ULL - 1);
	expect_both(&s, true, PROVISIONAL_RUNNING);
	pass(&s, 1);
	expect_both(&s, false, PROVISIONAL_NONE);
	EXPECT_INT(s.a.returns, 1);
	EXPECT_INT(s.b.returns, 1);
	EXPECT_INT(s.a.p.result, PROVISIONAL_BACK);
	EXPECT_TEXT(s.b.p.why, "it was not confirmed in its time");
}

static void another_file_there(void)
{
	struct stage s = begin();

	s.b.file = 3;
	order(&s, false);
	expect_both(&s, false, PROVISIONAL_NONE);
	EXPECT_INT(s.a.returns + s.b.returns, 0);
	EXPECT_TEXT(s.a.p.why, "the other director: its file is another configuration; "
			       "--this-node leaves it out");
}

static void nobody_there(void)
{
	struct stage s = begin();

	s.cut = true;
	order(&s, false);
	EXPECT_INT(s.a.p.state, PROVISIONAL_ASKING);
	pass(&s, PROVISIONAL_ANSWER_US - 1);
	EXPECT_INT(provisional_is_beginning(&s.a.p), true);
	pass(&s, 1);
	expect_both(&s, false, PROVISIONAL_NONE);
	order(&s, true);
	EXPECT_INT(s.a.is_new && !s.b.is_new, true);
	say(&s, &s.a, PROVISIONAL_EVENT_CONFIRM);
	EXPECT_INT(s.a.kept, true);
}

/* What one of them cannot have the other one does not keep. */
static void one_of_them_fails(void)
{
	struct stage s = begin();

	s.b.fails = "no memory";
	order(&s, false);
	expect_both(&s, false, PROVISIONAL_NONE);
	EXPECT_TEXT(s.a.p.why, "the other director: no memory");
	s = begin();
	s.a.fails = "no memory";
	order(&s, false);
	expect_both(&s, false, PROVISIONAL_NONE);
	EXPECT_INT(s.a.p.result, PROVISIONAL_REFUSED);
}

static void the_operator_goes_back(void)
{
	struct stage s = begin();

	order(&s, false);
	say(&s, &s.b, PROVISIONAL_EVENT_RETURN);
	expect_both(&s, false, PROVISIONAL_NONE);
	EXPECT_TEXT(s.a.p.why, "the other director went back");
}

/* A confirmation that is not heard is said again; until then both may still go back. */
static void a_confirmation_is_lost(void)
{
	struct stage s = begin();

	order(&s, false);
	s.cut = true;
	say(&s, &s.a, PROVISIONAL_EVENT_CONFIRM);
	EXPECT_INT(s.a.p.waiting, true);
	pass(&s, PROVISIONAL_CONFIRM_US);
	EXPECT_INT(s.a.p.waiting, false);
	expect_both(&s, true, PROVISIONAL_RUNNING);
	s.cut = false;
	say(&s, &s.a, PROVISIONAL_EVENT_CHANNEL);
	expect_both(&s, true, PROVISIONAL_NONE);
	EXPECT_INT(s.a.kept && s.b.kept, true);
}

/* Who has the key makes it read its file seldom, and go over to nothing by itself. */
static void asked_too_often(void)
{
	const struct sync_provisional ask = {
		.id = 9, .step = SYNC_PROVISIONAL_ASK, .limit_ms = LIMIT_MS, .digest = {3}};
	struct stage s = begin();

	s.cut = true;
	for (int i = 0; i < 1000; i++) {
		feed(&s, &s.b,
		     (struct provisional_event){.type = PROVISIONAL_EVENT_HEARD, .heard = &ask});
		pass(&s, 100000);
	}
	EXPECT_INT(s.b.looks, 10);
	expect_both(&s, false, PROVISIONAL_NONE);
}

static void a_second_one_has_to_wait(void)
{
	const struct sync_provisional ask = {
		.id = 9, .step = SYNC_PROVISIONAL_ASK, .limit_ms = 1000, .digest = {2}};
	struct provisional_event ev = {.type = PROVISIONAL_EVENT_HEARD, .heard = &ask};
	struct stage s = begin();
	struct provisional_update u;

	order(&s, false);
	order(&s, true);
	ev.now_us = s.now_us;
	u = provisional_step(&s.b.p, &ev);
	EXPECT_INT(u.message.step, SYNC_PROVISIONAL_REFUSED);
	EXPECT_TEXT(u.message.why, "another one is under way");
	expect_both(&s, true, PROVISIONAL_RUNNING);
	EXPECT_INT(provisional_left_ms(&s.b.p, s.now_us), LIMIT_MS);
}

/* What cannot come back fills no log. */
static void tried_again_less_and_less_often(void)
{
	static const uint64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};

	for (unsigned int i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		EXPECT_INT(provisional_again_ms(i + 1), waits[i] * 1000);
	EXPECT_INT(provisional_again_ms(UINT32_MAX), PROVISIONAL_AGAIN_MAX_MS);
}

UNIT_TESTS(provisional) = {
	{"both are confirmed", both_are_confirmed},
	{"neither is confirmed", neither_is_confirmed},
	{"another file there", another_file_there},
	{"nobody there", nobody_there},
	{"one of them fails", one_of_them_fails},
	{"the operator goes back", the_operator_goes_back},
	{"a confirmation is lost", a_confirmation_is_lost},
	{"asked too often", asked_too_often},
	{"tried again less and less often", tried_again_less_and_less_often},
	{"a second one has to wait", a_second_one_has_to_wait},
	UNIT_TESTS_END,
};
