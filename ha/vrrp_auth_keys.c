/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of keys for adverts; see vrrp_auth.h. */
#include "ha/vrrp_auth.h"
#include "include/rd.h"
#include "proto/cluster_key.h"

#include <sodium.h>
#include <string.h>

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct rd next_line(struct rd *text)
{
	const uint8_t *end = memchr(text->at, '\n', rd_left(text));
	size_t len = end ? (size_t)(end - text->at) : rd_left(text);
	const uint8_t *at = rd_take(text, len);

	if (end)
		rd_u8(text);
	return rd_init(at, len);
}

/* The next word of a line; "" when there is none, or only a comment. */
static struct rd next_word(struct rd *line)
{
	const uint8_t *at;
	size_t n = 0;

	while (rd_left(line) && is_blank(*line->at))
		rd_u8(line);
	if (rd_left(line) && *line->at == '#')
		rd_take(line, rd_left(line));
	while (n < rd_left(line) && !is_blank(line->at[n]) && line->at[n] != '#')
		n++;
	at = rd_take(line, n);
	return rd_init(at, n);
}

static int digit(uint8_t c, bool hexadecimal)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (hexadecimal && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (hexadecimal && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *read_id(struct rd word, uint8_t *ret)
{
	unsigned int id = 0;

	while (rd_left(&word) && id <= UINT8_MAX) {
		int d = digit(rd_u8(&word), false);

		if (d < 0)
			return "a key id is a number from 1 to 255";
		id = id * 10 + (unsigned int)d;
	}
	if (id == 0 || id > UINT8_MAX)
		return "a key id is a number from 1 to 255";
	*ret = (uint8_t)id;
	return NULL;
}

static const char *read_key(struct rd word, struct vrrp_auth_key *ret)
{
	static const char prefix[] = "hex:";

	if (rd_left(&word) > 4 && memcmp(word.at, prefix, 4) == 0)
		rd_take(&word, 4);
	if (rd_left(&word) % 2 != 0 || rd_left(&word) < (size_t)2 * VRRP_AUTH_KEY_MIN ||
	    rd_left(&word) > (size_t)2 * VRRP_AUTH_KEY_MAX)
		return "a key is 64 to 128 hexadecimal digits";
	ret->len = 0;
	while (rd_left(&word)) {
		int high = digit(rd_u8(&word), true), low = digit(rd_u8(&word), true);

		if (high < 0 || low < 0)
			return "a key is 64 to 128 hexadecimal digits";
		ret->bytes[ret->len++] = (uint8_t)(high << 4 | low);
	}
	return NULL;
}

/* How `directorctl key generate` begins a key: its files will do. */
static bool is_mark(struct rd word)
{
	static const char mark[] = CLUSTER_KEY_MARK;
	size_t n = sizeof(mark) - 1 - 1; /* without the blank */

	return rd_left(&word) == n && memcmp(word.at, mark, n) == 0;
}

/* NULL, with a key more or, of an empty line, not; or why not. */
static const char *read_line(struct rd line, uint8_t default_id, struct vrrp_auth_keys *keys)
{
	struct rd first = next_word(&line), second = next_word(&line), third = next_word(&line);
	struct vrrp_auth_key key = {.id = default_id};
	const char *why = NULL;

	if (rd_left(&first) == 0)
		return NULL;
	if (is_mark(first)) {
		first = second;
		second = third;
		third = next_word(&line);
	}
	if (rd_left(&third) > 0)
		return "behind the key there is something more";
	if (rd_left(&second) > 0)
		why = read_id(first, &key.id);
	if (!why)
		why = read_key(rd_left(&second) > 0 ? second : first, &key);
	if (!why && key.id == 0)
		why = "the key has no id, and auth-key-id gives none";
	if (!why && vrrp_auth_key_find(keys, key.id))
		why = "a key with this id is there already";
	if (!why && keys->n == VRRP_AUTH_KEYS_MAX)
		why = "there are more than 8 keys";
	if (!why)
		keys->at[keys->n++] = key;
	sodium_memzero(&key, sizeof(key));
	return why;
}

size_t vrrp_auth_keys_parse(const uint8_t *text, size_t len, uint8_t default_id,
			    struct vrrp_auth_keys *ret, const char **ret_why)
{
	struct rd r = rd_init(text, len);
	struct vrrp_auth_keys keys = {0};
	size_t line = 0, bad = 0;

	while (rd_left(&r) > 0 && bad == 0) {
		*ret_why = read_line(next_line(&r), default_id, &keys);
		line++;
		if (*ret_why)
			bad = line;
	}
	if (bad == 0 && keys.n == 0) {
		*ret_why = "there is no key in it";
		bad = line ? line : 1;
	}
	if (bad == 0)
		*ret = keys;
	sodium_memzero(&keys, sizeof(keys));
	return bad;
}
