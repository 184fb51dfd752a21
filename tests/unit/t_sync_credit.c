/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One that is authentic and means no good: how much of it the machine of ha/sync.h lets through. */
#include "ha/sync.h"
#include "ha/sync_credit.h"
#include "tests/unit/unit.h"

enum {
	MS = 1000,
	SECOND = 1000 * MS,
	FAST_US = 10,
	FLOOD_S = 60,
	/* All at once, of one who has said nothing before. */
	TURNS = SYNC_CREDIT_US / SYNC_COST_TURN_US,
};

static struct sync_update tell(struct sync *s, enum sync_event_type type, uint64_t now_us)
{
	return sync_step(s, &(struct sync_event){.type = type, .now_us = now_us});
}

static struct sync_update hear(struct sync *s, struct sync_heard heard, uint64_t now_us)
{
	return sync_step(s, &(struct sync_event){
				    .type = SYNC_EVENT_HEARD, .now_us = now_us, .heard = heard});
}

/* Connected and greeted, both halves alike. */
static void reach(struct sync *s, uint64_t now_us)
{
	tell(s, SYNC_EVENT_OPEN, now_us);
	hear(s, (struct sync_heard){.type = SYNC_HELLO}, now_us);
	tell(s, SYNC_EVENT_STREAMED, now_us);
	hear(s, (struct sync_heard){.type = SYNC_ACK, .sequence = 1, .current = true}, now_us);
	hear(s,
	     (struct sync_heard){.type = SYNC_SNAPSHOT, .step = SYNC_SNAPSHOT_BEGIN, .snapshot = 7},
	     now_us);
	tell(s, SYNC_EVENT_MARKED, now_us);
	hear(s,
	     (struct sync_heard){.type = SYNC_SNAPSHOT,
				 .step = SYNC_SNAPSHOT_END,
				 .snapshot = 7,
				 .sequence = 1},
	     now_us);
	tell(s, SYNC_EVENT_SWEPT, now_us);
	CU_ASSERT(sync_out_is_current(s) && sync_in_is_current(s) && sync_hears(s));
}

/*
 * The message is there whenever the machine hears, for so many seconds; its timer comes when it asks
 * for it. How many it heard.
 */
static unsigned int flood(struct sync *s, struct sync_heard heard, unsigned int seconds)
{
	uint64_t now_us = 100 * (uint64_t)SECOND, end_us = now_us + seconds * (uint64_t)SECOND;
	unsigned int n = 0;

	while (now_us < end_us) {
		if (sync_hears(s)) {
			heard.sequence = heard.type == SYNC_ACK ? s->acked : s->heard;
			heard.current ^= heard.type == SYNC_ACK && n % 2;
			hear(s, heard, now_us);
			tell(s, SYNC_EVENT_MARKED, now_us);
			CU_ASSERT_FATAL(s->out != SYNC_OUT_CLOSED);
			n++;
			now_us += FAST_US;
		} else {
			CU_ASSERT_FATAL(sync_deadline_us(s) > now_us);
			CU_ASSERT_FATAL(sync_deadline_us(s) <= now_us + 2 * SECOND);
			now_us = sync_deadline_us(s);
		}
		if (now_us >= sync_deadline_us(s))
			tell(s, SYNC_EVENT_TIMER, now_us);
		s->acked = s->sent; /* its own patience is no part of this */
		s->owed_us = 0;
	}
	return n;
}

static void the_account(void)
{
	struct sync_credit c = {0};
	uint64_t now_us = 100 * (uint64_t)SECOND;

	for (int i = 0; i < TURNS; i++)
		sync_credit_take(&c, SYNC_COST_TURN_US, now_us);
	CU_ASSERT(sync_credit_from_us(&c) <= now_us);
	sync_credit_take(&c, SYNC_COST_TURN_US, now_us);
	EXPECT_INT(sync_credit_from_us(&c), now_us + SYNC_COST_TURN_US);
	for (int i = 0; i < 1000; i++)
		sync_credit_take(&c, SYNC_COST_TURN_US, now_us);
	EXPECT_INT(sync_credit_from_us(&c), now_us + 2 * SYNC_COST_TURN_US);
	sync_credit_take(&c, SYNC_COST_WORD_US, now_us + 3600 * (uint64_t)SECOND);
	CU_ASSERT(sync_credit_from_us(&c) < now_us + 3600 * (uint64_t)SECOND);
}

/*
 * What the time pays for, and the credit, to the last one. Every other acknowledgement changes the
 * state.
 */
static void what_time_pays_for(void)
{
	static const struct {
		struct sync_heard heard;
		uint64_t two_us; /* what two of them cost */
	} cases[] = {
		{{.type = SYNC_HELLO}, 2 * SYNC_COST_TURN_US},
		{{.type = SYNC_SNAPSHOT, .step = SYNC_SNAPSHOT_WANTED}, 2 * SYNC_COST_TURN_US},
		{{.type = SYNC_SNAPSHOT, .step = SYNC_SNAPSHOT_BEGIN, .snapshot = 8},
		 2 * SYNC_COST_TURN_US},
		{{.type = SYNC_DIGEST}, 2 * SYNC_COST_DIGEST_US},
		{{.type = SYNC_ACK, .current = true}, SYNC_COST_TURN_US + SYNC_COST_WORD_US},
		{{.type = SYNC_NAME}, 2 * SYNC_COST_WORD_US},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t budget_us = FLOOD_S * (uint64_t)SECOND + SYNC_CREDIT_US;
		struct sync s;

		sync_init(&s);
		reach(&s, SECOND);
		EXPECT_INT(flood(&s, cases[i].heard, FLOOD_S),
			   (2 * budget_us + cases[i].two_us - 1) / cases[i].two_us);
	}
}

/* All that a pair of the largest configuration tells when it meets is heard without a pause. */
static void one_in_its_senses(void)
{
	struct sync s;
	uint64_t now_us = 100 * (uint64_t)SECOND;

	sync_init(&s);
	reach(&s, now_us);
	for (unsigned int i = 0; i < 65536; i++)
		hear(&s, (struct sync_heard){.type = SYNC_NAME}, now_us);
	for (unsigned int i = 2; i < 100000; i++)
		hear(&s, (struct sync_heard){.type = SYNC_FLOWS, .sequence = i}, now_us);
	CU_ASSERT(sync_hears(&s));
}

/* What one node hears and does when both have loaded another configuration. */
static void reload(struct sync *s, uint32_t snapshot, uint64_t now_us)
{
	tell(s, SYNC_EVENT_LOST, now_us);
	tell(s, SYNC_EVENT_STREAMED, now_us);
	hear(s, (struct sync_heard){.type = SYNC_HELLO}, now_us);
	hear(s,
	     (struct sync_heard){
		     .type = SYNC_SNAPSHOT, .step = SYNC_SNAPSHOT_BEGIN, .snapshot = snapshot},
	     now_us);
	tell(s, SYNC_EVENT_MARKED, now_us);
	hear(s, (struct sync_heard){.type = SYNC_ACK, .sequence = s->snapshot_end, .current = true},
	     now_us);
	hear(s,
	     (struct sync_heard){.type = SYNC_SNAPSHOT,
				 .step = SYNC_SNAPSHOT_END,
				 .snapshot = snapshot,
				 .sequence = s->heard + 1},
	     now_us);
	tell(s, SYNC_EVENT_SWEPT, now_us);
}

/* Forty a minute, for as long as it may be; and twelve at once, of those who have been quiet. */
static void reloads(void)
{
	struct sync s;
	uint64_t now_us = 100 * (uint64_t)SECOND;
	uint32_t snapshot = 100;

	sync_init(&s);
	reach(&s, SECOND);
	for (int i = 0; i < 12; i++)
		reload(&s, snapshot++, now_us);
	CU_ASSERT(sync_hears(&s));
	for (int i = 0; i < 1000; i++) {
		now_us += 3 * (uint64_t)SYNC_COST_TURN_US + 10 * SYNC_COST_WORD_US;
		reload(&s, snapshot++, now_us);
		CU_ASSERT_FATAL(sync_hears(&s) && sync_in_is_current(&s) &&
				sync_out_is_current(&s));
	}
}

/* A new connection is no new account; and it is not kept from its hello for long. */
static void connecting_anew(void)
{
	struct sync s;
	uint64_t now_us = 100 * (uint64_t)SECOND;
	int held = 0;

	sync_init(&s);
	for (int i = 0; i < 100; i++) {
		tell(&s, SYNC_EVENT_OPEN, now_us);
		held += !sync_hears(&s);
		hear(&s, (struct sync_heard){.type = SYNC_HELLO}, now_us);
		tell(&s, SYNC_EVENT_CLOSED, now_us);
	}
	EXPECT_INT(held, 100 - TURNS);
	tell(&s, SYNC_EVENT_OPEN, now_us);
	CU_ASSERT(!sync_hears(&s));
	CU_ASSERT(sync_deadline_us(&s) <= now_us + 2 * SECOND);
	tell(&s, SYNC_EVENT_TIMER, now_us + 2 * SECOND);
	CU_ASSERT(sync_hears(&s));
	EXPECT_TEXT(sync_out_name(s.out), "greeting");
}

/* While it marks it hears nothing, while it sweeps it does; what comes in between counts. */
static void marks_and_sweeps(void)
{
	struct sync_heard begin = {
		.type = SYNC_SNAPSHOT, .step = SYNC_SNAPSHOT_BEGIN, .snapshot = 8};
	struct sync_heard end = {
		.type = SYNC_SNAPSHOT, .step = SYNC_SNAPSHOT_END, .snapshot = 8, .sequence = 2};
	struct sync s;
	struct sync_update u;

	sync_init(&s);
	reach(&s, SECOND);
	hear(&s, begin, SECOND);
	CU_ASSERT(!sync_hears(&s));
	tell(&s, SYNC_EVENT_DOMAIN, SECOND); /* what it marks for is no matter any more */
	CU_ASSERT(sync_hears(&s));
	tell(&s, SYNC_EVENT_MARKED, SECOND);
	EXPECT_TEXT(sync_in_name(s.in), "waiting");

	hear(&s, begin, SECOND);
	tell(&s, SYNC_EVENT_MARKED, SECOND);
	u = hear(&s, end, SECOND);
	EXPECT_INT(u.flags, SYNC_SEND_ACK | SYNC_SWEEP | SYNC_CHANGED);
	CU_ASSERT(!u.current);
	EXPECT_TEXT(sync_in_name(s.in), "sweeping");
	CU_ASSERT(sync_hears(&s));
	u = hear(&s, (struct sync_heard){.type = SYNC_DIGEST, .sequence = 2}, SECOND);
	EXPECT_INT(u.flags, SYNC_SEND_ACK);
	CU_ASSERT(!u.current);
	u = hear(&s, (struct sync_heard){.type = SYNC_FLOWS, .sequence = 3}, SECOND);
	EXPECT_INT(u.flags, SYNC_APPLY);
	u = tell(&s, SYNC_EVENT_FAILED, SECOND);
	CU_ASSERT(!u.current);
	EXPECT_TEXT(sync_in_name(s.in), "waiting");
	u = tell(&s, SYNC_EVENT_SWEPT, SECOND);
	EXPECT_INT(u.flags, 0);
	EXPECT_TEXT(sync_in_name(s.in), "waiting");
}

UNIT_TESTS(sync_credit) = {
	{"the account", the_account},
	{"what time pays for", what_time_pays_for},
	{"one in its senses", one_in_its_senses},
	{"both are reloaded, again and again", reloads},
	{"connecting anew", connecting_anew},
	{"marks and sweeps", marks_and_sweeps},
	UNIT_TESTS_END,
};
