/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/gate.h"

void gate_init(struct gate *g, uint64_t delay_us)
{
	*g = (struct gate){.delay_us = delay_us, .in_sync = true};
}

void gate_begin(struct gate *g, uint64_t now_us)
{
	g->running = true;
	g->since_us = now_us;
}

void gate_sync(struct gate *g, bool in_sync)
{
	g->in_sync = in_sync;
}

enum vrrp_reason gate_look(struct gate *g, uint64_t now_us, uint64_t *ret_due_us)
{
	uint64_t waited_us = now_us - g->since_us;

	*ret_due_us = GATE_NEVER;
	if (!g->running)
		return VRRP_REASON_NONE;
	if (waited_us < g->delay_us) {
		*ret_due_us = g->since_us + g->delay_us;
		return VRRP_REASON_PREEMPT_DELAY;
	}
	if (!g->in_sync && waited_us < g->delay_us + GATE_SYNC_MAX_US) {
		*ret_due_us = g->since_us + g->delay_us + GATE_SYNC_MAX_US;
		return VRRP_REASON_NOT_IN_SYNC;
	}
	g->running = false;
	return VRRP_REASON_NONE;
}
