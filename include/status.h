/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything at a glance: what the daemon tells about itself. Filled by director/status.c, carried
 * by proto/codec.c, shown by director/ctl/. Plain data; status_clear() frees the lists.
 */
#ifndef INCLUDE_STATUS_H
#define INCLUDE_STATUS_H

#include "include/addr.h"

enum {
	STATUS_NAME = 32,    /* names of the configuration */
	STATUS_WORD = 16,    /* a state */
	STATUS_REASON = 160, /* a sentence */
	STATUS_DIGEST = 40,
};

#define STATUS_UNKNOWN UINT64_MAX /* a number that cannot be told now */

struct status_vrrp {
	char name[STATUS_NAME];
	char state[STATUS_WORD]; /* master, backup, init, fault */
	char interface[STATUS_NAME];
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
	bool yielded; /* handed over by the operator and not master since */
};

struct status_peer {
	char node[STATUS_NAME];
	char address[ADDR_TEXT];
	char state[STATUS_WORD]; /* connected, connecting, down */
	char sync[STATUS_WORD];	 /* in-sync, syncing, stale */
	uint64_t lag_ms;	 /* may be STATUS_UNKNOWN */
	uint64_t sent, received;
};

struct status_backend {
	char name[STATUS_NAME];
	char address[ADDR_TEXT];
	char mac[MAC_TEXT]; /* "" when it is not known */
	uint32_t weight;
	char state[STATUS_WORD]; /* up, down, draining, disabled, unresolved */
	uint64_t connections;	 /* may be STATUS_UNKNOWN */
	uint64_t packets, bytes; /* may be STATUS_UNKNOWN */
	double share;		 /* of the farm's buckets, 0..1 */
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
	struct status_backend *backends;
	size_t n_backends;
};

struct status {
	char node[STATUS_NAME]; /* "" when standalone */
	char version[STATUS_NAME];
	char config_digest[STATUS_DIGEST];
	uint64_t uptime_ms;
	uint64_t counters_age_ms;
	bool ruleset_in_sync;
	struct status_vrrp *vrrps;
	size_t n_vrrps;
	struct status_peer *peers;
	size_t n_peers;
	struct status_farm *farms;
	size_t n_farms;
};

void status_clear(struct status *s);

#endif
