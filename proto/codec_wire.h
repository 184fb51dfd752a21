/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields as protobuf writes them, through the bounded reader and writer: a number (what it is, and how it is
 * written), then the value. What is 0 or "" is left out. Private to proto/.
 */
#ifndef PROTO_CODEC_WIRE_H
#define PROTO_CODEC_WIRE_H

#include "include/rd.h"
#include "include/wr.h"

#include <string.h>

/* How a field is written (the wire types of protobuf). */
enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

enum { WIRE_VARINT_MAX = 10 }; /* octets of 64 bits */

/* --- out -------------------------------------------------------------------------------------- */

/* Of a length: at least so many octets, or 0: as few as there can be. Returns how many there are. */
static inline size_t wire_make_varint(uint8_t to[static WIRE_VARINT_MAX], uint64_t v, size_t octets)
{
	size_t n = 0;

	while (v >= 0x80 || n + 1 < octets) {
		to[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	to[n++] = (uint8_t)v;
	return n;
}

static inline void wire_put_varint(struct wr *w, uint64_t v)
{
	uint8_t octets[WIRE_VARINT_MAX];
	size_t n = wire_make_varint(octets, v, 0);

	wr_bytes(w, octets, n);
}

static inline void wire_put_tag(struct wr *w, size_t number, enum wire_type wire)
{
	wire_put_varint(w, number << 3 | wire);
}

static inline void wire_put_number(struct wr *w, size_t number, uint64_t v)
{
	uint8_t octets[2 * WIRE_VARINT_MAX];
	size_t n;

	if (!v)
		return;
	n = wire_make_varint(octets, number << 3 | WIRE_VARINT, 0);
	wr_bytes(w, octets, n + wire_make_varint(octets + n, v, 0));
}

static inline void wire_put_text(struct wr *w, size_t number, const char *text)
{
	size_t len = strlen(text), n;
	uint8_t octets[2 * WIRE_VARINT_MAX];

	if (!len)
		return;
	n = wire_make_varint(octets, number << 3 | WIRE_BYTES, 0);
	wr_bytes(w, octets, n + wire_make_varint(octets + n, len, 0));
	wr_bytes(w, text, len);
}

static inline void wire_put_real(struct wr *w, size_t number, const void *from)
{
	uint8_t octets[sizeof(uint64_t)];
	uint64_t bits;
	double v;

	memcpy(&v, from, sizeof(v));
	memcpy(&bits, from, sizeof(bits));
	if (!(v < 0) && !(v > 0)) /* as protobuf-c does; what is no number is nobody's share */
		return;
	wire_put_tag(w, number, WIRE_64);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(bits >> 8 * i);
	wr_bytes(w, octets, sizeof(octets));
}

/* --- in --------------------------------------------------------------------------------------- */

static inline uint64_t wire_take_varint(struct rd *r)
{
	uint64_t v = 0;
	uint8_t octet = 0x80;

	for (unsigned int i = 0; octet & 0x80; i++) {
		if (i == WIRE_VARINT_MAX) {
			r->bad = true;
			return 0;
		}
		octet = rd_u8(r);
		v |= (uint64_t)(octet & 0x7f) << 7 * i;
	}
	return v;
}

/* A field: its number, and how it is written. */
struct wire_tag {
	uint64_t number;
	enum wire_type wire;
};

static inline struct wire_tag wire_take_tag(struct rd *r)
{
	uint64_t v = wire_take_varint(r);

	return (struct wire_tag){.number = v >> 3, .wire = (enum wire_type)(v & 7)};
}

/* Of text or of another message; nothing where there are not so many octets. */
static inline struct rd wire_take_bytes(struct rd *r)
{
	uint64_t len = wire_take_varint(r);
	const uint8_t *bytes = len <= rd_left(r) ? rd_take(r, (size_t)len) : NULL;

	r->bad |= !bytes;
	return rd_init(bytes, bytes ? (size_t)len : 0);
}

/* Of a newer version. */
static inline void wire_skip(struct rd *r, enum wire_type wire)
{
	switch (wire) {
	case WIRE_VARINT: wire_take_varint(r); return;
	case WIRE_64: rd_take(r, 8); return;
	case WIRE_BYTES: wire_take_bytes(r); return;
	case WIRE_32: rd_take(r, 4); return;
	}
	r->bad = true;
}

static inline uint64_t wire_take_number(struct rd *r, enum wire_type wire)
{
	r->bad |= wire != WIRE_VARINT;
	return wire_take_varint(r);
}

static inline double wire_take_real(struct rd *r, enum wire_type wire)
{
	uint64_t bits = 0;
	double v;

	r->bad |= wire != WIRE_64;
	for (size_t i = 0; i < sizeof(bits); i++)
		bits |= (uint64_t)rd_u8(r) << 8 * i;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* What does not fit is cut off. */
static inline void wire_take_text(struct rd *r, enum wire_type wire, char *to, size_t size)
{
	struct rd text = {0};
	size_t len;

	r->bad |= wire != WIRE_BYTES;
	text = wire_take_bytes(r);
	len = rd_left(&text) < size ? rd_left(&text) : size - 1;
	if (len)
		memcpy(to, rd_take(&text, len), len);
	to[len] = '\0';
}

#endif
