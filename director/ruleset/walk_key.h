/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The octets of a frame on its way, and what rules read of them to look something up (key.c), as the
 * kernel's registers hold it. Private to walk*.c.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_WALK_KEY_H
#define DIRECTOR_RULESET_WALK_KEY_H

#include "director/ruleset/walk.h"

enum {
	WALK_LINK = 14,
	WALK_NETWORK = 40,
	WALK_TRANSPORT = 64, /* as far as any statement looks */
	WALK_KEY = RULESET_PARTS * 16,
};

struct walk_octets {
	const struct walk_frame *frame;
	uint8_t link[WALK_LINK], network[WALK_NETWORK], transport[WALK_TRANSPORT];
};

/* The frame is borrowed. */
void walk_octets_init(struct walk_octets *w, const struct walk_frame *f);
/* A rule with such a key matches frames of that kind. */
bool walk_reads(const struct walk_octets *w, enum ruleset_key key);
/* The key has the client's port in it, and that is not given. */
bool walk_needs_port(const struct walk_octets *w, enum ruleset_key key);
/* Every field is padded to four octets; of an address the first prefix bits count, 0: all. Its octets. */
size_t walk_key(const struct walk_octets *w, enum ruleset_key key, uint8_t prefix,
		uint8_t ret[static WALK_KEY]);

#endif
