/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of a reply <-> what protoc-c generates. Private to codec.c.
 *
 * Pure.
 */
#ifndef PROTO_CODEC_CONNECTIONS_H
#define PROTO_CODEC_CONNECTIONS_H

#include "proto/codec.h"
#include "proto/control.pb-c.h"

#include <stdbool.h>

/* An address as its octets; no address is none. It points into a. */
ProtobufCBinaryData codec_address(const struct addr *a);
/* An address where one may be (or, not optional, has to be), and none where not. */
bool codec_is_address(const ProtobufCBinaryData *data, bool wanted, bool optional);
struct addr codec_take_address(const ProtobufCBinaryData *data);

/* What the message borrows while it is packed. */
struct packed_connections;

/* Puts the reply's connections into the message. NULL without memory. */
struct packed_connections *packed_connections_new(const struct control_reply *reply,
						  Control__Reply *message);
void packed_connections_free(struct packed_connections *p);
/* 0, -EBADMSG or -ENOMEM; reply is to be cleared in any case. */
int codec_take_connections(struct control_reply *reply, const Control__Reply *message);

#endif
