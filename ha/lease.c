/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lifetime of the virtual addresses; see lease.h. */
#include "ha/lease.h"

void lease_init(struct lease *l, const struct lease_settings *settings)
{
	*l = (struct lease){
		.settings = *settings,
		.restored_us = LEASE_NEVER,
		.due_us = LEASE_NEVER,
	};
}

uint32_t lease_valid_s(const struct lease *l)
{
	const struct lease_facts *f = &l->facts;
	bool lone = !l->settings.pair || (f->peer_silent && f->link_up && f->lan_answers);
	uint32_t ms = lone ? l->settings.lone_ms : l->settings.short_ms;

	/* A lone lease that is the shorter one was not meant to cut a living master's. */
	if (ms < l->settings.short_ms)
		ms = l->settings.short_ms;
	return ms / 1000 + (ms % 1000 != 0);
}

static uint64_t interval_us(const struct lease *l)
{
	uint64_t us = (uint64_t)l->valid_s * 1000000 / LEASE_RENEWALS;

	return us < LEASE_RENEW_MAX_MS * 1000 ? us : LEASE_RENEW_MAX_MS * 1000;
}

static void follow(struct lease *l, uint64_t now_us)
{
	if (l->held && lease_valid_s(l) != l->valid_s)
		l->due_us = now_us;
}

void lease_set(struct lease *l, const struct lease_settings *settings, uint64_t now_us)
{
	l->settings = *settings;
	follow(l, now_us);
}

void lease_learn(struct lease *l, const struct lease_facts *facts, uint64_t now_us)
{
	l->facts = *facts;
	follow(l, now_us);
}

void lease_renewed(struct lease *l, uint64_t now_us)
{
	l->held = true;
	l->valid_s = lease_valid_s(l);
	l->renewed_us = now_us;
	l->due_us = now_us + interval_us(l);
}

void lease_lost(struct lease *l, uint64_t now_us)
{
	uint64_t due_us = now_us;

	if (!l->held)
		return;
	if (l->restored_us != LEASE_NEVER && l->restored_us + LEASE_RESTORE_US > now_us)
		due_us = l->restored_us + LEASE_RESTORE_US;
	if (due_us < l->due_us)
		l->due_us = due_us;
}

void lease_restored(struct lease *l, uint64_t now_us)
{
	l->restored_us = now_us;
}

void lease_end(struct lease *l)
{
	l->held = false;
	l->restored_us = LEASE_NEVER;
	l->due_us = LEASE_NEVER;
}

uint64_t lease_due(const struct lease *l)
{
	return l->due_us;
}

bool lease_lapsed(const struct lease *l, uint64_t now_us)
{
	return l->held && now_us - l->renewed_us >= (uint64_t)l->valid_s * 1000000;
}
