/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many connections the kernel remembers: from the index of flows where it agrees with the
 * sizes of the kernel's tables, else from the tables themselves while they are small.
 *
 * Shell. A table that is read in passing makes the index know of flows that it did not hear of.
 */
#include "director/director.h"
#include "director/flow/flow_ask.h"
#include "director/ruleset/least.h"
#include "director/ruleset/plan_tables.h"
#include "director/schedule/balance.h"
#include "include/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	TOLERANCE = 50, /* an index that differs by less than 1 / this is good enough for much */
	FIRST_STEP_MS = 10, /* the million counters of a thousand farms are read in some seconds */
};

/* Of the farm's tables. */
struct sizes {
	uint64_t flows, half;
	uint64_t expired; /* of flows at most, about: not collected yet, and in the index no more */
};

static uint32_t life_ms(const struct config_farm *farm, const struct ruleset_set *set)
{
	if (plan_table_of(set) == PLAN_CLOSING)
		return farm->tcp_close_timeout_ms;
	return strstr(set->name, ".udp") ? farm->udp_timeout_ms : farm->tcp_timeout_ms;
}

struct ruleset_span director_sets_of(struct director *d, const struct config_farm *farm)
{
	struct ruleset_span sets =
		ruleset_farm_sets(keeper_planned(d->keeper), farm->name, d->next_asked);

	if (sets.end)
		d->next_asked = sets.first;
	return sets;
}

/* 0, -ENOENT when it has none, or another negative errno. */
static int read_sizes(struct director *d, const struct config_farm *farm, struct sizes *ret)
{
	const struct ruleset *r = keeper_planned(d->keeper);
	struct ruleset_span sets = director_sets_of(d, farm);
	int code = -ENOENT;

	*ret = (struct sizes){0};
	for (size_t i = sets.first; i < sets.end; i++) {
		const struct ruleset_set *set = &r->sets[i];
		uint64_t used = 0, life = life_ms(farm, set);

		if (!plan_holds_flows(set, farm->name))
			continue;
		code = keeper_table_used(d->keeper, set->name, &used);
		if (code)
			return code;
		if (plan_is_half_open(set)) {
			ret->half += used;
			continue;
		}
		ret->flows += used;
		ret->expired +=
			set->gc_interval_ms < life ? used * set->gc_interval_ms / life : used;
	}
	return code;
}

/* An IPv6 key does not hold the whole flow. */
static void learn(void *owner, const struct ruleset_set *set, const struct kernel_flow *flow)
{
	struct director *d = owner;
	struct flow_key key;

	if (set->kind != SET_FLOWS)
		return;
	flow_ask_unkey(flow->key, strstr(set->name, ".udp") ? IPPROTO_UDP : IPPROTO_TCP, &key);
	flows_learn(d->flows, set->farm, &key, flow->id, flow->expires_ms);
}

static int read_tables(struct director *d, const struct config_farm *farm, uint64_t *ret_total,
		       uint64_t *ret_each)
{
	uint32_t *ids = calloc(farm->n_backends + 1, sizeof(*ids));
	int code = -ENOMEM;

	if (ids) {
		plan_backend_ids(farm, ids);
		code = keeper_flows(d->keeper, farm->name, ids, farm->n_backends, ret_total,
				    ret_each, learn, d);
	}
	free(ids);
	return code;
}

static void from_index(struct director *d, const struct config_farm *farm,
		       struct director_counts *ret)
{
	ret->total = flows_held(d->flows, farm->name, NULL);
	for (size_t i = 0; i < farm->n_backends; i++)
		ret->each[i] = flows_held(d->flows, farm->name, farm->backends[i].name);
	ret->each_known = true;
}

static bool is_close(uint64_t held, const struct sizes *s)
{
	uint64_t tolerated = s->flows / TOLERANCE;

	return held <= s->flows + tolerated && held + tolerated + s->expired >= s->flows;
}

int director_count(struct director *d, const struct config_farm *farm, struct director_counts *ret)
{
	struct flows_state state;
	uint64_t held = flows_held(d->flows, farm->name, NULL);
	struct sizes sizes;
	bool small;
	int code;

	*ret = (struct director_counts){.each = calloc(farm->n_backends + 1, sizeof(*ret->each))};
	if (!ret->each)
		return -ENOMEM;
	flows_state(d->flows, &state);
	code = read_sizes(d, farm, &sizes);
	ret->half_open = sizes.half;
	if (code == -ENOENT) {
		ret->each_known = true;
		return 0;
	}
	if (code)
		sizes.flows = ret->half_open = STATUS_UNKNOWN;
	ret->total = sizes.flows;
	small = !code && sizes.flows <= KERNEL_FLOWS_MAX;
	if (state.hears && (code || sizes.flows == held || (!small && is_close(held, &sizes))))
		from_index(d, farm, ret);
	else if (small)
		ret->each_known = read_tables(d, farm, &ret->total, ret->each) == 0;
	return 0;
}

/* One farm each time: its table is read when the index differs from it and it is small. */
void director_check_flows(struct director *d)
{
	const struct config_farm *farm;
	struct sizes sizes;

	if (!d->config->n_farms)
		return;
	farm = &d->config->farms[d->next_checked++ % d->config->n_farms];
	if (read_sizes(d, farm, &sizes) == 0 && sizes.flows <= KERNEL_FLOWS_MAX &&
	    sizes.flows > flows_held(d->flows, farm->name, NULL)) {
		struct director_counts counts = {
			.each = calloc(farm->n_backends + 1, sizeof(*counts.each))};

		if (counts.each)
			read_tables(d, farm, &counts.total, counts.each);
		free(counts.each);
	}
}

/* --- counters that roll ------------------------------------------------------------------------ */

static void read_first(uv_timer_t *timer)
{
	struct director *d = timer->data;

	if (!d->stopping && keeper_counts_first(d->keeper, uv_now(d->loop)))
		uv_timer_start(timer, read_first, FIRST_STEP_MS, 0);
}

/* New ones a piece many times a second, for nobody knows anything of them; all others one each time. */
void director_roll_counts(struct director *d)
{
	if (!uv_is_active((uv_handle_t *)&d->first))
		read_first(&d->first);
	keeper_counts_roll(d->keeper, uv_now(d->loop));
}

/* --- least connections ------------------------------------------------------------------------ */

static bool count_farm(void *owner, const struct config_farm *farm, uint64_t *ret)
{
	struct director_counts counts;
	bool known = director_count(owner, farm, &counts) == 0 && counts.each_known;

	if (known)
		memcpy(ret, counts.each, farm->n_backends * sizeof(*ret));
	free(counts.each);
	return known;
}

void director_balance(struct director *d)
{
	uint64_t now = uv_now(d->loop);
	struct err err = {0};

	if (!balance_is_needed(d->balance) || now - d->balanced_ms < LEAST_INTERVAL_MS)
		return;
	d->balanced_ms = now;
	if (balance_step(d->balance, d->config, now, count_farm, d) <= 0)
		return;
	keeper_be_quiet(d->keeper);
	if (director_apply(d, &err) < 0)
		log_debug("%s", err.text); /* the next event tries again, and says so */
}
