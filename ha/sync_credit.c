/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync_credit.h"

void sync_credit_take(struct sync_credit *c, uint64_t cost_us, uint64_t now_us)
{
	uint64_t most_us = now_us + SYNC_CREDIT_US + 2 * (uint64_t)SYNC_COST_TURN_US;

	if (c->paid_us < now_us)
		c->paid_us = now_us;
	c->paid_us += cost_us;
	if (c->paid_us > most_us)
		c->paid_us = most_us;
}

uint64_t sync_credit_from_us(const struct sync_credit *c)
{
	return c->paid_us > SYNC_CREDIT_US ? c->paid_us - SYNC_CREDIT_US : 0;
}
