/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests about the sync channel share: possible messages, and whether two are the same. */
#ifndef TESTS_SYNC_SAMPLE_H
#define TESTS_SYNC_SAMPLE_H

#include "proto/codec_sync.h"

/* Below n; the same ones for the same seed. */
uint32_t sync_random(uint64_t *random, uint32_t n);

/* Anything that a message of that type may say, of any length. */
void sync_sample_random(uint64_t *random, enum sync_type type, struct sync_message *ret);
/*
 * n new flows as a busy farm has them: of so many services, which have two backends; different
 * clients and lives. family: AF_INET or AF_INET6.
 */
void sync_sample_flows(uint8_t family, size_t n, size_t services, struct sync_message *ret);
/* A small one of each type. */
void sync_sample_small(enum sync_type type, struct sync_message *ret);

/* Field by field; a difference fails the test. */
void sync_expect_same(const struct sync_message *got, const struct sync_message *want);

/* Octets that lie in a block of their exact size, so that the sanitizer sees a read too far. */
enum sync_reject sync_unpack_exact(size_t memory, const uint8_t *bytes, size_t len,
				   struct sync_message *ret);

/*
 * The verdict on any octets. A message that is accepted can be sent on, is accepted again and then
 * says the same, octet for octet.
 */
const char *sync_verdict(const uint8_t *bytes, size_t len);

#endif
