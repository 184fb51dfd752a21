/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When an order on a backend is in force: in the kernel here, and where the other director leads the farm
 * when that one goes by it; what it says of new connections counts on both.
 *
 * Shell.
 */
#include "director/director.h"

#include <stdio.h>

/* What is on its way takes far less; a director that hangs must not hold up who gives orders. */
enum { WAIT_MS = 2000 };

/* As this node would have it without the other one; what it sees for itself may be another thing there. */
static uint16_t weight_here(struct director *d, size_t farm, size_t backend)
{
	struct plan_backend known[CONFIG_BACKENDS_MAX];
	struct facts_source source = director_facts_source(d);

	source.lead = NULL;
	return facts_farm(d->config, farm, &source, known) < 0 ? 0
							       : (uint16_t)known[backend].weight;
}

const char *director_order_waits(struct director *d, size_t farm, size_t backend, uint64_t ticket,
				 bool of_weight, char buf[static DIRECTOR_WAITS_FOR])
{
	const struct config_farm *f = &d->config->farms[farm];
	const struct lead_farm *lead = lead_of(&d->lead, farm);
	const struct transition *t = transitions_list(d->transitions)[farm];
	struct admin_view view =
		admin_view(admin_store_table(d->admin), f->name, &f->backends[backend]);

	/* The files may give it different weights: only an ordered one is the same on both. */
	if (lead &&
	    !lead_follows(lead, backend, admin_told(view.state),
			  of_weight ? view.weight : LEAD_ANY_WEIGHT,
			  director_order_is_due(d, ticket) || !weight_here(d, farm, backend)))
		snprintf(buf, DIRECTOR_WAITS_FOR,
			 "the other director, which leads farm \"%s\", does not go by it yet",
			 f->name);
	else if (!director_is_settled(d) || d->facts_stale || d->failing)
		snprintf(buf, DIRECTOR_WAITS_FOR, "its ruleset is not applied yet");
	else if (t && transition_waits(t))
		snprintf(buf, DIRECTOR_WAITS_FOR, "the buckets of farm \"%s\" are about to follow",
			 f->name);
	else
		return NULL;
	return buf;
}

struct order_wait *director_order_begins(struct director *d, uint64_t ticket)
{
	d->ordering.until_ms = uv_now(d->loop) + WAIT_MS;
	return order_waits_begin(&d->ordering.waits, ticket, d->ordering.until_ms);
}

bool director_order_is_due(const struct director *d, uint64_t ticket)
{
	return d->failing || order_waits_is_due(&d->ordering.waits, ticket, uv_now(d->loop));
}

void director_orders_go_on(struct director *d)
{
	if (!d->ordering.until_ms || d->stopping)
		return;
	/* Replies that have their text wait for all of the plan. */
	if (director_is_settled(d))
		control_server_release(d->server);
	if (d->failing || uv_now(d->loop) >= d->ordering.until_ms)
		d->ordering.until_ms = 0;
}
