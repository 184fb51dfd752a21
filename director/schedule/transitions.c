/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/schedule/transitions.h"

#include "director/ruleset/bucket.h"
#include "director/schedule/lead.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One farm. A farm that is not hashed has no table. */
struct entry {
	char farm[RULESET_NAME];
	const char **backends; /* names; shared block */
	size_t n_backends;
	uint32_t seed;
	bool hashed;
	bool started; /* it had its first event or was adopted */
	/* The other director's word that it has followed; 0: it goes its own way. */
	uint64_t followed;
	uint64_t epoch;
	struct transition t;
	/*
	 * The table that the facts ask for, and the facts that it was made for: one backend of one
	 * farm changes at a time, and a table takes a millisecond. The transition's own may be larger.
	 * NULL: not made yet, or at rest.
	 */
	uint16_t *table;
	uint32_t size;	   /* of table */
	uint32_t *weights; /* [n_backends]; UINT32_MAX: not made yet */
	bool *alive;
};

struct transitions {
	struct entry *entries; /* as the farms of the configuration */
	const struct transition **list;
	size_t n;
};

static void entries_free(struct entry *entries, size_t n)
{
	for (size_t i = 0; entries && i < n; i++) {
		share_leave(entries[i].backends);
		free(entries[i].table);
		free(entries[i].weights);
		free(entries[i].alive);
		if (entries[i].hashed)
			transition_close(&entries[i].t);
	}
	free(entries);
}

struct transitions *transitions_new(void)
{
	return calloc(1, sizeof(struct transitions));
}

void transitions_free(struct transitions *ts)
{
	if (!ts)
		return;
	entries_free(ts->entries, ts->n);
	free(ts->list);
	free(ts);
}

const struct transition *const *transitions_list(const struct transitions *ts)
{
	return ts->list;
}

/* --- configuration ---------------------------------------------------------------------------- */

static int entry_init(struct entry *e, const struct config_farm *farm)
{
	snprintf(e->farm, sizeof(e->farm), "%s", farm->name);
	e->seed = farm->seed;
	e->backends = plan_backend_names(farm);
	if (!e->backends)
		return -ENOMEM;
	e->n_backends = farm->n_backends;
	if (!plan_farm_is_hashed(farm))
		return 0;
	e->size = plan_farm_modulus(farm);
	e->weights = calloc(farm->n_backends + 1, sizeof(*e->weights));
	e->alive = calloc(farm->n_backends + 1, sizeof(*e->alive));
	if (!e->weights || !e->alive || transition_init(&e->t, e->size) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < farm->n_backends; i++)
		e->weights[i] = UINT32_MAX;
	e->hashed = true;
	return 0;
}

static struct entry *find_entry(struct transitions *ts, const struct entry *like)
{
	for (size_t i = 0; i < ts->n; i++) {
		struct entry *e = &ts->entries[i];

		if (strcmp(e->farm, like->farm) == 0)
			return e->hashed && like->hashed && e->seed == like->seed ? e : NULL;
	}
	return NULL;
}

static uint16_t backend_index(const struct entry *e, const char *name)
{
	for (size_t i = 0; i < e->n_backends; i++)
		if (strcmp(e->backends[i], name) == 0)
			return (uint16_t)i;
	return BUCKET_NONE;
}

/*
 * A larger table has room for the plan of a smaller one, not the other way round. 0 or -ENOMEM; awake
 * for what follows.
 */
static int grow_to(struct transition *t, uint32_t size)
{
	int err = transition_wake(t);

	return !err && t->size < size ? transition_grow(t, size) : err;
}

/* The table of the same farm before goes on under the new numbers of its backends. */
static void take_over(struct entry *e, struct entry *old)
{
	uint16_t map[CONFIG_BACKENDS_MAX];
	struct transition empty = e->t;

	for (size_t i = 0; i < old->n_backends; i++)
		map[i] = backend_index(e, old->backends[i]);
	e->t = old->t;
	e->started = old->started;
	e->epoch = old->epoch + 1;
	old->t = empty; /* closed with the old entry */
	transition_renumber(&e->t, map, old->n_backends);
}

int transitions_configure(struct transitions *ts, const struct config *c)
{
	struct entry *entries = calloc(c->n_farms + 1, sizeof(*entries));
	const struct transition **list = calloc(c->n_farms + 1, sizeof(*list));
	int err = entries && list ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < c->n_farms; i++) {
		struct entry *old = NULL;

		err = entry_init(&entries[i], &c->farms[i]);
		if (!err)
			old = find_entry(ts, &entries[i]);
		if (old) /* should the next farm fail, the old plan goes on with more buckets */
			err = grow_to(&old->t, entries[i].size);
	}
	if (err) {
		entries_free(entries, entries ? c->n_farms : 0);
		free(list);
		return err;
	}
	for (size_t i = 0; i < c->n_farms; i++) {
		struct entry *old = find_entry(ts, &entries[i]);

		if (old)
			take_over(&entries[i], old);
		list[i] = entries[i].hashed ? &entries[i].t : NULL;
	}
	entries_free(ts->entries, ts->n);
	free(ts->list);
	*ts = (struct transitions){.entries = entries, .list = list, .n = c->n_farms};
	return 0;
}

/* --- adoption --------------------------------------------------------------------------------- */

/* The backend that a value names: a MAC address (buckets) or an id (home, moved). */
static uint16_t owner_of(const struct plan_facts *facts, size_t farm, const uint32_t *ids,
			 enum ruleset_set_kind kind, const uint8_t *value)
{
	const struct config_farm *f = &facts->config->farms[farm];

	for (size_t i = 0; i < f->n_backends; i++) {
		const struct plan_backend *b = &facts->backends[farm][i];

		if (kind == SET_BUCKETS ? memcmp(value, b->mac.bytes, MAC_LEN) == 0 && b->usable
					: memcmp(value, &ids[i], sizeof(ids[i])) == 0)
			return (uint16_t)i;
	}
	return BUCKET_NONE;
}

/* Owners of a table of that name, size and kind, allocated; NULL when it is not there as expected. */
static uint16_t *read_owners(const struct plan_facts *facts, size_t farm,
			     const struct ruleset *have, const char *what, uint32_t size,
			     enum ruleset_set_kind kind, const uint32_t *ids)
{
	const struct ruleset_set *set;
	char name[RULESET_NAME];
	uint16_t *owners;
	int at;

	plan_table_name(name, facts->config->farms[farm].name, what, size);
	at = ruleset_find_set(have, name);
	set = at < 0 ? NULL : &have->sets[at];
	if (!set || set->kind != kind || set->size != size)
		return NULL;
	owners = calloc(set->size, sizeof(*owners));
	for (uint32_t i = 0; owners && i < set->size; i++)
		owners[i] = set->owners[i] == RULESET_NO_OWNER
				    ? (uint16_t)BUCKET_NONE
				    : owner_of(facts, farm, ids, kind, set->values[set->owners[i]]);
	return owners;
}

/*
 * How many buckets the farm's first chain has, if it hashes with the seed of this configuration; or
 * 0. Not the tables tell: one that nobody reads any more may still be there.
 */
static uint32_t hashed_size(const struct ruleset *have, const struct config_farm *farm)
{
	char name[RULESET_NAME], hash[64];
	int at;

	snprintf(hash, sizeof(hash), "0x%x) %% mod ", farm->seed);
	for (int lane = 0; lane < 4; lane++) {
		static const char *const suffixes[] = {"", ".udp", ".tcp6", ".udp6"};

		snprintf(name, sizeof(name), "farm-%.31s%s", farm->name, suffixes[lane]);
		at = ruleset_find_chain(have, name);
		for (size_t i = 0; at >= 0 && i < have->chains[at].n_rules; i++) {
			const char *found = strstr(have->chains[at].rules[i].signature, hash);
			unsigned long size = found ? strtoul(found + strlen(hash), NULL, 10) : 0;

			if (size <= BUCKET_TABLE_MAX && bucket_table_size_is_ours((uint32_t)size))
				return (uint32_t)size;
		}
	}
	return 0;
}

static bool has_flow_maps(const struct ruleset *have, const char *farm)
{
	size_t len = strlen(farm);

	for (size_t i = 0; i < have->n_sets; i++)
		if (ruleset_kind_is_flows(have->sets[i].kind) &&
		    strncmp(have->sets[i].name, farm, len) == 0 && have->sets[i].name[len] == '-')
			return true;
	return false;
}

/* What the kernel has of a farm, all of one size. */
struct found {
	uint32_t size;
	uint16_t *buckets, *home, *moved;
};

static struct found find_tables(const struct plan_facts *facts, size_t farm,
				const struct ruleset *have, const uint32_t *ids)
{
	struct found f = {.size = hashed_size(have, &facts->config->farms[farm])};

	if (!f.size)
		return f;
	f.buckets = read_owners(facts, farm, have, "buckets", f.size, SET_BUCKETS, ids);
	f.home = read_owners(facts, farm, have, "home", f.size, SET_SLOTS, ids);
	f.moved = read_owners(facts, farm, have, "moved", f.size, SET_SLOTS, ids);
	return f;
}

static void adopt(struct entry *e, const struct plan_facts *facts, size_t farm,
		  const struct ruleset *have, uint64_t now_ms)
{
	const struct config_farm *f = &facts->config->farms[farm];
	uint32_t *ids = calloc(f->n_backends + 1, sizeof(*ids));
	struct found found = {0};
	struct transition t;

	if (ids) {
		plan_backend_ids(f, ids);
		found = find_tables(facts, farm, have, ids);
	}
	if (found.buckets && transition_init(&t, found.size) == 0) {
		bool moves = found.home && found.moved;
		struct transition unused = t;

		transition_adopt(&t, found.buckets, moves ? found.home : NULL,
				 moves ? found.moved : NULL, has_flow_maps(have, f->name), now_ms);
		if (grow_to(&t, e->size) == 0) {
			unused = e->t;
			e->t = t;
			e->started = true;
		}
		transition_close(&unused);
	}
	free(ids);
	free(found.buckets);
	free(found.home);
	free(found.moved);
}

void transitions_adopt(struct transitions *ts, const struct plan_facts *facts,
		       const struct ruleset *have, uint64_t now_ms)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->entries[i].hashed && !ts->entries[i].started)
			adopt(&ts->entries[i], facts, i, have, now_ms);
}

/* --- steps ------------------------------------------------------------------------------------ */

/* Brings e->weights and e->alive up to the facts. True when the weights were so already. */
static bool follow_facts(struct entry *e, const struct plan_backend *backends, bool *same_alive)
{
	bool same = true;

	*same_alive = true;
	for (size_t i = 0; i < e->n_backends; i++) {
		const struct plan_backend *b = &backends[i];
		uint32_t weight = plan_backend_weight(b);

		same &= e->weights[i] == weight;
		*same_alive &= e->alive[i] == b->usable;
		e->weights[i] = weight;
		e->alive[i] = b->usable;
	}
	return same;
}

/* 0 or -ENOMEM. */
static int make_table(struct entry *e, const struct plan_facts *facts, size_t farm)
{
	if (!e->table)
		e->table = calloc(e->size, sizeof(*e->table));
	return e->table ? plan_farm_table(facts, farm, e->table) : -ENOMEM;
}

/* Nothing but other facts leads out of the steady state. */
static bool is_at_rest(const struct entry *e)
{
	return e->started && e->t.phase == TRANSITION_STEADY && !e->t.unreported;
}

static void rest(struct entry *e)
{
	free(e->table);
	e->table = NULL;
	transition_rest(&e->t);
}

/* It is where the other director is, and so it stays. */
static bool is_with(const struct entry *e, const struct lead_farm *lead)
{
	return e->followed == lead->version || lead->stand.phase == TRANSITION_STEADY;
}

/* 1 when there is nothing to step, 0, or -ENOMEM: the next step tries again. */
static int prepare(struct entry *e, const struct plan_facts *facts, size_t farm,
		   const struct lead_farm *lead)
{
	bool same_alive, same = follow_facts(e, facts->backends[farm], &same_alive);
	int err;

	if (same && same_alive && is_at_rest(e) && (!lead || is_with(e, lead))) {
		e->followed = lead ? lead->version : 0;
		return 1;
	}
	e->epoch += !same || !same_alive;
	if (!same ||
	    !same_alive) /* from where the other one is, not from where the last facts led */
		e->followed = 0;
	err = transition_wake(&e->t);
	if (!err && (!same || !e->table))
		err = make_table(e, facts, farm);
	if (err)
		e->weights[0] = UINT32_MAX;
	return err;
}

/*
 * Goes to where the other director is. True: it is there, and time stands still. Without memory it is not,
 * and the next step tries again.
 */
static bool follow(struct entry *e, const struct lead_farm *lead)
{
	if (!lead)
		e->followed = 0;
	else if (e->followed != lead->version)
		e->followed = transition_follow(&e->t, &lead->stand, e->table, e->size) >= 0
				      ? lead->version
				      : 0;
	return e->followed != 0;
}

static int step_one(struct entry *e, const struct plan_facts *facts, size_t farm, uint64_t now_ms,
		    const struct transitions_handler *handler)
{
	const struct config_farm *f = &facts->config->farms[farm];
	struct transition_event ev = {
		.now_ms = now_ms, .size = e->size, .alive = e->alive, .n_backends = f->n_backends};
	const struct lead_farm *lead = handler->lead ? lead_of(handler->lead, farm) : NULL;
	enum transition_phase from = e->t.phase;
	struct transition_update update;
	int err = prepare(e, facts, farm, lead);

	if (err)
		return err < 0 ? err : 0;
	ev.table = e->table;
	if (follow(e, lead))
		ev.now_ms = e->t.since_ms;
	if (f->protocol & PROTOCOL_TCP)
		ev.tcp_ms = f->transition_time_ms ? f->transition_time_ms : f->tcp_timeout_ms;
	if (f->protocol & PROTOCOL_UDP)
		ev.udp_ms = f->transition_time_ms ? f->transition_time_ms : f->udp_timeout_ms;
	ev.remembered = e->t.phase == TRANSITION_EXCEPTIONS && !e->followed
				? handler->remembered(handler->owner, f->name)
				: TRANSITION_UNKNOWN;
	update = transition_step(&e->t, &ev);
	if (!e->started)
		update.orphaned = 0; /* they were nobody's */
	update.phase_changed = e->t.phase != from;
	update.from = from;
	e->started = true;
	if (update.rules_changed || update.tables_changed || update.phase_changed) {
		e->epoch++;
		handler->changed(handler->owner, f, &e->t, &update);
	}
	if (is_at_rest(e))
		rest(e);
	return 0;
}

int transitions_step(struct transitions *ts, const struct plan_facts *facts, uint64_t now_ms,
		     const struct transitions_handler *handler)
{
	for (size_t i = 0; i < ts->n; i++) {
		int err = 0;

		if (ts->entries[i].hashed && plan_admits(facts, i))
			err = step_one(&ts->entries[i], facts, i, now_ms, handler);
		if (err)
			return err;
	}
	return 0;
}

uint64_t transitions_committed(struct transitions *ts, uint64_t now_ms)
{
	uint64_t next_ms = TRANSITION_NEVER;

	for (size_t i = 0; i < ts->n; i++) {
		struct transition *t = &ts->entries[i].t;
		uint64_t due;

		if (!ts->entries[i].hashed || ts->entries[i].followed)
			continue;
		transition_committed(t, now_ms);
		due = transition_next_ms(t);
		if (due < next_ms)
			next_ms = due;
	}
	return next_ms;
}

bool transitions_wait_for_flows(const struct transitions *ts)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->entries[i].hashed && !ts->entries[i].followed &&
		    ts->entries[i].t.phase == TRANSITION_EXCEPTIONS)
			return true;
	return false;
}

uint64_t transitions_epoch(const struct transitions *ts, size_t farm)
{
	const struct entry *e = farm < ts->n ? &ts->entries[farm] : NULL;

	return e && e->hashed && e->started ? e->epoch : 0;
}
