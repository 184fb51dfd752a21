/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of protobuf by hand, for messages that no encoder of ours would make. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include "include/wr.h"

enum wire_type { WIRE_NUMBER = 0, WIRE_BYTES = 2 };

static inline void wire_varint(struct wr *w, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		wr_u8(w, (uint8_t)(v | 0x80));
	wr_u8(w, (uint8_t)v);
}

static inline void wire_number(struct wr *w, unsigned int field, uint64_t v)
{
	wire_varint(w, field << 3 | WIRE_NUMBER);
	wire_varint(w, v);
}

static inline void wire_bytes(struct wr *w, unsigned int field, const void *bytes, size_t len)
{
	wire_varint(w, field << 3 | WIRE_BYTES);
	wire_varint(w, len);
	wr_bytes(w, bytes, len);
}

#endif
