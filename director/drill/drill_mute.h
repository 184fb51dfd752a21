/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a director no longer hears or says while a failure is rehearsed: a list of frames to be dropped,
 * where they come in and where they go out. Nothing else is touched, so that an operator's own
 * connection lives on, whatever interface it uses.
 *
 *     crash   on every interface: adverts, heartbeats, the channel, and the virtual addresses with
 *             their ARP and neighbour discovery, which is all forwarding, too
 *     link    the same, on the interfaces of virtual routers alone
 *     split   on those: adverts alone
 *
 * Pure. drill_mute_uv.h carries it out.
 */
#ifndef DIRECTOR_DRILL_DRILL_MUTE_H
#define DIRECTOR_DRILL_DRILL_MUTE_H

#include "include/config.h"

enum { MUTE_MATCHES = 3, MUTE_OCTETS = 16 };

enum mute_base { MUTE_NETWORK, MUTE_TRANSPORT };

struct mute_match {
	enum mute_base base;
	uint8_t offset, len;
	uint8_t bytes[MUTE_OCTETS];
};

/* A frame is dropped when all of it fits. */
struct mute_rule {
	bool out; /* else: it comes in */
	uint16_t ethertype;
	size_t n;
	struct mute_match matches[MUTE_MATCHES];
};

struct mute_rules {
	struct mute_rule *list;
	size_t n, size;
};

/* True for the kinds (enum sync_drill_kind) that silence a node. */
bool mute_silences(uint8_t kind);
/* … on each of its interfaces; else on those of virtual routers. */
bool mute_is_everywhere(uint8_t kind);
/* 0, or -ENOMEM with *ret empty. The caller ends it with mute_rules_clear(). */
int mute_rules_make(struct mute_rules *ret, uint8_t kind, const struct config *c);
void mute_rules_clear(struct mute_rules *r);

#endif
