/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A heartbeat, sealed and opened: whatever arrives is refused with a reason, and whatever a holder
 * of the key could have sealed is refused or built again as the same octets.
 * tests/unit/t_heartbeat.c replays the corpus, which is of opened ones.
 */
#include "ha/heartbeat_session.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

/* A peer that knows the key says anything at any time. */
static void step(const struct heartbeat_message *m)
{
	static struct heartbeat_peer peer;
	static uint64_t now_us = 1000000;
	struct heartbeat_event ev = {.type = HEARTBEAT_EVENT_DATAGRAM, .message = m};
	struct heartbeat_update u;
	struct heartbeat_message next;

	now_us += m->interval_us;
	if (peer.sequence == 0)
		heartbeat_peer_init(&peer, &m->echo.session, 10000, now_us);
	ev.now_us = now_us;
	u = heartbeat_step(&peer, &ev);
	if (u.flags & HEARTBEAT_AGAIN)
		u = heartbeat_step(&peer, &ev);
	check(!(u.flags & HEARTBEAT_AGAIN) && u.reject < HEARTBEAT_REJECT_COUNT);
	check(peer.sent_us <= now_us && peer.n_known <= HEARTBEAT_ROUTERS_MAX);
	ev.type = HEARTBEAT_EVENT_REFUSED;
	heartbeat_step(&peer, &ev);
	heartbeat_stamp(&peer, now_us, &next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cluster_keys secret = {.keys = {{.bytes = {1}}}, .n = 1};
	static struct heartbeat_keys keys;
	struct heartbeat_message m = {0};
	uint8_t body[HEARTBEAT_BODY_MAX];

	check(sodium_init() >= 0);
	if (keys.n == 0)
		heartbeat_keys_make(&secret, "web", "a", "b", &keys);
	check(heartbeat_open(&keys, data, size, &m) != HEARTBEAT_REJECT_NONE);
	m = (struct heartbeat_message){0};
	if (!heartbeat_body_parse(data, size, &m))
		return 0;
	check(heartbeat_body_build(&m, body) == size && memcmp(body, data, size) == 0);
	memcpy(m.session.bytes, &m.echo.dwell_us, sizeof(m.echo.dwell_us));
	m.sequence = m.sent_us;
	step(&m);
	return 0;
}
