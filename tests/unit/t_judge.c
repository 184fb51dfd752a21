/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judge of flows on made-up reports: what it must condemn, what it must let pass. */
#include "tests/flowcheck/judge.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8 };

/* Three backends, a few flows of 100 packets each, sent from 1000 to 2000 ms. */
struct story {
	struct flow_row rows[4][MOST];
	struct flow_report reports[4]; /* web1, web2, web3, the sender's */
	struct judge_rule outage, closure;
	struct judge_case c;
	struct judge_result result;
};

static struct flow_row *add(struct story *s, size_t place, uint32_t number, uint32_t first,
			    uint32_t last)
{
	struct flow_report *r = &s->reports[place];
	struct flow_row *row = &s->rows[place][r->n++];

	*row = (struct flow_row){
		.number = number,
		.packets = last - first + 1,
		.first = first,
		.last = last,
		.first_ms = 1000 + first * 10,
		.last_ms = 1000 + last * 10,
	};
	return row;
}

static void begin(struct story *s)
{
	*s = (struct story){.c = {.backends = s->reports, .n_backends = 3, .offenders = 10}};
	s->c.sent = &s->reports[3];
	s->c.outages = &s->outage;
	s->c.closures = &s->closure;
	s->reports[3].plan.client = addr_v4(0x0a630000);
	for (size_t i = 0; i < 4; i++) {
		s->reports[i].rows = s->rows[i];
		if (i < 3)
			snprintf(s->reports[i].name, FLOW_NAME_MAX, "web%zu", i + 1);
	}
	for (uint32_t number = 0; number < 3; number++)
		add(s, 3, number, 0, 99);
}

static void end(struct story *s, enum judge_verdict verdict)
{
	EXPECT_INT(judge(&s->c, &s->result), 0);
	EXPECT_TEXT(judge_verdict_name(s->result.verdict), judge_verdict_name(verdict));
}

static void every_packet_at_one_backend_is_good(void)
{
	struct story s;

	begin(&s);
	add(&s, 0, 0, 0, 99);
	add(&s, 2, 1, 0, 99);
	add(&s, 0, 2, 0, 99)->reordered = 3;
	end(&s, JUDGE_GOOD);
	EXPECT_INT(s.result.n_offenders, 0);
	EXPECT_INT(s.result.reordered, 3);
}

static void a_moved_flow_is_bad(void)
{
	struct story s;

	begin(&s);
	add(&s, 0, 0, 0, 99);
	add(&s, 1, 1, 0, 41);
	add(&s, 2, 1, 42, 99);
	add(&s, 0, 2, 0, 99);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_moved, 1);
	EXPECT_INT(s.result.packets_lost, 0);
	EXPECT_TEXT(s.result.offenders[0], "flow 1 (10.99.0.0 port 16385, generation 0): moved; "
					   "100 sent; web2 0-41; web3 42-99");
}

static void a_visit_to_another_backend_is_bad(void)
{
	struct story s;

	begin(&s);
	add(&s, 0, 0, 0, 99)->packets = 99;
	add(&s, 1, 0, 50, 50);
	add(&s, 1, 1, 0, 99);
	add(&s, 0, 2, 0, 99);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_moved, 1);
	EXPECT_TEXT(s.result.offenders[0], "flow 0 (10.99.0.0 port 16384, generation 0): moved; "
					   "100 sent; web1 0-99 (99); web2 50-50");
}

static void a_lost_packet_is_bad(void)
{
	struct story s;

	/* In the middle, the first, the last, all of a flow. */
	for (int which = 0; which < 4; which++) {
		begin(&s);
		add(&s, 0, 0, 0, 99);
		add(&s, 1, 1, 0, 99);
		if (which == 0)
			add(&s, 2, 2, 0, 99)->packets = 99;
		else if (which == 1)
			add(&s, 2, 2, 1, 99);
		else if (which == 2)
			add(&s, 2, 2, 0, 98);
		end(&s, JUDGE_BAD);
		EXPECT_INT(s.result.flows_lossy, 1);
		EXPECT_INT(s.result.packets_lost, which == 3 ? 100 : 1);
		EXPECT_INT(s.result.n_offenders, 1);
	}
}

static void a_duplicate_is_bad(void)
{
	struct story s;

	begin(&s);
	add(&s, 0, 0, 0, 99);
	add(&s, 1, 1, 0, 99)->duplicates = 1;
	add(&s, 0, 2, 0, 99);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.packets_twice, 1);

	/* The same packet at two backends. */
	begin(&s);
	add(&s, 0, 0, 0, 99);
	add(&s, 1, 1, 0, 99);
	add(&s, 0, 2, 0, 99);
	add(&s, 1, 2, 7, 7);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.packets_twice, 1);
	EXPECT_INT(s.result.flows_moved, 1);
}

static void a_flow_of_nobody_is_bad(void)
{
	struct story s;

	begin(&s);
	for (uint32_t number = 0; number < 3; number++)
		add(&s, number, number, 0, 99);
	add(&s, 1, 7, 0, 4);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.packets_strange, 5);
}

static void what_the_instrument_dropped_is_not_the_directors(void)
{
	struct story s;

	begin(&s);
	add(&s, 0, 0, 0, 99);
	add(&s, 1, 1, 0, 99);
	add(&s, 2, 2, 0, 99)->packets = 95;
	s.reports[2].overload = 3;
	s.reports[3].overload = 2;
	end(&s, JUDGE_OVERLOAD);
	/* More is missing than that. */
	s.reports[3].overload = 1;
	end(&s, JUDGE_BAD);
}

/* web1 is dead from 1500 to 1600 ms: packets 50 to 60 of its flows are lost. */
static void outage(struct story *s)
{
	begin(s);
	s->outage = (struct judge_rule){.name = "web1", .from_ms = 1500, .until_ms = 1600};
	s->c.n_outages = 1;
	add(s, 0, 0, 0, 49);
	add(s, 1, 1, 0, 99);
	add(s, 0, 2, 0, 49);
}

static void flows_of_a_dead_backend_may_move_once(void)
{
	struct story s;

	outage(&s);
	add(&s, 1, 0, 60, 99);
	add(&s, 2, 2, 61, 99);
	end(&s, JUDGE_GOOD);
	EXPECT_INT(s.result.moves_granted, 2);
	EXPECT_INT(s.result.losses_excused, 21);

	/* Twice is once too often. */
	outage(&s);
	add(&s, 1, 0, 60, 79);
	add(&s, 2, 0, 80, 99);
	add(&s, 2, 2, 61, 99);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_moved, 1);

	/* A flow of another backend moves. */
	outage(&s);
	s.rows[1][0].last = 69;
	s.rows[1][0].packets = 70;
	add(&s, 2, 1, 70, 99);
	add(&s, 1, 0, 60, 99);
	add(&s, 2, 2, 61, 99);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_moved, 1);
}

static void an_outage_excuses_nothing_else(void)
{
	struct story s;

	/* A packet is lost after the move. */
	outage(&s);
	add(&s, 1, 0, 60, 99)->packets = 39;
	add(&s, 2, 2, 61, 99);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_lossy, 1);

	/* A flow of another backend loses one. */
	outage(&s);
	s.rows[1][0].packets = 99;
	add(&s, 1, 0, 60, 99);
	add(&s, 2, 2, 61, 99);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_lossy, 1);

	/* It moved before the backend died. */
	outage(&s);
	s.outage.from_ms = 1700;
	s.outage.until_ms = 1800;
	add(&s, 1, 0, 60, 99);
	add(&s, 2, 2, 61, 99);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_moved, 2);
}

static void a_closed_backend_gets_no_new_flow(void)
{
	struct story s;

	begin(&s);
	s.closure = (struct judge_rule){.name = "web3", .from_ms = 1200, .until_ms = 1500};
	s.c.n_closures = 1;
	for (uint32_t number = 0; number < 3; number++)
		add(&s, number, number, 0, 99);
	add(&s, 3, 3, 0, 9)->first_ms = 1300;
	add(&s, 1, 3, 0, 9);
	end(&s, JUDGE_GOOD);
	add(&s, 3, 4, 0, 9)->first_ms = 1300;
	add(&s, 2, 4, 0, 9);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_misplaced, 1);
	add(&s, 3, 5, 0, 9)->first_ms = 1600;
	add(&s, 2, 5, 0, 9);
	end(&s, JUDGE_BAD);
	EXPECT_INT(s.result.flows_misplaced, 1);
}

static void an_offender_says_what_was_done_before(void)
{
	const struct judge_rule marks[] = {{.name = "drain", .from_ms = 1100},
					   {.name = "enable", .from_ms = 1400},
					   {.name = "weight", .from_ms = 1500}};
	struct story s;

	begin(&s);
	s.c.marks = marks;
	s.c.n_marks = 3;
	add(&s, 0, 0, 0, 99);
	add(&s, 1, 1, 0, 41);
	add(&s, 2, 1, 42, 99);
	add(&s, 0, 2, 0, 98);
	end(&s, JUDGE_BAD);
	EXPECT_TEXT(s.result.offenders[0], "flow 1 (10.99.0.0 port 16385, generation 0): moved; "
					   "100 sent; web2 0-41; web3 42-99; after enable");
	EXPECT_TEXT(s.result.offenders[1], "flow 2 (10.99.0.0 port 16386, generation 0): packets "
					   "are missing; 100 sent; web1 0-98");
}

static void seen(const uint32_t *sequence, size_t n, struct flow_seen *ret)
{
	*ret = (struct flow_seen){.window = 0};
	for (size_t i = 0; i < n; i++)
		flow_seen_add(ret, sequence[i], (int64_t)i);
}

static void packets_are_told_apart_as_they_come(void)
{
	static const uint32_t good[] = {0, 1, 2, 3}, twice[] = {0, 1, 1, 2, 0}, gap[] = {5, 6, 9},
			      turned[] = {2, 0, 1, 3}, late[] = {0, 1, 99, 35, 36, 36};
	struct flow_seen s;

	seen(good, 4, &s);
	EXPECT_INT(s.row.packets, 4);
	EXPECT_INT(s.row.last_ms, 3);
	EXPECT_INT(s.row.duplicates + s.row.reordered + s.row.late, 0);
	seen(twice, 5, &s);
	EXPECT_INT(s.row.packets, 3);
	EXPECT_INT(s.row.duplicates, 2);
	seen(gap, 3, &s);
	EXPECT_INT(s.row.packets, 3);
	EXPECT_INT(s.row.first, 5);
	EXPECT_INT(s.row.last, 9);
	seen(turned, 4, &s);
	EXPECT_INT(s.row.packets, 4);
	EXPECT_INT(s.row.first, 0);
	EXPECT_INT(s.row.reordered, 2);
	seen(late, 6, &s);
	EXPECT_INT(s.row.late, 1);
	EXPECT_INT(s.row.reordered, 1);
	EXPECT_INT(s.row.duplicates, 1);
}

static void stamps_are_found(void)
{
	uint8_t frame[86] = {[12] = 0x08, [14] = 0x45, [23] = IPPROTO_TCP};
	uint32_t number, sequence;

	flow_stamp_put(frame + 54, 70000, 9);
	CU_ASSERT(flow_stamp_find(frame, 66, &number, &sequence));
	EXPECT_INT(number, 70000);
	EXPECT_INT(sequence, 9);
	EXPECT_INT(flow_stamp_find(frame, 65, &number, &sequence), false);
	frame[23] = IPPROTO_UDP;
	EXPECT_INT(flow_stamp_find(frame, 66, &number, &sequence), false);
	flow_stamp_put(frame + 42, 1, 2);
	CU_ASSERT(flow_stamp_find(frame, 54, &number, &sequence));
	memset(frame, 0, sizeof(frame));
	frame[12] = 0x86;
	frame[13] = 0xdd;
	frame[20] = IPPROTO_TCP;
	flow_stamp_put(frame + 74, 3, 4);
	CU_ASSERT(flow_stamp_find(frame, 86, &number, &sequence));
	EXPECT_INT(flow_stamp_find(frame, 85, &number, &sequence), false);
}

static void tuples_are_used_again(void)
{
	struct flow_plan plan = {.lasting = 20000, .tuples = 100};
	struct flow_tuple t = flow_tuple_of(&plan, 16 * 7 + 3);

	EXPECT_INT(t.low, 7);
	EXPECT_INT(t.port, 16384 + 3);
	t = flow_tuple_of(&(struct flow_plan){.lasting = 2000000}, (1 << 20) + 16 * 7 + 3);
	EXPECT_INT(t.low, 7);
	EXPECT_INT(t.port, 16384 + 16 + 3);
	t = flow_tuple_of(&plan, 20000 + 250);
	EXPECT_INT(t.generation, 2);
	EXPECT_INT(t.port, flow_tuple_of(&plan, 20050).port);
	EXPECT_INT(flow_tuple_of(&plan, 20050).generation, 0);
}

/* One after the other of other clients, and never a tuple that another flow has. */
static void flows_apart(void)
{
	static bool seen[1 << 20];
	struct flow_plan plan = {.lasting = 100000, .apart = true};
	uint16_t last = 0;

	for (uint32_t number = 0; number < 600000; number++) {
		struct flow_tuple t = flow_tuple_of(&plan, number);
		size_t at = (size_t)t.low << 4 | (t.port & 15);

		CU_ASSERT(t.port < 16384 + 16 && !seen[at]);
		CU_ASSERT(number <= plan.lasting || t.low != last);
		seen[at] = true;
		last = t.low;
	}
}

/* What was written is read again; cut anywhere it is refused. */
static void reports_are_whole_or_refused(void)
{
	struct flow_row rows[2] = {{1, 2, 0, 1, 0, 0, 0, 1000, 1001},
				   {4000000000, 5, 6, 7, 8, 9, 10, 11, 12}};
	struct flow_report r = {.name = "web1", .overload = 3, .strange = 4, .rows = rows, .n = 2};
	struct flow_report got = {.rows = NULL};
	char why[FLOW_WHY], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	EXPECT_INT(flow_report_write(f, &r), 0);
	fclose(f);
	for (size_t cut = 1; cut < len; cut++) {
		f = fmemopen(text, cut, "r");
		if (cut < len - 1)
			EXPECT_INT(flow_report_read(f, &got, why), false);
		fclose(f);
	}
	f = fmemopen(text, len, "r");
	CU_ASSERT_FATAL(flow_report_read(f, &got, why));
	fclose(f);
	EXPECT_TEXT(got.name, "web1");
	EXPECT_INT(got.overload, 3);
	EXPECT_INT(got.strange, 4);
	CU_ASSERT(got.n == 2 && memcmp(got.rows, rows, sizeof(rows)) == 0);
	flow_report_clear(&got);
	free(text);
}

UNIT_TESTS(judge) = {
	{"every packet at one backend is good", every_packet_at_one_backend_is_good},
	{"a moved flow is bad", a_moved_flow_is_bad},
	{"a visit to another backend is bad", a_visit_to_another_backend_is_bad},
	{"a lost packet is bad", a_lost_packet_is_bad},
	{"a duplicate is bad", a_duplicate_is_bad},
	{"a flow of nobody is bad", a_flow_of_nobody_is_bad},
	{"what the instrument dropped is not the director's",
	 what_the_instrument_dropped_is_not_the_directors},
	{"flows of a dead backend may move once", flows_of_a_dead_backend_may_move_once},
	{"an outage excuses nothing else", an_outage_excuses_nothing_else},
	{"a closed backend gets no new flow", a_closed_backend_gets_no_new_flow},
	{"an offender says what was done before", an_offender_says_what_was_done_before},
	{"packets are told apart as they come", packets_are_told_apart_as_they_come},
	{"stamps are found", stamps_are_found},
	{"tuples are used again", tuples_are_used_again},
	{"flows apart", flows_apart},
	{"reports are whole or refused", reports_are_whole_or_refused},
	UNIT_TESTS_END,
};
