/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/backend/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void admin_clear(struct admin *a)
{
	free(a->entries);
	*a = (struct admin){0};
}

const char *admin_state_name(enum config_admin_state s)
{
	switch (s) {
	case ADMIN_ENABLED: return "enabled";
	case ADMIN_DRAINING: return "draining";
	case ADMIN_DISABLED: return "disabled";
	}
	return "?";
}

/* --- the table -------------------------------------------------------------------------------- */

static int compare(const struct admin_entry *e, const char *farm, const char *backend)
{
	int order = strcmp(e->farm, farm);

	return order ? order : strcmp(e->backend, backend);
}

/* The first entry that does not come before these names: where they are, or belong. */
static size_t place_of(const struct admin *a, const char *farm, const char *backend)
{
	size_t first = 0, last = a->n;

	while (first < last) {
		size_t middle = first + (last - first) / 2;

		if (compare(&a->entries[middle], farm, backend) < 0)
			first = middle + 1;
		else
			last = middle;
	}
	return first;
}

static struct admin_entry *find(const struct admin *a, const char *farm, const char *backend)
{
	size_t i = place_of(a, farm, backend);

	return i < a->n && compare(&a->entries[i], farm, backend) == 0 ? &a->entries[i] : NULL;
}

static bool says_something(const struct admin_entry *e)
{
	return e->has_state || e->has_weight;
}

static void take_out(struct admin *a, size_t at)
{
	a->n--;
	memmove(&a->entries[at], &a->entries[at + 1], (a->n - at) * sizeof(*a->entries));
}

/* Of words that say nothing any more the oldest goes. False when there is none. */
static bool make_room(struct admin *a, size_t *at)
{
	size_t oldest = a->n;

	for (size_t i = 0; i < a->n; i++)
		if (!says_something(&a->entries[i]) &&
		    (oldest == a->n || a->entries[i].epoch < a->entries[oldest].epoch))
			oldest = i;
	if (oldest == a->n)
		return false;
	take_out(a, oldest);
	*at -= oldest < *at;
	return true;
}

static int insert(struct admin *a, size_t at, const struct admin_entry *e)
{
	struct admin_entry *entries;

	if (a->n == ADMIN_MAX && !make_room(a, &at))
		return -ENOSPC;
	entries = realloc(a->entries, (a->n + 1) * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	memmove(&entries[at + 1], &entries[at], (a->n - at) * sizeof(*entries));
	entries[at] = *e;
	a->entries = entries;
	a->n++;
	return 0;
}

/* What says the same as the configuration is no override. */
static void simplify(struct admin_entry *e)
{
	if (e->has_state && e->state == e->configured_state && e->deadline_ms == ADMIN_NEVER)
		e->has_state = false;
	if (e->has_weight && e->weight == e->configured_weight)
		e->has_weight = false;
	if (!e->has_state)
		e->state = e->configured_state = ADMIN_ENABLED;
	if (!e->has_weight)
		e->weight = e->configured_weight = 0;
}

/* Puts the entry in place of one of the same names; takes that out when nobody needs it. */
static int put(struct admin *a, struct admin_entry *e)
{
	size_t at = place_of(a, e->farm, e->backend);
	bool found = at < a->n && compare(&a->entries[at], e->farm, e->backend) == 0;
	bool wanted;

	simplify(e);
	wanted = says_something(e) || e->epoch;
	if (!found)
		return wanted ? insert(a, at, e) : 0;
	if (wanted) {
		a->entries[at] = *e;
		return 0;
	}
	take_out(a, at);
	return 0;
}

/* A copy to be changed and put back. */
static struct admin_entry entry_of(const struct admin *a, const char *farm, const char *backend)
{
	const struct admin_entry *found = find(a, farm, backend);
	struct admin_entry e = {.deadline_ms = ADMIN_NEVER};

	if (found)
		return *found;
	snprintf(e.farm, sizeof(e.farm), "%s", farm);
	snprintf(e.backend, sizeof(e.backend), "%s", backend);
	return e;
}

int admin_set_state(struct admin *a, const char *farm, const struct config_backend *b,
		    enum config_admin_state state, uint64_t drain_ms, uint64_t now_ms)
{
	struct admin_entry e = entry_of(a, farm, b->name);
	bool deadline = state == ADMIN_DRAINING && drain_ms;

	e.has_state = true;
	e.state = state;
	e.configured_state = b->state;
	e.drain_ms = deadline ? drain_ms : 0;
	e.deadline_ms = deadline ? now_ms + drain_ms : ADMIN_NEVER;
	return put(a, &e);
}

int admin_set_weight(struct admin *a, const char *farm, const struct config_backend *b,
		     uint16_t weight)
{
	struct admin_entry e = entry_of(a, farm, b->name);

	e.has_weight = true;
	e.weight = weight;
	e.configured_weight = b->weight;
	return put(a, &e);
}

struct admin_view admin_view(const struct admin *a, const char *farm,
			     const struct config_backend *b)
{
	const struct admin_entry *e = a && a->n ? find(a, farm, b->name) : NULL;
	struct admin_view v = {.state = b->state, .weight = b->weight, .deadline_ms = ADMIN_NEVER};

	if (!e)
		return v;
	v.overridden = says_something(e);
	v.deadline_ms = e->deadline_ms;
	if (e->has_state)
		v.state = e->state;
	if (e->has_weight)
		v.weight = e->weight;
	return v;
}

int admin_effective(const struct admin *a, const struct config *c, struct config *ret)
{
	*ret = *c;
	ret->farms = calloc(c->n_farms + 1, sizeof(*ret->farms));
	if (!ret->farms)
		goto no_memory;
	for (size_t i = 0; i < c->n_farms; i++) {
		struct config_farm *farm = &ret->farms[i];

		*farm = c->farms[i];
		farm->backends = calloc(farm->n_backends + 1, sizeof(*farm->backends));
		if (!farm->backends)
			goto no_memory;
		for (size_t k = 0; k < farm->n_backends; k++) {
			const struct config_backend *b = &c->farms[i].backends[k];
			struct admin_view v = admin_view(a, farm->name, b);

			farm->backends[k] = *b;
			farm->backends[k].state = v.state;
			farm->backends[k].weight = v.weight;
		}
	}
	return 0;
no_memory:
	admin_effective_clear(ret);
	return -ENOMEM;
}

void admin_effective_clear(struct config *effective)
{
	for (size_t i = 0; effective->farms && i < effective->n_farms; i++)
		free(effective->farms[i].backends);
	free(effective->farms);
	*effective = (struct config){0};
}

size_t admin_count(const struct admin *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += says_something(&a->entries[i]);
	return n;
}

/* --- the other director ----------------------------------------------------------------------- */

uint64_t admin_last_epoch(const struct admin *a)
{
	uint64_t last = 0;

	for (size_t i = 0; i < a->n; i++)
		if (a->entries[i].epoch > last)
			last = a->entries[i].epoch;
	return last;
}

bool admin_stamp(struct admin *a, const char *farm, const char *backend, uint64_t wall_ms)
{
	struct admin_entry e = entry_of(a, farm, backend);
	uint64_t last = admin_last_epoch(a), epoch = wall_ms > last ? wall_ms : last + 1;

	e.epoch = epoch < SYNC_EPOCH_MAX ? epoch : SYNC_EPOCH_MAX;
	return put(a, &e) == 0;
}

uint8_t admin_told(enum config_admin_state s)
{
	return s == ADMIN_DRAINING   ? SYNC_DRAINING
	       : s == ADMIN_DISABLED ? SYNC_DISABLED
				     : SYNC_ENABLED;
}

static enum config_admin_state heard_state(uint8_t s)
{
	return s == SYNC_DRAINING   ? ADMIN_DRAINING
	       : s == SYNC_DISABLED ? ADMIN_DISABLED
				    : ADMIN_ENABLED;
}

void admin_order(const struct admin_entry *e, uint64_t now_ms, struct sync_order *ret)
{
	*ret = (struct sync_order){.epoch = e->epoch,
				   .has_state = e->has_state,
				   .has_weight = e->has_weight,
				   .weight = e->weight,
				   .configured_weight = e->configured_weight,
				   .drain_ms = e->drain_ms};
	snprintf(ret->farm, sizeof(ret->farm), "%s", e->farm);
	snprintf(ret->backend, sizeof(ret->backend), "%s", e->backend);
	if (e->has_state) {
		ret->state = admin_told(e->state);
		ret->configured_state = admin_told(e->configured_state);
	}
	if (e->deadline_ms != ADMIN_NEVER && e->deadline_ms > now_ms)
		ret->left_ms = e->deadline_ms - now_ms;
	if (ret->left_ms > ret->drain_ms)
		ret->left_ms = ret->drain_ms;
}

/* The word as an entry, without what was said of another configuration. */
static struct admin_entry heard(const struct sync_order *o, const struct config_backend *b,
				uint64_t now_ms)
{
	struct admin_entry e = {.epoch = o->epoch, .deadline_ms = ADMIN_NEVER};

	snprintf(e.farm, sizeof(e.farm), "%s", o->farm);
	snprintf(e.backend, sizeof(e.backend), "%s", o->backend);
	if (o->has_state && heard_state(o->configured_state) == b->state) {
		e.has_state = true;
		e.state = heard_state(o->state);
		e.configured_state = b->state;
	}
	if (e.has_state && o->drain_ms) {
		e.drain_ms = o->drain_ms;
		e.deadline_ms = now_ms + o->left_ms;
	}
	if (o->has_weight && o->configured_weight == b->weight) {
		e.has_weight = true;
		e.weight = o->weight;
		e.configured_weight = b->weight;
	}
	simplify(&e);
	return e;
}

/* So far ahead no clock is: whoever believed it could give no later word. */
static bool leaves_room(const struct admin *a, uint64_t epoch)
{
	enum { STEP = 1000000 };

	return epoch <= SYNC_EPOCH_MAX / 2 ||
	       (epoch < SYNC_EPOCH_MAX - STEP && epoch <= admin_last_epoch(a) + STEP);
}

/* A word that was said of another configuration leaves the one before it alone. */
static void keep_what_counts(struct admin_entry *e, const struct sync_order *o,
			     const struct admin_entry *known)
{
	if (o->has_state && !e->has_state && known->has_state) {
		e->has_state = true;
		e->state = known->state;
		e->configured_state = known->configured_state;
		e->deadline_ms = known->deadline_ms;
		e->drain_ms = known->drain_ms;
	}
	if (o->has_weight && !e->has_weight && known->has_weight) {
		e->has_weight = true;
		e->weight = known->weight;
		e->configured_weight = known->configured_weight;
	}
}

/* Of two words of one epoch, which two nodes gave while neither heard the other, the harder one. */
static int harder(const struct admin_entry *a, const struct admin_entry *b)
{
	int state = (a->has_state ? (int)a->state + 1 : 0) - (b->has_state ? (int)b->state + 1 : 0);

	if (state)
		return state;
	return (b->has_weight ? (int)b->weight + 1 : 0) - (a->has_weight ? (int)a->weight + 1 : 0);
}

int admin_merge(struct admin *a, const struct config *c, const struct sync_order *o,
		uint64_t now_ms)
{
	const struct config_farm *farm = config_farm_by_name(c, o->farm);
	const struct config_backend *b = farm ? config_backend_by_name(farm, o->backend) : NULL;
	const struct admin_entry *known = find(a, o->farm, o->backend);
	struct admin_entry e;
	int code;

	if (!b || o->weight > CONFIG_WEIGHT_MAX || o->drain_ms > CONFIG_DEADLINE_MAX_MS ||
	    !leaves_room(a, o->epoch))
		return 0;
	e = heard(o, b, now_ms);
	if (known)
		keep_what_counts(&e, o, known);
	if (known &&
	    (known->epoch > e.epoch || (known->epoch == e.epoch && harder(&e, known) <= 0)))
		return 0;
	code = put(a, &e);
	return code < 0 ? code : 1;
}

/* --- deadlines -------------------------------------------------------------------------------- */

uint64_t admin_next_ms(const struct admin *a)
{
	uint64_t next = ADMIN_NEVER;

	for (size_t i = 0; i < a->n; i++)
		if (a->entries[i].deadline_ms < next)
			next = a->entries[i].deadline_ms;
	return next;
}

bool admin_expire(struct admin *a, uint64_t now_ms, struct admin_entry *ret)
{
	for (size_t i = 0; i < a->n; i++) {
		struct admin_entry e = a->entries[i];

		if (e.deadline_ms > now_ms)
			continue;
		*ret = e;
		e.state = ADMIN_DISABLED;
		e.deadline_ms = ADMIN_NEVER;
		e.drain_ms = 0;
		put(a, &e); /* in its place: this cannot fail */
		return true;
	}
	return false;
}

void admin_resume(struct admin *a, uint64_t now_ms)
{
	for (size_t i = 0; i < a->n; i++) {
		struct admin_entry *e = &a->entries[i];

		if (e->deadline_ms != ADMIN_NEVER && e->deadline_ms > now_ms + e->drain_ms)
			e->deadline_ms = now_ms + e->drain_ms;
	}
}

/* --- another configuration -------------------------------------------------------------------- */

static const struct config_backend *backend_of(const struct config *c, const struct admin_entry *e)
{
	const struct config_farm *farm = config_farm_by_name(c, e->farm);

	return farm ? config_backend_by_name(farm, e->backend) : NULL;
}

void admin_follow(struct admin *a, const struct config *c, admin_end_fn *tell, void *owner)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct admin_entry e = a->entries[i];
		const struct config_backend *b = backend_of(c, &e);

		if (!b) {
			tell(owner, &e, ADMIN_END_BACKEND);
			continue;
		}
		if (e.has_state && e.configured_state != b->state) {
			tell(owner, &e, ADMIN_END_STATE);
			e.has_state = false;
			e.deadline_ms = ADMIN_NEVER;
			e.drain_ms = 0;
		}
		if (e.has_weight && e.configured_weight != b->weight) {
			tell(owner, &e, ADMIN_END_WEIGHT);
			e.has_weight = false;
		}
		simplify(&e);
		if (says_something(&e) || e.epoch)
			a->entries[kept++] = e;
	}
	a->n = kept;
}
