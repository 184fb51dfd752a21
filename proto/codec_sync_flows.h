/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows <-> the columns that they travel in. Pure; private to codec_sync*.c. */
#ifndef PROTO_CODEC_SYNC_FLOWS_H
#define PROTO_CODEC_SYNC_FLOWS_H

#include "proto/codec_sync.h"
#include "proto/sync.pb-c.h"
#include "proto/sync_batch.h"

/* Of what lies in one field behind the other. */
enum {
	SYNC_TYPE_OCTETS = 1,	     /* before the fields of any message */
	SYNC_SERVICE_OCTETS = 2 + 1, /* behind the address of a service */
	SYNC_ROUTER_OCTETS = 4 + 1,
};

/* What a message borrows while it is packed. */
struct sync_columns {
	struct sync_services list;
	uint8_t clients[16 * SYNC_FLOWS_MAX];
	uint8_t client_ports[2 * SYNC_FLOWS_MAX];
	uint8_t services[(16 + SYNC_SERVICE_OCTETS) * SYNC_SERVICES_MAX];
	uint8_t service_of[SYNC_FLOWS_MAX];
	uint8_t backends[2 * SYNC_FLOWS_MAX];
	uint8_t lives[2 * SYNC_FLOWS_MAX];
};

/* Of a message that keeps the rules. False: there are too many services. */
bool codec_put_flows(struct sync_columns *c, const struct sync_flows *from, Sync__Flows *ret);

/* Whether the values keep the rules is judged later. */
enum sync_reject codec_take_flows(const Sync__Flows *m, struct sync_flows *ret);

#endif
