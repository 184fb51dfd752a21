/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_connections.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { IPV4 = 4, IPV6 = 16 };

ProtobufCBinaryData codec_address(const struct addr *a)
{
	/* The generated pointer is not const; packing does not change it. */
	return (ProtobufCBinaryData){.len = addr_len(a), .data = (uint8_t *)a->bytes};
}

bool codec_is_address(const ProtobufCBinaryData *data, bool wanted, bool optional)
{
	if (!data->len)
		return !wanted || optional;
	return wanted && (data->len == IPV4 || data->len == IPV6);
}

struct addr codec_take_address(const ProtobufCBinaryData *data)
{
	struct addr a = {0};

	if (data->len != IPV4 && data->len != IPV6)
		return a;
	a.family = data->len == IPV4 ? AF_INET : AF_INET6;
	memcpy(a.bytes, data->data, data->len);
	return a;
}

/* --- there ------------------------------------------------------------------------------------ */

struct packed_connections {
	Control__Connection *messages;
	Control__Connection **list;
};

void packed_connections_free(struct packed_connections *p)
{
	if (!p)
		return;
	free(p->messages);
	free(p->list);
	free(p);
}

struct packed_connections *packed_connections_new(const struct control_reply *reply,
						  Control__Reply *message)
{
	struct packed_connections *p = calloc(1, sizeof(*p));
	size_t n = reply->n_connections;

	if (!p)
		return NULL;
	p->messages = calloc(n + 1, sizeof(*p->messages));
	p->list = calloc(n + 1, sizeof(*p->list));
	if (!p->messages || !p->list) {
		packed_connections_free(p);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		struct control_connection *c = &reply->connections[i];

		control__connection__init(&p->messages[i]);
		p->messages[i].farm = c->farm;
		p->messages[i].backend = c->backend;
		p->messages[i].client = codec_address(&c->key.client);
		p->messages[i].client_port = c->key.client_port;
		p->messages[i].address = codec_address(&c->key.vip);
		p->messages[i].port = c->key.vip_port;
		p->messages[i].protocol = c->key.protocol;
		p->messages[i].expires_ms = c->expires_ms;
		p->messages[i].prefix = c->prefix;
		p->list[i] = &p->messages[i];
	}
	message->n_connections = n;
	message->connections = p->list;
	message->epoch = reply->epoch;
	message->position = reply->position;
	return p;
}

/* --- back ------------------------------------------------------------------------------------- */

static bool is_name(const char *text)
{
	size_t len = 0;

	for (; text[len]; len++)
		if (text[len] <= ' ' || text[len] > '~' || len == CONFIG_NAME_MAX)
			return false;
	return true;
}

static bool is_pin(const Control__Connection *m)
{
	return m->protocol == FLOW_PIN && !m->client_port && !m->port && m->prefix &&
	       m->prefix <= 8 * m->client.len;
}

static bool is_connection(const Control__Connection *m)
{
	return is_name(m->farm) && is_name(m->backend) &&
	       codec_is_address(&m->client, true, false) &&
	       codec_is_address(&m->address, true, false) && m->client.len == m->address.len &&
	       m->client_port <= UINT16_MAX && m->port <= UINT16_MAX &&
	       (is_pin(m) ||
		(!m->prefix && (m->protocol == IPPROTO_TCP || m->protocol == IPPROTO_UDP)));
}

int codec_take_connections(struct control_reply *reply, const Control__Reply *message)
{
	if (message->n_connections > CODEC_CONNECTIONS_MAX)
		return -EBADMSG;
	reply->epoch = message->epoch;
	reply->position = message->position;
	if (!message->n_connections)
		return 0;
	reply->connections = calloc(message->n_connections, sizeof(*reply->connections));
	if (!reply->connections)
		return -ENOMEM;
	for (size_t i = 0; i < message->n_connections; i++) {
		const Control__Connection *m = message->connections[i];
		struct control_connection *c = &reply->connections[i];

		if (!is_connection(m))
			return -EBADMSG;
		strcpy(c->farm, m->farm);
		strcpy(c->backend, m->backend);
		c->key = (struct flow_key){.client = codec_take_address(&m->client),
					   .vip = codec_take_address(&m->address),
					   .client_port = (uint16_t)m->client_port,
					   .vip_port = (uint16_t)m->port,
					   .protocol = (uint8_t)m->protocol};
		c->expires_ms = m->expires_ms;
		c->prefix = (uint8_t)m->prefix;
		reply->n_connections++;
	}
	return 0;
}
