/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_book.h"
#include "tests/unit/unit.h"

enum { MS = 1000, RATE = 100, INTERVAL = 10 * MS, TIMEOUT = 500 * MS, START = 7000 * MS };

static struct probe_book book;

static void open_book(uint64_t rate, uint64_t limit)
{
	CU_ASSERT_FATAL(probe_book_init(&book, rate, limit, TIMEOUT, 200 * MS, START) == 0);
}

static void step(enum probe_event_kind kind, uint64_t now, uint64_t attempt)
{
	probe_book_step(&book,
			&(struct probe_event){.kind = kind, .now_us = now, .attempt = attempt});
}

/* A service in virtual time: down in [from, to); answers after took. Silence is noticed at the timeout. */
static void live(uint64_t from, uint64_t to, uint64_t took)
{
	uint64_t lost = 0;

	for (uint64_t now = START; !probe_book_is_done(&book); now += MS) {
		for (uint64_t n = book.judged; n < book.begun; n++) {
			uint64_t due = probe_book_due_at(&book, n);

			if ((due < from || due >= to) && now >= due + took)
				step(PROBE_ANSWER, due + took, n);
		}
		for (; lost < book.begun && now >= probe_book_due_at(&book, lost) + TIMEOUT; lost++)
			step(PROBE_LOSS, now, lost);
		for (uint64_t due = probe_book_due(&book, now); due > 0; due--)
			step(PROBE_BEGIN, now, 0);
	}
	step(PROBE_END, START + 3600000 * (uint64_t)MS, 0);
}

static void the_schedule_is_absolute(void)
{
	open_book(3, 7);
	EXPECT_INT(probe_book_due(&book, START - 1), 0);
	EXPECT_INT(probe_book_due(&book, START), 1);
	EXPECT_INT(probe_book_due_at(&book, 1), START + 333333);
	EXPECT_INT(probe_book_due_at(&book, 2), START + 666666);
	EXPECT_INT(probe_book_due_at(&book, 3 * 86400), START + 86400 * UINT64_C(1000000));
	/* Late ones are all due at once, and tell how late. */
	EXPECT_INT(probe_book_due(&book, START + 1000 * MS), 4);
	step(PROBE_BEGIN, START + 200 * MS, 0);
	EXPECT_INT(book.late_us, 200 * MS);
	EXPECT_INT(probe_book_due(&book, START + 1000 * MS), 3);
	/* No more than were ordered. */
	EXPECT_INT(probe_book_due(&book, START + 100000 * MS), 6);
	step(PROBE_STOP, START + 300 * MS, 0);
	EXPECT_INT(probe_book_due(&book, START + 100000 * MS), 0);
	CU_ASSERT(!probe_book_is_done(&book));
	/* Counted from when it was due, not from when it was made. */
	step(PROBE_ANSWER, START + 250 * MS, 0);
	EXPECT_INT(book.worst_us, 250 * MS);
	CU_ASSERT(probe_book_is_done(&book));
	probe_book_clear(&book);
}

static void nothing_is_overwritten(void)
{
	open_book(RATE, PROBE_ENDLESS);
	for (uint64_t due; (due = probe_book_due(&book, START + 60000 * MS)) > 0;)
		while (due-- > 0)
			step(PROBE_BEGIN, START + 60000 * MS, 0);
	EXPECT_INT(book.begun, book.window);
	step(PROBE_ANSWER, START + 60000 * MS, 0);
	EXPECT_INT(probe_book_due(&book, START + 60000 * MS), 1);
	probe_book_clear(&book);
}

static void a_steady_service_has_no_gap(void)
{
	open_book(1000, 5000);
	live(0, 0, 2 * MS);
	EXPECT_INT(book.judged, 5000);
	EXPECT_INT(book.good, 5000);
	EXPECT_INT(book.n_gaps, 0);
	EXPECT_INT(book.longest_us, 0);
	EXPECT_INT(probe_book_quantile(&book, 500), 2 * MS);
	EXPECT_INT(book.silence_us, 2 * MS);
	probe_book_clear(&book);
}

static void a_gap_is_from_answer_to_answer(void)
{
	for (uint64_t from = 1000; from < 1020; from++) {
		open_book(RATE, 300);
		live(START + from * MS, START + (from + 700) * MS, 3 * MS);
		EXPECT_INT(book.n_gaps, 1);
		EXPECT_INT(book.gaps[0].lost, 70);
		EXPECT_INT(book.gaps[0].end_us - book.gaps[0].start_us, 710 * MS);
		EXPECT_INT(book.longest_us, 710 * MS);
		EXPECT_INT(book.silence_us, 710 * MS);
		EXPECT_INT(book.lost[PROBE_SILENT], 70);
		CU_ASSERT(!book.gaps[0].open && !book.gaps[0].from_start);
		/* The last good one is due at the latest before it. */
		EXPECT_INT(book.gaps[0].start_us, START + ((from + 9) / 10 * 10 - 10 + 3) * MS);
		probe_book_clear(&book);
	}
}

static void from_the_beginning_to_the_end(void)
{
	open_book(RATE, 200);
	live(START, START + 500 * MS, MS);
	EXPECT_INT(book.n_gaps, 1);
	CU_ASSERT(book.gaps[0].from_start && !book.gaps[0].open);
	EXPECT_INT(book.gaps[0].start_us, START);
	EXPECT_INT(book.longest_us, 501 * MS);
	probe_book_clear(&book);

	open_book(RATE, 200);
	live(START + 1500 * MS, UINT64_MAX, MS);
	EXPECT_INT(book.n_gaps, 1);
	CU_ASSERT(book.gaps[0].open && !book.gaps[0].from_start);
	EXPECT_INT(book.gaps[0].end_us, START + 2000 * MS);
	EXPECT_INT(book.longest_us, 2000 * MS - 1491 * MS);
	probe_book_clear(&book);

	open_book(RATE, 200);
	live(START, UINT64_MAX, MS);
	EXPECT_INT(book.good, 0);
	EXPECT_INT(book.longest_us, 2000 * MS);
	EXPECT_INT(book.silence_us, 2000 * MS);
	EXPECT_INT(probe_book_quantile(&book, 990), 0);
	probe_book_clear(&book);
}

/* In whatever order they end. */
static void judged_by_number(void)
{
	open_book(RATE, PROBE_ENDLESS);
	for (uint64_t i = 0; i < 6; i++)
		step(PROBE_BEGIN, START + i * INTERVAL, 0);
	step(PROBE_ANSWER, START + 51 * MS, 5);
	step(PROBE_ANSWER, START + 52 * MS, 0);
	EXPECT_INT(book.judged, 1);
	probe_book_step(&book, &(struct probe_event){.kind = PROBE_LOSS,
						     .now_us = START + 53 * MS,
						     .attempt = 3,
						     .loss = PROBE_REFUSED});
	step(PROBE_ANSWER, START + 54 * MS, 1);
	EXPECT_INT(book.n_gaps, 0);
	step(PROBE_ANSWER, START + 55 * MS, 2);
	EXPECT_INT(book.judged, 4);
	CU_ASSERT(book.in_gap);
	/* What was said of one already does not count again. */
	step(PROBE_ANSWER, START + 56 * MS, 3);
	step(PROBE_LOSS, START + 56 * MS, 5);
	step(PROBE_ANSWER, START + 57 * MS, 99);
	step(PROBE_ANSWER, START + 60 * MS, 4);
	EXPECT_INT(book.judged, 6);
	EXPECT_INT(book.n_gaps, 1);
	EXPECT_INT(book.gaps[0].loss, PROBE_REFUSED);
	EXPECT_INT(book.gaps[0].end_us - book.gaps[0].start_us, 5 * MS);
	EXPECT_INT(book.good, 5);
	EXPECT_INT(probe_book_lost(&book), 1);
	probe_book_clear(&book);
}

/* What is under way at the end is neither. */
static void cut_off(void)
{
	open_book(RATE, PROBE_ENDLESS);
	for (uint64_t i = 0; i < 4; i++)
		step(PROBE_BEGIN, START + i * INTERVAL, 0);
	step(PROBE_ANSWER, START + MS, 0);
	step(PROBE_ANSWER, START + 31 * MS, 3);
	step(PROBE_LOSS, START + 32 * MS, 2);
	step(PROBE_END, START + 40 * MS, 0);
	EXPECT_INT(book.good, 2);
	EXPECT_INT(probe_book_lost(&book), 1);
	EXPECT_INT(book.n_gaps, 1);
	EXPECT_INT(book.longest_us, 30 * MS);
	CU_ASSERT(probe_book_is_done(&book));
	probe_book_clear(&book);
}

static void many_gaps_are_counted(void)
{
	open_book(RATE, PROBE_ENDLESS);
	for (uint64_t n = 0; n < 3000; n++) {
		uint64_t now = START + n * INTERVAL;

		step(PROBE_BEGIN, now, 0);
		step(n % 2 ? PROBE_LOSS : PROBE_ANSWER, now, n);
	}
	step(PROBE_END, START + 3000 * INTERVAL, 0);
	EXPECT_INT(book.n_gaps, 1500);
	EXPECT_INT(book.longest_us, 2 * INTERVAL);
	EXPECT_INT(book.gaps[PROBE_GAPS - 1].lost, 1);
	probe_book_clear(&book);
}

static void times_are_exact_to_a_thirtysecond(void)
{
	for (uint64_t us = 1; us < 200000000; us += us / 7 + 1) {
		uint64_t told;

		open_book(1, PROBE_ENDLESS);
		step(PROBE_BEGIN, START, 0);
		step(PROBE_ANSWER, START + us, 0);
		/* A slower one, so that the slowest does not bound what is told. */
		step(PROBE_BEGIN, START + 1000 * MS, 0);
		step(PROBE_ANSWER, START + 1000 * MS + 2 * us + 300000 * (uint64_t)MS, 1);
		told = probe_book_quantile(&book, 500);
		if (us < 1 << 27)
			CU_ASSERT(told >= us && told <= us + us / 32);
		probe_book_clear(&book);
	}
}

static void slots_forget_what_is_long_ago(void)
{
	open_book(1, PROBE_ENDLESS);
	step(PROBE_BEGIN, START, 0);
	step(PROBE_ANSWER, START + 3 * MS, 0);
	EXPECT_INT(book.n_slots, 1);
	EXPECT_INT(book.slots[0].worst_us, 3 * MS);
	step(PROBE_BEGIN, START + 1000 * MS, 0);
	step(PROBE_LOSS, START + 1000 * MS, 1);
	EXPECT_INT(book.n_slots, 6);
	EXPECT_INT(book.slots[4].judged, 0);
	EXPECT_INT(book.slots[5].lost, 1);
	for (uint64_t n = 2; n < 200; n++) {
		step(PROBE_BEGIN, START + n * 1000 * MS, 0);
		step(PROBE_ANSWER, START + n * 1000 * MS, n);
	}
	EXPECT_INT(book.n_slots, 199 * 5 + 1);
	/* 484 is the oldest that is kept, and one without an attempt; 485 is that of the 97th. */
	EXPECT_INT(book.slots[484 % PROBE_SLOTS].judged, 0);
	EXPECT_INT(book.slots[485 % PROBE_SLOTS].judged, 1);
	probe_book_clear(&book);
}

UNIT_TESTS(probe_book) = {
	{"the schedule is absolute", the_schedule_is_absolute},
	{"nothing is overwritten", nothing_is_overwritten},
	{"a steady service has no gap", a_steady_service_has_no_gap},
	{"a gap is from answer to answer", a_gap_is_from_answer_to_answer},
	{"from the beginning, to the end", from_the_beginning_to_the_end},
	{"judged by number", judged_by_number},
	{"cut off", cut_off},
	{"many gaps are counted", many_gaps_are_counted},
	{"times are exact to a 32nd", times_are_exact_to_a_thirtysecond},
	{"slots forget what is long ago", slots_forget_what_is_long_ago},
	UNIT_TESTS_END,
};
