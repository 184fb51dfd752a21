/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests about heartbeats share: two nodes with a key, and what they have to say. */
#ifndef TESTS_HEARTBEAT_SAMPLE_H
#define TESTS_HEARTBEAT_SAMPLE_H

#include "ha/heartbeat.h"

#include <string.h>
#include <sys/socket.h>

static inline struct cluster_keys sample_keys(uint8_t first, uint8_t second)
{
	return (struct cluster_keys){
		.keys = {{.bytes = {first, 1}}, {.bytes = {second, 1}}},
		.n = second ? 2 : 1,
	};
}

/* As node `self` has them, with the other one as its peer. */
static inline struct heartbeat_keys sample_pair(uint8_t first, uint8_t second, const char *self,
						const char *peer)
{
	struct cluster_keys keys = sample_keys(first, second);
	struct heartbeat_keys ret;

	heartbeat_keys_make(&keys, "web", self, peer, &ret);
	return ret;
}

static inline struct heartbeat_word sample_word(uint8_t virtual_router_id, uint8_t state)
{
	return (struct heartbeat_word){
		.section = heartbeat_tag("web"),
		.virtual_router_id = virtual_router_id,
		.family = AF_INET,
		.version = 3,
		.state = state,
		.priority = 150,
		.flags = HEARTBEAT_LINK_UP,
		.interval_us = 1000000,
		.farms = {.healthy = 3, .lacking = 1, .backends = 0x01020304},
		.mac = {{2, 0, 0, 0, 0, 1}},
		.source = {.family = AF_INET, .bytes = {10, 77, 0, 2}},
	};
}

/* So full that it has no room for another word. */
static inline struct heartbeat_message sample_message(size_t n_words, size_t n_stragglers)
{
	struct heartbeat_message m = {
		.session = {{1, 2, 3}},
		.sequence = 0x0102030405060708,
		.sent_us = 1000000,
		.interval_us = 10000,
		.echo = {.session = {{4, 5, 6}}, .sent_us = 900000, .dwell_us = 5000},
		.n_words = (uint8_t)n_words,
		.n_stragglers = (uint8_t)n_stragglers,
	};

	for (size_t i = 0; i < n_words; i++)
		m.words[i] = sample_word((uint8_t)(i + 1), (uint8_t)(i % 5));
	for (size_t i = 0; i < n_stragglers; i++) {
		m.stragglers[i].address = addr_v4(0x0a4d0064 + (uint32_t)i);
		m.stragglers[i].mac = (struct mac){{2, 0, 0, 0, 1, (uint8_t)i}};
		if (i % 2) {
			m.stragglers[i].address.family = AF_INET6;
			memset(m.stragglers[i].address.bytes, 0xfd, 16);
		}
	}
	return m;
}

#endif
