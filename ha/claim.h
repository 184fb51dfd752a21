/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether somebody else holds our virtual addresses: a third host, that is neither this director nor
 * the other one; and what to do when a backend says that it does.
 *
 * Owns the question (which frames, and when), the reading of answers, and the judgement. Never sends
 * and never looks at a clock.
 *
 * RFC 5227 and RFC 4862 have a host ask for a second or two before it uses an address. A takeover
 * cannot wait for that: the usual previous holder is a director that is dead. So a new master asks
 * just before it announces, and judges for CLAIM_WINDOW_US what it hears. A third host that answers
 * then has held the address before us: that is a fault, and the address is given up again. One that
 * is heard later came after us: the operator is told, and the address is defended by announcing it
 * again, at most once per CLAIM_DEFEND_US (RFC 5227, 2.4 (c)). A master asks again now and then,
 * since a host that holds the address need not speak of its own accord.
 *
 * A director that was stopped still answers, until its lease ends, for addresses that the other one
 * has just taken over. It is known by its MAC: along with the question for the virtual addresses
 * goes one for the nodes' own, and who answers to that is a friend. No judgement is made before all
 * nodes have answered, or a second is over. The virtual router's own MAC (RFC 9568, 7.3) is a friend,
 * too.
 *
 * A backend has the virtual addresses by design, on its loopback, and must be silent about them. One
 * that is not (arp_ignore, arp_announce) has a mistake in its settings and does not hold the address:
 * to give it up would leave all clients to that one backend, or to nobody. So it is never given up to a
 * backend's MAC, at whatever moment it is heard: that is the host of RFC 5227, 2.4 (c), which defends
 * its address "indefinitely" and tells its operator, with the same bound of one announcement per
 * CLAIM_DEFEND_US. Nor do a backend's answers keep a fault going that a third host has made; and a
 * fault whose third host turns out to be a backend is over.
 *
 * Nothing here is authenticated: ARP is not, and who can forge it can take the address anyway.
 */
#ifndef HA_CLAIM_H
#define HA_CLAIM_H

#include "ha/frame.h"
#include "include/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	CLAIM_FRAME_MAX = FRAME_ND_LEN + FRAME_ND_OPTION_LEN,
	CLAIM_READ_MAX = 256,	   /* octets of a received frame that are looked at */
	CLAIM_BATCH = 8,	   /* questions sent back to back … */
	CLAIM_GAP_US = 10000,	   /* … and the pause between batches, as for announcements */
	CLAIM_WINDOW_US = 1000000, /* RFC 5227's PROBE_NUM with the time that a takeover has */
	CLAIM_ASKS = 3,		   /* questions for the nodes, in case one is lost */
	CLAIM_ASK_US = 300000,
	CLAIM_AGAIN_US = 10000000,  /* between rounds of questions of a master */
	CLAIM_RETRY_US = 1000000,   /* the same after a fault */
	CLAIM_CLEAR_US = 3500000,   /* a fault ends when three rounds got no answer */
	CLAIM_CALM_US = 35000000,   /* an alarm, too */
	CLAIM_DEFEND_US = 10000000, /* RFC 5227, 1.1: DEFEND_INTERVAL */
	CLAIM_NODES = 2,
	CLAIM_FRIENDS = 8,
	CLAIM_PENDING = 8, /* claims that are not judged yet; more say nothing new */
};

#define CLAIM_NEVER UINT64_MAX

/* Who says that it holds an address. */
struct claim_who {
	struct addr address;
	struct mac mac;
};

/* Why a frame says nothing: id, name (stable, for scripts), what it is. */
#define CLAIM_REJECT_LIST(X)                                                                       \
	X(NONE, "none", "is good")                                                                 \
	X(OTHER, "other", "is no answer of ARP or neighbour discovery")                            \
	X(PROBE, "probe", "asks for an address that it does not have")                             \
	X(TRUNCATED, "truncated", "ends too early")                                                \
	X(KIND, "kind", "is not about Ethernet and IPv4")                                          \
	X(HOP_LIMIT, "hop-limit", "has another hop limit than 255")                                \
	X(CHECKSUM, "checksum", "has a wrong checksum")                                            \
	X(OPTION, "option", "has an option of no length")                                          \
	X(MAC, "mac", "names a MAC that no single station has")

enum claim_reject {
#define X(id, name, text) CLAIM_REJECT_##id,
	CLAIM_REJECT_LIST(X)
#undef X
		CLAIM_REJECT_COUNT
};

/* An Ethernet frame -> who claims what. *ret is set only when the result is CLAIM_REJECT_NONE. */
enum claim_reject claim_parse(const uint8_t *bytes, size_t len, struct claim_who *ret);
const char *claim_reject_name(enum claim_reject r);

/*
 * The question whether somebody has the address: an ARP probe (RFC 5227, 2.1.1) or the neighbour
 * solicitation of duplicate address detection (RFC 4862, 5.4.2). Its length, or 0.
 */
size_t claim_probe(const struct addr *address, const struct mac *own, uint8_t *bytes, size_t size);
/*
 * The question of `from` for a node's MAC, both of one family: an ARP request, or a neighbour solicitation
 * that says where we are (RFC 4861, 4.3): unlike a probe it does no harm to an address that its owner is
 * just checking. Its length, or 0.
 */
size_t claim_ask(const struct addr *node, const struct addr *from, const struct mac *own,
		 uint8_t *bytes, size_t size);

enum claim_phase {
	CLAIM_IDLE,  /* the addresses are not ours */
	CLAIM_HELD,  /* they are */
	CLAIM_TAKEN, /* a third host had one of them: a fault */
};

struct claim_heard {
	struct claim_who who;
	uint64_t judge_us; /* at the latest */
	bool early;	   /* within the window */
};

struct claim {
	enum claim_phase phase;
	struct mac own, virtual_mac;
	const struct prefix *addresses; /* borrowed */
	size_t n_addresses;
	struct addr nodes[CLAIM_NODES]; /* the others' */
	bool answered[CLAIM_NODES];	/* since they were last asked */
	size_t n_nodes;
	struct mac friends[CLAIM_FRIENDS]; /* the oldest one is replaced */
	size_t n_friends, next_friend;
	const struct mac *backends; /* borrowed, in order */
	size_t n_backends;

	uint64_t began_us;
	uint64_t probe_us; /* of the next batch of questions */
	size_t next;	   /* the address that it begins with */
	uint64_t round_us; /* when this round began */
	uint64_t ask_us;
	unsigned int asks; /* still to be sent */
	struct claim_heard pending[CLAIM_PENDING];
	size_t n_pending;
	struct claim_who conflict; /* of the fault or the alarm */
	uint64_t conflict_us;	   /* last heard */
	bool alarmed;
	uint64_t defended_us; /* or CLAIM_NEVER */
};

enum claim_event_type {
	CLAIM_EVENT_BEGIN, /* the addresses are on the interface and about to be announced */
	CLAIM_EVENT_END,   /* they are not any more */
	CLAIM_EVENT_HEARD, /* `who` */
	CLAIM_EVENT_TIMER, /* the deadline may have come; early calls are harmless */
	CLAIM_EVENT_RESET, /* another interface: nothing is known */
};

struct claim_event {
	enum claim_event_type type;
	uint64_t now_us;
	struct claim_who who;
};

/* What to do, in this order. */
enum claim_flags {
	CLAIM_PROBE = 1 << 0,  /* for the addresses first … first + n - 1 */
	CLAIM_ASK = 1 << 1,    /* for each node */
	CLAIM_FAULT = 1 << 2,  /* `who` had an address before us: give up */
	CLAIM_CLEAR = 1 << 3,  /* nobody answers any more: the fault is over */
	CLAIM_ALARM = 1 << 4,  /* `who` claims an address of ours: tell */
	CLAIM_CALM = 1 << 5,   /* it does not any more */
	CLAIM_DEFEND = 1 << 6, /* announce once: against `who` */
};

struct claim_update {
	unsigned int flags; /* enum claim_flags */
	size_t first, n;    /* CLAIM_PROBE */
	struct claim_who who;
	uint64_t deadline_us; /* always */
};

void claim_init(struct claim *c, const struct mac *virtual_mac);
/* The addresses stay until they are set anew. */
void claim_set_addresses(struct claim *c, const struct prefix *addresses, size_t n);
void claim_set_nodes(struct claim *c, const struct addr *nodes, size_t n);
/* A MAC that may hold the addresses, too: the other director's. */
void claim_add_friend(struct claim *c, const struct mac *mac);
/* Whom the addresses are never left to: in the order of their octets, kept until they are set anew. */
void claim_set_backends(struct claim *c, const struct mac *macs, size_t n);
bool claim_is_backend(const struct claim *c, const struct mac *mac);
/* An address of ours, and a MAC that is no friend's. */
bool claim_is_foreign(const struct claim *c, const struct claim_who *who);
struct claim_update claim_step(struct claim *c, const struct claim_event *ev);

#endif
