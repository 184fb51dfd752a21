/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a third host holds our addresses; see claim.h. */
#include "ha/claim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void claim_init(struct claim *c, const struct mac *virtual_mac)
{
	*c = (struct claim){
		.virtual_mac = *virtual_mac,
		.probe_us = CLAIM_NEVER,
		.defended_us = CLAIM_NEVER,
	};
}

void claim_set_addresses(struct claim *c, const struct prefix *addresses, size_t n)
{
	c->addresses = addresses;
	c->n_addresses = n;
	c->next = 0;
}

void claim_set_nodes(struct claim *c, const struct addr *nodes, size_t n)
{
	c->n_nodes = n < CLAIM_NODES ? n : CLAIM_NODES;
	for (size_t i = 0; i < c->n_nodes; i++) {
		c->nodes[i] = nodes[i];
		c->answered[i] = false;
	}
}

static bool is_friend(const struct claim *c, const struct mac *mac)
{
	for (size_t i = 0; i < c->n_friends; i++)
		if (mac_equal(mac, &c->friends[i]))
			return true;
	return mac_equal(mac, &c->own) || mac_equal(mac, &c->virtual_mac);
}

void claim_add_friend(struct claim *c, const struct mac *mac)
{
	if (is_friend(c, mac) || !mac_is_unicast(mac))
		return;
	c->friends[c->next_friend] = *mac;
	c->next_friend = (c->next_friend + 1) % CLAIM_FRIENDS;
	if (c->n_friends < CLAIM_FRIENDS)
		c->n_friends++;
}

static bool is_ours(const struct claim *c, const struct addr *a)
{
	for (size_t i = 0; i < c->n_addresses; i++)
		if (addr_equal(a, &c->addresses[i].addr))
			return true;
	return false;
}

static int compare_macs(const void *a, const void *b)
{
	return memcmp(a, b, MAC_LEN);
}

void claim_set_backends(struct claim *c, const struct mac *macs, size_t n)
{
	c->backends = macs;
	c->n_backends = n;
}

bool claim_is_backend(const struct claim *c, const struct mac *mac)
{
	return c->n_backends > 0 &&
	       bsearch(mac, c->backends, c->n_backends, sizeof(*mac), compare_macs);
}

bool claim_is_foreign(const struct claim *c, const struct claim_who *who)
{
	return is_ours(c, &who->address) && !is_friend(c, &who->mac);
}

static bool all_answered(const struct claim *c)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		if (!c->answered[i])
			return false;
	return true;
}

static void ask_nodes(struct claim *c, uint64_t now_us)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		c->answered[i] = false;
	c->asks = c->n_nodes ? CLAIM_ASKS : 0;
	c->ask_us = now_us;
}

/* --- judging ---------------------------------------------------------------------------------- */

static void fault(struct claim *c, const struct claim_who *who, uint64_t now_us,
		  struct claim_update *u)
{
	c->phase = CLAIM_TAKEN;
	c->conflict = u->who = *who;
	c->conflict_us = now_us;
	c->n_pending = 0;
	c->alarmed = false;
	c->next = 0;
	c->asks = 0;
	c->probe_us = now_us + CLAIM_RETRY_US;
	u->flags |= CLAIM_FAULT;
}

/* RFC 5227, 2.4 (c): two hosts that both do so must not flood the network. */
static void defend(struct claim *c, const struct claim_who *who, uint64_t now_us,
		   struct claim_update *u)
{
	if (c->defended_us != CLAIM_NEVER && now_us - c->defended_us < CLAIM_DEFEND_US)
		return;
	c->defended_us = now_us;
	u->who = *who;
	u->flags |= CLAIM_DEFEND;
}

static void alarm_of(struct claim *c, const struct claim_who *who, uint64_t now_us,
		     struct claim_update *u)
{
	if (!c->alarmed || !mac_equal(&who->mac, &c->conflict.mac) ||
	    !addr_equal(&who->address, &c->conflict.address))
		u->flags |= CLAIM_ALARM;
	c->alarmed = true;
	c->conflict = u->who = *who;
	c->conflict_us = now_us;
	defend(c, who, now_us, u);
}

static void judge(struct claim *c, uint64_t now_us, struct claim_update *u)
{
	size_t left = 0;

	for (size_t i = 0; i < c->n_pending; i++) {
		const struct claim_heard h = c->pending[i];

		if (is_friend(c, &h.who.mac))
			continue;
		if (claim_is_backend(c, &h.who.mac)) { /* known as one only now */
			defend(c, &h.who, now_us, u);
			continue;
		}
		if (!all_answered(c) && now_us < h.judge_us) {
			c->pending[left++] = h;
			continue;
		}
		if (h.early) {
			fault(c, &h.who, now_us, u);
			return;
		}
		alarm_of(c, &h.who, now_us, u);
	}
	c->n_pending = left;
}

static bool is_pending(const struct claim *c, const struct claim_who *who)
{
	for (size_t i = 0; i < c->n_pending; i++)
		if (mac_equal(&who->mac, &c->pending[i].who.mac) &&
		    addr_equal(&who->address, &c->pending[i].who.address))
			return true;
	return false;
}

static void hear_claim(struct claim *c, const struct claim_event *ev)
{
	bool early = ev->now_us - c->began_us < CLAIM_WINDOW_US;

	if (is_pending(c, &ev->who) || c->n_pending == CLAIM_PENDING)
		return;
	if (!early && c->n_pending == 0)
		ask_nodes(c, ev->now_us);
	c->pending[c->n_pending++] = (struct claim_heard){
		.who = ev->who,
		.early = early,
		.judge_us = (early ? c->began_us : ev->now_us) + CLAIM_WINDOW_US,
	};
}

static void hear(struct claim *c, const struct claim_event *ev, struct claim_update *u)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		if (addr_equal(&ev->who.address, &c->nodes[i])) {
			claim_add_friend(c, &ev->who.mac);
			c->answered[i] = true;
		}
	if (!claim_is_foreign(c, &ev->who))
		return;
	if (claim_is_backend(c, &ev->who.mac)) {
		if (c->phase == CLAIM_HELD)
			defend(c, &ev->who, ev->now_us, u);
		return;
	}
	switch (c->phase) {
	case CLAIM_IDLE: break;
	case CLAIM_HELD: hear_claim(c, ev); break;
	case CLAIM_TAKEN: c->conflict_us = ev->now_us; break;
	}
}

/* --- asking ----------------------------------------------------------------------------------- */

static void ask(struct claim *c, uint64_t now_us, struct claim_update *u)
{
	if (c->asks == 0 || now_us < c->ask_us)
		return;
	u->flags |= CLAIM_ASK;
	c->ask_us = now_us + CLAIM_ASK_US;
	if (--c->asks == 0)
		c->ask_us = CLAIM_NEVER;
}

static void probe(struct claim *c, uint64_t now_us, struct claim_update *u)
{
	size_t left = c->n_addresses - c->next;

	if (now_us < c->probe_us || left == 0)
		return;
	if (c->next == 0)
		c->round_us = now_us;
	u->flags |= CLAIM_PROBE;
	u->first = c->next;
	u->n = left < CLAIM_BATCH ? left : CLAIM_BATCH;
	c->next += u->n;
	c->probe_us = now_us + CLAIM_GAP_US;
	if (c->next == c->n_addresses) {
		c->next = 0;
		c->probe_us += c->phase == CLAIM_TAKEN ? CLAIM_RETRY_US : CLAIM_AGAIN_US;
	}
}

static void forgive(struct claim *c, uint64_t now_us, struct claim_update *u)
{
	if (c->phase == CLAIM_TAKEN &&
	    (now_us - c->conflict_us >= CLAIM_CLEAR_US || claim_is_backend(c, &c->conflict.mac))) {
		c->phase = CLAIM_IDLE;
		u->flags |= CLAIM_CLEAR;
	}
	if (c->alarmed && now_us - c->conflict_us >= CLAIM_CALM_US) {
		c->alarmed = false;
		u->who = c->conflict;
		u->flags |= CLAIM_CALM;
	}
}

static uint64_t deadline(const struct claim *c)
{
	uint64_t at = CLAIM_NEVER;

	if (c->phase == CLAIM_IDLE)
		return at;
	if (c->n_addresses > 0)
		at = c->probe_us;
	if (c->asks > 0)
		at = sooner(at, c->ask_us);
	for (size_t i = 0; i < c->n_pending; i++)
		at = sooner(at, c->pending[i].judge_us);
	if (c->phase == CLAIM_TAKEN)
		at = sooner(at, c->conflict_us + CLAIM_CLEAR_US);
	if (c->alarmed)
		at = sooner(at, c->conflict_us + CLAIM_CALM_US);
	return at;
}

static void go(struct claim *c, uint64_t now_us, struct claim_update *u)
{
	if (c->phase == CLAIM_HELD)
		judge(c, now_us, u);
	forgive(c, now_us, u);
	if (c->phase == CLAIM_IDLE)
		return;
	probe(c, now_us, u);
	ask(c, now_us, u);
}

static void begin(struct claim *c, uint64_t now_us)
{
	c->phase = CLAIM_HELD;
	c->began_us = now_us;
	c->n_pending = 0;
	c->alarmed = false;
	c->next = 0;
	c->probe_us = now_us;
	ask_nodes(c, now_us);
}

/* A fault outlives the addresses that it made us give up. */
static void end(struct claim *c, bool forget)
{
	c->alarmed = false;
	c->n_pending = 0;
	c->asks = 0;
	if (forget || c->phase == CLAIM_HELD)
		c->phase = CLAIM_IDLE;
	if (forget)
		c->n_friends = c->next_friend = 0;
}

struct claim_update claim_step(struct claim *c, const struct claim_event *ev)
{
	struct claim_update u = {0};

	switch (ev->type) {
	case CLAIM_EVENT_BEGIN: begin(c, ev->now_us); break;
	case CLAIM_EVENT_END: end(c, false); break;
	case CLAIM_EVENT_HEARD: hear(c, ev, &u); break;
	case CLAIM_EVENT_TIMER: break;
	case CLAIM_EVENT_RESET: end(c, true); break;
	}
	go(c, ev->now_us, &u);
	u.deadline_us = deadline(c);
	return u;
}
