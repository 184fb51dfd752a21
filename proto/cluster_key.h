/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The secret that the two directors share: its text in the key file, its fingerprint, and the keys
 * that are made of it. No part of the program uses the cluster key itself: each purpose has a key
 * of its own, derived with a context, so that what one of them gives away is of no use to another.
 *
 * Pure: no file, no random number, no log. Whoever is done with a key wipes it.
 */
#ifndef PROTO_CLUSTER_KEY_H
#define PROTO_CLUSTER_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key file is this, 64 hexadecimal digits in lower case, and one newline or none. */
#define CLUSTER_KEY_MARK "director-key-1 "

enum {
	CLUSTER_KEY_LEN = 32,
	CLUSTER_KEYS_MAX = 2, /* the one in use, and the other one while keys are changed */
	CLUSTER_KEY_TEXT = sizeof(CLUSTER_KEY_MARK) - 1 + 2 * CLUSTER_KEY_LEN + 1,
	CLUSTER_PRINT_LEN = 16,
	CLUSTER_PRINT_TEXT = 40, /* eight groups of four digits, dashes, NUL */
	CLUSTER_KEY_ID_LEN = 8,	 /* the fingerprint's first half: on the wire */
	CLUSTER_KEY_ID_TEXT = 20,
};

struct cluster_key {
	uint8_t bytes[CLUSTER_KEY_LEN];
};

/* The first one seals; what any of them sealed is accepted. */
struct cluster_keys {
	struct cluster_key keys[CLUSTER_KEYS_MAX];
	size_t n;
};

/* Why a text is no key: id, and the end of a sentence that begins with the file. */
#define CLUSTER_KEY_REJECT_LIST(X)                                                                 \
	X(EMPTY, "is empty")                                                                       \
	X(FOREIGN, "does not begin with \"director-key-1 \"")                                      \
	X(LENGTH, "does not hold exactly one key of 64 digits")                                    \
	X(DIGITS, "holds something else than the digits 0 to 9 and a to f")                        \
	X(WEAK, "holds a key that nobody drew at random")

enum cluster_key_reject {
	CLUSTER_KEY_GOOD,
#define X(id, text) CLUSTER_KEY_##id,
	CLUSTER_KEY_REJECT_LIST(X)
#undef X
		CLUSTER_KEY_REJECT_COUNT
};

/* CLUSTER_KEY_GOOD and *ret, or the reason with *ret untouched. */
enum cluster_key_reject cluster_key_parse(const char *text, size_t len, struct cluster_key *ret);
/* "is empty", … */
const char *cluster_key_reject_text(enum cluster_key_reject r);
/* The text of a key file: CLUSTER_KEY_TEXT octets with the newline, no NUL. */
void cluster_key_print(const struct cluster_key *key, char ret[static CLUSTER_KEY_TEXT]);

/* The same on both directors when their keys are; says nothing about the key. Returns buf. */
const char *cluster_key_fingerprint(const struct cluster_key *key,
				    char buf[static CLUSTER_PRINT_TEXT]);
/* The first half of the fingerprint, which tells a receiver which of its keys to try. */
void cluster_key_id(const struct cluster_key *key, uint8_t ret[static CLUSTER_KEY_ID_LEN]);
/* As it stands at the beginning of the fingerprint. Returns buf. */
const char *cluster_key_id_format(const uint8_t id[static CLUSTER_KEY_ID_LEN],
				  char buf[static CLUSTER_KEY_ID_TEXT]);

/* The key for one purpose. context: its name, exactly 8 characters. */
void cluster_key_derive(const struct cluster_key *key, const char context[static 8],
			struct cluster_key *ret);
/* Of a purpose's key, the one from one node to another. Names have 255 octets at most. */
void cluster_key_between(const struct cluster_key *purpose, const char *cluster, const char *from,
			 const char *to, struct cluster_key *ret);
void cluster_keys_wipe(struct cluster_keys *keys);

#endif
