/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded writer, the twin of rd.h: past the end nothing is written and wr_ok() turns false. */
#ifndef INCLUDE_WR_H
#define INCLUDE_WR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wr {
	uint8_t *start;
	size_t used;
	size_t size;
	bool bad;
};

static inline struct wr wr_init(uint8_t *bytes, size_t size)
{
	return (struct wr){.start = bytes, .size = size};
}

static inline bool wr_ok(const struct wr *w)
{
	return !w->bad;
}

static inline size_t wr_used(const struct wr *w)
{
	return w->used;
}

static inline void wr_bytes(struct wr *w, const void *bytes, size_t n)
{
	if (w->bad || n > w->size - w->used) {
		w->bad = true;
		return;
	}
	memcpy(w->start + w->used, bytes, n);
	w->used += n;
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	wr_bytes(w, &v, 1);
}

static inline void wr_be16(struct wr *w, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	wr_bytes(w, b, sizeof(b));
}

static inline void wr_be32(struct wr *w, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	wr_bytes(w, b, sizeof(b));
}

static inline void wr_be64(struct wr *w, uint64_t v)
{
	uint8_t b[8];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	wr_bytes(w, b, sizeof(b));
}

/* Over what was written before; nothing beyond that. */
static inline void wr_over(struct wr *w, size_t at, const void *bytes, size_t n)
{
	if (w->bad || at > w->used || n > w->used - at) {
		w->bad = true;
		return;
	}
	memcpy(w->start + at, bytes, n);
}

#endif
