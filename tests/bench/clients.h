/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The traffic of twin_failover.sh and twin_churn.sh, each a run of the program bench_clients.
 *
 * A connection begins with a request of two words; a word is 64 bits in network order. The first says
 * what is wanted, the second is the seed of the content: word i of it is clients_word(seed, i), so either
 * end knows what any octet has to be. The answer is frames: a number n and n words of content. With
 * n = 0 it is at its end: the hash of all words follows, then the server closes.
 */
#ifndef TESTS_BENCH_CLIENTS_H
#define TESTS_BENCH_CLIENTS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
	CLIENTS_SHORT = 1,    /* one frame, after CLIENTS_THINK_MS, and the end */
	CLIENTS_DOWNLOAD,     /* frames until the client has closed its half, then the end */
	CLIENTS_REQUEST = 16, /* octets */
	CLIENTS_WORD = 8,     /* octets */
	CLIENTS_TICK_MS = 10, /* of the server */
	CLIENTS_TICKS = 25,   /* a download gets a frame each so many: four a second */
	CLIENTS_FRAME = 640,  /* words, the number with them: 5,120 octets, 20 kB/s */
	CLIENTS_FAR_MS =
		20, /* from the end of the handshake to a short request, as from far away */
	CLIENTS_THINK_MS = 20, /* what a short request takes on the server */
	CLIENTS_SHORT_WORDS = 128,
};

/* Each takes its own arguments from argv[0] on and returns an exit status. */
int clients_serve(int argc, char **argv);
int clients_load(int argc, char **argv);
int clients_churn(int argc, char **argv);

static inline uint64_t clients_word(uint64_t seed, uint64_t i)
{
	uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint64_t clients_hash(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * 0x100000001b3u;
}

static inline int64_t clients_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
