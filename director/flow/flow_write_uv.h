/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts chosen elements into big nft maps and takes them out; see flow_write.h.
 *
 * Shell: owns one socket, which the watch has to be told of (nft_watch_pass()): else the keeper
 * would read the whole table after each call; and a thread, from the first time on that one is worth
 * it. The kernel does the work inside send(): a call of a thousand operations takes 3 to 5 ms, and 10
 * to 40 ms more for each transaction that the kernel refuses. One of them has a message for each
 * operation: 160 ms more where there are 6,000 sets.
 */
#ifndef DIRECTOR_FLOW_FLOW_WRITE_UV_H
#define DIRECTOR_FLOW_FLOW_WRITE_UV_H

#include "director/flow/flow_write.h"
#include "include/err.h"

struct flow_writer;

/* 0, or a negative errno with *err filled. */
int flow_writer_new(struct flow_writer **ret, struct err *err);
/* Accepts NULL. */
void flow_writer_free(struct flow_writer *w);
/* Of its socket. */
uint32_t flow_writer_port(const struct flow_writer *w);
/* Who wants to know how many generations it makes. */
struct flow_writer_observer {
	/* In front of a transaction that may make none. */
	void (*doubtful)(void *owner);
	/* Behind each one of n operations that the kernel has taken. */
	void (*committed)(void *owner, size_t n);
	void *owner;
};
void flow_writer_observe(struct flow_writer *w, const struct flow_writer_observer *observer);
/* It does as if the kernel were that one; what an old one can do a new one can, too. */
void flow_writer_assume(struct flow_writer *w, const struct flow_write_kernel *kernel);
/*
 * Does n operations, at most FLOW_WRITE_OPS, in their order: in one transaction, but for those that
 * the kernel refuses. 0: results[i] says what became of operation i. Negative, results mean nothing:
 * -EINVAL: too many, or a name is out of bounds; -EIO: the verdict is unknown, all or nothing of it
 * may be done; another errno: nothing was done.
 */
int flow_write(struct flow_writer *w, const struct flow_write_op *ops, size_t n,
	       enum flow_write_result *results);
/*
 * The same in two steps, with time between them for something else: many operations are done by a
 * thread meanwhile, few at once. ops and results stay the caller's and as they are until
 * flow_write_finish(), which returns what flow_write() does. One call at a time.
 */
enum { FLOW_WRITE_APART = 256 }; /* from so many on: 1 ms, and a thread is woken in 0.05 */
void flow_write_start(struct flow_writer *w, const struct flow_write_op *ops, size_t n,
		      enum flow_write_result *results);
int flow_write_finish(struct flow_writer *w);
/* How many transactions were sent so far, and how many of them the kernel refused. */
struct flow_write_sent {
	uint64_t sent, refused;
};
struct flow_write_sent flow_writer_sent(const struct flow_writer *w);

#endif
