/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flows_twin_uv.h"

#include "director/flow/flows_inside_uv.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
	TEND_AFTER = 1000, /* flows put in before the index may grow */
	/*
	 * The copy outlives the flow: one that goes on in its last seconds is found out to when it is
	 * due, a quarter of a second later, and until it is told again the copy has to be there.
	 */
	OUTLIVES_S = 2,
	FOLLOW =
		16, /* a flow of the other director's is due again after that part of its timeout */
};

struct flow_index *flows_index(const struct flows *f)
{
	return f->file ? flow_file_index(f->file) : NULL;
}

struct flow_book_farm *flows_farm(const struct flows *f, uint16_t farm)
{
	return flow_book_farm(&f->book, flow_index_farm_name(flows_index(f), farm));
}

bool flows_number(struct flows *f, const struct flow_book_farm *farm, struct flow_book_backend *b)
{
	return b->number != FLOW_ANY ||
	       flow_index_name(flows_index(f), farm->name, b->name, &b->number) == 0;
}

bool flows_set(const struct flows *f, const char *farm, const struct flow_key *key,
	       const char *which, struct flow_ask_set *ret)
{
	const struct ruleset *planned = f->source.planned(f->source.owner);
	bool ipv6 = key->client.family == AF_INET6, udp = key->protocol == IPPROTO_UDP;
	const char *lane = ipv6 ? (udp ? ".udp6" : ".tcp6") : (udp ? ".udp" : "");

	*ret = (struct flow_ask_set){.key_len = flow_ask_key_len(key)};
	snprintf(ret->table, sizeof(ret->table), "%s", RULESET_TABLE);
	if (!flow_is_pin(key))
		snprintf(ret->set, sizeof(ret->set), "%s-%s%s", farm, which, lane);
	else if (strcmp(which, "flows") == 0)
		snprintf(ret->set, sizeof(ret->set), "%s-pins%s", farm, ipv6 ? ".ip6" : "");
	else
		return false;
	return ruleset_find_set(planned, ret->set) >= 0;
}

/* --- whose ------------------------------------------------------------------------------------- */

struct twin_router *flows_router(const struct flows *f, const struct flow_key *key)
{
	return f->twin.roles ? twin_roles_find(f->twin.roles, &key->vip) : NULL;
}

bool flows_is_theirs(const struct flows *f, const struct flow_key *key)
{
	const struct twin_router *r = flows_router(f, key);

	return r && r->theirs;
}

bool flows_follow(const struct flows *f, const struct flow_key *key)
{
	return f->twin.follows && flows_is_theirs(f, key);
}

/* Asked several times for each new flow: names are compared once. */
bool flows_are_told(struct flows *f, uint16_t number)
{
	const char *name, *backend;
	const struct flow_book_farm *farm;
	bool told;

	if (number < FLOW_ROWS_MAX && f->told[number] != FLOWS_TOLD_UNKNOWN)
		return f->told[number] == FLOWS_TOLD;
	flows_name(f, number, &name, &backend);
	farm = flow_book_farm(&f->book, name);
	told = farm && farm->sync && flow_book_named(farm, backend);
	if (backend[0]) /* else it may be given to somebody */
		f->told[number] = told ? FLOWS_TOLD : FLOWS_UNTOLD;
	return told;
}

void flows_forget_told(struct flows *f)
{
	memset(f->told, FLOWS_TOLD_UNKNOWN, sizeof(f->told));
}

bool flows_are_known(const struct flows *f)
{
	return f->file != NULL;
}

static void count(struct flows *f, struct twin_router *r, const struct flow_key *key,
		  uint16_t backend, uint8_t flags, bool held)
{
	const char *farm, *name;

	if (!r || !flows_are_told(f, backend))
		return;
	flows_name(f, backend, &farm, &name);
	twin_router_count(r, key, farm, name, flags & FLOW_CLOSING, held);
}

void flows_name(const struct flows *f, uint16_t number, const char **ret_farm,
		const char **ret_backend)
{
	const struct flow_index *x = flows_index(f);
	uint16_t farm = flow_index_farm_of(x, number);

	*ret_farm = farm == FLOW_ANY ? "" : flow_index_farm_name(x, farm);
	*ret_backend = flow_index_backend_name(x, number);
}

/* --- the index --------------------------------------------------------------------------------- */

/* No longer than a message can say: who lives longer is told again before that. */
static uint16_t wire_life(uint64_t life_s)
{
	return (uint16_t)(life_s > SYNC_LIFE_MAX_S ? SYNC_LIFE_MAX_S : life_s);
}

/* life_s 0: it has ended. */
static void tell(struct flows *f, const struct flow_key *key, uint16_t backend, uint64_t life_s,
		 uint8_t flags)
{
	struct sync_flow flow = {.key = *key,
				 .backend = backend,
				 .life_s = life_s ? wire_life(life_s + OUTLIVES_S) : 0,
				 .closing = flags & FLOW_CLOSING};

	if (f->twin.observer.told)
		f->twin.observer.told(f->twin.observer.owner, &flow);
}

/* As the index counts it. */
static uint32_t seconds_from_now(uint64_t seconds)
{
	uint64_t then = flow_file_now_s() + seconds;

	return then > UINT32_MAX ? UINT32_MAX : (uint32_t)then;
}

enum flow_put flows_keep(struct flows *f, const struct flow_key *key, uint16_t number,
			 uint64_t life_s, uint8_t flags, struct flow_record *ret_old)
{
	struct twin_router *r = flows_router(f, key);
	bool shared = r && flows_are_told(f, number), ours = shared && r->ours;
	/* Also of theirs: it may be ours by then, and is to be told before its copy ends. */
	uint64_t look_s = shared ? wire_life(life_s) * 3u / 4u : life_s;
	struct flow_record old;
	enum flow_put done;

	done = flow_index_put(flows_index(f), key, number, seconds_from_now(look_s ? look_s : 1),
			      flags, &old);
	if (done == FLOW_PUT_KNOWN && ret_old)
		*ret_old = old;
	if (done == FLOW_PUT_KNOWN)
		count(f, r, key, old.backend, old.flags, false);
	if (done == FLOW_PUT_KNOWN || done == FLOW_PUT_NEW) {
		count(f, r, key, number, flags, true);
		if (ours)
			tell(f, key, number, life_s, flags);
	}
	if (++f->put >= TEND_AFTER) {
		f->tending = flow_file_tend(f->file);
		f->put = 0;
	}
	return done;
}

/* 0: of a farm that is no more. */
static uint32_t timeout_of(const struct flows *f, const struct flow_record *r)
{
	const struct flow_book_farm *farm = flows_farm(f, r->farm);

	return farm ? flow_book_life_s(farm, r->key.protocol, r->flags & FLOW_CLOSING) : 0;
}

/* It may have been told by the other director, whose kernel was its kernel then, and never by this one. */
static bool is_inherited(const struct flows *f, const struct flow_record *r, uint32_t timeout_s)
{
	const struct twin_router *router = flows_router(f, &r->key);

	return router && router->ours &&
	       flow_file_now_s() - router->since_s <= timeout_s + OUTLIVES_S;
}

/*
 * A flow that was told with a life of L is due after 3/4 of L, and L was no longer than the timeout.
 * So one that has more than a quarter of the timeout left was refreshed meanwhile; of any other one
 * the copy of the other director ends a little after this one.
 */
void flows_live(struct flows *f, const struct flow_record *r, uint64_t life_s)
{
	uint32_t timeout_s = timeout_of(f, r);

	if (life_s > timeout_s / 4 + 1 || is_inherited(f, r, timeout_s))
		flows_keep(f, &r->key, r->backend, life_s, r->flags, NULL);
	else
		flow_index_put(flows_index(f), &r->key, r->backend, seconds_from_now(life_s),
			       r->flags, NULL);
}

void flows_drop(struct flows *f, const struct flow_key *key)
{
	struct twin_router *r = flows_router(f, key);
	struct flow_record old;

	if (!flow_index_remove(flows_index(f), key, &old))
		return;
	count(f, r, key, old.backend, old.flags, false);
	if (r && r->ours && flows_are_told(f, old.backend))
		tell(f, key, old.backend, 0, 0);
}

/* What the other director tells of comes before that; after a takeover nobody does. */
size_t flows_leave_theirs(struct flows *f, size_t n)
{
	uint32_t now_s = flow_file_now_s();
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct flow_record *r = &f->records[i];
		bool leave = flows_follow(f, &r->key) && flows_are_told(f, r->backend);

		if (leave)
			flow_index_put(flows_index(f), &r->key, r->backend,
				       now_s + timeout_of(f, r) / FOLLOW + 1, r->flags, NULL);
		else
			f->records[kept++] = *r;
	}
	return kept;
}

/* --- beside the other director ------------------------------------------------------------------ */

void flows_join(struct flows *f, struct twin_roles *roles, struct flow_writer *writer,
		const struct flows_observer *observer)
{
	f->twin = (struct flows_twin){.roles = roles, .writer = writer};
	if (observer)
		f->twin.observer = *observer;
	flows_sum(f);
}

void flows_sum(struct flows *f)
{
	struct flow_filter all = {.farm = FLOW_ANY, .backend = FLOW_ANY};
	struct twin_roles *roles = f->twin.roles;
	struct flow_cursor c = {0};

	for (size_t i = 0; roles && i < roles->n_routers; i++) {
		struct twin_router *r = &roles->routers[i];

		r->flows = r->flows_sum = r->pins = r->pins_sum = 0;
	}
	while (roles && f->file && !c.done) {
		size_t n = flow_index_walk(flows_index(f), &c, &all, FLOWS_WALK_SLOTS, f->records,
					   FLOWS_PIECE);

		for (size_t i = 0; i < n; i++)
			count(f, flows_router(f, &f->records[i].key), &f->records[i].key,
			      f->records[i].backend, f->records[i].flags, true);
	}
}

void flows_twin_is(struct flows *f, bool connected, bool current)
{
	f->twin.connected = connected;
	f->twin.follows = connected && current;
}

/* --- all of ours -------------------------------------------------------------------------------- */

/* The index knows when it is to ask: after three quarters of what was left then. */
static uint64_t life_of(const struct flows *f, const struct flow_record *r)
{
	uint32_t now_s = flow_file_now_s();
	uint64_t life_s = r->expires_s > now_s ? r->expires_s - now_s : 0;

	return life_s + timeout_of(f, r) / 4 + 1;
}

size_t flows_stream(struct flows *f, struct flow_cursor *cursor, struct sync_flow *out, size_t room)
{
	struct flow_filter all = {.farm = FLOW_ANY, .backend = FLOW_ANY};
	size_t most = room < FLOWS_PIECE ? room : FLOWS_PIECE, n, kept = 0;

	if (!f->file) {
		cursor->done = true;
		return 0;
	}
	n = flow_index_walk(flows_index(f), cursor, &all, FLOWS_WALK_SLOTS, f->records, most);
	for (size_t i = 0; i < n; i++) {
		const struct flow_record *r = &f->records[i];
		const struct twin_router *owner = flows_router(f, &r->key);

		if (owner && owner->ours && flows_are_told(f, r->backend))
			out[kept++] = (struct sync_flow){.key = r->key,
							 .backend = r->backend,
							 .life_s = wire_life(life_of(f, r)),
							 .closing = r->flags & FLOW_CLOSING};
	}
	return kept;
}
