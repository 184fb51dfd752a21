/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/jhash.h"

#include <string.h>

enum { BLOCK = 12 }; /* octets that are mixed in at a time */

struct state {
	uint32_t a, b, c;
};

static uint32_t rotate(uint32_t word, unsigned int by)
{
	return word << by | word >> (32 - by);
}

static void mix(struct state *s)
{
	s->a -= s->c;
	s->a ^= rotate(s->c, 4);
	s->c += s->b;
	s->b -= s->a;
	s->b ^= rotate(s->a, 6);
	s->a += s->c;
	s->c -= s->b;
	s->c ^= rotate(s->b, 8);
	s->b += s->a;
	s->a -= s->c;
	s->a ^= rotate(s->c, 16);
	s->c += s->b;
	s->b -= s->a;
	s->b ^= rotate(s->a, 19);
	s->a += s->c;
	s->c -= s->b;
	s->c ^= rotate(s->b, 4);
	s->b += s->a;
}

static void finish(struct state *s)
{
	s->c ^= s->b;
	s->c -= rotate(s->b, 14);
	s->a ^= s->c;
	s->a -= rotate(s->c, 11);
	s->b ^= s->a;
	s->b -= rotate(s->a, 25);
	s->c ^= s->b;
	s->c -= rotate(s->b, 16);
	s->a ^= s->c;
	s->a -= rotate(s->c, 4);
	s->b ^= s->a;
	s->b -= rotate(s->a, 14);
	s->c ^= s->b;
	s->c -= rotate(s->b, 24);
}

static void add_block(struct state *s, const uint8_t *octets)
{
	uint32_t words[3];

	memcpy(words, octets, BLOCK);
	s->a += words[0];
	s->b += words[1];
	s->c += words[2];
}

/* The last block, of 1 to 12 octets: the missing ones are zero. Words are little-endian here. */
static void add_last(struct state *s, const uint8_t *octets, size_t len)
{
	uint32_t words[3] = {0};

	for (size_t i = 0; i < len; i++)
		words[i / 4] |= (uint32_t)octets[i] << 8 * (i % 4);
	s->a += words[0];
	s->b += words[1];
	s->c += words[2];
}

uint32_t jhash(const uint8_t *key, size_t len, uint32_t seed)
{
	uint32_t begin = 0xdeadbeef + (uint32_t)len + seed;
	struct state s = {begin, begin, begin};

	if (len == 0)
		return s.c;
	for (; len > BLOCK; key += BLOCK, len -= BLOCK) {
		add_block(&s, key);
		mix(&s);
	}
	add_last(&s, key, len);
	finish(&s);
	return s.c;
}
