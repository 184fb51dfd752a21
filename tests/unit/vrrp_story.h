/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The election as stories in virtual time. Every event that has an effect, and every timer that
 * fires, leaves one line: milliseconds, the state after it, the effects in their order, and the
 * reason when the state changed.
 */
#ifndef TESTS_VRRP_STORY_H
#define TESTS_VRRP_STORY_H

#include "ha/vrrp.h"

enum { SECOND_MS = 1000, OWN = 0x0a4d0002, LOWER = 0x0a4d0001, HIGHER = 0x0a4d0003 };

struct story {
	struct vrrp v;
	uint64_t now_us;
	char text[4096];
};

/* A router that was not started yet. */
struct story story_begin(uint8_t priority, uint64_t interval_ms, bool preempt);
/* One that is master, with its next advert due at 5000 ms; nothing is told yet. */
struct story story_begin_master(uint8_t priority, uint64_t interval_ms, bool preempt);
/* One event now. */
void story_step(struct story *s, struct vrrp_event ev);
/* Lets the time pass; timers fire exactly when they are due. */
void story_until(struct story *s, uint64_t ms);
/* The time passes until ms, then one event. */
void story_at(struct story *s, uint64_t ms, enum vrrp_event_type type);
void story_fault(struct story *s, uint64_t ms, enum vrrp_reason why);
void story_advert(struct story *s, uint64_t ms, uint32_t source, uint8_t priority,
		  uint64_t interval_ms);
void story_reconfigure(struct story *s, uint64_t ms, uint8_t priority, uint64_t interval_ms,
		       bool preempt);
/* A heartbeat of a master with an interval of 1 s, sent that long ago; takeovers are held. */
void story_peer(struct story *s, uint64_t ms, uint32_t source, uint8_t priority, uint64_t ago_ms);
void story_gone(struct story *s, uint64_t ms, uint32_t source, enum vrrp_reason why,
		bool successor);
void story_gate(struct story *s, uint64_t ms, enum vrrp_reason why);
void story_group(struct story *s, uint64_t ms, enum vrrp_group_word word);
/* Forgets what was told so far. */
void story_silently(struct story *s);

#endif
