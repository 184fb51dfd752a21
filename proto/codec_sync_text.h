/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets and texts in messages of protobuf-c: a part of codec_sync.h, and of nobody else. */
#ifndef PROTO_CODEC_SYNC_TEXT_H
#define PROTO_CODEC_SYNC_TEXT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <string.h>

/* The generated pointers are not const; packing does not change what they point to. */
static inline ProtobufCBinaryData codec_borrow(const void *bytes, size_t len)
{
	return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)bytes};
}

static inline ProtobufCBinaryData codec_borrow_text(const char *text)
{
	return codec_borrow(text, strlen(text));
}

/* Whether it is a possible name is judged with the rest; here it must fit, with its NUL. */
static inline bool codec_take_text(const ProtobufCBinaryData *data, char *ret, size_t size)
{
	if (data->len >= size || (data->len > 0 && memchr(data->data, '\0', data->len)))
		return false;
	memset(ret, 0, size);
	if (data->len > 0)
		memcpy(ret, data->data, data->len);
	return true;
}

#endif
