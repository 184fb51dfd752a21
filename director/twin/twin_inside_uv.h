/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of twin_uv.h share. */
#ifndef DIRECTOR_TWIN_TWIN_INSIDE_UV_H
#define DIRECTOR_TWIN_TWIN_INSIDE_UV_H

#include "director/flow/flow_index_file_uv.h"
#include "director/flow/flows_twin_uv.h"
#include "director/flow/twin_names.h"
#include "director/twin/twin_queue.h"
#include "director/twin/twin_uv.h"
#include "ha/clock_uv.h"
#include "ha/deadline_uv.h"
#include "include/log.h"
#include "proto/sync_batch.h"

enum { TWIN_FAMILIES = 2 };

/* What of the other one's doing is said in the log now and then at most. */
enum twin_says {
	TWIN_SAYS_CONFIG,
	TWIN_SAYS_MESSAGE,
	TWIN_SAYS_END,
	TWIN_SAYS_BYE,
	TWIN_SAYS_COUNT,
};

struct twin {
	uv_loop_t *loop;
	struct flows *flows;
	struct flow_writer *writer;
	struct twin_ops ops;
	struct sync_link *link; /* NULL: no channel */
	struct sync sync;
	struct deadline deadline;
	uv_timer_t flush;  /* what is queued is sent, were it little */
	uv_timer_t stream; /* the next pieces of the snapshot */
	uv_timer_t fill;   /* the next pieces of marking and sweeping */
	struct twin_roles roles;
	int open_handles;

	/* as it was set up */
	struct addr self, peer;
	uint16_t port;
	uint8_t digest[SYNC_DIGEST_LEN], peer_digest[SYNC_DIGEST_LEN];
	uint8_t session[SYNC_SESSION_LEN];
	char self_name[SYNC_NAME_LEN], peer_name[SYNC_NAME_LEN];

	/* out */
	struct twin_queue queues[TWIN_FAMILIES]; /* IPv4, IPv6 */
	struct twin_names said;
	struct flow_cursor cursor; /* of the snapshot */
	uint64_t streamed;	   /* flows of it */
	bool overrun;		   /* a queue did not take all; a snapshot has to */

	/* in */
	struct twin_names heard;
	uint32_t features; /* of the connection */
	bool owes;	   /* an acknowledgement, at the end of what came together */
	uint64_t acknowledge;
	bool acknowledge_current;
	bool differ;	 /* at the last digest; said */
	bool retry;	 /* what could not be held here may have a place now */
	uint64_t unheld; /* entries since the last snapshot began that cannot be held here */
	uint64_t filled; /* flows of the snapshot that comes */
	struct flow_cursor fill_at;
	struct log_limit says[TWIN_SAYS_COUNT];

	struct twin_view seen; /* counts alone */
	struct sync_message out, in;
	uint8_t bytes[SYNC_MESSAGE_MAX];
};

/* An event for the machine, and what follows from it; m: the message that was heard, or NULL. */
void twin_step(struct twin *t, struct sync_event *ev, const struct sync_message *m);
/* TIMER comes when the machine wants it: after whatever it was told or gave numbers for. */
void twin_arm(struct twin *t);
/* Sends the acknowledgement that is owed: outside of a wake-up of the link nobody else does. */
void twin_settle(struct twin *t);

/* Not so often that who does it again and again fills the log. */
bool twin_may_say(struct twin *t, enum twin_says what);

/* --- what is heard (twin_hear_uv.c) -------------------------------------------------------------- */

/* The octets of a message. */
void twin_message(void *owner, const uint8_t *bytes, size_t len);
/* APPLY and COMPARE of the machine. */
void twin_apply(struct twin *t, const struct sync_message *m);
void twin_compare(struct twin *t, const struct sync_digest *digest);
/* All that was taken is in the kernel then, or the machine knows that it is not. */
void twin_end_taking(struct twin *t);

/* --- out (twin_out_uv.c) ------------------------------------------------------------------------- */

/* t->out. False: there is no connection any more. */
bool twin_send(struct twin *t);
void twin_told(void *owner, const struct sync_flow *flow);
/* Some of what was told has been acknowledged. */
void twin_acknowledged(struct twin *t);
void twin_send_hello(struct twin *t);
void twin_send_ack(struct twin *t);
void twin_send_snapshot(struct twin *t, const struct sync_update *u);
void twin_send_digest(struct twin *t);
/* Why we end the connection, as far as it still takes it: the end of a sentence. */
void twin_send_bye(struct twin *t, const char *why);

/* --- a snapshot of theirs (twin_fill_uv.c) ------------------------------------------------------- */

/* MARK and SWEEP of the machine, piece by piece; then MARKED and SWEPT. */
void twin_mark(struct twin *t, const struct sync_snapshot *s);
void twin_sweep(struct twin *t);

#endif
