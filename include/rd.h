/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded reader over untrusted bytes. Failure is sticky: past the end every read yields 0 (or
 * NULL) and rd_ok() turns false; parse straight through and ask once. This and wr.h hold the only
 * pointer arithmetic on packets.
 */
#ifndef INCLUDE_RD_H
#define INCLUDE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static inline struct rd rd_init(const uint8_t *bytes, size_t len)
{
	return (struct rd){.at = bytes, .left = len};
}

static inline bool rd_ok(const struct rd *r)
{
	return !r->bad;
}

static inline size_t rd_left(const struct rd *r)
{
	return r->left;
}

/* The next n bytes, consumed; NULL when there are fewer. */
static inline const uint8_t *rd_take(struct rd *r, size_t n)
{
	const uint8_t *p = r->at;

	if (r->bad || n > r->left) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	r->left -= n;
	return p;
}

/*
 * Fills a buffer of want octets, of which *have are there, with what comes next, as far as there is any. True when it
 * is full. What comes in pieces is gathered so.
 */
static inline bool rd_gather(struct rd *r, uint8_t *to, size_t *have, size_t want)
{
	size_t n = *have < want ? want - *have : 0;
	const uint8_t *bytes;

	if (n > r->left)
		n = r->left;
	bytes = rd_take(r, n);
	if (bytes && n) {
		memcpy(to + *have, bytes, n);
		*have += n;
	}
	return *have >= want;
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *p = rd_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t rd_be16(struct rd *r)
{
	const uint8_t *p = rd_take(r, 2);

	return (uint16_t)(p ? (unsigned int)p[0] << 8 | p[1] : 0);
}

static inline uint32_t rd_be32(struct rd *r)
{
	const uint8_t *p = rd_take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t rd_be64(struct rd *r)
{
	const uint8_t *p = rd_take(r, 8);
	uint64_t v = 0;

	for (size_t i = 0; p && i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

#endif
