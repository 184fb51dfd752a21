/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many flows and clients the kernel's tables remember, and who is in its sets of senders. */
#include "director/ruleset/keeper.h"

#include "director/ruleset/kernel_uv.h"
#include "director/ruleset/plan_tables.h"

#include <errno.h>
#include <string.h>

struct flow_reading {
	const uint32_t *ids;
	size_t n;
	uint64_t *each;
	uint64_t all;
	keeper_flow_seen *seen; /* may be NULL */
	void *owner;
	const struct ruleset_set *set;
};

static void flow_seen(void *data, const struct kernel_flow *flow)
{
	struct flow_reading *f = data;

	f->all++;
	if (f->seen)
		f->seen(f->owner, f->set, flow);
	for (size_t i = 0; i < f->n; i++)
		if (f->ids[i] == flow->id) {
			f->each[i]++;
			return;
		}
}

/* Half-open flows are not connections yet. */
static bool holds_flows(const struct ruleset_set *set, const char *farm, bool half_open_too)
{
	return plan_holds_flows(set, farm) && (half_open_too || !plan_is_half_open(set));
}

/* Farms are asked for one after the other. */
static struct ruleset_span sets_of(struct keeper *k, const char *farm)
{
	struct ruleset_span sets = ruleset_farm_sets(&k->want, farm, k->next_asked);

	if (sets.end)
		k->next_asked = sets.first;
	return sets;
}

/* Over the flow tables of a farm. -ENOENT: it has none. */
static int count_flows(struct keeper *k, const char *farm, bool half_open_too, uint64_t *ret)
{
	struct ruleset_span sets = sets_of(k, farm);
	int err = -ENOENT;

	*ret = 0;
	for (size_t i = sets.first; i < sets.end; i++) {
		uint32_t size = 0;

		if (!holds_flows(&k->want.sets[i], farm, half_open_too))
			continue;
		err = kernel_read_size(&k->socket, k->want.sets[i].name, &size);
		if (err)
			return err;
		*ret += size;
	}
	return err;
}

int keeper_remembered(struct keeper *k, const char *farm, uint64_t *ret)
{
	int err = count_flows(k, farm, true, ret);

	return err == -ENOENT ? 0 : err;
}

int keeper_pins(struct keeper *k, const char *farm, uint64_t *ret)
{
	struct ruleset_span sets = sets_of(k, farm);
	int err = 0;

	*ret = 0;
	for (size_t i = sets.first; !err && i < sets.end; i++) {
		const struct ruleset_set *set = &k->want.sets[i];
		uint32_t size = 0;

		if (!ruleset_kind_is_pins(set->kind) || strcmp(set->farm, farm) != 0 ||
		    plan_is_half_open(set))
			continue;
		err = kernel_read_size(&k->socket, set->name, &size);
		*ret += size;
	}
	return err;
}

int keeper_table_used(struct keeper *k, const char *set, uint64_t *ret)
{
	uint32_t size = 0;
	int err = kernel_read_size(&k->socket, set, &size);

	*ret = size;
	return err;
}

int keeper_flows(struct keeper *k, const char *farm, const uint32_t *ids, size_t n,
		 uint64_t *ret_total, uint64_t *ret_each, keeper_flow_seen *seen, void *owner)
{
	struct flow_reading f = {
		.ids = ids, .n = n, .each = ret_each, .seen = seen, .owner = owner};
	struct ruleset_span sets = sets_of(k, farm);
	int err = count_flows(k, farm, false, ret_total);

	if (err)
		return err;
	memset(ret_each, 0, n * sizeof(*ret_each));
	if (*ret_total > KERNEL_FLOWS_MAX)
		return -EFBIG;
	for (size_t i = sets.first; !err && i < sets.end; i++) {
		f.set = &k->want.sets[i];
		if (holds_flows(f.set, farm, false))
			err = kernel_read_flows(&k->socket, f.set->name, flow_seen, &f);
	}
	if (!err)
		*ret_total = f.all;
	return err;
}

int keeper_senders(struct keeper *k, const char *set,
		   void (*seen)(void *data, const struct kernel_sender *sender), void *data)
{
	return kernel_read_senders(&k->socket, RULESET_TABLE, set, seen, data);
}

int keeper_read(struct keeper *k, struct ruleset *ret, struct err *err)
{
	int code = kernel_read(&k->socket, ret);

	return code < 0 ? err_set(err, code, "cannot read the nft ruleset from the kernel: %s",
				  strerror(-code))
			: 0;
}
