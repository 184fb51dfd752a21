/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The book of a probe: when its attempts are due, what became of each, and what that says of the service.
 *
 * Attempt n is due at the start + n / rate, whatever became of those before it, and its time counts from
 * then: a service that hangs would otherwise be asked less often while it does, and look better than it
 * is. Attempts end in any order; they are judged in that of their numbers.
 *
 * A gap is a run of lost attempts: from the answer to the last good one before them to the answer to the
 * first good one behind them. It is measured to one interval of the schedule at either end.
 *
 * Pure: time is in the event, microseconds of any clock that only goes forward.
 */
#ifndef DIRECTOR_PROBE_PROBE_BOOK_H
#define DIRECTOR_PROBE_PROBE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROBE_RATE_MAX = 10000, /* attempts a second: what one thread makes, and a port each */
	PROBE_TIMEOUT_MIN_MS =
		10, /* of an attempt; nothing on a network is that slow when it is well */
	PROBE_TIMEOUT_MAX_MS = 60000, /* longer ones would fill the window below */
	PROBE_GAPS = 1000,	      /* that are remembered one by one; all are counted */
	PROBE_SLOTS = 512, /* of the near past, for a line on a terminal: as wide as any */
	PROBE_TIMES = 736, /* buckets of times, each at most 1/32 of its value wide */
};

#define PROBE_ENDLESS UINT64_MAX

/* Why an attempt is lost. */
enum probe_loss {
	PROBE_SILENT,	   /* no answer in time */
	PROBE_REFUSED,	   /* reset, or a port unreachable */
	PROBE_UNREACHABLE, /* no route, or a router says so */
	PROBE_CLOSED,	   /* connected, and closed before the answer */
	PROBE_NO_ROOM,	   /* not made: too many are under way, the prober's own limit */
	PROBE_CANNOT,	   /* not made: this machine's own trouble */
	PROBE_LOSSES,
};

enum probe_event_kind {
	PROBE_BEGIN,  /* the next attempt is made; its number is the book's `begun` before */
	PROBE_ANSWER, /* to an attempt */
	PROBE_LOSS,   /* of an attempt */
	PROBE_STOP,   /* nothing is due any more; those under way are waited for */
	PROBE_END,    /* those under way are not waited for, and forgotten */
};

struct probe_event {
	enum probe_event_kind kind;
	uint64_t now_us;
	uint64_t attempt;     /* ANSWER, LOSS */
	enum probe_loss loss; /* LOSS */
};

struct probe_gap {
	uint64_t start_us, end_us;
	uint64_t lost;	      /* attempts */
	enum probe_loss loss; /* of the first one */
	bool from_start;      /* nothing had answered before: from the first attempt */
	bool open;	      /* nothing answered after: to the end */
};

/* A piece of the schedule; of its attempts those that are judged. */
struct probe_slot {
	uint32_t judged, lost;
	uint64_t worst_us; /* of the good ones */
};

struct probe_mark; /* an attempt that is not judged */

struct probe_book {
	uint64_t start_us, rate, limit; /* limit: attempts, or PROBE_ENDLESS */
	uint64_t slot_us;

	uint64_t begun,
		judged; /* attempts [judged, begun) are under way, or wait for one that is */
	struct probe_mark *marks;
	size_t window; /* how many of them there can be */
	bool stopped;
	uint64_t stopped_us; /* when the schedule ended */

	uint64_t good, lost[PROBE_LOSSES];
	uint64_t late_us;	/* that an attempt was made after it was due, at most */
	uint64_t last_good_us;	/* of the order of numbers */
	uint64_t last_heard_us; /* of the order of answers */
	uint64_t silence_us;	/* the longest time between two answers, and before and after all */
	bool in_gap;
	struct probe_gap gap; /* while in_gap */
	struct probe_gap *gaps;
	size_t n_gaps; /* may be more than PROBE_GAPS */
	uint64_t longest_us;

	uint64_t times[PROBE_TIMES];
	uint64_t worst_us;

	struct probe_slot slots[PROBE_SLOTS]; /* slot n is in [n % PROBE_SLOTS] */
	uint64_t n_slots;		      /* the last one is still filled */
};

const char *probe_loss_name(enum probe_loss loss);

/* 0 or -ENOMEM. rate: 1 to PROBE_RATE_MAX; timeout_us is how long one may be under way. */
int probe_book_init(struct probe_book *b, uint64_t rate, uint64_t limit, uint64_t timeout_us,
		    uint64_t slot_us, uint64_t start_us);
void probe_book_clear(struct probe_book *b); /* also after a failed init, and twice */

void probe_book_step(struct probe_book *b, const struct probe_event *ev);
/* How many attempts are to be made now. */
uint64_t probe_book_due(const struct probe_book *b, uint64_t now_us);
uint64_t probe_book_due_at(const struct probe_book *b, uint64_t attempt);
/* The schedule is over and nothing is under way. */
bool probe_book_is_done(const struct probe_book *b);

uint64_t probe_book_lost(const struct probe_book *b);
/* The time that so many thousandths of the good ones took at most, rounded up to 1/32; 0 without any. */
uint64_t probe_book_quantile(const struct probe_book *b, unsigned int thousandths);

#endif
