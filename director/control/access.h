/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may ask the daemon for what: root, and whoever the daemon runs as, for everything; members of one
 * group for what changes something, and with that for what only tells; members of another one for that alone.
 *
 * Pure: who asks is the kernel's word (unix(7): SO_PEERCRED, SO_PEERGROUPS), brought by the caller.
 */
#ifndef DIRECTOR_CONTROL_ACCESS_H
#define DIRECTOR_CONTROL_ACCESS_H

#include "proto/codec.h"

enum access { ACCESS_NONE, ACCESS_READ, ACCESS_CHANGE };

struct access_rules {
	uint32_t uid; /* the daemon's */
	bool has_read_group, has_change_group;
	uint32_t read_gid, change_gid;
	char read_group[CONFIG_NAME_MAX + 1], change_group[CONFIG_NAME_MAX + 1]; /* as configured */
};

/* A process, with the group it runs as among the groups. */
struct access_asker {
	uint32_t uid;
	const uint32_t *gids;
	size_t n_gids;
};

/* There are groups: others than root may open the socket. */
bool access_is_shared(const struct access_rules *r);
enum access access_of(const struct access_rules *r, const struct access_asker *who);
/* What a command takes. */
enum access access_needed(enum control_command command);
/* Why it is refused, for who asked. Returns buf. */
enum { ACCESS_SENTENCE = 256 };
const char *access_refusal(const struct access_rules *r, enum access needed,
			   char buf[static ACCESS_SENTENCE]);

#endif
