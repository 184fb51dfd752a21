/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/twin/telling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void telling_clear(struct telling *t)
{
	free(t->told);
	*t = (struct telling){0};
}

int telling_configure(struct telling *t, const struct config *c)
{
	uint64_t *told = calloc(c->n_farms + 1, sizeof(*told));

	if (!told)
		return -ENOMEM;
	free(t->told);
	*t = (struct telling){.told = told, .n = c->n_farms};
	return 0;
}

void telling_look(struct telling *t)
{
	t->farm = 0;
	t->first = 0;
	t->all_is_told = false;
}

void telling_order(struct telling *t)
{
	t->order = 0;
	t->all_is_told = false;
}

void telling_farm(struct telling *t, size_t farm)
{
	if (farm < t->n) /* no farms: there was no memory for them */
		t->told[farm] = 0;
	telling_look(t);
}

void telling_restart(struct telling *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->told[i] = 0;
	t->words = 0;
	telling_look(t);
	telling_order(t);
}

/* A word that was given here has a higher epoch than all that were known before. */
static bool next_order(struct telling *t, const struct telling_source *s, struct sync_message *ret)
{
	if (t->order > s->admin->n)
		return false;
	while (t->order < s->admin->n) {
		const struct admin_entry *e = &s->admin->entries[t->order++];

		if (e->epoch <= t->words)
			continue;
		ret->type = SYNC_ORDER;
		admin_order(e, s->now_ms, &ret->order);
		return true;
	}
	t->words = admin_last_epoch(s->admin);
	t->order = SIZE_MAX; /* until there is another one */
	return false;
}

static uint16_t owner(uint16_t backend, size_t n)
{
	return backend < n ? backend : (uint16_t)SYNC_NOBODY;
}

static void put_buckets(struct telling *t, const struct config_farm *farm,
			const struct transition *of, struct sync_message *ret)
{
	struct sync_buckets *b = &ret->buckets;
	uint32_t left = of->size - t->first;
	size_t n = farm->n_backends;

	ret->type = SYNC_BUCKETS;
	snprintf(b->farm, sizeof(b->farm), "%s", farm->name);
	b->first = t->first;
	b->n = left < SYNC_BUCKETS_MAX ? left : SYNC_BUCKETS_MAX;
	for (uint32_t i = 0; i < b->n; i++)
		b->buckets[i] = (struct sync_bucket){owner(of->buckets[b->first + i], n),
						     owner(of->home[b->first + i], n),
						     owner(of->moved[b->first + i], n)};
	t->first += (uint32_t)b->n;
}

static uint64_t ago_ms(uint64_t now_ms, uint64_t then_ms)
{
	return then_ms < now_ms ? now_ms - then_ms : 0;
}

static void put_facts(const struct telling_source *s, size_t at, const struct transition *of,
		      struct sync_message *ret)
{
	const struct config_farm *farm = &s->config->farms[at];
	struct sync_facts *f = &ret->facts;

	ret->type = SYNC_FACTS;
	f->epoch = transitions_epoch(s->transitions, at);
	snprintf(f->farm, sizeof(f->farm), "%s", farm->name);
	f->phase = (uint8_t)of->phase;
	f->buckets = of->size;
	f->learned = of->udp_learned;
	f->relearns = of->relearns;
	f->since_ms = ago_ms(s->now_ms, of->since_ms);
	f->unlearned_ms = of->unlearned_ms ? ago_ms(s->now_ms, of->unlearned_ms) : SYNC_AGO_NEVER;
	f->accepted_ms = of->accepted_ms ? ago_ms(s->now_ms, of->accepted_ms) : SYNC_AGO_NEVER;
	f->n = farm->n_backends;
	for (size_t i = 0; i < farm->n_backends; i++) {
		const struct config_backend *b = &farm->backends[i];
		const struct plan_backend *p = &s->facts->backends[at][i];

		f->facts[i] = (struct sync_fact){
			.weight = (uint16_t)p->weight,
			.percent = p->percent,
			.admin = admin_told(admin_view(s->admin, farm->name, b).state),
			.health = p->usable ? SYNC_UP : SYNC_UNRESOLVED};
		snprintf(f->facts[i].backend, sizeof(f->facts[i].backend), "%s", b->name);
	}
}

bool telling_next(struct telling *t, const struct telling_source *s, struct sync_message *ret)
{
	if (t->all_is_told)
		return false;
	if (next_order(t, s, ret))
		return true;
	for (; t->farm < t->n; t->farm++, t->first = 0) {
		const struct transition *of = transitions_list(s->transitions)[t->farm];
		uint64_t epoch = transitions_epoch(s->transitions, t->farm);

		if (t->told[t->farm] == epoch || !s->config->farms[t->farm].n_backends ||
		    !s->leads(s->owner, t->farm))
			continue;
		if (transition_shape(of->phase).maps && t->first < of->size) {
			put_buckets(t, &s->config->farms[t->farm], of, ret);
			return true;
		}
		put_facts(s, t->farm, of, ret);
		t->told[t->farm++] = epoch;
		t->first = 0;
		return true;
	}
	t->all_is_told = true;
	return false;
}
