/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/schedule/balance.h"

#include "director/ruleset/bucket.h"
#include "director/ruleset/least.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One farm; one with another scheduler has no slots. */
struct entry {
	char farm[RULESET_NAME];
	const char **names; /* shared block */
	struct least_backend *backends;
	size_t n;
	uint16_t *slots;
	uint32_t size;
	uint64_t counted_ms;
};

struct balance {
	struct entry *entries; /* as the farms of the configuration */
	const uint16_t **list;
	size_t n;
};

static void entries_free(struct entry *entries, size_t n)
{
	for (size_t i = 0; entries && i < n; i++) {
		share_leave(entries[i].names);
		free(entries[i].backends);
		free(entries[i].slots);
	}
	free(entries);
}

struct balance *balance_new(void)
{
	return calloc(1, sizeof(struct balance));
}

void balance_free(struct balance *b)
{
	if (!b)
		return;
	entries_free(b->entries, b->n);
	free(b->list);
	free(b);
}

const uint16_t *const *balance_list(const struct balance *b)
{
	return b->list;
}

uint64_t balance_counted_ms(const struct balance *b, size_t farm)
{
	return b->entries[farm].counted_ms;
}

bool balance_is_needed(const struct balance *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->entries[i].slots)
			return true;
	return false;
}

/* --- configuration ---------------------------------------------------------------------------- */

static int entry_init(struct entry *e, const struct config_farm *farm)
{
	snprintf(e->farm, sizeof(e->farm), "%s", farm->name);
	if (farm->scheduler != SCHEDULER_LEAST_CONNECTIONS)
		return 0;
	e->n = farm->n_backends;
	e->size = plan_farm_modulus(farm);
	e->names = plan_backend_names(farm);
	e->backends = calloc(e->n + 1, sizeof(*e->backends));
	e->slots = calloc(e->size, sizeof(*e->slots));
	if (!e->names || !e->backends || !e->slots)
		return -ENOMEM;
	for (uint32_t s = 0; s < e->size; s++)
		e->slots[s] = BUCKET_NONE;
	return 0;
}

static uint16_t index_of(const struct entry *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->names[i], name) == 0)
			return (uint16_t)i;
	return BUCKET_NONE;
}

/* The table of the same farm before goes on under the new numbers of its backends. */
static void take_over(struct entry *e, const struct balance *b)
{
	const struct entry *old = NULL;

	for (size_t i = 0; i < b->n && !old; i++)
		if (strcmp(b->entries[i].farm, e->farm) == 0)
			old = &b->entries[i];
	if (!old || !old->slots || !e->slots)
		return;
	for (size_t i = 0; i < old->n; i++) {
		uint16_t now = index_of(e, old->names[i]);

		if (now != BUCKET_NONE)
			e->backends[now] = old->backends[i];
	}
	/* With another number of slots, one becomes several, or stands for them (bucket.h). */
	for (uint32_t s = 0; s < e->size; s++) {
		uint16_t owner = old->slots[(uint64_t)s * old->size / e->size];

		e->slots[s] =
			owner < old->n ? index_of(e, old->names[owner]) : (uint16_t)BUCKET_NONE;
	}
	e->counted_ms = old->counted_ms;
}

int balance_configure(struct balance *b, const struct config *c)
{
	struct entry *entries = calloc(c->n_farms + 1, sizeof(*entries));
	const uint16_t **list = calloc(c->n_farms + 1, sizeof(*list));
	int err = entries && list ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < c->n_farms; i++)
		err = entry_init(&entries[i], &c->farms[i]);
	if (err) {
		entries_free(entries, entries ? c->n_farms : 0);
		free(list);
		return err;
	}
	for (size_t i = 0; i < c->n_farms; i++) {
		take_over(&entries[i], b);
		list[i] = entries[i].slots;
	}
	entries_free(b->entries, b->n);
	free(b->list);
	*b = (struct balance){.entries = entries, .list = list, .n = c->n_farms};
	return 0;
}

/* --- steps ------------------------------------------------------------------------------------ */

int balance_fit(struct balance *b, const struct plan_facts *facts)
{
	for (size_t i = 0; i < b->n; i++) {
		struct entry *e = &b->entries[i];
		bool changed = false;

		for (size_t k = 0; k < e->n; k++) {
			const struct plan_backend *now = &facts->backends[i][k];
			uint32_t weight = plan_backend_weight(now);

			changed |= weight != e->backends[k].weight;
			e->backends[k].weight = weight;
		}
		if (changed && least_step(e->slots, e->size, e->backends, e->n, true) < 0)
			return -ENOMEM;
	}
	return 0;
}

int balance_step(struct balance *b, const struct config *c, uint64_t now_ms,
		 bool (*counts)(void *owner, const struct config_farm *farm, uint64_t *ret),
		 void *owner)
{
	int moved = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct entry *e = &b->entries[i];
		uint64_t *each = e->slots ? calloc(e->n + 1, sizeof(*each)) : NULL;
		int one = e->slots && !each ? -ENOMEM : 0;

		if (each && counts(owner, &c->farms[i], each)) {
			for (size_t k = 0; k < e->n; k++)
				e->backends[k].connections = each[k];
			e->counted_ms = now_ms;
			one = least_step(e->slots, e->size, e->backends, e->n, false);
		}
		free(each);
		if (one < 0)
			return one;
		moved += one;
	}
	return moved;
}
