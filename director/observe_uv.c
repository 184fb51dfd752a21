/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon hears of its own table: flows that the packet path remembers, and what others do
 * to the ruleset.
 *
 * Shell.
 */
#include "director/director.h"

#include <errno.h>

static void check(struct director *d, const char *who)
{
	uint64_t number = keeper_change_number(d->keeper);

	keeper_blame(d->keeper, who);
	keeper_check(d->keeper);
	if (keeper_change_number(d->keeper) != number)
		director_journal_repaired(d, who);
	director_go_on_later(d);
}

void director_check_ruleset(struct director *d)
{
	char who[NFT_WATCH_WHO];

	check(d, nft_watch_who(d->watch, who));
}

/* The check each second does without it. */
static void ruleset_changed(void *owner, const char *who)
{
	struct director *d = owner;

	if (d->stopping || !d->ready)
		return;
	check(d, who);
}

static const struct ruleset *planned(void *owner)
{
	const struct director *d = owner;

	return keeper_planned(d->keeper);
}

static int open_flows(struct director *d, struct err *err)
{
	struct flows_source source = {.planned = planned, .owner = d};
	int code = flows_new(d->loop, d->options.runtime_dir, &source, &d->flows, err);

	if (code == 0 && flows_configure(d->flows, d->config) < 0)
		code = err_set(err, -ENOMEM, "no memory");
	return code;
}

int director_open_observers(struct director *d, struct err *err)
{
	int code = open_flows(d, err);

	if (!code)
		code = nft_watch_new(d->loop, keeper_port(d->keeper), ruleset_changed, d, &d->watch,
				     err);
	if (!code)
		keeper_watch(d->keeper, d->watch);
	return code;
}
