/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trailer of adverts; see vrrp_auth.h. */
#include "ha/vrrp_auth.h"

#include "include/rd.h"
#include "include/wr.h"

#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

enum {
	SECOND_US = 1000 * 1000,
	SIGNED_TRAILER = VRRP_AUTH_TRAILER - VRRP_AUTH_HMAC_LEN, /* what the HMAC covers of it */
	CHECKSUM_AT = 6,					 /* RFC 9568, 5.2.8 */
	CHECKSUM_LEN = 2,
};

void vrrp_auth_init(struct vrrp_auth *a, enum config_auth_mode mode, uint32_t interval_ms,
		    struct vrrp_auth_seen *seen)
{
	uint32_t window_s = (VRRP_AUTH_WINDOW_INTERVALS * interval_ms + 999) / 1000;

	*a = (struct vrrp_auth){
		.mode = mode,
		.window_s = window_s > VRRP_AUTH_WINDOW_MIN_S ? window_s : VRRP_AUTH_WINDOW_MIN_S,
		.seen = seen,
	};
}

void vrrp_auth_clear(struct vrrp_auth *a)
{
	sodium_memzero(&a->keys, sizeof(a->keys));
}

void vrrp_auth_set_keys(struct vrrp_auth *a, const struct vrrp_auth_keys *keys, uint8_t active)
{
	vrrp_auth_clear(a);
	a->keys = *keys;
	a->active = active;
}

const struct vrrp_auth_key *vrrp_auth_key_find(const struct vrrp_auth_keys *keys, uint8_t id)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->at[i].id == id)
			return &keys->at[i];
	return NULL;
}

bool vrrp_auth_signs(const struct vrrp_auth *a)
{
	return a->mode == AUTH_PERMISSIVE || a->mode == AUTH_ENFORCE;
}

bool vrrp_auth_expects(const struct vrrp_auth *a)
{
	return a->mode != AUTH_OFF;
}

/* --- sequence numbers ------------------------------------------------------------------------- */

/* RFC 1982 over 64 bits: where the seconds wrap around nothing happens. */
static bool is_after(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) > 0;
}

/* Seconds, a 2^-16 fraction of one, and a counter of 0. */
static uint64_t clock_sequence(uint64_t wall_us)
{
	uint64_t fraction = ((wall_us % SECOND_US) << 16) / SECOND_US;

	return (uint64_t)(uint32_t)(wall_us / SECOND_US) << 32 | fraction << 16;
}

static uint32_t seconds_of(uint64_t sequence)
{
	return (uint32_t)(sequence >> 32);
}

/* How far a is ahead of b. */
static int32_t seconds_ahead(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static bool is_within(int32_t seconds, uint32_t window_s)
{
	return seconds <= (int32_t)window_s && seconds >= -(int32_t)window_s;
}

uint64_t vrrp_auth_next(struct vrrp_auth *a, uint64_t wall_us)
{
	uint64_t clock = clock_sequence(wall_us);
	int32_t ahead = seconds_ahead(seconds_of(a->sent), seconds_of(clock));

	if (is_after(clock, a->sent) || a->sent == 0 || ahead > (int32_t)a->window_s)
		a->sent = clock;
	else
		a->sent++;
	return a->sent;
}

/* --- signatures ------------------------------------------------------------------------------- */

/* trailer: its first SIGNED_TRAILER octets are read. */
static void make_hmac(const struct vrrp_auth_key *key, const struct addr *source,
		      const uint8_t *message, size_t len, const uint8_t *trailer,
		      uint8_t ret[static VRRP_AUTH_HMAC_LEN])
{
	static const uint8_t zero[VRRP_AUTH_HMAC_LEN];
	uint8_t pseudo[20] = {
		source->family == AF_INET6 ? 6 : 4, message[0] >> 4, /* version */
		message[1],					     /* virtual router id */
	};
	uint8_t whole[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	const uint8_t *rest = message + CHECKSUM_AT + CHECKSUM_LEN;

	memcpy(pseudo + 4, source->bytes, addr_len(source));
	crypto_auth_hmacsha256_init(&state, key->bytes, key->len);
	crypto_auth_hmacsha256_update(&state, pseudo, sizeof(pseudo));
	crypto_auth_hmacsha256_update(&state, message, CHECKSUM_AT);
	crypto_auth_hmacsha256_update(&state, zero, CHECKSUM_LEN);
	crypto_auth_hmacsha256_update(&state, rest, len - CHECKSUM_AT - CHECKSUM_LEN);
	crypto_auth_hmacsha256_update(&state, trailer, SIGNED_TRAILER);
	crypto_auth_hmacsha256_update(&state, zero, VRRP_AUTH_HMAC_LEN);
	crypto_auth_hmacsha256_final(&state, whole);
	memcpy(ret, whole, VRRP_AUTH_HMAC_LEN);
	sodium_memzero(&state, sizeof(state));
}

bool vrrp_auth_sign(const struct vrrp_auth *a, uint64_t sequence, const struct addr *source,
		    const uint8_t *message, size_t len, uint8_t trailer[static VRRP_AUTH_TRAILER])
{
	const struct vrrp_auth_key *key = vrrp_auth_key_find(&a->keys, a->active);
	struct wr w = wr_init(trailer, VRRP_AUTH_TRAILER);

	if (!key || len < VRRP_HEADER_LEN)
		return false;
	wr_u8(&w, VRRP_AUTH_SCHEME);
	wr_u8(&w, key->id);
	wr_be16(&w, 0);
	wr_be32(&w, (uint32_t)(sequence >> 32));
	wr_be32(&w, (uint32_t)sequence);
	make_hmac(key, source, message, len, trailer, trailer + wr_used(&w));
	return true;
}

/* --- what is believed ------------------------------------------------------------------------- */

static bool is_of(const struct vrrp_auth_sender *s, const struct addr *source)
{
	return s->family == source->family &&
	       memcmp(s->address, source->bytes, addr_len(source)) == 0;
}

/* The sender's place; a new one takes a free one, or that of whom nothing was heard for longest. */
static struct vrrp_auth_sender *find_sender(struct vrrp_auth_seen *seen, const struct addr *source)
{
	struct vrrp_auth_sender *oldest = &seen->senders[0];

	for (size_t i = 0; i < VRRP_AUTH_SENDERS; i++) {
		struct vrrp_auth_sender *s = &seen->senders[i];

		if (is_of(s, source))
			return s;
		if (oldest->family != 0 && (s->family == 0 || s->heard_us < oldest->heard_us))
			oldest = s;
	}
	return oldest;
}

/* What the sender's clock should show, by the last that was believed of it. */
static uint32_t expected_s(const struct vrrp_auth_sender *s, uint64_t mono_us)
{
	return seconds_of(s->sequence) + (uint32_t)((mono_us - s->heard_us) / SECOND_US);
}

/*
 * The mark is in the way of a sender only as long as some clock could reach it: after a clock that
 * was wrong has been set right, it is from a time that neither knows.
 */
static bool mark_holds(const struct vrrp_auth *a, const struct vrrp_auth_sender *s, uint32_t wall_s)
{
	return seconds_ahead(seconds_of(s->sequence), wall_s) <= (int32_t)a->window_s;
}

static enum vrrp_reject judge_time(struct vrrp_auth *a, const struct vrrp_packet *p,
				   const struct vrrp_auth_now *now, uint64_t sequence)
{
	struct vrrp_auth_sender *s = find_sender(a->seen, &p->source);
	uint32_t wall_s = (uint32_t)(now->wall_us / SECOND_US), told_s = seconds_of(sequence);
	bool known = is_of(s, &p->source) && now->mono_us >= s->heard_us;
	bool fresh = is_within(seconds_ahead(told_s, wall_s), a->window_s);

	if (known && !fresh)
		fresh = is_within(seconds_ahead(told_s, expected_s(s, now->mono_us)), a->window_s);
	if (!fresh)
		return VRRP_REJECT_AUTH_STALE;
	if (known && !is_after(sequence, s->sequence) && mark_holds(a, s, wall_s))
		return VRRP_REJECT_AUTH_REPLAY;
	*s = (struct vrrp_auth_sender){
		.family = p->source.family,
		.sequence = sequence,
		.heard_us = now->mono_us,
	};
	memcpy(s->address, p->source.bytes, addr_len(&p->source));
	return VRRP_REJECT_NONE;
}

enum vrrp_reject vrrp_auth_check(struct vrrp_auth *a, const struct vrrp_packet *p,
				 const struct vrrp_auth_now *now, int32_t *ret_skew_s)
{
	struct rd r = rd_init(p->trailer, p->trailer ? VRRP_AUTH_TRAILER : 0);
	uint8_t scheme = rd_u8(&r), key_id = rd_u8(&r), want[VRRP_AUTH_HMAC_LEN];
	uint16_t reserved = rd_be16(&r);
	uint64_t sequence = (uint64_t)rd_be32(&r) << 32;
	const struct vrrp_auth_key *key;

	sequence |= rd_be32(&r);
	if (!p->trailer)
		return a->mode == AUTH_ENFORCE ? VRRP_REJECT_AUTH_MISSING : VRRP_REJECT_NONE;
	if (scheme != VRRP_AUTH_SCHEME || reserved != 0)
		return VRRP_REJECT_AUTH_FORMAT;
	key = vrrp_auth_key_find(&a->keys, key_id);
	if (!key)
		return VRRP_REJECT_AUTH_KEY;
	make_hmac(key, &p->source, p->message, p->message_len, p->trailer, want);
	if (sodium_memcmp(want, rd_take(&r, VRRP_AUTH_HMAC_LEN), VRRP_AUTH_HMAC_LEN) != 0)
		return VRRP_REJECT_AUTH_HMAC;
	if (ret_skew_s)
		*ret_skew_s =
			seconds_ahead(seconds_of(sequence), (uint32_t)(now->wall_us / SECOND_US));
	return judge_time(a, p, now, sequence);
}
