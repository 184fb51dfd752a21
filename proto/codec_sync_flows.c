/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_sync_flows.h"

#include "include/rd.h"
#include "include/wr.h"

#include <string.h>
#include <sys/socket.h>

enum { IPV4 = 4, IPV6 = 16, CLOSING = 1 << 15 };

_Static_assert(SYNC_LIFE_MAX_S + 1 == CLOSING, "a life has all bits but the highest");

/* --- there ------------------------------------------------------------------------------------ */

static ProtobufCBinaryData written(const struct wr *w)
{
	return (ProtobufCBinaryData){.len = wr_used(w), .data = w->start};
}

/* A column of 2 octets an entry: once, when they are all the same. */
static ProtobufCBinaryData written_once(const struct wr *w)
{
	ProtobufCBinaryData column = written(w);

	if (memcmp(column.data, column.data + 2, column.len - 2) == 0)
		column.len = 2;
	return column;
}

/* The column that is of the clients' family, and the other one is left out. */
static void put_clients(const struct wr *w, uint8_t family, ProtobufCBinaryData *clients,
			ProtobufCBinaryData *clients6)
{
	*(family == AF_INET6 ? clients6 : clients) = written(w);
}

static void put_services(const struct sync_services *list, struct wr *w)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct sync_service *s = &list->list[i];

		wr_bytes(w, s->address.bytes, addr_len(&s->address));
		wr_be16(w, s->port);
		wr_u8(w, s->protocol);
	}
}

bool codec_put_flows(struct sync_columns *c, const struct sync_flows *from, Sync__Flows *ret)
{
	uint8_t family = from->flows[0].key.client.family;
	size_t address_len = addr_len(&from->flows[0].key.client);
	struct wr clients = wr_init(c->clients, sizeof(c->clients));
	struct wr ports = wr_init(c->client_ports, sizeof(c->client_ports));
	struct wr services = wr_init(c->services, sizeof(c->services));
	struct wr service_of = wr_init(c->service_of, sizeof(c->service_of));
	struct wr backends = wr_init(c->backends, sizeof(c->backends));
	struct wr lives = wr_init(c->lives, sizeof(c->lives));

	sync_services_clear(&c->list);
	for (size_t i = 0; i < from->n; i++) {
		const struct sync_flow *f = &from->flows[i];
		int service = sync_services_index(&c->list, &f->key);

		if (service < 0)
			return false;
		wr_bytes(&clients, f->key.client.bytes, address_len);
		wr_be16(&ports, f->key.client_port);
		wr_u8(&service_of, (uint8_t)service);
		wr_be16(&backends, f->backend);
		wr_be16(&lives, (uint16_t)(f->life_s | (f->closing ? CLOSING : 0)));
	}
	put_services(&c->list, &services);
	ret->sequence = from->sequence;
	ret->snapshot = from->snapshot;
	put_clients(&clients, family, &ret->clients, &ret->clients6);
	ret->client_ports = written(&ports);
	ret->services = written(&services);
	if (c->list.n > 1)
		ret->service_of = written(&service_of);
	ret->backends = written_once(&backends);
	ret->lives = written_once(&lives);
	return true;
}

/* --- back ------------------------------------------------------------------------------------- */

/* A column of addresses, all of one family. */
struct addresses {
	struct rd rd;
	uint8_t family;
	size_t len; /* of each */
	size_t n;
};

static enum sync_reject take_clients(const ProtobufCBinaryData *clients,
				     const ProtobufCBinaryData *clients6, size_t max,
				     struct addresses *ret)
{
	const ProtobufCBinaryData *column = clients6->len > 0 ? clients6 : clients;

	if (clients->len > 0 && clients6->len > 0)
		return SYNC_REJECT_FAMILY;
	ret->family = column == clients6 ? AF_INET6 : AF_INET;
	ret->len = column == clients6 ? IPV6 : IPV4;
	ret->rd = rd_init(column->data, column->len);
	ret->n = column->len / ret->len;
	if (column->len % ret->len != 0)
		return SYNC_REJECT_SIZE;
	return ret->n > 0 && ret->n <= max ? SYNC_REJECT_NONE : SYNC_REJECT_ENTRIES;
}

static struct addr next_address(struct addresses *a)
{
	struct addr address = {.family = a->family};
	const uint8_t *bytes = rd_take(&a->rd, a->len);

	if (bytes)
		memcpy(address.bytes, bytes, a->len);
	return address;
}

/* A column of 2 octets an entry, or one for all. */
struct numbers {
	struct rd rd;
	bool once;
	uint16_t same;
};

static bool take_numbers(const ProtobufCBinaryData *column, size_t n, struct numbers *ret)
{
	ret->rd = rd_init(column->data, column->len);
	ret->once = column->len == 2;
	ret->same = ret->once ? rd_be16(&ret->rd) : 0;
	return ret->once || column->len == 2 * n;
}

static uint16_t next_number(struct numbers *c)
{
	return c->once ? c->same : rd_be16(&c->rd);
}

static enum sync_reject take_services(const ProtobufCBinaryData *column,
				      const struct addresses *clients, struct sync_services *ret)
{
	struct addresses a = *clients;
	size_t each = a.len + SYNC_SERVICE_OCTETS, n = column->len / each;

	if (column->len % each != 0)
		return SYNC_REJECT_SIZE;
	if (n == 0 || n > SYNC_SERVICES_MAX)
		return SYNC_REJECT_ENTRIES;
	a.rd = rd_init(column->data, column->len);
	for (ret->n = 0; ret->n < n; ret->n++) {
		struct sync_service *s = &ret->list[ret->n];

		s->address = next_address(&a);
		s->port = rd_be16(&a.rd);
		s->protocol = rd_u8(&a.rd);
	}
	return SYNC_REJECT_NONE;
}

static bool take_snapshot_id(uint64_t number, uint32_t *ret)
{
	*ret = (uint32_t)number;
	return number <= UINT32_MAX;
}

enum sync_reject codec_take_flows(const Sync__Flows *m, struct sync_flows *ret)
{
	struct sync_services services;
	struct addresses clients;
	struct numbers backends, lives;
	struct rd ports = rd_init(m->client_ports.data, m->client_ports.len);
	struct rd service_of = rd_init(m->service_of.data, m->service_of.len);
	enum sync_reject reject;

	reject = take_clients(&m->clients, &m->clients6, SYNC_FLOWS_MAX, &clients);
	if (reject != SYNC_REJECT_NONE)
		return reject;
	reject = take_services(&m->services, &clients, &services);
	if (reject != SYNC_REJECT_NONE)
		return reject;
	if (rd_left(&ports) != 2 * clients.n ||
	    rd_left(&service_of) != (services.n > 1 ? clients.n : 0) ||
	    !take_numbers(&m->backends, clients.n, &backends) ||
	    !take_numbers(&m->lives, clients.n, &lives))
		return SYNC_REJECT_SIZE;
	if (!take_snapshot_id(m->snapshot, &ret->snapshot))
		return SYNC_REJECT_NUMBER;
	ret->sequence = m->sequence;
	for (ret->n = 0; ret->n < clients.n; ret->n++) {
		struct sync_flow *f = &ret->flows[ret->n];
		uint8_t service = services.n > 1 ? rd_u8(&service_of) : 0;
		const struct sync_service *s = &services.list[service];
		uint16_t life = next_number(&lives);

		if (service >= services.n)
			return SYNC_REJECT_SERVICE;
		f->key = (struct flow_key){.client = next_address(&clients),
					   .client_port = rd_be16(&ports),
					   .vip = s->address,
					   .vip_port = s->port,
					   .protocol = s->protocol};
		f->backend = next_number(&backends);
		f->life_s = life & SYNC_LIFE_MAX_S;
		f->closing = life & CLOSING;
	}
	return SYNC_REJECT_NONE;
}
