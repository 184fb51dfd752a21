/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client connection as the tables, the log of the packet path and the channel between the
 * directors name it; or a client that has a backend whatever its connections (FLOW_PIN). Plain values: compare field by field (there is padding), ports in host order.
 */
#ifndef INCLUDE_FLOW_H
#define INCLUDE_FLOW_H

#include "include/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct flow_key {
	struct addr client, vip; /* of one family, AF_INET or AF_INET6 */
	uint16_t client_port, vip_port;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP; FLOW_PIN; never 0 */
};

/*
 * As protocol: a pin. The client is the address of its prefix, the VIP the first one of the farm that
 * is of the client's family, the ports are 0.
 */
enum { FLOW_PIN = 254 };

static inline bool flow_is_pin(const struct flow_key *key)
{
	return key->protocol == FLOW_PIN;
}

static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return a->protocol == b->protocol && a->client_port == b->client_port &&
	       a->vip_port == b->vip_port && addr_equal(&a->client, &b->client) &&
	       addr_equal(&a->vip, &b->vip);
}

#endif
