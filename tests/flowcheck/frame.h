/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame to a virtual address, and where in it the fields are that change from packet to packet. */
#ifndef TESTS_FLOWCHECK_FRAME_H
#define TESTS_FLOWCHECK_FRAME_H

#include "include/addr.h"
#include "tests/flowcheck/flow.h"

enum { FRAME_MAX = 14 + 40 + 20 + FLOW_STAMP_LEN };

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
	size_t client_low_at, transport_at, stamp_at;
	uint32_t ip_sum; /* of the IPv4 header without its checksum and the client's low half */
};

/* The checksum of TCP and UDP stays empty: nobody on the way looks at it. */
void frame_init(struct frame *f, const struct mac *to, const struct mac *from,
		const struct addr *client, const struct addr *vip, uint8_t protocol, uint16_t port);
void frame_set_tuple(struct frame *f, const struct flow_tuple *t);
void frame_set_tcp_flags(struct frame *f, uint8_t flags);

#endif
