/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_book.h"

#include "director/flow/flow_ask.h"
#include "director/ruleset/plan.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int by_id(const void *a, const void *b)
{
	uint32_t x = ((const struct flow_book_backend *)a)->id;
	uint32_t y = ((const struct flow_book_backend *)b)->id;

	return x < y ? -1 : x > y;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct flow_book_farm *)a)->name,
		      ((const struct flow_book_farm *)b)->name);
}

/* Timeouts are milliseconds; the index counts seconds. */
static uint32_t seconds(uint32_t ms)
{
	return ms / 1000 + (ms % 1000 != 0);
}

/* As plan_pins.c plans it: never less than a connection of the client may be silent. */
static void init_pins(struct flow_book_farm *f, const struct config_farm *c)
{
	uint32_t pin_ms = c->persistence_timeout_ms;

	if (c->persistence == PERSISTENCE_NONE)
		return;
	if (c->protocol & PROTOCOL_TCP && c->tcp_timeout_ms > pin_ms)
		pin_ms = c->tcp_timeout_ms;
	if (c->protocol & PROTOCOL_UDP && c->udp_timeout_ms > pin_ms)
		pin_ms = c->udp_timeout_ms;
	f->pin_s = seconds(pin_ms);
	f->prefixes[0] = c->persistence_prefix;
	f->prefixes[1] = c->persistence_prefix6;
	for (size_t i = c->n_addresses; i-- > 0;)
		f->vips[c->addresses[i].family == AF_INET6] = c->addresses[i];
}

static int farm_init(struct flow_book *b, struct flow_book_farm *f, const struct config_farm *c)
{
	uint32_t *ids = calloc(c->n_backends + 1, sizeof(*ids));
	int code = 0;

	init_pins(f, c);
	f->name = pool_text(&b->pool, c->name);
	f->tcp_s = seconds(c->tcp_timeout_ms);
	f->udp_s = seconds(c->udp_timeout_ms);
	f->close_s = seconds(c->tcp_close_timeout_ms);
	f->sync = c->sync;
	f->backends = pool_take(&b->pool, c->n_backends, sizeof(*f->backends));
	if (!ids || !f->name || !f->backends) {
		free(ids);
		return -ENOMEM;
	}
	f->n_backends = c->n_backends;
	plan_backend_ids(c, ids);
	for (size_t i = 0; !code && i < c->n_backends; i++) {
		f->backends[i] =
			(struct flow_book_backend){.name = pool_text(&b->pool, c->backends[i].name),
						   .id = ids[i],
						   .number = FLOW_ANY};
		code = f->backends[i].name ? 0 : -ENOMEM;
	}
	free(ids);
	if (!code)
		qsort(f->backends, f->n_backends, sizeof(*f->backends), by_id);
	return code;
}

static void take_counts(struct flow_book_farm *f, const struct flow_book_farm *old)
{
	f->begun = old->begun;
	for (size_t i = 0; i < f->n_backends; i++) {
		const struct flow_book_backend *b = flow_book_named(old, f->backends[i].name);

		f->backends[i].begun = b ? b->begun : 0;
	}
}

int flow_book_configure(struct flow_book *b, const struct config *c)
{
	struct flow_book next = {.n_farms = c->n_farms};
	int code;

	next.farms = pool_take(&next.pool, c->n_farms, sizeof(*next.farms));
	code = next.farms ? 0 : -ENOMEM;
	for (size_t i = 0; !code && i < c->n_farms; i++)
		code = farm_init(&next, &next.farms[i], &c->farms[i]);
	if (code) {
		flow_book_clear(&next);
		return code;
	}
	qsort(next.farms, next.n_farms, sizeof(*next.farms), by_name);
	for (size_t i = 0; i < next.n_farms; i++) {
		const struct flow_book_farm *old = flow_book_farm(b, next.farms[i].name);

		if (old)
			take_counts(&next.farms[i], old);
	}
	flow_book_clear(b);
	*b = next;
	return 0;
}

void flow_book_forget_numbers(struct flow_book *b)
{
	for (size_t i = 0; i < b->n_farms; i++)
		for (size_t k = 0; k < b->farms[i].n_backends; k++)
			b->farms[i].backends[k].number = FLOW_ANY;
}

void flow_book_clear(struct flow_book *b)
{
	pool_clear(&b->pool);
	*b = (struct flow_book){0};
}

struct flow_book_farm *flow_book_farm(const struct flow_book *b, const char *name)
{
	size_t low = 0, high = b->n_farms;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(b->farms[middle].name, name);

		if (order == 0)
			return &b->farms[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct flow_book_backend *flow_book_backend(const struct flow_book_farm *f, uint32_t id)
{
	size_t low = 0, high = f->n_backends;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (f->backends[middle].id == id)
			return &f->backends[middle];
		if (f->backends[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct flow_book_backend *flow_book_named(const struct flow_book_farm *f, const char *name)
{
	for (size_t i = 0; i < f->n_backends; i++)
		if (strcmp(f->backends[i].name, name) == 0)
			return &f->backends[i];
	return NULL;
}

bool flow_book_pin(const struct flow_book_farm *f, const struct addr *client, struct flow_key *ret)
{
	bool ipv6 = client->family == AF_INET6;

	if (!f->pin_s || !f->vips[ipv6].family)
		return false;
	*ret = (struct flow_key){
		.client.family = client->family, .vip = f->vips[ipv6], .protocol = FLOW_PIN};
	flow_ask_pin_key(client, f->prefixes[ipv6], ret->client.bytes);
	return true;
}

uint32_t flow_book_life_s(const struct flow_book_farm *f, uint8_t protocol, bool closing)
{
	if (protocol == FLOW_PIN)
		return f->pin_s;
	return protocol == IPPROTO_UDP ? f->udp_s : closing ? f->close_s : f->tcp_s;
}
