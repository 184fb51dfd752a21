/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything at a glance: what the daemon tells about itself. Filled by director/status.c, carried
 * by proto/codec.c, shown by director/ctl/. Plain data; status_clear() frees the lists.
 */
#ifndef INCLUDE_STATUS_H
#define INCLUDE_STATUS_H

#include "include/addr.h"
#include "include/config.h"
#include "include/latency.h"

enum {
	STATUS_NAME = 32,    /* names of the configuration */
	STATUS_WORD = 16,    /* a state */
	STATUS_REASON = 160, /* a sentence */
	STATUS_DIGEST = 40,
	STATUS_PEER_REASON = 80, /* what an outcome says of a backend */
	STATUS_TABLE = 64,	 /* an nft set: a farm's name and what it is for */
	STATUS_DROPS_MAX = 16,	 /* reasons; there are fewer */
	STATUS_TABLES_MAX = 12,	 /* of a farm and each IP version: four for TCP, two for UDP */
	STATUS_ALARM = 256,	 /* a sentence with names and addresses in it */
	STATUS_ALARMS_MAX = 64,	 /* the last one counts what is left out */
	STATUS_REASONS_MAX = 40, /* of counts; there are fewer */
	STATUS_ROUTERS_MAX = 2 * CONFIG_VRRPS_MAX, /* a section is one for each IP version */
	STATUS_STRAGGLERS_MAX = 1024,
	STATUS_CLAIMS_MAX = 64, /* a farm whose backends all do it shows in the first ones */
};

#define STATUS_UNKNOWN UINT64_MAX /* a number that cannot be told now */

/* How often something happened for one reason. */
struct status_count {
	char reason[STATUS_NAME]; /* a word */
	uint64_t count;
};

struct status_counts {
	struct status_count at[STATUS_REASONS_MAX];
	size_t n;
};

struct status_vrrp {
	char name[STATUS_NAME];
	char state[STATUS_WORD]; /* master, backup, init, fault, maintenance */
	char interface[STATUS_NAME];
	char device[STATUS_NAME]; /* on it, with the virtual MAC address; "" without */
	uint32_t priority;
	uint32_t virtual_router_id;
	char (*addresses)[PREFIX_TEXT];
	size_t n_addresses;
	uint64_t transitions;
	char reason[STATUS_REASON]; /* of the last transition */
	uint64_t since_ms;	    /* time in this state */
	char master[ADDR_TEXT];	    /* address of the router last heard as master, "" for none */
	uint32_t master_priority;
	uint64_t master_age_ms;
	char error[STATUS_REASON]; /* "" */
	uint64_t adverts_sent, adverts_received, adverts_rejected;
	bool yielded;		  /* handed over by the operator and not master since */
	uint32_t version;	  /* of VRRP */
	uint64_t interval_ms;	  /* of its adverts */
	uint32_t family;	  /* 4 or 6 */
	bool held;		  /* a takeover is held: no adverts, but heartbeats of the master */
	bool two_masters;	  /* the other node says that it is master, too */
	bool claimed;		  /* a third host claims an address; the error tells which */
	char gate[STATUS_REASON]; /* why it does not preempt yet, or "" */
	uint64_t lease_s;	  /* 0: the addresses are not held */
	uint64_t restored, claims, announced;
	char authentication[STATUS_WORD]; /* off, receive-only, permissive, enforce */
	struct status_counts rejected, notes;
	/* When it was last seen; STATUS_UNKNOWN: never. */
	uint64_t auth_failed_age_ms; /* an advert under another key */
	uint64_t skew_age_ms;	     /* a clock that is far from ours */
	uint64_t skew_s;
};

/* A virtual router of ours as the other node tells of it. */
struct status_word {
	char name[STATUS_NAME]; /* of the section; "" when there is none of that kind here */
	uint32_t virtual_router_id;
	uint32_t family;
	char state[STATUS_WORD];
	uint32_t priority;
	bool holds, link_up;
	uint64_t healthy;   /* backends of the farms it tracks; STATUS_UNKNOWN: it tracks none */
	uint64_t age_ms;    /* since it was said, at most */
	char mac[MAC_TEXT]; /* of its interface there, or "" */
};

/*
 * The channel that keeps the tables of both directors alike. Flows are told by the master of their
 * address: ours are of addresses that this node is master of, theirs of those of the peer.
 */
struct status_channel {
	bool enabled; /* there is one: a cluster with a key */
	bool connected;
	uint64_t since_ms;	     /* connected for so long; STATUS_UNKNOWN: it is not */
	char trouble[STATUS_REASON]; /* why it is not, or "" */
	char ended[STATUS_REASON]; /* why the last connection did, "the other director …", or "" */
	uint64_t connections, octets_sent, octets_received;
	bool current_here;  /* our tables have all of its flows */
	bool current_there; /* its tables have all of ours */
	/* Entries that wait to be sent; that were sent, and nobody knows whether they arrived. */
	uint64_t queued, unacknowledged;
	/* Flows that would be lost if the peer took over now; STATUS_UNKNOWN: nobody can say. */
	uint64_t would_lose;
	uint64_t held_ours, held_theirs; /* flows */
	uint64_t flows_sent, flows_received;
	uint64_t flows_unknown; /* of those received: of a backend that is not here */
	uint64_t flows_refused; /* of those received: a table did not take them */
	uint64_t snapshots_sent, snapshots_received;
	uint64_t snapshot_age_ms; /* since the last one was received; STATUS_UNKNOWN: none was */
	uint64_t snapshot_flows;  /* in that one */
	/* The last one that was sent, until its end was acknowledged; STATUS_UNKNOWN: none was. */
	uint64_t snapshot_took_ms;
	/* Of entries acknowledged lately (ha/sync_lag.h); STATUS_UNKNOWN: none were. */
	uint64_t lag_median_us, lag_p99_us, lag_max_us;
	uint64_t clock_apart_ms;       /* of the two nodes' dates; STATUS_UNKNOWN */
	uint64_t lost;		       /* times that a queue ran over, or the kernel's log did */
	bool config_differs;	       /* the peer's configuration is another one */
	struct status_counts rejected; /* by status_add_count_of(): handshake, frame, message */
};

struct status_peer {
	char node[STATUS_NAME];
	char address[ADDR_TEXT];
	char state[STATUS_WORD]; /* connected, connecting, down */
	char sync[STATUS_WORD];	 /* in-sync, syncing, stale */
	uint64_t lag_ms;	 /* may be STATUS_UNKNOWN */
	uint64_t sent, received;
	/* Its heartbeats. */
	char heartbeat[STATUS_WORD]; /* off, down, up, overdue, gone */
	char cause[STATUS_REASON];   /* of that state */
	uint64_t since_ms;	     /* time in that state */
	uint64_t age_ms; /* since the last one was sent, at most; STATUS_UNKNOWN: none came */
	uint64_t round_trip_us;	   /* at most; STATUS_UNKNOWN */
	uint64_t interval_ms;	   /* of the other node; STATUS_UNKNOWN */
	char error[STATUS_REASON]; /* "" or why none can be sent */
	uint64_t send_failed, refused, unproven;
	struct status_counts rejected;
	uint64_t key_age_ms; /* since one came that does not open; STATUS_UNKNOWN: none did */
	struct status_word *words;
	size_t n_words;
	struct status_channel channel;
};

/* A host that still sends here what is for an address of the other director's. */
struct status_straggler {
	char mac[MAC_TEXT];
	char address[ADDR_TEXT];
	char interface[STATUS_NAME];
	uint64_t age_ms; /* of its last frame */
};

/* A backend that claims a virtual address, or did. */
struct status_claim {
	char address[ADDR_TEXT];
	char mac[MAC_TEXT];
	char farm[STATUS_NAME];
	char backend[STATUS_NAME];
	uint64_t count;	   /* frames by which it did */
	bool goes_on;	   /* within the last five minutes */
	uint64_t since_ms; /* since it began */
	uint64_t age_ms;   /* of its last frame */
};

struct status_backend {
	char name[STATUS_NAME];
	char address[ADDR_TEXT];
	char mac[MAC_TEXT]; /* "" when it is not known */
	uint32_t weight;
	char state[STATUS_WORD];    /* up, slow-start, down, draining, disabled, unresolved */
	char reason[STATUS_REASON]; /* what its checks find fault with, or "" */
	uint64_t connections;	    /* may be STATUS_UNKNOWN */
	uint64_t packets, bytes;    /* may be STATUS_UNKNOWN */
	double share;		    /* of the farm's buckets, 0..1 */
	uint64_t new_flows;	    /* begun since the table was made; may be STATUS_UNKNOWN */
	bool override;		    /* state or weight is the operator's, not the configuration's */
	char admin_state[STATUS_WORD];	    /* enabled, draining, disabled: as ordered */
	char configured_state[STATUS_WORD]; /* the same, as configured */
	uint32_t configured_weight;
	uint64_t deadline_ms;	 /* of a drain: until it is disabled; STATUS_UNKNOWN: none */
	double effective_weight; /* what counts of it for new connections: 0..256 */
	uint64_t
		slow_start_ms; /* until it has all of its weight; STATUS_UNKNOWN: it does not start slowly */
	/* In the sample of what is sent to it (retries.h); STATUS_UNKNOWN: it is not looked at. */
	uint64_t syn_retries;		  /* SYNs that clients have sent again, so far */
	uint32_t syn_repeated, syn_tried; /* in the last seconds: so many of so many */
	uint64_t inhibited_ms; /* no new connections for that, for so long; STATUS_UNKNOWN: no */
	char own_state[STATUS_WORD];  /* what the checks of this node find: up, down, unknown */
	char peer_state[STATUS_WORD]; /* those of the other node; "" without a pair */
	char peer_reason
		[STATUS_PEER_REASON]; /* why, where they find another thing than ours, or "" */
	uint64_t own_ms, peer_ms;     /* for so long; STATUS_UNKNOWN: it is not known */
};

/* Buckets on their way from one backend to another. All zero: none are. */
struct status_transition {
	char phase[STATUS_WORD]; /* steady, moving, …; "": the farm does not hash */
	uint64_t moved;		 /* buckets in transition, of … */
	uint64_t buckets;	 /* … so many in the table */
	uint64_t remaining_ms;	 /* until the last of them has switched over */
	uint64_t exceptions;	 /* flows held beside the table; may be STATUS_UNKNOWN */
};

/* Packets of the farm that were not forwarded. */
struct status_drop {
	char reason[STATUS_NAME]; /* a word */
	uint64_t packets;
};

/* A table in the kernel that can fill up. */
struct status_table {
	char name[STATUS_TABLE]; /* of the nft set */
	uint64_t size, used;	 /* used may be STATUS_UNKNOWN */
};

struct status_farm {
	char name[STATUS_NAME];
	char state[STATUS_WORD];    /* up, down */
	char reason[STATUS_REASON]; /* why it is down, or "" */
	char scheduler[STATUS_NAME];
	char services[STATUS_REASON]; /* "10.77.0.100 tcp 80,443" */
	uint64_t connections;	      /* may be STATUS_UNKNOWN */
	uint64_t pins;
	uint64_t packets, bytes;
	uint64_t half_open; /* flows that have shown a SYN only; may be STATUS_UNKNOWN */
	uint64_t new_flows; /* as of a backend */
	uint64_t
		scheduler_age_ms; /* of the counts that least-connections uses; STATUS_UNKNOWN: none */
	struct status_transition transition;
	struct status_drop drops[STATUS_DROPS_MAX];
	size_t n_drops;
	struct status_table tables[STATUS_TABLES_MAX];
	size_t n_tables;
	struct status_backend *backends;
	size_t n_backends;
};

struct status {
	char node[STATUS_NAME]; /* "" when standalone */
	char version[STATUS_NAME];
	char config_digest[STATUS_DIGEST];
	uint64_t uptime_ms;
	uint64_t counters_age_ms;
	uint64_t
		unconfirmed_ms; /* the configuration runs so long, unless it is confirmed; 0: it is */
	bool given_up;		/* the file was not confirmed: what runs is what ran before */
	bool ruleset_in_sync;
	bool index_hears;	  /* the daemon hears of new flows and keeps an index of them */
	uint64_t index_held;	  /* flows in it */
	uint64_t index_missed;	  /* announced, but lost on the way */
	uint64_t index_unindexed; /* heard of, but not put in */
	bool election_realtime;	  /* its thread has real-time priority */
	struct latency election_late, main_late;
	uint64_t checks; /* distinct ones of backends */
	struct status_counts
		outcomes; /* of attempts at them, by outcome (director/health/outcome.h) */
	struct status_counts notified; /* runs of the notify program, and changes that it missed */
	struct latency checks_late;    /* how long after its time an attempt began */
	char (*alarms)[STATUS_ALARM];  /* sentences, the ones that cost most first */
	size_t n_alarms;
	struct status_vrrp *vrrps;
	size_t n_vrrps;
	struct status_peer *peers;
	size_t n_peers;
	struct status_straggler *stragglers;
	size_t n_stragglers;
	struct status_claim *claims;
	size_t n_claims;
	struct status_farm *farms;
	size_t n_farms;
};

void status_clear(struct status *s);
/* Of all farms. */
size_t status_count_backends(const struct status *s);

/* One more in the list of a farm; a list that is full stays as it is. */
void status_add_drop(struct status_farm *f, const char *reason, uint64_t packets);
void status_add_table(struct status_farm *f, const char *name, uint64_t size, uint64_t used);
/* The same; what never happened is left out. */
void status_add_count(struct status_counts *c, const char *reason, uint64_t count);
/* The same for a reason that other kinds have, too: "frame-forged". */
void status_add_count_of(struct status_counts *c, const char *kind, const char *reason,
			 uint64_t count);
/* There is none: what cannot be told of it is STATUS_UNKNOWN. */
void status_channel_none(struct status_channel *c);

#endif
