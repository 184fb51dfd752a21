/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the other director tells of its flows goes into the kernel and the index. */
#include "director/flow/flows_inside_uv.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

enum {
	TAKE_SETS = 512,	/* with many farms each flow may be for another one */
	TAKE_PLACES_BITS = 10,	/* twice as many places */
	TAKE_SEEN = 4096,	/* the upper 12 bits of a hash */
	TAKE_KINDS = 2 * 2 * 2, /* of a farm's sets: family, protocol, closing */
	PIECE_WALKS = 16,	/* of a piece of marking or sweeping: 2.4 ms at most, ... */
	PIECE_ENDS = 800,	/* ... and so many to take out of the kernel: 3 ms */
};

_Static_assert(TAKE_SETS < 1 << TAKE_PLACES_BITS, "a search ends at an empty place");

/* A table that flows of one call are written into; the same for those of one farm and kind. */
struct take_set {
	const struct flow_book_farm *farm;
	uint8_t family, protocol;
	bool closing, exists;
	struct flow_ask_set set;
};

/* Operations that wait: deletions first, so that a full map has room (flow_write.h). */
struct take {
	struct flows *f;
	struct flows_taken *result;
	struct take_set sets[TAKE_SETS];
	size_t n_sets;
	uint16_t places[1 << TAKE_PLACES_BITS]; /* 1 + a set, by hash; linear probing */
	struct flow_write_op deletions[FLOW_WRITE_OPS], puts[FLOW_WRITE_OPS];
	struct flow_key put_keys[FLOW_WRITE_OPS];
	bool put_ours[FLOW_WRITE_OPS]; /* what is in the kernel already counts more */
	size_t n_deletions, n_puts;
	enum flow_write_result results[FLOW_WRITE_OPS];
	/* The same in another order. */
	struct flow_write_op sorted[FLOW_WRITE_OPS];
	struct flow_key sorted_keys[FLOW_WRITE_OPS];
	bool sorted_ours[FLOW_WRITE_OPS];
	const struct sync_flow *flows; /* of the message */
	uint16_t seen[TAKE_SEEN];      /* 1 + a flow of it that waits, by hash; linear probing */
	size_t n_sent;		       /* puts that the writer has begun, ... */
	size_t n_refused;	       /* ... and those of them that came to nothing */
};

/*
 * Of the main loop; 500 KiB each are too much for its stack. While the kernel works at the puts of one
 * message, the next one is looked at.
 */
static struct take takes[2];
static size_t taking;	  /* which of them the next message fills */
static struct take *sent; /* whose puts the writer has begun; NULL: nobody's */

/*
 * Operations on one set behind each other are one message, and the kernel goes through all sets for
 * each. Those that wait are of different flows: any order is good. False: they are as they should be.
 */
static bool find_places(const struct take *t, const struct flow_write_op *ops, size_t n,
			uint16_t place[static FLOW_WRITE_OPS])
{
	uint16_t group[FLOW_WRITE_OPS], next[2 * TAKE_SETS + 1] = {0};

	if (t->n_sets < 2)
		return false;
	for (size_t i = 0; i < n; i++) {
		ptrdiff_t octets = (const char *)ops[i].set - (const char *)&t->sets[0].set;
		size_t set = (size_t)octets / sizeof(t->sets[0]);

		group[i] = (uint16_t)(2 * set + (ops[i].kind == FLOW_WRITE_CHANGE));
		next[group[i] + 1]++;
	}
	for (size_t i = 0; i < 2 * t->n_sets; i++)
		next[i + 1] = (uint16_t)(next[i + 1] + next[i]);
	for (size_t i = 0; i < n; i++)
		place[i] = next[group[i]]++;
	return true;
}

static void sort_deletions(struct take *t)
{
	uint16_t place[FLOW_WRITE_OPS];

	if (!find_places(t, t->deletions, t->n_deletions, place))
		return;
	for (size_t i = 0; i < t->n_deletions; i++)
		t->sorted[place[i]] = t->deletions[i];
	memcpy(t->deletions, t->sorted, t->n_deletions * sizeof(t->sorted[0]));
}

static void sort_puts(struct take *t)
{
	uint16_t place[FLOW_WRITE_OPS];

	if (!find_places(t, t->puts, t->n_puts, place))
		return;
	for (size_t i = 0; i < t->n_puts; i++) {
		t->sorted[place[i]] = t->puts[i];
		t->sorted_keys[place[i]] = t->put_keys[i];
		t->sorted_ours[place[i]] = t->put_ours[i];
	}
	memcpy(t->puts, t->sorted, t->n_puts * sizeof(t->sorted[0]));
	memcpy(t->put_keys, t->sorted_keys, t->n_puts * sizeof(t->sorted_keys[0]));
	memcpy(t->put_ours, t->sorted_ours, t->n_puts * sizeof(t->sorted_ours[0]));
}

static void write_deletions(struct take *t)
{
	size_t n = t->n_deletions;

	sort_deletions(t);
	t->n_deletions = 0;
	if (n > 0 && flow_write(t->f->twin.writer, t->deletions, n, t->results) < 0) {
		t->result->refused += n;
		return;
	}
	for (size_t i = 0; i < n; i++)
		t->result->refused +=
			t->results[i] != FLOW_WRITE_DONE && t->results[i] != FLOW_WRITE_NO_SET;
}

static size_t seen_slot(const struct take *t, const struct flow_key *key)
{
	uint32_t h = (key->client_port | (uint32_t)key->vip_port << 16) * 0x9e3779b1u;

	for (size_t i = 0; i < addr_len(&key->client); i++)
		h = (h ^ key->client.bytes[i]) * 0x01000193u; /* FNV-1a */
	h *= 0x85ebca6bu;
	for (size_t slot = h >> 20;; slot = (slot + 1) % TAKE_SEEN)
		if (!t->seen[slot] || flow_key_equal(&t->flows[t->seen[slot] - 1].key, key))
			return slot;
}

/* What is told of the same flow in `next` decides what the index holds. */
static void refuse(struct take *t, const struct take *next, const struct flow_key *key)
{
	t->n_refused++;
	if (!next || !next->seen[seen_slot(next, key)])
		flows_drop(t->f, key);
}

/* Those that a packet has put there with another backend: the master knows better. */
static size_t change_others(struct take *t, const struct take *next, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (t->results[i] == FLOW_WRITE_DONE)
			continue;
		if (t->results[i] == FLOW_WRITE_OTHER && t->put_ours[i])
			continue; /* the kernel is asked when it is due */
		if (t->results[i] == FLOW_WRITE_OTHER && t->puts[i].kind == FLOW_WRITE_PUT) {
			t->puts[left] = t->puts[i];
			t->puts[left].kind = FLOW_WRITE_CHANGE;
			t->put_ours[left] = false;
			t->put_keys[left++] = t->put_keys[i];
			continue;
		}
		refuse(t, next, &t->put_keys[i]);
	}
	return left;
}

/* Waits for the puts that were begun, and returns how many came to nothing. next: what comes behind. */
static size_t end_puts(const struct take *next)
{
	struct take *t = sent;
	size_t n;
	int code;

	if (!t)
		return 0;
	sent = NULL;
	code = flow_write_finish(t->f->twin.writer);
	for (n = t->n_sent; n > 0 && code == 0;) {
		n = change_others(t, next, n);
		if (n > 0)
			code = flow_write(t->f->twin.writer, t->puts, n, t->results);
	}
	for (size_t i = 0; i < n; i++)
		refuse(t, next, &t->put_keys[i]);
	return t->n_refused;
}

static void begin_puts(struct take *t)
{
	if (t->n_puts == 0)
		return;
	sort_puts(t);
	t->n_sent = t->n_puts;
	t->n_puts = t->n_refused = 0;
	sent = t;
	flow_write_start(t->f->twin.writer, t->puts, t->n_sent, t->results);
}

static void forget_sets(struct take *t)
{
	t->n_sets = 0;
	memset(t->places, 0, sizeof(t->places));
	memset(t->seen, 0, sizeof(t->seen));
}

/* Without what is written before it is read: most messages are short. */
static void begin(struct take *t, struct flows *f, struct flows_taken *result,
		  const struct sync_flow *flows)
{
	t->f = f;
	t->result = result;
	t->flows = flows;
	t->n_deletions = t->n_puts = 0;
	forget_sets(t);
}

/* Behind what is under way. The puts are under way then. */
static void begin_all(struct take *t)
{
	t->result->refused += end_puts(t);
	write_deletions(t);
	begin_puts(t);
}

static void write_all(struct take *t)
{
	begin_all(t);
	t->result->refused += end_puts(NULL);
	forget_sets(t);
}

static struct take_set *find_set(struct take *t, const struct flow_book_farm *farm,
				 const struct flow_key *key, bool closing)
{
	uint32_t number = (uint32_t)(farm - t->f->book.farms) * TAKE_KINDS +
			  (key->client.family == AF_INET6 ? 4 : 0) +
			  (key->protocol == IPPROTO_UDP ? 2 : 0) + closing;
	size_t place = number * 0x9e3779b1u >> (32 - TAKE_PLACES_BITS);
	struct take_set *s;

	for (; t->places[place]; place = (place + 1) % (1 << TAKE_PLACES_BITS)) {
		s = &t->sets[t->places[place] - 1];
		if (s->farm == farm && s->family == key->client.family &&
		    s->protocol == key->protocol && s->closing == closing)
			return s;
	}
	s = &t->sets[t->n_sets++];
	t->places[place] = (uint16_t)t->n_sets;
	*s = (struct take_set){.farm = farm,
			       .family = key->client.family,
			       .protocol = key->protocol,
			       .closing = closing};
	s->exists = flows_set(t->f, farm->name, key, closing ? "closing" : "flows", &s->set);
	return s;
}

static void delete_from(struct take *t, const struct flow_book_farm *farm,
			const struct flow_key *key, bool closing)
{
	struct take_set *s;

	if (closing && key->protocol != IPPROTO_TCP)
		return;
	s = find_set(t, farm, key, closing);
	if (!s->exists)
		return;
	t->deletions[t->n_deletions] =
		(struct flow_write_op){.kind = FLOW_WRITE_DELETE, .set = &s->set};
	flow_ask_key(key, t->deletions[t->n_deletions++].key);
}

static void put_into(struct take *t, const struct flow_book_farm *farm,
		     const struct flow_book_backend *b, const struct sync_flow *flow, bool change,
		     bool ours)
{
	struct take_set *s = find_set(t, farm, &flow->key, flow->closing);
	uint64_t timeout_ms =
		(uint64_t)flow_book_life_s(farm, flow->key.protocol, flow->closing) * 1000;
	uint64_t left_ms = (uint64_t)flow->life_s * 1000;
	struct flow_write_op *op = &t->puts[t->n_puts];

	if (!s->exists) {
		t->result->unheld++;
		flows_drop(t->f, &flow->key);
		return;
	}
	*op = (struct flow_write_op){.kind = change ? FLOW_WRITE_CHANGE : FLOW_WRITE_PUT,
				     .set = &s->set,
				     .mark = b->id,
				     .timeout_ms = timeout_ms,
				     .left_ms = left_ms < timeout_ms ? left_ms : timeout_ms};
	flow_ask_key(&flow->key, op->key);
	t->put_ours[t->n_puts] = ours;
	t->put_keys[t->n_puts++] = flow->key;
}

static void keep_room(struct take *t)
{
	if (t->n_deletions + 2 > FLOW_WRITE_OPS || t->n_puts == FLOW_WRITE_OPS ||
	    t->n_sets + 3 > TAKE_SETS)
		write_all(t);
}

/* A message may tell of one flow twice: what waits is written before the second word. */
static void keep_order(struct take *t, const struct sync_flow *flow)
{
	size_t slot;

	keep_room(t);
	slot = seen_slot(t, &flow->key);
	if (t->seen[slot]) {
		write_all(t);
		slot = seen_slot(t, &flow->key);
	}
	t->seen[slot] = (uint16_t)(1 + (flow - t->flows));
}

static void end_flow(struct take *t, const struct flow_book_farm *farm, const struct flow_key *key,
		     const struct flow_record *known)
{
	if (!known || !(known->flags & FLOW_CLOSING))
		delete_from(t, farm, key, false);
	if (!known || known->flags & FLOW_CLOSING)
		delete_from(t, farm, key, true);
	flows_drop(t->f, key);
}

static void take_one(struct take *t, const struct flow_book_farm *farm, struct flow_book_backend *b,
		     const struct sync_flow *flow)
{
	const struct twin_router *r = flows_router(t->f, &flow->key);
	struct flow_record known;
	bool is_known = false;
	uint8_t flags = (uint8_t)(t->f->twin.mark | (flow->closing ? FLOW_CLOSING : 0));
	enum flow_put done;

	if (!r || !farm->sync)
		return;
	if (r->ours || flow->life_s == 0)
		is_known = flow_index_find(flows_index(t->f), &flow->key, &known);
	if (r->ours && (is_known || flow->life_s == 0))
		return; /* this node has the last word of it */
	keep_order(t, flow);
	if (flow->life_s == 0) {
		end_flow(t, farm, &flow->key, is_known ? &known : NULL);
		return;
	}
	done = flows_keep(t->f, &flow->key, b->number, flow->life_s, flags, &known);
	is_known = done == FLOW_PUT_KNOWN;
	if (done != FLOW_PUT_NEW && done != FLOW_PUT_KNOWN) {
		t->result->refused++;
		return;
	}
	if (is_known ? (known.flags ^ flags) & FLOW_CLOSING : flow->closing)
		delete_from(t, farm, &flow->key, !flow->closing);
	put_into(t, farm, b, flow, is_known && known.backend != b->number, r->ours);
}

/* A backend that was met last; most flows of a message are of few of them. */
struct take_name {
	uint16_t number;
	bool named;
	struct flow_book_farm *farm;
	struct flow_book_backend *backend; /* NULL: nobody */
};

static void find_name(struct flows *f, const struct twin_names *names, uint16_t number,
		      struct take_name *ret)
{
	const struct twin_name *name = twin_names_get(names, number);

	*ret = (struct take_name){.number = number};
	if (!name)
		return;
	ret->named = true;
	ret->farm = flow_book_farm(&f->book, name->farm);
	if (ret->farm)
		ret->backend = flow_book_named(ret->farm, name->backend);
	if (ret->backend && !flows_number(f, ret->farm, ret->backend))
		ret->backend = NULL;
}

void flows_take(struct flows *f, const struct twin_names *names, const struct sync_flow *flows,
		size_t n, struct flows_taken *ret)
{
	enum { NAMES = 64, EXPECTED = 8 };
	struct take_name near[NAMES];
	struct take *t = &takes[taking];

	*ret = (struct flows_taken){0};
	if (!f->file) {
		ret->refused = n;
		return;
	}
	taking = 1 - taking;
	begin(t, f, ret, flows);
	for (size_t i = 0; i < NAMES; i++)
		near[i] = (struct take_name){.number = FLOW_ANY};
	for (size_t i = 0; i < n; i++) {
		struct take_name *name = &near[flows[i].backend % NAMES];

		if (i + EXPECTED < n)
			flow_index_expect(flows_index(f), &flows[i + EXPECTED].key);
		if (name->number != flows[i].backend)
			find_name(f, names, flows[i].backend, name);
		if (name->backend)
			take_one(t, name->farm, name->backend, &flows[i]);
		else if (name->named)
			ret->unheld++;
		else
			ret->refused++;
	}
	begin_all(t);
	t->result = NULL; /* it is the caller's */
}

size_t flows_take_end(void)
{
	return end_puts(NULL);
}

/* --- snapshots ----------------------------------------------------------------------------------- */

void flows_mark(struct flows *f)
{
	f->twin.mark ^= FLOW_MARK;
}

/* What of theirs has that mark already, by whatever way, does not belong to the snapshot. */
void flows_mark_some(struct flows *f, struct flow_cursor *cursor)
{
	struct flow_filter marked = {
		.farm = FLOW_ANY, .backend = FLOW_ANY, .mask = FLOW_MARK, .flags = f->twin.mark};

	if (!f->file)
		cursor->done = true;
	for (int walks = 0; walks < PIECE_WALKS && !cursor->done; walks++) {
		size_t n = flow_index_walk(flows_index(f), cursor, &marked, FLOWS_WALK_SLOTS,
					   f->records, FLOWS_PIECE);

		for (size_t i = 0; i < n; i++) {
			const struct flow_record *r = &f->records[i];

			if (flows_is_theirs(f, &r->key))
				flow_index_put(flows_index(f), &r->key, r->backend, r->expires_s,
					       r->flags ^ FLOW_MARK, NULL);
		}
	}
}

/* How many of the first n of f->records ended. */
static size_t end_unmarked(struct take *t, size_t n)
{
	struct flows *f = t->f;
	size_t ended = 0;

	for (size_t i = 0; i < n; i++) {
		const struct flow_record *r = &f->records[i];
		const struct flow_book_farm *farm = flows_farm(f, r->farm);

		if (!flows_is_theirs(f, &r->key) || !flows_are_told(f, r->backend))
			continue;
		keep_room(t);
		ended++;
		if (farm)
			end_flow(t, farm, &r->key, r);
		else
			flows_drop(f, &r->key);
	}
	return ended;
}

void flows_sweep_some(struct flows *f, struct flow_cursor *cursor)
{
	struct flow_filter unmarked = {.farm = FLOW_ANY,
				       .backend = FLOW_ANY,
				       .mask = FLOW_MARK,
				       .flags = f->twin.mark ^ FLOW_MARK};
	static struct take t;
	struct flows_taken result = {0};
	size_t ended = 0;

	begin(&t, f, &result, NULL);
	if (!f->file)
		cursor->done = true;
	for (int walks = 0; walks < PIECE_WALKS && ended < PIECE_ENDS && !cursor->done; walks++)
		ended += end_unmarked(&t,
				      flow_index_walk(flows_index(f), cursor, &unmarked,
						      FLOWS_WALK_SLOTS, f->records, FLOWS_PIECE));
	write_all(&t);
	t.result = NULL; /* it is on this stack */
}
