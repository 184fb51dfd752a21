/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration that one director brings to the other: both of them, and one that means no good. */
#include "director/config/push.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stage {
	struct push a, b;
	uint64_t now_us;
	size_t size;	    /* of what a pushes */
	const char *looks;  /* what a finds wrong with its own file; NULL: nothing */
	const char *checks; /* b, with what comes */
	bool by_peer;
	bool cut;
	int staged, dropped, crossed, told; /* so often */
};

static const uint8_t digest[SYNC_DIGEST_LEN] = {7};
static struct sync_push m;

static void feed(struct stage *s, struct push *p, struct push_event ev);

static void carry_out(struct stage *s, struct push *p, unsigned int flags)
{
	struct push *other = p == &s->a ? &s->b : &s->a;

	s->dropped += (flags & PUSH_DROP) != 0;
	s->told += (flags & PUSH_ENDED) != 0;
	s->crossed += (flags & PUSH_CROSS) != 0;
	if (flags & PUSH_LOOK) {
		char *text = malloc(s->size);

		memset(text, 'x', s->size);
		if (s->looks)
			free(text);
		feed(s, p,
		     (struct push_event){.type = PUSH_EVENT_READ,
					 .why = s->looks,
					 .text = s->looks ? NULL : text,
					 .len = s->size,
					 .digest = digest});
	}
	if (flags & PUSH_CHECK) {
		EXPECT_INT(p->len, s->size);
		s->staged += !s->checks;
		feed(s, p, (struct push_event){.type = PUSH_EVENT_CHECKED, .why = s->checks});
	}
	while (flags & PUSH_SAY && push_next(p, &m)) {
		struct sync_push said = m;
		struct push_event ev = {.type = PUSH_EVENT_HEARD, .heard = &said};
		char why[PUSH_WHY];

		if (s->cut)
			continue;
		if (said.step == SYNC_PUSH_OFFER &&
		    !push_consent(other, s->by_peer, "b", s->now_us, why))
			ev.why = why;
		feed(s, other, ev);
	}
}

static void feed(struct stage *s, struct push *p, struct push_event ev)
{
	ev.now_us = s->now_us;
	carry_out(s, p, push_step(p, &ev));
}

static struct stage ready_to_push(void)
{
	return (struct stage){.now_us = 1000000, .size = 100000, .by_peer = true};
}

static void order(struct stage *s)
{
	static uint64_t id;

	id++;
	feed(s, &s->a, (struct push_event){.type = PUSH_EVENT_ORDER, .id = id});
}

static void end_stage(struct stage *s)
{
	push_clear(&s->a);
	push_clear(&s->b);
}

/* Time passes until a deadline of either, if there is one. */
static void wait_for(struct stage *s, uint64_t us)
{
	s->now_us += us;
	feed(s, &s->a, (struct push_event){.type = PUSH_EVENT_TIMER});
	feed(s, &s->b, (struct push_event){.type = PUSH_EVENT_TIMER});
}

static void both_have_it(void)
{
	struct stage s = ready_to_push();

	order(&s);
	EXPECT_INT(s.a.state, PUSH_CROSSING);
	EXPECT_INT(s.b.state, PUSH_STAGED);
	EXPECT_INT(s.staged, 1);
	EXPECT_INT(s.crossed, 1);
	CU_ASSERT(memcmp(s.b.digest, digest, sizeof(digest)) == 0);
	feed(&s, &s.b, (struct push_event){.type = PUSH_EVENT_BEGUN, .id = s.a.id + 1});
	EXPECT_INT(s.b.state, PUSH_STAGED);
	feed(&s, &s.b, (struct push_event){.type = PUSH_EVENT_BEGUN, .id = s.a.id});
	EXPECT_INT(s.b.state, PUSH_CROSSING);
	feed(&s, &s.b, (struct push_event){.type = PUSH_EVENT_CROSSED});
	feed(&s, &s.a, (struct push_event){.type = PUSH_EVENT_CROSSED});
	CU_ASSERT(s.a.done && s.b.done);
	EXPECT_INT(s.told, 1);
	CU_ASSERT(!push_is_busy(&s.a) && !push_is_busy(&s.b));
	end_stage(&s);
}

/* Of nodes that are not asked for their consent nothing is known but that. */
static void consent(void)
{
	struct stage s = ready_to_push();

	s.by_peer = false;
	order(&s);
	CU_ASSERT(!s.a.done && !push_is_busy(&s.a) && !push_is_busy(&s.b));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(s.a.why, "control { push-by-peer = true } in the file of node b"));
	CU_ASSERT_PTR_NULL(s.b.text);
	EXPECT_INT(s.staged + s.crossed, 0);
	s.by_peer = true;
	order(&s);
	EXPECT_INT(s.staged, 1);
	end_stage(&s);
}

static void not_too_often(void)
{
	struct stage s = ready_to_push();

	s.checks = "b.conf.pushed:7: no";
	order(&s);
	EXPECT_TEXT(s.a.why, "the other director: b.conf.pushed:7: no");
	s.now_us += PUSH_PAUSE_US - 1;
	order(&s);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.a.why, "ten seconds"));
	s.now_us += 1;
	s.checks = NULL;
	order(&s);
	EXPECT_INT(s.a.state, PUSH_CROSSING);
	end_stage(&s);
}

static void nothing_to_push(void)
{
	struct stage s = ready_to_push();

	s.looks = "a.conf:3: no";
	order(&s);
	EXPECT_TEXT(s.a.why, "a.conf:3: no");
	EXPECT_INT(s.told, 1);
	CU_ASSERT(!push_is_busy(&s.b));
	end_stage(&s);
}

static void the_channel_is_cut(void)
{
	struct stage s = ready_to_push();

	s.cut = true;
	order(&s);
	EXPECT_INT(s.a.state, PUSH_OFFERED);
	wait_for(&s, PUSH_ANSWER_US - 1);
	EXPECT_INT(s.a.state, PUSH_OFFERED);
	wait_for(&s, 1);
	EXPECT_TEXT(s.a.why, "the other director does not answer");
	s.cut = false;
	s.now_us += PUSH_PAUSE_US;
	order(&s);
	EXPECT_INT(s.b.state, PUSH_STAGED);
	feed(&s, &s.b, (struct push_event){.type = PUSH_EVENT_PARTED});
	feed(&s, &s.a, (struct push_event){.type = PUSH_EVENT_PARTED});
	EXPECT_INT(s.b.state, PUSH_NONE);
	EXPECT_INT(s.a.state, PUSH_CROSSING); /* each by its own clock: provisional.h */
	end_stage(&s);
}

/* What was staged goes when nothing comes of it. */
static void nobody_begins(void)
{
	struct stage s = ready_to_push();

	order(&s);
	wait_for(&s, PUSH_ANSWER_US);
	EXPECT_INT(s.b.state, PUSH_NONE);
	EXPECT_INT(s.dropped, 1);
	feed(&s, &s.b, (struct push_event){.type = PUSH_EVENT_BEGUN, .id = s.a.id});
	EXPECT_INT(s.b.state, PUSH_NONE);
	end_stage(&s);
}

static void say(struct stage *s, struct push *p, const struct sync_push *said)
{
	struct sync_push copy = *said;

	feed(s, p, (struct push_event){.type = PUSH_EVENT_HEARD, .heard = &copy});
}

/* Pieces of nothing, of something else, more than was offered, too little, twice. */
static void lies(void)
{
	struct stage s = ready_to_push();
	struct sync_push said = {.id = 99, .step = SYNC_PUSH_PIECE, .last = true, .text = "x"};

	s.cut = true;
	say(&s, &s.b, &said);
	EXPECT_INT(s.b.state, PUSH_NONE);
	for (int kind = 0; kind < 4; kind++) {
		said = (struct sync_push){.id = 99, .step = SYNC_PUSH_OFFER, .size = 4};
		say(&s, &s.b, &said);
		EXPECT_INT(s.b.state, PUSH_COMING);
		said = (struct sync_push){.id = 98, .step = SYNC_PUSH_PIECE, .text = "xxxx"};
		say(&s, &s.b, &said);
		EXPECT_INT(s.b.state, PUSH_COMING);
		said = (struct sync_push){.id = 99,
					  .step = SYNC_PUSH_PIECE,
					  .at = kind == 0,
					  .last = kind != 1,
					  .text = "xxxx"};
		if (kind == 2)
			said.text[4] = 'x';
		if (kind == 3)
			said.text[3] = '\0';
		say(&s, &s.b, &said);
		EXPECT_INT(s.b.state, PUSH_NONE);
		EXPECT_TEXT(s.b.why, "what comes is not what was offered");
	}
	EXPECT_INT(s.staged, 0);
	end_stage(&s);
}

/* One piece that comes again and again does not hold a node for ever. */
static void slowly(void)
{
	struct stage s = ready_to_push();
	struct sync_push said = {.step = SYNC_PUSH_ASK};

	s.cut = true;
	order(&s);
	said.id = s.a.id;
	for (int i = 0; i < PUSH_WHOLE_US / PUSH_ANSWER_US; i++) {
		wait_for(&s, PUSH_ANSWER_US - 1);
		EXPECT_INT(s.a.state, PUSH_OFFERED);
		say(&s, &s.a, &said);
	}
	wait_for(&s, PUSH_ANSWER_US - 1);
	EXPECT_INT(s.a.state, PUSH_NONE);
	end_stage(&s);
}

/* Ours has ended, and before its operator is told one of the other node's begins, and ends well. */
static void each_is_told_of_its_own(void)
{
	struct sync_push offer = {.id = 9, .step = SYNC_PUSH_OFFER, .size = 3};
	struct push_outcomes o = {0};
	struct push p = {0};

	CU_ASSERT_PTR_NULL(push_outcome_of(&o, 0));
	CU_ASSERT_PTR_NULL(push_outcome_of(&o, 1));
	push_step(&p, &(struct push_event){.type = PUSH_EVENT_ORDER, .id = 5});
	CU_ASSERT(push_step(&p, &(struct push_event){.type = PUSH_EVENT_READ, .why = "no file"}) &
		  PUSH_ENDED);
	push_outcome_keep(&o, 1, &p, false);
	push_step(&p, &(struct push_event){.type = PUSH_EVENT_HEARD, .heard = &offer});
	EXPECT_INT(p.state, PUSH_COMING);
	EXPECT_TEXT(p.why, ""); /* nothing of ours is left in it */
	p.state = PUSH_CROSSING;
	CU_ASSERT(!(push_step(&p, &(struct push_event){.type = PUSH_EVENT_CROSSED}) & PUSH_ENDED));
	CU_ASSERT(p.done);
	CU_ASSERT_PTR_NOT_NULL_FATAL(push_outcome_of(&o, 1));
	CU_ASSERT(!push_outcome_of(&o, 1)->done);
	EXPECT_TEXT(push_outcome_of(&o, 1)->why, "no file");
	CU_ASSERT(!push_outcome_of(&o, 1)->taken_back);
	for (uint64_t ticket = 2; ticket < 2 + PUSH_OUTCOMES; ticket++)
		push_outcome_keep(&o, ticket, &p, false);
	CU_ASSERT_PTR_NULL(push_outcome_of(&o, 1));
	CU_ASSERT(push_outcome_of(&o, 2)->done);
	push_clear(&p);
}

UNIT_TESTS(push) = {
	{"each is told of its own", each_is_told_of_its_own},
	{"both have it", both_have_it},
	{"consent", consent},
	{"not too often", not_too_often},
	{"nothing to push", nothing_to_push},
	{"the channel is cut", the_channel_is_cut},
	{"nobody begins", nobody_begins},
	{"lies", lies},
	{"slowly", slowly},
	UNIT_TESTS_END,
};
