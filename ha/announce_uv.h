/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends the announcements of announce.h on one interface.
 *
 * Owns a packet socket that receives nothing, and one timer. Never touches addresses: whoever
 * starts it has put them on the interface before.
 */
#ifndef HA_ANNOUNCE_UV_H
#define HA_ANNOUNCE_UV_H

#include "ha/announce.h"
#include "ha/tell.h"
#include "include/err.h"
#include "include/log.h"

#include <uv.h>

struct announcer {
	uv_timer_t timer;
	int fd;
	struct announce schedule;
	unsigned int ifindex;
	struct mac mac;
	const struct prefix *addresses; /* borrowed while a burst runs */
	const char *name;		/* borrowed: names the lines in the log */
	uint64_t sent;
	struct log_limit limit;
	struct tell tell;
	bool (*may_go_on)(void *owner); /* asked before what a timer calls for; NULL: always */
	void *asked;			/* its owner */
	void (*closed)(void *owner);
	void *owner;
};

/* 0, or a negative errno, the sentence, and nothing to close. */
int announcer_init(struct announcer *a, uv_loop_t *loop, const char *name, struct err *err);
/* Where frames go and which hardware address they tell. */
void announcer_link(struct announcer *a, unsigned int ifindex, const struct mac *mac);
/* The list must stay until announcer_stop(). */
void announcer_start(struct announcer *a, const struct prefix *addresses, size_t n,
		     unsigned int repeat);
/* One frame for one address, now, beside all bursts. */
void announcer_send(struct announcer *a, const struct addr *address);
/* One round of announcements of what is announced anyway; nothing else changes. */
void announcer_defend(struct announcer *a);
/* How often a burst that is over is followed by another round, in milliseconds; 0: never. */
void announcer_refresh(struct announcer *a, uint32_t refresh_ms);
void announcer_stop(struct announcer *a);
/* closed(owner) is called when the struct may be freed. */
void announcer_close(struct announcer *a, void (*closed)(void *owner), void *owner);

/*
 * Tells one host where an address is that this node owns: it still sends to the old master. False
 * when nothing was sent, because it is not its time (tell.h): whoever goes on sending is named again.
 */
bool announcer_tell(struct announcer *a, const struct mac *to, const struct addr *address);

#endif
