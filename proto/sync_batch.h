/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which flows go into one message: of one family, of so many services. Whoever sends adds flows until
 * the message is full, sends it, begins it anew and adds the flow that was left.
 *
 * Pure.
 */
#ifndef PROTO_SYNC_BATCH_H
#define PROTO_SYNC_BATCH_H

#include "include/sync.h"

enum { SYNC_SLOT_BITS = 9 }; /* of the slots for services: half of them stay empty */

/* The services of a message, each with its index. */
struct sync_services {
	size_t n;
	struct sync_service {
		struct addr address;
		uint16_t port;
		uint8_t protocol;
	} list[SYNC_SERVICES_MAX];
	/* By hash, linear probing: 1 + the index, 0 for an empty slot. */
	uint16_t slots[1 << SYNC_SLOT_BITS];
};

void sync_services_clear(struct sync_services *s);
/* The index of the service that a flow is of, which is added when it is new; -ENOSPC: it is full. */
int sync_services_index(struct sync_services *s, const struct flow_key *key);

struct sync_batch {
	struct sync_flows *flows; /* borrowed; sequence and snapshot are the sender's matter */
	struct sync_services services;
};

/* An empty one. */
void sync_batch_begin(struct sync_batch *b, struct sync_flows *flows);
/* False: it is full, or has no room for this one, and is to be sent. An empty one takes any flow. */
bool sync_batch_add(struct sync_batch *b, const struct sync_flow *flow);

#endif
