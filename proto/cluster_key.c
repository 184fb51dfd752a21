/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/cluster_key.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

_Static_assert(CLUSTER_KEY_LEN == crypto_kdf_KEYBYTES, "keys are derived by crypto_kdf");

enum { MARK_LEN = sizeof(CLUSTER_KEY_MARK) - 1, DIGITS = 2 * CLUSTER_KEY_LEN };

/* All octets the same: a placeholder. */
static bool is_weak(const struct cluster_key *key)
{
	for (size_t i = 1; i < CLUSTER_KEY_LEN; i++)
		if (key->bytes[i] != key->bytes[0])
			return false;
	return true;
}

enum cluster_key_reject cluster_key_parse(const char *text, size_t len, struct cluster_key *ret)
{
	struct cluster_key key;
	char again[CLUSTER_KEY_TEXT];
	enum cluster_key_reject r = CLUSTER_KEY_GOOD;

	if (len == 0)
		return CLUSTER_KEY_EMPTY;
	if (len < MARK_LEN || memcmp(text, CLUSTER_KEY_MARK, MARK_LEN) != 0)
		return CLUSTER_KEY_FOREIGN;
	if (len != CLUSTER_KEY_TEXT && len != CLUSTER_KEY_TEXT - 1)
		return CLUSTER_KEY_LENGTH;
	if (sodium_hex2bin(key.bytes, sizeof(key.bytes), text + MARK_LEN, DIGITS, NULL, NULL,
			   NULL) < 0)
		return CLUSTER_KEY_DIGITS;
	cluster_key_print(&key, again);
	if (sodium_memcmp(text, again, len) != 0)
		r = CLUSTER_KEY_DIGITS; /* a capital, or another end of the line */
	else if (is_weak(&key))
		r = CLUSTER_KEY_WEAK;
	else
		*ret = key;
	sodium_memzero(again, sizeof(again));
	sodium_memzero(&key, sizeof(key));
	return r;
}

const char *cluster_key_reject_text(enum cluster_key_reject r)
{
	static const char *const texts[CLUSTER_KEY_REJECT_COUNT] = {[CLUSTER_KEY_GOOD] =
									    "holds a key",
#define X(id, text) [CLUSTER_KEY_##id] = text,
								    CLUSTER_KEY_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}

void cluster_key_print(const struct cluster_key *key, char ret[static CLUSTER_KEY_TEXT])
{
	char digits[DIGITS + 1];

	sodium_bin2hex(digits, sizeof(digits), key->bytes, sizeof(key->bytes));
	memcpy(ret, CLUSTER_KEY_MARK, MARK_LEN);
	memcpy(ret + MARK_LEN, digits, DIGITS);
	ret[CLUSTER_KEY_TEXT - 1] = '\n';
	sodium_memzero(digits, sizeof(digits));
}

static void print_of(const struct cluster_key *key, uint8_t ret[static CLUSTER_PRINT_LEN])
{
	crypto_kdf_derive_from_key(ret, CLUSTER_PRINT_LEN, 1, "dirprint", key->bytes);
}

/* "0123-4567-…" of an even number of octets; buf holds 5 characters for two of them. */
static const char *format_groups(const uint8_t *bytes, size_t n, char *buf)
{
	for (size_t i = 0; i < n; i += 2)
		snprintf(buf + i / 2 * 5, 6, "%02x%02x%s", bytes[i], bytes[i + 1],
			 i + 2 < n ? "-" : "");
	return buf;
}

const char *cluster_key_fingerprint(const struct cluster_key *key,
				    char buf[static CLUSTER_PRINT_TEXT])
{
	uint8_t print[CLUSTER_PRINT_LEN];

	print_of(key, print);
	return format_groups(print, sizeof(print), buf);
}

void cluster_key_id(const struct cluster_key *key, uint8_t ret[static CLUSTER_KEY_ID_LEN])
{
	uint8_t print[CLUSTER_PRINT_LEN];

	print_of(key, print);
	memcpy(ret, print, CLUSTER_KEY_ID_LEN);
}

const char *cluster_key_id_format(const uint8_t id[static CLUSTER_KEY_ID_LEN],
				  char buf[static CLUSTER_KEY_ID_TEXT])
{
	return format_groups(id, CLUSTER_KEY_ID_LEN, buf);
}

void cluster_key_derive(const struct cluster_key *key, const char context[static 8],
			struct cluster_key *ret)
{
	crypto_kdf_derive_from_key(ret->bytes, sizeof(ret->bytes), 1, context, key->bytes);
}

/* With its length, so that names are not just put one behind the other. */
static void add_name(crypto_generichash_state *h, const char *name)
{
	uint8_t len = (uint8_t)strlen(name);

	crypto_generichash_update(h, &len, 1);
	crypto_generichash_update(h, (const uint8_t *)name, len);
}

void cluster_key_between(const struct cluster_key *purpose, const char *cluster, const char *from,
			 const char *to, struct cluster_key *ret)
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, purpose->bytes, sizeof(purpose->bytes), sizeof(ret->bytes));
	add_name(&h, cluster);
	add_name(&h, from);
	add_name(&h, to);
	crypto_generichash_final(&h, ret->bytes, sizeof(ret->bytes));
	sodium_memzero(&h, sizeof(h));
}

void cluster_keys_wipe(struct cluster_keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}
