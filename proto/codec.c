/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec.h"

#include "include/rd.h"
#include "include/wr.h"
#include "proto/codec_connections.h"
#include "proto/codec_detail.h"
#include "proto/codec_drill.h"
#include "proto/codec_status.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

void control_reply_clear(struct control_reply *reply)
{
	free(reply->text);
	status_clear(&reply->status);
	free(reply->connections);
	free(reply->drills);
	backend_detail_clear(&reply->detail);
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

/* What each command takes. */
static const struct {
	uint64_t number_min, number_max;
	bool farm, backend;
	bool optional; /* names may be left out */
	bool filter;   /* a client and an epoch */
	bool drill; /* a kind, whether by force, what is probed, if anything, and the way back of which */
	bool frame; /* a client, an address, ports and a protocol */
} takes[CONTROL_LAST + 1] = {
	[CONTROL_FARM_SHOW] = {.farm = true},
	[CONTROL_BACKEND_ENABLE] = {.farm = true, .backend = true},
	[CONTROL_BACKEND_DRAIN] = {.farm = true,
				   .backend = true,
				   .number_max = CONFIG_DEADLINE_MAX_MS},
	[CONTROL_BACKEND_DISABLE] = {.farm = true, .backend = true},
	[CONTROL_BACKEND_WEIGHT] = {.farm = true, .backend = true, .number_max = CONFIG_WEIGHT_MAX},
	[CONTROL_BACKEND_SHOW] = {.farm = true, .backend = true},
	[CONTROL_CONNECTIONS] = {.farm = true,
				 .backend = true,
				 .number_max = UINT64_MAX,
				 .optional = true,
				 .filter = true},
	[CONTROL_PERSISTENCE] = {.farm = true,
				 .backend = true,
				 .number_max = UINT64_MAX,
				 .optional = true,
				 .filter = true},
	[CONTROL_RELOAD] = {.number_max = SYNC_PROVISIONAL_MAX_MS},
	[CONTROL_CONFIRM] = {.number_max = 1},
	[CONTROL_MAINTENANCE] = {.number_max = 2},
	[CONTROL_DRILL] = {.number_max = DRILL_LIMIT_MAX_MS,
			   .number_min = DRILL_LIMIT_MIN_MS,
			   .drill = true},
	[CONTROL_DRILL_RETURN] = {.number_max = CONTROL_BACK_LAST,
				  .number_min = CONTROL_BACK_UNTOLD},
	[CONTROL_RULESET_EXPLAIN] = {.frame = true},
};

/* A name where there has to be one, and nothing where not. What it holds may be logged. */
static bool is_name(const char *text, bool wanted, bool optional)
{
	size_t len = 0;

	for (; text[len]; len++)
		if (text[len] <= ' ' || text[len] > '~' || len == CONFIG_NAME_MAX)
			return false;
	return (len > 0) == wanted || (optional && !len);
}

static bool is_drill(const Control__Request *m, bool wanted)
{
	if (!wanted)
		return !m->kind && !m->force;
	return m->kind >= SYNC_DRILL_GRACEFUL && m->kind <= SYNC_DRILL_SPLIT;
}

/* Which one. */
static bool is_of_drill(const Control__Request *m)
{
	if (m->command == CONTROL__COMMAND__COMMAND_DRILL)
		return true;
	return !m->drill == (m->command != CONTROL__COMMAND__COMMAND_DRILL_RETURN);
}

static bool is_frame(const Control__Request *m, bool wanted)
{
	if (!codec_is_address(&m->address, wanted || takes[m->command].drill, !wanted))
		return false;
	if (!wanted)
		return !m->client_port && !m->port == !m->address.len && m->port <= UINT16_MAX &&
		       !m->protocol;
	return m->client.len == m->address.len && m->client_port <= UINT16_MAX && m->port &&
	       m->port <= UINT16_MAX && (m->protocol == IPPROTO_TCP || m->protocol == IPPROTO_UDP);
}

/* A reload is for good, or for a time that makes sense. */
static bool is_provisional(const Control__Request *m)
{
	if (m->command == CONTROL__COMMAND__COMMAND_CONFIRM)
		return true;
	if (m->command != CONTROL__COMMAND__COMMAND_RELOAD || !m->number)
		return !m->this_node;
	return m->number >= SYNC_PROVISIONAL_MIN_MS;
}

static bool is_order(enum control_command command)
{
	return control_is_order(&(struct control_request){.command = command});
}

static bool is_request(const Control__Request *m)
{
	int command = (int)m->command;

	return command >= CONTROL_STATUS && command <= CONTROL_LAST &&
	       is_name(m->farm, takes[command].farm, takes[command].optional) &&
	       is_name(m->backend, takes[command].backend, takes[command].optional) &&
	       (m->farm[0] || !m->backend[0]) &&
	       codec_is_address(&m->client, takes[command].filter || takes[command].frame,
				!takes[command].frame) &&
	       is_frame(m, takes[command].frame) && (takes[command].filter || !m->epoch) &&
	       is_drill(m, takes[command].drill) && is_of_drill(m) && is_provisional(m) &&
	       (!m->no_wait || is_order((enum control_command)command)) &&
	       (!m->parts || command == CONTROL_STATUS) &&
	       (!m->json || command == CONTROL_RULESET_EXPORT) &&
	       m->number <= takes[command].number_max && m->number >= takes[command].number_min;
}

bool control_is_order(const struct control_request *request)
{
	switch (request->command) {
	case CONTROL_RELOAD:
	case CONTROL_CONFIG_PUSH:
	case CONTROL_BACKEND_ENABLE:
	case CONTROL_BACKEND_DRAIN:
	case CONTROL_BACKEND_DISABLE:
	case CONTROL_BACKEND_WEIGHT: return true;
	case CONTROL_STATUS:
	case CONTROL_RULESET_EXPORT:
	case CONTROL_RULESET_VERIFY:
	case CONTROL_RULESET_PROSPECT:
	case CONTROL_RULESET_HISTORY:
	case CONTROL_RULESET_EXPLAIN:
	case CONTROL_CONFIG_DIFF:
	case CONTROL_FAILOVER:
	case CONTROL_MAINTENANCE:
	case CONTROL_DRILL:
	case CONTROL_DRILL_LOOK:
	case CONTROL_DRILL_RETURN:
	case CONTROL_DRILL_HISTORY:
	case CONTROL_BACKEND_SHOW:
	case CONTROL_DOCTOR:
	case CONTROL_CONNECTIONS:
	case CONTROL_PERSISTENCE:
	case CONTROL_CONFIRM:
	case CONTROL_FARM_SHOW: break;
	}
	return false;
}

uint8_t *codec_pack_request(const struct control_request *request, size_t *ret_len)
{
	/* The generated strings are not const; packing does not change them. */
	struct control_request *r = (struct control_request *)request;
	Control__Request message = CONTROL__REQUEST__INIT;

	message.command = (Control__Command)r->command;
	message.farm = r->farm;
	message.backend = r->backend;
	message.number = r->number;
	message.client = codec_address(&r->client);
	message.epoch = r->epoch;
	message.kind = r->kind;
	message.force = r->force;
	message.address = codec_address(&r->address);
	message.client_port = r->client_port;
	message.port = r->port;
	message.protocol = r->protocol;
	message.no_wait = r->no_wait;
	message.this_node = r->this_node;
	message.parts = r->parts;
	message.json = r->json;
	message.drill = r->drill;
	return pack(&message.base, CODEC_REQUEST_MAX, ret_len);
}

int codec_unpack_request(const uint8_t *bytes, size_t len, struct control_request *ret)
{
	Control__Request *request;
	struct budget budget;
	bool good;

	if (len > CODEC_REQUEST_MAX)
		return -EBADMSG;
	budget_init(&budget, REQUEST_BUDGET);
	request = control__request__unpack(&budget.allocator, len, bytes);
	if (!request)
		return -EBADMSG;
	good = is_request(request);
	if (good) {
		*ret = (struct control_request){.command = (enum control_command)request->command,
						.number = request->number};
		ret->client = codec_take_address(&request->client);
		ret->epoch = request->epoch;
		ret->kind = (uint8_t)request->kind;
		ret->force = request->force;
		ret->address = codec_take_address(&request->address);
		ret->client_port = (uint16_t)request->client_port;
		ret->port = (uint16_t)request->port;
		ret->protocol = (uint8_t)request->protocol;
		ret->no_wait = request->no_wait;
		ret->this_node = request->this_node;
		ret->parts = request->parts;
		ret->json = request->json;
		ret->drill = request->drill;
		strcpy(ret->farm, request->farm);
		strcpy(ret->backend, request->backend);
	}
	control__request__free_unpacked(request, &budget.allocator);
	return good ? 0 : -EBADMSG;
}

/* --- replies ---------------------------------------------------------------------------------- */

uint8_t *codec_pack_reply(const struct control_reply *reply, size_t *ret_len)
{
	Control__Reply message = CONTROL__REPLY__INIT;
	struct packed_drill drill;
	struct packed_status *packed = NULL;
	struct packed_detail *detail = NULL;
	struct packed_connections *connections;
	struct packed_drills *drills;
	uint8_t *bytes = NULL;

	message.code = (uint32_t)reply->code;
	message.more = reply->more;
	if (reply->text)
		message.text = reply->text;
	if (reply->has_status) {
		packed = packed_status_new(&reply->status);
		if (!packed)
			return NULL;
		message.status = packed_status_message(packed);
	}
	if (reply->has_drill)
		message.drill = codec_put_control_drill(&reply->drill, &drill);
	if (reply->has_detail) {
		detail = packed_detail_new(&reply->detail);
		message.detail = detail ? packed_detail_message(detail) : NULL;
	}
	connections = packed_connections_new(reply, &message);
	drills = packed_drills_new(reply, &message);
	if (connections && drills && (detail || !reply->has_detail))
		bytes = pack(&message.base, CODEC_REPLY_MAX, ret_len);
	packed_detail_free(detail);
	packed_connections_free(connections);
	packed_drills_free(drills);
	packed_status_free(packed);
	return bytes;
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
		err = codec_take_status(&reply.status, message->status);
	}
	if (!err && message->drill) {
		reply.has_drill = true;
		err = codec_take_control_drill(message->drill, &reply.drill);
	}
	if (!err && message->detail) {
		reply.has_detail = true;
		err = codec_take_detail(message->detail, &reply.detail);
	}
	if (!err)
		err = codec_take_connections(&reply, message);
	if (!err)
		err = codec_take_drills(&reply, message);
	reply.more = message->more;
	if (!err && reply.more && (!reply.has_status || reply.status.n_farms))
		err = -EBADMSG; /* the farms come behind it */
	control__reply__free_unpacked(message, &budget.allocator);
	if (err)
		control_reply_clear(&reply);
	else
		*ret = reply;
	return err;
}
