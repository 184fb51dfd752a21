/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One virtual router on the loop: the shell around vrrp.h.
 *
 * Owns its sockets, its timers and the virtual addresses while it is master. Turns packets, timers
 * and link changes into events, carries out updates in the order that vrrp.h states, logs every
 * transition with its reason. Never decides anything about the election itself, and never reads
 * the configuration after a call has returned: what it keeps, it copies.
 *
 * The program feeds vrrp_router_link() from its link watcher, once after vrrp_router_new() and at
 * every change; until the first call the router stays in `init`. The node's address is looked for
 * on the interface at the same time; while it is missing the router is in `fault` and looks again
 * every second.
 */
#ifndef HA_VRRP_UV_H
#define HA_VRRP_UV_H

#include "ha/heartbeat.h"
#include "ha/lease.h"
#include "ha/vrrp.h"
#include "ha/vrrp_auth.h"
#include "ha/vrrp_packet.h"
#include "include/addr.h"
#include "include/config.h"
#include "include/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct vrrp_router;

/* None of them from within vrrp_router_new(); each may be NULL. */
struct vrrp_router_ops {
	/* After each change of state. May call vrrp_router_close(). */
	void (*changed)(void *owner, struct vrrp_router *r);
	/* A deadline came so much late. */
	void (*late)(void *owner, uint64_t late_us);
	/* It has let the addresses go: the other nodes are to hear of it at once (VRRP_GOODBYE). */
	void (*goodbye)(void *owner, struct vrrp_router *r);
	/* After each step, for the group. */
	void (*stepped)(void *owner, struct vrrp_router *r, const struct vrrp_update *u);
	/* What is wrong with it, apart from its group, is another thing now, or nothing. */
	void (*fault)(void *owner, struct vrrp_router *r, enum vrrp_reason fault);
};

/* The interface as the kernel shows it. */
struct vrrp_link {
	unsigned int ifindex;
	struct mac mac;
	bool present;
	bool up; /* administratively up and with carrier (IFF_UP and IFF_RUNNING) */
};

struct vrrp_counters {
	uint64_t sent;
	uint64_t send_failed;
	uint64_t received; /* accepted adverts */
	uint64_t rejected[VRRP_REJECT_COUNT];
	uint64_t noted[VRRP_NOTE_COUNT];
	uint64_t announced; /* gratuitous ARP, unsolicited neighbour advertisements */
	uint64_t restored;  /* addresses that somebody else removed, put back */
	uint64_t claims;    /* frames of third hosts that claim an address of ours */
};

/* A snapshot for status. The strings and the list are borrowed: valid until the next call on r. */
struct vrrp_view {
	const char *name;
	const char *interface;
	const char
		*device; /* that has the virtual MAC address; NULL: the interface's own is used */
	uint8_t virtual_router_id;
	uint8_t version;
	uint8_t family; /* AF_INET or AF_INET6 */
	bool unicast;
	uint8_t priority;
	uint32_t advertise_interval_ms;
	bool preempt;
	enum vrrp_state state; /* vrrp_state_name() for people */
	enum vrrp_state from;  /* the one before it */
	uint64_t transitions;  /* changes of state since the start */
	enum vrrp_reason reason;
	char reason_text[VRRP_CAUSE_TEXT]; /* of the last transition */
	int64_t changed_wall_ms;	   /* when, since 1970 */
	uint64_t changed_ms;		   /* when, monotonic (uv_hrtime / 1000000) */
	bool yielded;			   /* handed over by the operator, not master since */
	bool held;		    /* a takeover is held: adverts are lost, heartbeats are not */
	enum vrrp_reason gate;	    /* why it does not preempt yet, or VRRP_REASON_NONE */
	struct addr source;	    /* own address in adverts; family 0: not known yet */
	bool has_master;	    /* an advert was accepted in this state */
	struct addr master_address; /* the router last heard; ourselves when master */
	uint8_t master_priority;
	uint64_t master_age_ms; /* since its last advert; 0 when we are master */
	const struct prefix *addresses;
	size_t n_addresses;
	bool holds_addresses; /* all of them are on the interface, put there or found by us */
	uint32_t lease_s;     /* the lifetime that they were last given; 0: they are not held */
	const char *error;    /* "" or why the router cannot do all of its work */
	bool claimed;	      /* another host has an address, too: the error names it */
	enum config_auth_mode auth_mode;
	/* Monotonic, microseconds; 0: never seen. */
	uint64_t auth_failed_us; /* the last advert that was authenticated under another key */
	uint64_t skewed_us;	 /* the last advert of a clock that is far from ours, ... */
	int32_t skew_s;		 /* ... and how far it was */
	struct vrrp_counters counters;
};

/*
 * What a router is made of. "Within a VRRP Router, the Virtual Routers in each of the IPv4 and IPv6
 * address families are independent of one another" (RFC 9568): a section with addresses of both
 * becomes two routers.
 */
struct vrrp_setup {
	const struct config_vrrp *section;
	uint8_t family;			/* the addresses of the others are left out */
	const struct config_node *self; /* one of the cluster's, or NULL: priority 100 */
	const struct config_cluster *cluster;
	/* Of adverts, copied; NULL: auth-mode is off, whatever the section says. */
	const struct vrrp_auth_keys *auth_keys;
	/* What was believed of whom: borrowed for the router's life. NULL: the router's own, which ends
	 * with it. */
	struct vrrp_auth_seen *auth_seen;
};

/*
 * Adverts come from self's address. Those of IPv6 to the group come from the interface's first
 * link-local one; those of IPv4, when self has none of that family, from the interface's first. 0, or a negative errno and the sentence.
 */
int vrrp_router_new(uv_loop_t *loop, const struct vrrp_setup *setup,
		    const struct vrrp_router_ops *ops, void *owner, struct vrrp_router **ret,
		    struct err *err);
/*
 * Sees to it that the device with the virtual MAC address is there, before the router may be told of
 * its link: the program has rules to make for it. False: there is none and it cannot be made; the
 * router says why when it is told of its link.
 */
bool vrrp_router_prepare(struct vrrp_router *r, unsigned int ifindex);
/* The link as it is now; repeated calls without a change do nothing. */
void vrrp_router_link(struct vrrp_router *r, const struct vrrp_link *link);
/* Orderly end: addresses removed, advert with priority 0 sent, state init. All done on return. */
void vrrp_router_leave(struct vrrp_router *r);
/*
 * How long the router should stay open after it has left: with a virtual MAC address the kernel
 * forwards until another master was heard, but not for ever. 0: it may be closed.
 */
uint64_t vrrp_router_linger_ms(const struct vrrp_router *r);
/* Ends all handles and frees r in the last close callback. Takes no address away. NULL is fine. */
void vrrp_router_close(struct vrrp_router *r);
/* The operator hands the addresses over. Only when master (and not the address owner). */
int vrrp_router_failover(struct vrrp_router *r, struct err *err);
/*
 * New priority, interval, preempt, address, peers, garp-repeat, garp-refresh, lease or list of
 * addresses, without leaving the state. Interface, virtual router id, version, family, unicast and
 * virtual-mac must be the same (-EINVAL): vrrp_router_fits().
 */
int vrrp_router_reconfigure(struct vrrp_router *r, const struct vrrp_setup *setup, struct err *err);
bool vrrp_router_fits(const struct vrrp_router *r, const struct vrrp_setup *setup);
/*
 * Puts the addresses of a master back that another router has just removed, when they moved between
 * routers of one interface.
 */
void vrrp_router_confirm(struct vrrp_router *r);
/* Its name never changes: any thread may ask. */
const char *vrrp_router_interface(const struct vrrp_router *r);
/* The same: that of the device with the virtual MAC address, NULL without. */
const char *vrrp_router_device(const struct vrrp_router *r);
/* Which one it is now; 0: there is none. */
unsigned int vrrp_router_device_index(const struct vrrp_router *r);
/*
 * What is known about being alone: decides how long the lease is. Until it is called, a router with a
 * cluster takes the other director for alive. An advert that is accepted overrules peer_silent until
 * the next call.
 */
void vrrp_router_lease(struct vrrp_router *r, const struct lease_facts *facts);
/* A MAC of the other director: not a third host when it answers for the addresses. */
void vrrp_router_add_friend(struct vrrp_router *r, const struct mac *mac);
/* The backends' MACs, in order and borrowed until the next call: no address is given up to them. */
void vrrp_router_set_backends(struct vrrp_router *r, const struct mac *macs, size_t n);
void vrrp_router_view(const struct vrrp_router *r, struct vrrp_view *ret);

/* --- what it is told from beside (vrrp_beside_uv.c) ------------------------------------------- */

/* PEER, GATE, MAINTENANCE, RESUME or GROUP; the time is filled in here. */
void vrrp_router_tell(struct vrrp_router *r, const struct vrrp_event *ev);
/*
 * What is tracked: the priority that comes of it (0: that of the configuration), and when it is a
 * fault, the sentence ("" otherwise). The address owner keeps its 255.
 */
void vrrp_router_track(struct vrrp_router *r, uint8_t priority, const char *fault);
/* Another router of its group is in fault, or none is. */
void vrrp_router_group_fault(struct vrrp_router *r, bool fault);
/* Tells one host, which sends to another node, that the address is here; when it is, and ours. */
void vrrp_router_tell_host(struct vrrp_router *r, const struct mac *to, const struct addr *address);
/* What the other nodes are told of it; the successor is the caller's to add. */
void vrrp_router_word(const struct vrrp_router *r, struct heartbeat_word *ret);
/* It is the one that the word is about. */
bool vrrp_router_is(const struct vrrp_router *r, const struct heartbeat_word *w);
/* By which words name its section: heartbeat_tag(). It never changes. */
uint32_t vrrp_router_tag(const struct vrrp_router *r);
/* Its Advertisement_Interval. */
uint64_t vrrp_router_interval_us(const struct vrrp_router *r);
enum vrrp_state vrrp_router_state(const struct vrrp_router *r);
/* What is wrong with it apart from its group, as it saw itself last. */
enum vrrp_reason vrrp_router_own_fault(const struct vrrp_router *r);
/*
 * A master that met another one, and stays, is the only one again: nothing was heard of that one for
 * as long as a backup waits. True once.
 */
bool vrrp_router_remains(struct vrrp_router *r);
/* Another router's advert was accepted within the time that a backup waits for one. */
bool vrrp_router_hears(const struct vrrp_router *r);

#endif
