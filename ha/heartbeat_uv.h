/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heartbeats on the loop: the shell around heartbeat.h and heartbeat_session.h.
 *
 * Owns one UDP socket for each peer, from our address to the peer's, both at the same port and
 * connected: the kernel drops what comes from elsewhere, and tells us when nobody is at the peer's
 * port. Sends a heartbeat each interval, and at once when it is asked to. Never decides what a word
 * means for the election, and never reads the configuration: what it keeps, it copies.
 *
 * All of it belongs to the thread of the loop it was given. Nothing is allocated after
 * heartbeat_new(), nothing is waited for. The owner's functions are called from the loop only; but
 * heartbeat_send_now() asks for the words at once.
 *
 * A socket that cannot be opened (the address is not there yet) is tried again each second. One
 * that is open stays open whatever becomes of a send: closing it would tell the peer that our
 * process has ended.
 */
#ifndef HA_HEARTBEAT_UV_H
#define HA_HEARTBEAT_UV_H

#include "ha/heartbeat_session.h"
#include "include/config.h"
#include "include/err.h"

#include <uv.h>

struct heartbeat;

enum { HEARTBEAT_PEERS_MAX = CONFIG_NODES_MAX - 1 };

struct heartbeat_node {
	const char *name;
	struct addr address; /* sync-address, else address */
};

/* Borrowed for the call. */
struct heartbeat_setup {
	const char *cluster;
	struct heartbeat_node self;
	struct heartbeat_node peers[HEARTBEAT_PEERS_MAX]; /* of the family of ours */
	size_t n_peers;
	uint16_t port;
	const struct cluster_keys *keys; /* at least one */
	uint64_t interval_us; /* the smallest advertisement interval; whole milliseconds count */
};

struct heartbeat_ops {
	/* The present words of our routers for that peer, up to max; called for each heartbeat. */
	size_t (*fill)(void *owner, size_t peer, struct heartbeat_word *list, size_t max);
	/* Hosts that still send to us what is the peer's now, or NULL. */
	size_t (*fill_stragglers)(void *owner, size_t peer, struct heartbeat_straggler *list,
				  size_t max);
	/* Words of a peer, none of them older than sent_us, in the clock of clock_us() (clock_uv.h). */
	void (*heard)(void *owner, size_t peer, const struct heartbeat_said *said, size_t n,
		      uint64_t sent_us);
	/* What the peer reports about frames that are ours, or NULL. */
	void (*stragglers)(void *owner, size_t peer, const struct heartbeat_straggler *list,
			   size_t n);
	/* The peer's process has ended; of its routers those that were master say "gone". */
	void (*gone)(void *owner, size_t peer, const struct heartbeat_said *known, size_t n);
	/* Its state is another one (heartbeat_view()), or NULL. */
	void (*changed)(void *owner, size_t peer);
};

struct heartbeat_counters {
	uint64_t sent;
	uint64_t send_failed;
	uint64_t received; /* believed */
	uint64_t unproven; /* accepted from a stranger */
	uint64_t refused;  /* nobody was at the peer's port */
	uint64_t rejected[HEARTBEAT_REJECT_COUNT];
};

/* A snapshot for status; strings and the list are borrowed, valid until the next call on h. */
struct heartbeat_view {
	const char *name;
	struct addr address;
	enum heartbeat_state state;
	enum heartbeat_cause cause;
	uint64_t since_us;	/* monotonic: how long it is in that state */
	bool heard;		/* a heartbeat was believed, ever */
	uint64_t heard_us;	/* monotonic: when the last one was */
	uint64_t sent_us;	/* monotonic: it was sent no earlier than that */
	uint64_t round_trip_us; /* at most */
	uint64_t interval_us;	/* of the peer */
	uint64_t sealed_us;	/* monotonic: when a datagram came that does not open; 0: never */
	/* monotonic: when something came that cannot be believed, but is a sign of life; 0: never */
	uint64_t sign_us;
	const struct heartbeat_said *known;
	size_t n_known;
	const char *error; /* "" or why nothing can be sent */
	struct heartbeat_counters counters;
};

int heartbeat_new(uv_loop_t *loop, const struct heartbeat_setup *setup,
		  const struct heartbeat_ops *ops, void *owner, struct heartbeat **ret,
		  struct err *err);
void heartbeat_set_interval(struct heartbeat *h, uint64_t interval_us);
/* Other keys, in the same session: nothing is lost while they are changed. */
void heartbeat_set_keys(struct heartbeat *h, const struct cluster_keys *keys);
/*
 * A heartbeat to all peers before the next one is due, because a word has changed; twice, as one may
 * be lost. goodbye: the process ends, so the addresses have been given up before.
 */
void heartbeat_send_now(struct heartbeat *h, bool goodbye);
size_t heartbeat_peers(const struct heartbeat *h);
void heartbeat_view(const struct heartbeat *h, size_t peer, struct heartbeat_view *ret);
/*
 * To be called before heartbeat_close() by a process that goes on: its port is refused from then on,
 * which the peers are not to take for its end. NULL is fine.
 */
void heartbeat_part(struct heartbeat *h);
/* The owner is not called any more; frees itself later. NULL is fine. */
void heartbeat_close(struct heartbeat *h);

#endif
