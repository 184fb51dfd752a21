/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec.h"

#include "include/config.h"
#include "include/rd.h"
#include "include/wr.h"
#include "proto/control.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void control_reply_clear(struct control_reply *reply)
{
	free(reply->text);
	status_clear(&reply->status);
	*reply = (struct control_reply){0};
}

/* --- framing ---------------------------------------------------------------------------------- */

int codec_message_length(const uint8_t *bytes, size_t len, size_t max, size_t *ret)
{
	struct rd r = rd_init(bytes, len);
	uint32_t length = rd_be32(&r);

	*ret = 0;
	if (!rd_ok(&r))
		return 0;
	if (length > max)
		return -EMSGSIZE;
	*ret = CODEC_LENGTH + length;
	return 0;
}

static uint8_t *pack(const ProtobufCMessage *message, size_t max, size_t *ret_len)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = size <= max ? malloc(CODEC_LENGTH + size) : NULL;
	struct wr w;

	if (!bytes)
		return NULL;
	w = wr_init(bytes, CODEC_LENGTH);
	wr_be32(&w, (uint32_t)size);
	protobuf_c_message_pack(message, bytes + CODEC_LENGTH);
	*ret_len = CODEC_LENGTH + size;
	return bytes;
}

/* --- memory ----------------------------------------------------------------------------------- */

/*
 * A repeated message costs two octets on the wire and a hundred in memory, so what unpacking may
 * take is bounded, and protobuf-c fails beyond it.
 */
struct budget {
	ProtobufCAllocator allocator;
	size_t left;
};

enum {
	REQUEST_BUDGET = 4096,
	REPLY_BUDGET = 4 * CODEC_REPLY_MAX, /* a text once more as a string, and the lists */
};

static void *budget_alloc(void *data, size_t size)
{
	struct budget *b = data;

	if (size > b->left)
		return NULL;
	b->left -= size;
	return malloc(size);
}

static void budget_free(void *data, void *pointer)
{
	(void)data;
	free(pointer);
}

static void budget_init(struct budget *b, size_t size)
{
	b->allocator = (ProtobufCAllocator){
		.alloc = budget_alloc, .free = budget_free, .allocator_data = b};
	b->left = size;
}

/* --- requests --------------------------------------------------------------------------------- */

uint8_t *codec_pack_request(enum control_command command, size_t *ret_len)
{
	Control__Request request = CONTROL__REQUEST__INIT;

	request.command = (Control__Command)command;
	return pack(&request.base, CODEC_REQUEST_MAX, ret_len);
}

int codec_unpack_request(const uint8_t *bytes, size_t len, enum control_command *ret)
{
	Control__Request *request;
	struct budget budget;
	int command;

	if (len > CODEC_REQUEST_MAX)
		return -EBADMSG;
	budget_init(&budget, REQUEST_BUDGET);
	request = control__request__unpack(&budget.allocator, len, bytes);
	if (!request)
		return -EBADMSG;
	command = (int)request->command;
	control__request__free_unpacked(request, &budget.allocator);
	if (command < CONTROL_STATUS || command > CONTROL_FAILOVER)
		return -EBADMSG;
	*ret = (enum control_command)command;
	return 0;
}

/* --- replies, out ----------------------------------------------------------------------------- */

/*
 * The generated messages of one status, in blocks: a list of pointers for protobuf-c in front, the
 * messages behind. Their strings stay in the status.
 */
struct packed_status {
	Control__Status status;
	Control__Vrrp *vrrps;
	Control__Peer *peers;
	Control__Farm *farms;
	Control__Backend *backends; /* of all farms */
	void **pointers;	    /* of all lists */
};

static void packed_status_free(struct packed_status *p)
{
	free(p->vrrps);
	free(p->peers);
	free(p->farms);
	free(p->backends);
	free(p->pointers);
}

static void *list_new(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

static int packed_status_alloc(struct packed_status *p, const struct status *s)
{
	size_t backends = 0, addresses = 0;

	for (size_t i = 0; i < s->n_farms; i++)
		backends += s->farms[i].n_backends;
	for (size_t i = 0; i < s->n_vrrps; i++)
		addresses += s->vrrps[i].n_addresses;
	p->vrrps = list_new(s->n_vrrps, sizeof(*p->vrrps));
	p->peers = list_new(s->n_peers, sizeof(*p->peers));
	p->farms = list_new(s->n_farms, sizeof(*p->farms));
	p->backends = list_new(backends, sizeof(*p->backends));
	p->pointers = list_new(s->n_vrrps + s->n_peers + s->n_farms + backends + addresses,
			       sizeof(*p->pointers));
	return p->vrrps && p->peers && p->farms && p->backends && p->pointers ? 0 : -ENOMEM;
}

static void fill_vrrp(Control__Vrrp *m, struct status_vrrp *v, void **addresses)
{
	*m = (Control__Vrrp)CONTROL__VRRP__INIT;
	m->name = v->name;
	m->state = v->state;
	m->interface = v->interface;
	m->priority = v->priority;
	m->virtual_router_id = v->virtual_router_id;
	m->addresses = (char **)addresses;
	m->n_addresses = v->n_addresses;
	for (size_t i = 0; i < v->n_addresses; i++)
		m->addresses[i] = v->addresses[i];
	m->transitions = v->transitions;
	m->reason = v->reason;
	m->since_ms = v->since_ms;
	m->master = v->master;
	m->master_priority = v->master_priority;
	m->master_age_ms = v->master_age_ms;
	m->error = v->error;
	m->adverts_sent = v->adverts_sent;
	m->adverts_received = v->adverts_received;
	m->adverts_rejected = v->adverts_rejected;
	m->yielded = v->yielded;
}

static void fill_peer(Control__Peer *m, struct status_peer *p)
{
	*m = (Control__Peer)CONTROL__PEER__INIT;
	m->node = p->node;
	m->address = p->address;
	m->state = p->state;
	m->sync = p->sync;
	m->lag_ms = p->lag_ms;
	m->sent = p->sent;
	m->received = p->received;
}

static void fill_backend(Control__Backend *m, struct status_backend *b)
{
	*m = (Control__Backend)CONTROL__BACKEND__INIT;
	m->name = b->name;
	m->address = b->address;
	m->mac = b->mac;
	m->weight = b->weight;
	m->state = b->state;
	m->connections = b->connections;
	m->packets = b->packets;
	m->bytes = b->bytes;
	m->share = b->share;
}

static void fill_farm(Control__Farm *m, struct status_farm *f)
{
	*m = (Control__Farm)CONTROL__FARM__INIT;
	m->name = f->name;
	m->state = f->state;
	m->reason = f->reason;
	m->scheduler = f->scheduler;
	m->services = f->services;
	m->connections = f->connections;
	m->pins = f->pins;
	m->packets = f->packets;
	m->bytes = f->bytes;
}

static void fill_status(struct packed_status *p, const struct status *s)
{
	/* The generated strings are not const; packing does not change them. */
	struct status *t = (struct status *)s;
	void **next = p->pointers;
	size_t backend = 0;

	p->status = (Control__Status)CONTROL__STATUS__INIT;
	p->status.node = t->node;
	p->status.version = t->version;
	p->status.config_digest = t->config_digest;
	p->status.uptime_ms = s->uptime_ms;
	p->status.counters_age_ms = s->counters_age_ms;
	p->status.ruleset_in_sync = s->ruleset_in_sync;
	p->status.n_vrrps = s->n_vrrps;
	p->status.vrrps = (Control__Vrrp **)next;
	for (size_t i = 0; i < s->n_vrrps; i++)
		*next++ = &p->vrrps[i];
	p->status.n_peers = s->n_peers;
	p->status.peers = (Control__Peer **)next;
	for (size_t i = 0; i < s->n_peers; i++) {
		fill_peer(&p->peers[i], &t->peers[i]);
		*next++ = &p->peers[i];
	}
	p->status.n_farms = s->n_farms;
	p->status.farms = (Control__Farm **)next;
	for (size_t i = 0; i < s->n_farms; i++)
		*next++ = &p->farms[i];
	for (size_t i = 0; i < s->n_vrrps; i++) {
		fill_vrrp(&p->vrrps[i], &t->vrrps[i], next);
		next += s->vrrps[i].n_addresses;
	}
	for (size_t i = 0; i < s->n_farms; i++) {
		fill_farm(&p->farms[i], &t->farms[i]);
		p->farms[i].n_backends = s->farms[i].n_backends;
		p->farms[i].backends = (Control__Backend **)next;
		for (size_t k = 0; k < s->farms[i].n_backends; k++) {
			fill_backend(&p->backends[backend], &t->farms[i].backends[k]);
			*next++ = &p->backends[backend++];
		}
	}
}

uint8_t *codec_pack_reply(const struct control_reply *reply, size_t *ret_len)
{
	Control__Reply message = CONTROL__REPLY__INIT;
	struct packed_status packed = {0};
	uint8_t *bytes = NULL;

	message.code = (uint32_t)reply->code;
	if (reply->text)
		message.text = reply->text;
	if (reply->has_status) {
		if (packed_status_alloc(&packed, &reply->status) < 0)
			goto done;
		fill_status(&packed, &reply->status);
		message.status = &packed.status;
	}
	bytes = pack(&message.base, CODEC_REPLY_MAX, ret_len);
done:
	packed_status_free(&packed);
	return bytes;
}

/* --- replies, in ------------------------------------------------------------------------------ */

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

static int take_vrrp(struct status_vrrp *v, const Control__Vrrp *m)
{
	if (m->n_addresses > CONFIG_VIPS_MAX)
		return -EBADMSG;
	COPY(v->name, m->name);
	COPY(v->state, m->state);
	COPY(v->interface, m->interface);
	v->priority = m->priority;
	v->virtual_router_id = m->virtual_router_id;
	v->transitions = m->transitions;
	COPY(v->reason, m->reason);
	v->since_ms = m->since_ms;
	COPY(v->master, m->master);
	v->master_priority = m->master_priority;
	v->master_age_ms = m->master_age_ms;
	COPY(v->error, m->error);
	v->adverts_sent = m->adverts_sent;
	v->adverts_received = m->adverts_received;
	v->adverts_rejected = m->adverts_rejected;
	v->yielded = m->yielded;
	v->addresses = list_new(m->n_addresses, sizeof(*v->addresses));
	if (!v->addresses)
		return -ENOMEM;
	v->n_addresses = m->n_addresses;
	for (size_t i = 0; i < m->n_addresses; i++)
		COPY(v->addresses[i], m->addresses[i]);
	return 0;
}

static void take_peer(struct status_peer *p, const Control__Peer *m)
{
	COPY(p->node, m->node);
	COPY(p->address, m->address);
	COPY(p->state, m->state);
	COPY(p->sync, m->sync);
	p->lag_ms = m->lag_ms;
	p->sent = m->sent;
	p->received = m->received;
}

static int take_backend(struct status_backend *b, const Control__Backend *m)
{
	/* Written so that it is false for what is no number, too. */
	if (!(m->share >= 0 && m->share <= 1))
		return -EBADMSG;
	COPY(b->name, m->name);
	COPY(b->address, m->address);
	COPY(b->mac, m->mac);
	b->weight = m->weight;
	COPY(b->state, m->state);
	b->connections = m->connections;
	b->packets = m->packets;
	b->bytes = m->bytes;
	b->share = m->share;
	return 0;
}

static int take_farm(struct status_farm *f, const Control__Farm *m)
{
	int err = 0;

	if (m->n_backends > CONFIG_BACKENDS_MAX)
		return -EBADMSG;
	COPY(f->name, m->name);
	COPY(f->state, m->state);
	COPY(f->reason, m->reason);
	COPY(f->scheduler, m->scheduler);
	COPY(f->services, m->services);
	f->connections = m->connections;
	f->pins = m->pins;
	f->packets = m->packets;
	f->bytes = m->bytes;
	f->backends = list_new(m->n_backends, sizeof(*f->backends));
	if (!f->backends)
		return -ENOMEM;
	f->n_backends = m->n_backends;
	for (size_t i = 0; !err && i < m->n_backends; i++)
		err = take_backend(&f->backends[i], m->backends[i]);
	return err;
}

static int take_status(struct status *s, const Control__Status *m)
{
	int err = 0;

	if (m->n_vrrps > CONFIG_VRRPS_MAX || m->n_peers > CONFIG_NODES_MAX ||
	    m->n_farms > CONFIG_FARMS_MAX)
		return -EBADMSG;
	COPY(s->node, m->node);
	COPY(s->version, m->version);
	COPY(s->config_digest, m->config_digest);
	s->uptime_ms = m->uptime_ms;
	s->counters_age_ms = m->counters_age_ms;
	s->ruleset_in_sync = m->ruleset_in_sync;
	s->vrrps = list_new(m->n_vrrps, sizeof(*s->vrrps));
	s->peers = list_new(m->n_peers, sizeof(*s->peers));
	s->farms = list_new(m->n_farms, sizeof(*s->farms));
	if (!s->vrrps || !s->peers || !s->farms)
		return -ENOMEM;
	s->n_vrrps = m->n_vrrps;
	s->n_peers = m->n_peers;
	s->n_farms = m->n_farms;
	for (size_t i = 0; !err && i < m->n_vrrps; i++)
		err = take_vrrp(&s->vrrps[i], m->vrrps[i]);
	for (size_t i = 0; i < m->n_peers; i++)
		take_peer(&s->peers[i], m->peers[i]);
	for (size_t i = 0; !err && i < m->n_farms; i++)
		err = take_farm(&s->farms[i], m->farms[i]);
	return err;
}

int codec_unpack_reply(const uint8_t *bytes, size_t len, struct control_reply *ret)
{
	Control__Reply *message;
	struct control_reply reply = {0};
	struct budget budget;
	int err = 0;

	budget_init(&budget, REPLY_BUDGET);
	message = len <= CODEC_REPLY_MAX ? control__reply__unpack(&budget.allocator, len, bytes)
					 : NULL;
	if (!message)
		return -EBADMSG;
	reply.code = message->code <= 255 ? (int)message->code : 1;
	reply.text = strdup(message->text);
	if (!reply.text)
		err = -ENOMEM;
	if (!err && message->status) {
		reply.has_status = true;
		err = take_status(&reply.status, message->status);
	}
	control__reply__free_unpacked(message, &budget.allocator);
	if (err)
		control_reply_clear(&reply);
	else
		*ret = reply;
	return err;
}
