/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the sync channel as our own structs, and what makes one a possible message. How they
 * lie on the wire is in sync.proto.
 *
 * Pure: bytes in, structs out, and back. Never logs or allocates.
 */
#ifndef PROTO_CODEC_SYNC_H
#define PROTO_CODEC_SYNC_H

#include "include/sync.h"

enum {
	/* Views of as many backends as a farm may have, with the longest names: 38,038 octets. */
	SYNC_MESSAGE_MAX = 38 * 1024,
	/* All that protobuf-c takes to read one: each column once more, and its own lists. */
	SYNC_MEMORY_MAX = SYNC_MESSAGE_MAX + 4 * 1024,
};

/* Why a message is refused, cheapest check first: id, name in counters and JSON, sentence. */
#define SYNC_REJECT_LIST(X)                                                                        \
	X(LENGTH, "length", "is shorter or longer than a message can be")                          \
	X(TYPE, "type", "is of a type that this version does not know")                            \
	X(MALFORMED, "malformed", "does not hold the fields of its type")                          \
	X(MEMORY, "memory", "asks for more memory than a message may take")                        \
	X(FIELD, "field", "has a field that must be understood, and is not")                       \
	X(SIZE, "size", "has a field that is shorter or longer than it must be")                   \
	X(ENTRIES, "entries", "has no entry, or more than a message may have")                     \
	X(SERVICE, "service", "names a service that it does not list")                             \
	X(NAME, "name", "has a name that nothing can have")                                        \
	X(TEXT, "text", "has a text that is empty, too long or not printable")                     \
	X(FAMILY, "family", "has addresses of no family, or of two")                               \
	X(PROTOCOL, "protocol", "is about another protocol than TCP and UDP")                      \
	X(PIN, "pin", "is about a client that has a port, or closes")                              \
	X(LIFE, "life", "tells of a longer life than a message may")                               \
	X(NUMBER, "number", "has a number that is out of its range")

enum sync_reject {
	SYNC_REJECT_NONE,
#define X(id, name, text) SYNC_REJECT_##id,
	SYNC_REJECT_LIST(X)
#undef X
		SYNC_REJECT_COUNT
};

/* Octets written; 0 when the message is not a possible one, and then none is. */
size_t codec_sync_pack(const struct sync_message *message, uint8_t ret[static SYNC_MESSAGE_MAX]);
/*
 * SYNC_REJECT_NONE and *ret, or the reason with *ret undefined. SYNC_REJECT_TYPE is no mistake: a
 * newer version says something that this one may skip.
 */
enum sync_reject codec_sync_unpack(const uint8_t *bytes, size_t len, struct sync_message *ret);
/* The same with less memory for protobuf-c: how it ends when there is not enough. */
enum sync_reject codec_sync_unpack_within(size_t memory, const uint8_t *bytes, size_t len,
					  struct sync_message *ret);

const char *sync_reject_name(enum sync_reject r);
const char *sync_reject_text(enum sync_reject r);

#endif
