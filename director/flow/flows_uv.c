/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flows_uv.h"

#include "director/ruleset/plan.h"

#include "director/flow/flows_inside_uv.h"
#include "include/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUSY_MS = 20,	  /* between two pieces of work when there is more to do … */
	IDLE_MS = 250,	  /* … and when there is not */
	RETRY_MS = 10000, /* a group that somebody else has */
	FORGET_MS = 10000,
	AUDIT_MOST = 50, /* of these that are asked for although they are not due: 200 a second */
};

/* --- what the packet path announces ----------------------------------------------------------- */

static bool put(struct flows *f, const struct flow_book_farm *farm, struct flow_book_backend *b,
		const struct flow_key *key, uint64_t life_s, uint8_t flags)
{
	enum flow_put done = FLOW_PUT_REFUSED;

	if (!f->file || !flows_number(f, farm, b))
		return false;
	done = flows_keep(f, key, b->number, life_s, flags, NULL);
	return done == FLOW_PUT_NEW || done == FLOW_PUT_KNOWN;
}

/* A flow of theirs: its owner, who does not know of it, would end it here. */
static bool is_stray(const struct flows *f, const struct flow_book_farm *farm,
		     const struct flow_key *key)
{
	return f->twin.connected && farm->sync && flows_is_theirs(f, key);
}

/*
 * A client of a new flow has a backend from now on. Each packet refreshes that, which is found out
 * when it is due; a client with many connections is put in a few times in all that time.
 */
static void put_pin(struct flows *f, const struct flow_book_farm *farm, struct flow_book_backend *b,
		    const struct addr *client, uint64_t life_s)
{
	struct flow_record known;
	struct flow_key key;

	/* In a farm whose addresses two directors share the clients are the first one's alone. */
	if (!f->file || !flow_book_pin(farm, client, &key) || is_stray(f, farm, &key))
		return;
	if (!flow_index_find(flows_index(f), &key, &known) || known.backend != b->number ||
	    known.expires_s < flow_file_now_s() + farm->pin_s / 4)
		put(f, farm, b, &key, life_s, f->twin.mark);
}

static void remember_stray(struct flows *f, const struct flow_book_farm *farm,
			   const struct flow_log_event *e, bool closing)
{
	struct flow_stray s = {.key = e->key,
			       .backend = e->mark,
			       .heard_s = flow_file_now_s(),
			       .closing = closing};

	snprintf(s.farm, sizeof(s.farm), "%s", farm->name);
	flow_strays_add(&f->strays, &s);
}

/* FIN and RST are announced when a flow goes to the closing table, everything else when it begins. */
static void heard(void *owner, const struct flow_log_event *e)
{
	struct flows *f = owner;
	struct flow_book_farm *farm = flow_book_farm(&f->book, e->prefix);
	struct flow_book_backend *b = farm ? flow_book_backend(farm, e->mark) : NULL;
	bool closing = e->key.protocol == IPPROTO_TCP && e->tcp_flags & (TCP_FIN | TCP_RST);
	uint8_t flags = f->twin.mark | (closing ? FLOW_CLOSING : 0);

	if (b && !closing) {
		farm->begun++;
		b->begun++;
	}
	if (b && is_stray(f, farm, &e->key)) {
		remember_stray(f, farm, e, closing);
		return;
	}
	if (!b ||
	    !put(f, farm, b, &e->key, flow_book_life_s(farm, e->key.protocol, closing), flags))
		f->unindexed++;
	if (b && !closing)
		put_pin(f, farm, b, &e->key.client, farm->pin_s);
}

/* The same of one that is known already the other director told: it has the word. */
static bool is_told(const struct flows *f, const struct flow_stray *s)
{
	struct flow_record known;

	return flow_index_find(flows_index(f), &s->key, &known) &&
	       !(known.flags & FLOW_CLOSING) == !s->closing;
}

void flows_take_strays(struct flows *f)
{
	struct flow_stray s;

	while (f->file && flow_strays_next(&f->strays, flow_file_now_s(), &s)) {
		const struct twin_router *r = flows_router(f, &s.key);
		struct flow_book_farm *farm = flow_book_farm(&f->book, s.farm);
		struct flow_book_backend *b = farm ? flow_book_backend(farm, s.backend) : NULL;

		if (!b || !r || !r->ours || is_told(f, &s))
			continue;
		put(f, farm, b, &s.key, flow_book_life_s(farm, s.key.protocol, s.closing),
		    f->twin.mark | (s.closing ? FLOW_CLOSING : 0));
		if (!s.closing)
			put_pin(f, farm, b, &s.key.client, farm->pin_s);
	}
}

/* Counted and said by the listener; who needs all of them finds what is missing by itself. */
static void lost(void *owner)
{
	const struct flows *f = owner;

	if (f->twin.observer.lost)
		f->twin.observer.lost(f->twin.observer.owner);
}

static void settled(void *owner)
{
	struct flows *f = owner;

	if (f->file && flow_file_tend(f->file))
		f->tending = true;
}

void flows_learn(struct flows *f, const char *name, const struct flow_key *key, uint32_t id,
		 uint64_t expires_ms)
{
	struct flow_book_farm *farm = flow_book_farm(&f->book, name);
	struct flow_book_backend *b = farm ? flow_book_backend(farm, id) : NULL;
	struct flow_record known;

	if (!b || !f->file || flow_index_find(flows_index(f), key, &known) ||
	    (farm->sync && flows_is_theirs(f, key)))
		return;
	put(f, farm, b, key, expires_ms / 1000 + 1, f->twin.mark);
	put_pin(f, farm, b, &key->client, 1); /* the kernel is asked at once how long */
}

/* --- what the kernel has ---------------------------------------------------------------------- */

static bool same_tables(const struct flow_record *a, const struct flow_record *b)
{
	return a->farm == b->farm && a->key.protocol == b->key.protocol &&
	       a->key.client.family == b->key.client.family;
}

static int by_tables(const void *pa, const void *pb)
{
	const struct flow_record *a = pa, *b = pb;

	if (a->farm != b->farm)
		return a->farm < b->farm ? -1 : 1;
	if (a->key.protocol != b->key.protocol)
		return a->key.protocol < b->key.protocol ? -1 : 1;
	return (int)a->key.client.family - (int)b->key.client.family;
}

/* The keys of flows first..n-1 of f->records, which are of one length, one behind the other. */
static uint8_t *fill_keys(struct flows *f, size_t first, size_t n)
{
	size_t len = flow_ask_key_len(&f->records[first].key);
	uint8_t *keys = f->keys + first * FLOW_ASK_FLOW_KEY;

	for (size_t i = first; i < n; i++)
		flow_ask_key(&f->records[i].key, keys + (i - first) * len);
	return keys;
}

/* One table about flows first..n-1 of f->records. 0 or negative errno. */
static int ask_table(struct flows *f, const char *farm, size_t first, size_t n, const char *which,
		     struct flow_answer *answers)
{
	struct flow_ask_set set;
	int code;

	memset(&answers[first], 0, (n - first) * sizeof(*answers));
	if (!flows_set(f, farm, &f->records[first].key, which, &set))
		return 0;
	code = flow_ask(f->asker, &set, fill_keys(f, first, n), n - first, &answers[first]);
	return code == -ENOENT ? 0 : code;
}

/* The backend that the kernel names, when it is one of the configuration. */
static uint16_t owner_now(struct flows *f, const struct flow_record *r, const struct flow_answer *a)
{
	const struct flow_book_farm *farm = flows_farm(f, r->farm);
	struct flow_book_backend *b;
	uint32_t id = 0;

	memcpy(&id, a->data, sizeof(id));
	b = farm ? flow_book_backend(farm, id) : NULL;
	return b && flows_number(f, farm, b) ? b->number : r->backend;
}

/*
 * What the two tables say of flow i together, in answers, and into the index. Somebody who only
 * looks leaves its times alone: the other director would be told of them for nothing.
 */
static void settle(struct flows *f, size_t i, bool looks)
{
	struct flow_record *r = &f->records[i], was = *r;
	struct flow_answer *a = &f->answers[i];

	r->flags &= FLOW_MARK;
	if (!a->present) {
		*a = f->closing[i];
		r->flags |= FLOW_CLOSING;
	}
	if (!a->present) {
		if (!looks || !flows_follow(f, &r->key))
			flows_drop(f, &r->key);
		return;
	}
	r->backend = owner_now(f, r, a);
	if (r->backend != was.backend || r->flags != was.flags)
		flows_keep(f, &r->key, r->backend, a->expires_ms / 1000 + 1, r->flags, NULL);
	else if (!looks)
		flows_live(f, r, a->expires_ms / 1000 + 1);
}

bool flows_confirm(struct flows *f, size_t n, bool looks)
{
	qsort(f->records, n, sizeof(f->records[0]), by_tables);
	for (size_t first = 0, end; first < n; first = end) {
		const char *farm = flow_index_farm_name(flows_index(f), f->records[first].farm);
		int code;

		for (end = first + 1; end < n; end++)
			if (!same_tables(&f->records[first], &f->records[end]))
				break;
		code = ask_table(f, farm, first, end, "flows", f->answers);
		if (!code)
			code = ask_table(f, farm, first, end, "closing", f->closing);
		if (code) {
			log_debug("asking for flows of farm \"%s\": %s", farm, strerror(-code));
			return false;
		}
	}
	for (size_t i = 0; i < n; i++)
		settle(f, i, looks);
	return true;
}

/* --- work, a piece at a time ------------------------------------------------------------------ */

/* How many flows were looked at. */
static size_t work(struct flows *f, struct flow_cursor *c, bool expired, size_t most)
{
	struct flow_filter filter = {.farm = FLOW_ANY,
				     .backend = FLOW_ANY,
				     .expired = expired,
				     .now_s = flow_file_now_s()};
	size_t n = flow_index_walk(flows_index(f), c, &filter, FLOWS_WALK_SLOTS, f->records, most);
	size_t asked = flows_leave_theirs(f, n);

	if (asked)
		flows_confirm(f, asked, !expired);
	if (c->done)
		*c = (struct flow_cursor){0};
	return n;
}

static void listen_to(struct flows *f, bool first)
{
	struct flow_log_handler handler = {
		.event = heard, .lost = lost, .settled = settled, .owner = f};
	struct err err = {0};

	f->retry_ms = uv_now(f->loop) + RETRY_MS;
	if (flow_log_new(f->loop, RULESET_LOG_GROUP, &handler, &f->log, &err) < 0) {
		f->log = NULL;
		if (first)
			log_warning("%s; connections are not listed and counted one by one, trying "
				    "again every %d s",
				    err.text, RETRY_MS / 1000);
	} else if (!first) {
		log_info("the packet path is heard again: connections are listed and counted");
	}
}

/* Names that the configuration does not have any more go when their last flow has gone. */
static void forget_names(struct flows *f)
{
	struct flow_index *x = flows_index(f);

	flows_forget_told(f);
	for (uint32_t i = 0; x && i < FLOW_ROWS_MAX && i < x->now.geometry.backends; i++) {
		uint16_t farm = flow_index_farm_of(x, (uint16_t)i);
		const struct flow_book_farm *known;

		if (farm == FLOW_ANY || flow_index_count(x, (uint16_t)i))
			continue;
		known = flow_book_farm(&f->book, flow_index_farm_name(x, farm));
		if (!known || !flow_book_named(known, flow_index_backend_name(x, (uint16_t)i)))
			flow_index_forget(x, (uint16_t)i);
	}
}

static void tick(uv_timer_t *timer)
{
	struct flows *f = timer->data;
	size_t asked = 0;

	if (uv_now(f->loop) >= f->forget_ms) {
		forget_names(f);
		f->forget_ms = uv_now(f->loop) + FORGET_MS;
	}

	if (!f->log && uv_now(f->loop) >= f->retry_ms)
		listen_to(f, false);
	if (f->file) {
		f->tending = flow_file_tend(f->file);
		asked = work(f, &f->due, true, FLOWS_PIECE);
		work(f, &f->audit, false, AUDIT_MOST);
	}
	uv_timer_start(timer, tick, asked == FLOWS_PIECE || f->tending ? BUSY_MS : IDLE_MS, 0);
}

/* --- configuration ---------------------------------------------------------------------------- */

int flows_configure(struct flows *f, const struct config *c)
{
	int code = flow_book_configure(&f->book, c);

	if (code == 0) {
		forget_names(f);
		flows_sum(f);
	}
	return code;
}

int flows_new(uv_loop_t *loop, const char *runtime_dir, const struct flows_source *source,
	      struct flows **ret, struct err *err)
{
	struct flows *f = calloc(1, sizeof(*f));
	struct err why = {0};

	if (!f)
		return err_set(err, -ENOMEM, "no memory");
	f->loop = loop;
	f->source = *source;
	if (flow_asker_new(&f->asker, &why) < 0 ||
	    flow_file_open(runtime_dir, &f->file, &why) < 0) {
		log_warning("%s; connections are not listed and counted one by one", why.text);
		f->file = NULL;
	}
	uv_timer_init(loop, &f->tick);
	f->tick.data = f;
	listen_to(f, true);
	uv_timer_start(&f->tick, tick, IDLE_MS, 0);
	*ret = f;
	return 0;
}

static void timer_closed(uv_handle_t *handle)
{
	struct flows *f = handle->data;

	flow_book_clear(&f->book);
	free(f);
}

void flows_close(struct flows *f)
{
	if (!f)
		return;
	flow_log_close(f->log);
	flow_file_close(f->file);
	flow_asker_free(f->asker);
	uv_close((uv_handle_t *)&f->tick, timer_closed);
}

/* --- what is known ---------------------------------------------------------------------------- */

void flows_state(const struct flows *f, struct flows_state *ret)
{
	const struct flow_log_stats *stats = f->log ? flow_log_stats(f->log) : NULL;
	const struct flow_index *x = flows_index(f);

	*ret = (struct flows_state){.hears = x && f->log, .unindexed = f->unindexed};
	if (x)
		ret->held = (uint64_t)flow_index_total(x, FLOW_IPV4) +
			    flow_index_total(x, FLOW_IPV6) - flow_index_all_pins(x);
	if (stats) {
		ret->events = stats->events;
		ret->missed = stats->missed;
	}
}

uint64_t flows_held(const struct flows *f, const char *farm, const char *backend)
{
	const struct flow_index *x = flows_index(f);
	uint16_t number = x ? flow_index_find_farm(x, farm) : FLOW_ANY;

	if (number == FLOW_ANY || !backend)
		return number == FLOW_ANY ? 0 : flow_index_farm_count(x, number);
	number = flow_index_find_backend(x, number, backend);
	return number == FLOW_ANY ? 0 : flow_index_count(x, number);
}

uint64_t flows_begun(const struct flows *f, const struct config_farm *farm, uint64_t *ret_each)
{
	const struct flow_book_farm *known = flow_book_farm(&f->book, farm->name);
	uint32_t ids[CONFIG_BACKENDS_MAX];

	memset(ret_each, 0, farm->n_backends * sizeof(*ret_each));
	if (!known)
		return 0;
	plan_backend_ids(farm, ids);
	for (size_t i = 0; i < farm->n_backends; i++) {
		const struct flow_book_backend *b = flow_book_backend(known, ids[i]);

		ret_each[i] = b ? b->begun : 0;
	}
	return known->begun;
}
