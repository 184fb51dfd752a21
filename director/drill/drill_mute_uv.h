/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill_mute.h in the kernel: a table of its own with a chain for each interface and direction.
 *
 * The kernel takes it away without being asked: when this process ends, however it ends, for the table
 * belongs to its socket (flag owner, Linux 5.12), and when the limit has passed, for then each
 * chain lets everything through. It needs the egress hook (Linux 5.16).
 */
#ifndef DIRECTOR_DRILL_DRILL_MUTE_UV_H
#define DIRECTOR_DRILL_DRILL_MUTE_UV_H

#include "director/ruleset/nft_socket_uv.h"
#include "include/config.h"

#define DRILL_TABLE "director-drill"

/* Zeroed: not mute. */
struct drill_mute {
	bool on;
	struct nft_socket socket;
};

/* 0, or a negative errno with the sentence: then nothing is dropped. */
int drill_mute_begin(struct drill_mute *m, uint8_t kind, const struct config *c, uint32_t limit_ms,
		     struct err *err);
/* Also of one that never began. */
void drill_mute_end(struct drill_mute *m);

#endif
