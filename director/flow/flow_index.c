/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_index.h"

#include <errno.h>
#include <string.h>

enum {
	/* Of 16 parts of the slots: where a table wants to grow, and where it takes no more. */
	WANT_MORE = 13,
	FULL = 15,
	/* A table doubles again and again in memory that it has for half of the time: 3/2 wastes less. */
	GROW_NUMERATOR = 3,
	GROW_DENOMINATOR = 2,
	/* Below 1/16 it may shrink, to 1/4: not at once the size where it wants to grow. */
	SHRINK_BELOW = 16,
	SHRINK_TO = 4,
	/* Slots moved with every flow put in: the old table is empty long before the new one is full. */
	MOVE_PER_PUT = 16,
	ROWS_SPARE = 4, /* 1/4 of the rows, free, before names run short */
};

void flow_index_init(struct flow_index *x, const struct flow_region *region)
{
	*x = (struct flow_index){.now = *region};
}

static int table_of(const struct flow_probe *p)
{
	return p->n == FLOW_WORDS_IPV4 - 2 ? FLOW_IPV4 : FLOW_IPV6;
}

/* --- names ------------------------------------------------------------------------------------- */

static bool fits(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < FLOW_NAME;
}

int flow_index_name(struct flow_index *x, const char *farm, const char *backend, uint16_t *ret)
{
	struct flow_region *r = &x->now;
	uint16_t f, b;
	bool new_farm;

	if (!fits(farm) || !fits(backend))
		return -EINVAL;
	f = flow_region_find_farm(r, farm);
	new_farm = f == FLOW_ANY;
	if (new_farm)
		f = flow_region_add_farm(r, farm);
	if (f == FLOW_ANY)
		return -ENOSPC;
	b = flow_region_find_backend(r, f, backend);
	if (b == FLOW_ANY)
		b = flow_region_add_backend(r, f, backend);
	if (b == FLOW_ANY && new_farm)
		flow_region_drop_farm(r, f);
	if (b == FLOW_ANY)
		return -ENOSPC;
	*ret = b;
	return 0;
}

uint16_t flow_index_find_farm(const struct flow_index *x, const char *farm)
{
	return fits(farm) ? flow_region_find_farm(&x->now, farm) : (uint16_t)FLOW_ANY;
}

uint16_t flow_index_find_backend(const struct flow_index *x, uint16_t farm, const char *backend)
{
	if (!fits(backend) || !flow_region_has_farm(&x->now, farm))
		return FLOW_ANY;
	return flow_region_find_backend(&x->now, farm, backend);
}

bool flow_index_forget(struct flow_index *x, uint16_t backend)
{
	if (!flow_region_has_backend(&x->now, backend))
		return true;
	if (x->now.backends[backend].count || x->now.backends[backend].pins)
		return false;
	flow_region_drop_backend(&x->now, backend);
	return true;
}

const char *flow_index_farm_name(const struct flow_index *x, uint16_t farm)
{
	return flow_region_has_farm(&x->now, farm) ? x->now.farms[farm].name : "";
}

const char *flow_index_backend_name(const struct flow_index *x, uint16_t backend)
{
	return flow_region_has_backend(&x->now, backend) ? x->now.backends[backend].name : "";
}

uint16_t flow_index_farm_of(const struct flow_index *x, uint16_t backend)
{
	return flow_region_has_backend(&x->now, backend) ? x->now.backends[backend].farm
							 : (uint16_t)FLOW_ANY;
}

uint32_t flow_index_count(const struct flow_index *x, uint16_t backend)
{
	return flow_region_has_backend(&x->now, backend) ? x->now.backends[backend].count : 0;
}

uint32_t flow_index_farm_count(const struct flow_index *x, uint16_t farm)
{
	return flow_region_has_farm(&x->now, farm) ? x->now.farms[farm].count : 0;
}

uint32_t flow_index_all_pins(const struct flow_index *x)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->now.geometry.farms; i++)
		n += x->now.farms[i].name[0] ? x->now.farms[i].pins : 0;
	return n;
}

uint32_t flow_index_total(const struct flow_index *x, int table)
{
	return x->now.tables[table].used + (x->old.header ? x->old.tables[table].used : 0);
}

static void count(struct flow_index *x, uint16_t backend, uint8_t protocol, int by)
{
	struct flow_backend_row *b = &x->now.backends[backend];
	struct flow_farm_row *f = &x->now.farms[b->farm];
	uint32_t n = (uint32_t)by;

	if (protocol == FLOW_PIN) {
		b->pins += n;
		f->pins += n;
	} else {
		b->count += n;
		f->count += n;
	}
}

/* --- flows ------------------------------------------------------------------------------------- */

/* Where a flow is: in the table of which region, or nowhere; then where it may go in the new one. */
struct found {
	struct flow_table *table;
	uint32_t slot;
	uint32_t free;
	bool old;
};

static struct found find(const struct flow_index *x, const struct flow_probe *p)
{
	struct found f = {.table = (struct flow_table *)&x->now.tables[table_of(p)]};

	f.slot = flow_table_find(f.table, p, &f.free);
	if (f.slot != FLOW_NO_SLOT || !x->old.header)
		return f;
	f.table = (struct flow_table *)&x->old.tables[table_of(p)];
	f.slot = flow_table_find(f.table, p, NULL);
	f.old = f.slot != FLOW_NO_SLOT;
	return f;
}

static bool is_full(const struct flow_index *x, int table)
{
	return (uint64_t)flow_index_total(x, table) * 16 >= (uint64_t)x->now.tables[table].n * FULL;
}

/* First here, then not there any more: killed in between it is in both. */
static void take_over(struct flow_index *x, const struct flow_probe *p, const struct found *f,
		      uint16_t farm, uint16_t backend, uint32_t until)
{
	if (f->free == FLOW_NO_SLOT) {
		flow_table_update(f->table, p, f->slot, farm, backend, until);
		return;
	}
	flow_table_insert(&x->now.tables[table_of(p)], p, f->free, farm, backend, until);
	flow_table_bury(f->table, f->slot);
}

static enum flow_put put_probe(struct flow_index *x, const struct flow_probe *p, uint16_t backend,
			       uint32_t until, struct flow_record *ret_old)
{
	uint16_t farm = x->now.backends[backend].farm;
	struct found f = find(x, p);

	if (f.slot == FLOW_NO_SLOT) {
		if (f.free == FLOW_NO_SLOT || is_full(x, table_of(p)))
			return FLOW_PUT_FULL;
		flow_table_insert(&x->now.tables[table_of(p)], p, f.free, farm, backend, until);
		count(x, backend, p->protocol, 1);
		return FLOW_PUT_NEW;
	}
	if (ret_old)
		flow_table_record(f.table, f.slot, ret_old);
	count(x, flow_table_backend(f.table, f.slot), p->protocol, -1);
	count(x, backend, p->protocol, 1);
	if (f.old)
		take_over(x, p, &f, farm, backend, until);
	else
		flow_table_update(f.table, p, f.slot, farm, backend, until);
	return FLOW_PUT_KNOWN;
}

enum flow_put flow_index_put(struct flow_index *x, const struct flow_key *key, uint16_t backend,
			     uint32_t expires_s, uint8_t flags, struct flow_record *ret_old)
{
	struct flow_probe p;

	if (!flow_region_has_backend(&x->now, backend) ||
	    !flow_probe_init(&p, key, x->now.identity.hash_key))
		return FLOW_PUT_REFUSED;
	if (x->old.header)
		flow_index_move(x, MOVE_PER_PUT);
	return put_probe(x, &p, backend, flow_until(expires_s, flags), ret_old);
}

void flow_index_expect(const struct flow_index *x, const struct flow_key *key)
{
	struct flow_probe p;

	if (!flow_probe_init(&p, key, x->now.identity.hash_key))
		return;
	flow_table_prefetch(&x->now.tables[table_of(&p)], &p);
	if (x->old.header)
		flow_table_prefetch(&x->old.tables[table_of(&p)], &p);
}

bool flow_index_find(const struct flow_index *x, const struct flow_key *key,
		     struct flow_record *ret)
{
	struct flow_probe p;
	struct found f;

	if (!flow_probe_init(&p, key, x->now.identity.hash_key))
		return false;
	f = find(x, &p);
	if (f.slot == FLOW_NO_SLOT)
		return false;
	flow_table_record(f.table, f.slot, ret);
	return true;
}

bool flow_index_remove(struct flow_index *x, const struct flow_key *key, struct flow_record *ret)
{
	struct flow_probe p;
	struct found f;

	if (!flow_probe_init(&p, key, x->now.identity.hash_key))
		return false;
	f = find(x, &p);
	if (f.slot == FLOW_NO_SLOT)
		return false;
	if (ret)
		flow_table_record(f.table, f.slot, ret);
	count(x, flow_table_backend(f.table, f.slot), key->protocol, -1);
	if (f.old)
		flow_table_bury(f.table, f.slot);
	else
		flow_table_erase(f.table, f.slot);
	return true;
}

/* --- walking ----------------------------------------------------------------------------------- */

static void cursor_to(struct flow_cursor *c, const struct flow_region *r, uint8_t table)
{
	c->epoch = r->identity.epoch;
	c->table = table;
	c->slot = flow_table_slots(&r->tables[table]);
}

/*
 * The region that the cursor is in; the old one comes before the new one. Gone: all that it held is
 * in the new one.
 */
static const struct flow_region *cursor_region(const struct flow_index *x, struct flow_cursor *c)
{
	const struct flow_region *first = x->old.header ? &x->old : &x->now;

	if (c->started && c->epoch == x->now.identity.epoch)
		return &x->now;
	if (!c->started || c->epoch != first->identity.epoch)
		cursor_to(c, first, 0);
	c->started = true;
	return first;
}

static bool passes(const struct flow_table *t, uint32_t slot, const struct flow_filter *f)
{
	uint32_t until = flow_table_until(t, slot);

	return (f->farm == FLOW_ANY || flow_table_farm(t, slot) == f->farm) &&
	       (f->backend == FLOW_ANY || flow_table_backend(t, slot) == f->backend) &&
	       (!f->expired || flow_until_expires(until) <= f->now_s) &&
	       (flow_until_flags(until) & f->mask) == f->flags &&
	       (f->kinds == FLOW_BOTH ||
		(f->kinds == FLOW_PINS_ONLY) == (flow_table_protocol(t, slot) == FLOW_PIN)) &&
	       (!addr_len(&f->client) || flow_table_client_is(t, slot, &f->client));
}

size_t flow_index_walk(const struct flow_index *x, struct flow_cursor *c,
		       const struct flow_filter *f, uint32_t slots, struct flow_record *out,
		       size_t room)
{
	const struct flow_region *r = cursor_region(x, c);
	size_t n = 0;

	/* A cursor may have been away, with somebody who asked for a page. */
	if (c->table >= FLOW_TABLES || c->slot > flow_table_slots(&r->tables[c->table]))
		cursor_to(c, r, 0);
	while (!c->done && n < room && slots) {
		const struct flow_table *t = &r->tables[c->table];

		for (; c->slot > 0 && n < room && slots; slots--) {
			c->slot--;
			if (flow_table_live(t, c->slot) && passes(t, c->slot, f))
				flow_table_record(t, c->slot, &out[n++]);
		}
		if (c->slot > 0)
			break;
		if (c->table + 1 < FLOW_TABLES) {
			cursor_to(c, r, (uint8_t)(c->table + 1));
		} else if (r == &x->old) {
			r = &x->now;
			cursor_to(c, r, 0);
		} else {
			c->done = true;
		}
	}
	return n;
}

/* --- regions ----------------------------------------------------------------------------------- */

static uint32_t wanted_slots(uint32_t slots, uint32_t used, uint32_t least)
{
	uint64_t more = (uint64_t)slots * GROW_NUMERATOR / GROW_DENOMINATOR + 1;

	if (slots < least)
		return least;
	if ((uint64_t)used * 16 >= (uint64_t)slots * WANT_MORE)
		return more > INT32_MAX ? INT32_MAX : (uint32_t)more;
	if ((uint64_t)used * SHRINK_BELOW < slots)
		return slots / SHRINK_TO > least ? slots / SHRINK_TO : least;
	return slots;
}

static uint32_t wanted_rows(uint32_t rows, uint32_t used, uint32_t least)
{
	if (rows < least)
		return least;
	if (rows - used >= rows / ROWS_SPARE || rows == FLOW_ROWS_MAX)
		return rows;
	return rows > FLOW_ROWS_MAX / 2 ? FLOW_ROWS_MAX : 2 * rows;
}

bool flow_index_wants(const struct flow_index *x, const struct flow_geometry *least,
		      struct flow_geometry *ret)
{
	const struct flow_geometry *g = &x->now.geometry;
	bool other;

	ret->farms = wanted_rows(g->farms, x->now.n_farms, least->farms);
	ret->backends = wanted_rows(g->backends, x->now.n_backends, least->backends);
	other = ret->farms != g->farms || ret->backends != g->backends;
	for (int t = 0; t < FLOW_TABLES; t++) {
		ret->slots[t] = wanted_slots(g->slots[t], flow_index_total(x, t), least->slots[t]);
		other |= ret->slots[t] != g->slots[t];
	}
	return other;
}

void flow_index_start_move(struct flow_index *x, void *memory, const struct flow_geometry *g)
{
	struct flow_identity id = x->now.identity;

	id.epoch++;
	x->old = x->now;
	flow_region_create(&x->now, memory, g, &id);
	flow_region_copy_names(&x->now, &x->old, true);
	flow_region_publish(&x->now);
	x->move_table = 0;
	x->move_slot = 0;
}

bool flow_index_moving(const struct flow_index *x)
{
	return x->old.header != NULL;
}

/* One slot of the old table. A flow that finds no place in the new one stays for a later round. */
static void move_slot(struct flow_index *x, struct flow_table *t, uint32_t slot)
{
	struct flow_table *to = &x->now.tables[x->move_table];
	struct flow_probe p;
	uint32_t place;

	if (!flow_table_live(t, slot))
		return;
	flow_table_probe(t, slot, &p);
	flow_table_find(to, &p, &place);
	if (place == FLOW_NO_SLOT)
		return;
	flow_table_insert(to, &p, place, flow_table_farm(t, slot), flow_table_backend(t, slot),
			  flow_table_until(t, slot));
	flow_table_bury(t, slot);
}

bool flow_index_move(struct flow_index *x, uint32_t slots)
{
	while (x->old.header && slots) {
		struct flow_table *t = &x->old.tables[x->move_table];

		for (; t->used && x->move_slot < flow_table_slots(t) && slots; slots--)
			move_slot(x, t, x->move_slot++);
		if (t->used && x->move_slot < flow_table_slots(t))
			break;
		x->move_slot = 0;
		if (t->used) /* a round that left some */
			break;
		if (++x->move_table == FLOW_TABLES)
			x->old = (struct flow_region){0};
	}
	return !x->old.header;
}

/* True when it is in good order; then it is in, unless it has no place, expired or is there. */
static bool import_slot(struct flow_index *x, const struct flow_table *t, uint32_t slot,
			uint32_t now_s)
{
	uint16_t backend = flow_table_backend(t, slot);
	uint32_t until = flow_table_until(t, slot);
	struct flow_probe p;

	if (!flow_table_probe(t, slot, &p) || !flow_region_has_backend(&x->now, backend) ||
	    x->now.backends[backend].farm != flow_table_farm(t, slot))
		return false;
	if (flow_until_expires(until) > now_s && find(x, &p).slot == FLOW_NO_SLOT)
		put_probe(x, &p, backend, until, NULL);
	return true;
}

bool flow_index_import(struct flow_index *x, const struct flow_region *from, uint64_t *slot,
		       uint32_t slots, uint32_t now_s, uint32_t *torn)
{
	uint64_t first = 0; /* of the table */

	for (int i = 0; i < FLOW_TABLES; i++) {
		const struct flow_table *t = &from->tables[i];
		uint64_t end = first + flow_table_slots(t);

		for (; *slot < end && slots; ++*slot, slots--) {
			uint32_t at = (uint32_t)(*slot - first);

			if (flow_table_live(t, at) && !import_slot(x, t, at, now_s))
				++*torn;
		}
		if (*slot < end)
			return false;
		first = end;
	}
	return true;
}
