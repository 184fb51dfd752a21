/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/schedule/lead.h"

#include "director/ruleset/bucket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void farm_clear(struct lead_farm *f)
{
	free(f->weights);
	free(f->percents);
	free(f->usable);
	free(f->admins);
	free(f->owners);
	*f = (struct lead_farm){0};
}

static void farms_free(struct lead_farm *farms, size_t n)
{
	for (size_t i = 0; farms && i < n; i++)
		farm_clear(&farms[i]);
	free(farms);
}

void lead_clear(struct lead *l)
{
	farms_free(l->farms, l->n);
	free(l->staged);
	*l = (struct lead){0};
}

int lead_configure(struct lead *l, const struct config *c)
{
	struct lead_farm *farms = calloc(c->n_farms + 1, sizeof(*farms));

	if (!farms)
		return -ENOMEM;
	farms_free(l->farms, l->n);
	l->farms = farms;
	l->n = c->n_farms;
	l->n_staged = 0;
	return 0;
}

void lead_mark(struct lead *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->farms[i].stale = true;
	l->n_staged = 0;
}

bool lead_sweep(struct lead *l)
{
	bool any = false;

	for (size_t i = 0; i < l->n; i++) {
		struct lead_farm *f = &l->farms[i];

		any |= f->told && f->stale && f->follows;
		f->told &= !f->stale;
	}
	return any;
}

/* --- what is told ----------------------------------------------------------------------------- */

int lead_stage(struct lead *l, const struct sync_buckets *piece)
{
	if (!l->staged)
		l->staged = calloc(SYNC_TABLE_MAX, sizeof(*l->staged));
	if (!l->staged)
		return -ENOMEM;
	if (piece->first == 0) {
		memcpy(l->staged_farm, piece->farm, sizeof(l->staged_farm));
		l->n_staged = 0;
	}
	if (piece->first != l->n_staged || strcmp(piece->farm, l->staged_farm) != 0) {
		l->n_staged = 0;
		return -EINVAL;
	}
	memcpy(&l->staged[l->n_staged], piece->buckets, piece->n * sizeof(*piece->buckets));
	l->n_staged += (uint32_t)piece->n;
	return 0;
}

static uint16_t backend_index(const struct config_farm *farm, const char *name, size_t near)
{
	const struct config_backend *b = config_backend_near(farm, near, name);

	return b ? (uint16_t)(b - farm->backends) : (uint16_t)BUCKET_NONE;
}

/* Their number -> ours; somebody whom this node does not have is dead here. */
static uint16_t owner(uint16_t theirs, const uint16_t *ours, size_t n)
{
	if (theirs == SYNC_NOBODY)
		return BUCKET_NONE;
	return theirs < n && ours[theirs] != BUCKET_NONE ? ours[theirs] : TRANSITION_REMOVED;
}

static uint16_t *map_owners(const struct lead *l, const uint16_t *ours, size_t n)
{
	uint32_t size = l->n_staged;
	uint16_t *owners = malloc((size_t)size * 3 * sizeof(*owners));

	for (uint32_t b = 0; owners && b < size; b++) {
		owners[b] = owner(l->staged[b].owner, ours, n);
		owners[size + b] = owner(l->staged[b].home, ours, n);
		owners[2 * size + b] = owner(l->staged[b].moved, ours, n);
	}
	return owners;
}

static uint64_t then_ms(uint64_t now_ms, uint64_t ago_ms)
{
	return ago_ms < now_ms ? now_ms - ago_ms : 1;
}

static struct transition_stand stand_of(const struct sync_facts *facts, const uint16_t *owners,
					uint64_t now_ms)
{
	bool unlearned = facts->unlearned_ms != SYNC_AGO_NEVER;
	bool accepted = facts->accepted_ms != SYNC_AGO_NEVER;

	return (struct transition_stand){
		.phase = (enum transition_phase)facts->phase,
		.size = facts->buckets,
		.owners = owners,
		.udp_learned = facts->learned,
		.relearns = facts->relearns,
		.since_ms = then_ms(now_ms, facts->since_ms),
		.unlearned_ms = unlearned ? then_ms(now_ms, facts->unlearned_ms) : 0,
		.accepted_ms = accepted ? then_ms(now_ms, facts->accepted_ms) : 0,
	};
}

/* Room for the facts of a farm, which it has from the first time on. 0 or -ENOMEM. */
static int make_room(struct lead_farm *f, size_t n)
{
	if (!f->weights)
		f->weights = calloc(n + 1, sizeof(*f->weights));
	if (!f->percents)
		f->percents = calloc(n + 1, sizeof(*f->percents));
	if (!f->usable)
		f->usable = calloc(n + 1, sizeof(*f->usable));
	if (!f->admins)
		f->admins = calloc(n + 1, sizeof(*f->admins));
	return f->weights && f->percents && f->usable && f->admins ? 0 : -ENOMEM;
}

static int take(struct lead *l, const struct config_farm *farm, struct lead_farm *f,
		const struct sync_facts *facts, uint64_t now_ms)
{
	uint16_t ours[SYNC_FACTS_MAX], *owners = NULL;
	bool moves = transition_shape((enum transition_phase)facts->phase).maps;

	if (moves && (l->n_staged != facts->buckets || strcmp(l->staged_farm, facts->farm) != 0))
		return -EINVAL;
	if (make_room(f, farm->n_backends) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < facts->n; i++)
		ours[i] = backend_index(farm, facts->facts[i].backend, i);
	if (moves) {
		owners = map_owners(l, ours, facts->n);
		if (!owners)
			return -ENOMEM;
	}
	memset(f->weights, 0, farm->n_backends * sizeof(*f->weights));
	memset(f->percents, 0, farm->n_backends * sizeof(*f->percents));
	memset(f->usable, 0, farm->n_backends * sizeof(*f->usable));
	memset(f->admins, 0, farm->n_backends * sizeof(*f->admins));
	for (size_t i = 0; i < facts->n; i++) {
		if (ours[i] == BUCKET_NONE)
			continue;
		f->weights[ours[i]] = facts->facts[i].weight;
		f->percents[ours[i]] = facts->facts[i].percent;
		f->usable[ours[i]] = facts->facts[i].health == SYNC_UP;
		f->admins[ours[i]] = facts->facts[i].admin;
	}
	free(f->owners);
	f->owners = owners;
	f->stand = stand_of(facts, owners, now_ms);
	f->told = true;
	f->stale = false;
	f->version = ++l->version;
	return 0;
}

int lead_take(struct lead *l, const struct config *c, const struct sync_facts *facts,
	      uint64_t now_ms)
{
	const struct config_farm *farm = config_farm_by_name(c, facts->farm);
	size_t at = farm ? (size_t)(farm - c->farms) : l->n;
	int code = -ENOENT;

	if (at < l->n && plan_farm_is_hashed(farm))
		code = take(l, farm, &l->farms[at], facts, now_ms);
	l->n_staged = 0;
	return code < 0 ? code : (int)at;
}

/* --- who leads -------------------------------------------------------------------------------- */

bool lead_set(struct lead *l, size_t farm, bool follows)
{
	bool is_new = farm < l->n && l->farms[farm].follows != follows;

	if (is_new)
		l->farms[farm].follows = follows;
	return is_new;
}

const struct lead_farm *lead_of(const struct lead *l, size_t farm)
{
	return farm < l->n && l->farms[farm].told && l->farms[farm].follows ? &l->farms[farm]
									    : NULL;
}

bool lead_heard(const struct lead_farm *f, size_t backend, uint8_t admin)
{
	return f->admins[backend] == admin;
}

bool lead_follows(const struct lead_farm *f, size_t backend, uint8_t admin, uint32_t weight,
		  bool or_none)
{
	uint16_t there = f->weights[backend];

	if (!lead_heard(f, backend, admin))
		return false;
	if (admin != SYNC_ENABLED)
		return !there;
	return there == weight || (there ? weight == LEAD_ANY_WEIGHT : or_none);
}

void lead_apply(const struct lead_farm *f, struct plan_backend *backends, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		backends[i].weight = f->weights[i];
		backends[i].percent = f->percents[i];
		backends[i].usable &= f->usable[i];
	}
}
