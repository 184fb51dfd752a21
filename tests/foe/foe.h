/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foe: a director that holds the cluster's key and means no good. It connects to the other one, is
 * let in, and does one wrong thing as fast as it is allowed to. What the other one makes of it is for
 * the lab to judge (tests/lab/t_twin_foe.sh).
 */
#ifndef TESTS_FOE_FOE_H
#define TESTS_FOE_FOE_H

#include "ha/sync_link_uv.h"
#include "include/sync.h"

#include <uv.h>

struct foe;

struct foe_mode {
	const char *name, *what;
	bool no_hello; /* it does not say who it is */
	bool no_ack;   /* nor acknowledge what it hears */
	bool waits;    /* for acknowledgements, as the protocol has it */
	/* Once for each connection, behind the hello. NULL: nothing. */
	void (*up)(struct foe *foe);
	/* The next message or more, sent with foe_send(). False: that was all. NULL: nothing. */
	bool (*play)(struct foe *foe);
	uint32_t features; /* that it offers */
};

struct foe {
	uv_loop_t loop;
	uv_timer_t tick, end;
	struct sync_link *link;
	struct sync_link_setup setup;
	const struct foe_mode *mode;
	struct addr vip;
	const char *farm, *backend;
	uint32_t section; /* heartbeat_tag() of the virtual router */
	bool connected, over;
	uint64_t sequence; /* of the last message of ours that has one */
	uint64_t turn;	   /* how often play() was called on this connection */
	uint32_t snapshot;
	uint64_t heard_sequence;
	uint64_t lies;
	struct sync_push wants; /* likewise, of what was offered */
	struct sync_copy asked; /* of us, last; id 0: nothing, or it is answered */

	/* what came of it */
	uint64_t sent, heard, connections, begun, wanted, acknowledged;
	bool current; /* by its last acknowledgement */
	uint64_t up_ms, lasted_ms;
	char bye[SYNC_WHY_MAX];
	struct sync_message out, in;
};

/* foe->out. False: it was not taken. */
bool foe_send(struct foe *foe);
/* Octets as they are, sealed. */
bool foe_send_octets(struct foe *foe, const uint8_t *bytes, size_t len);

/* NULL: there is none of that name. */
const struct foe_mode *foe_mode(const char *name);
void foe_list_modes(void);

#endif
