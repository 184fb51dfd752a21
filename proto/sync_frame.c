/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/sync_frame.h"

#include "include/rd.h"
#include "include/wr.h"

#include <string.h>

#define MARK_MESSAGE crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
#define MARK_REKEY   crypto_secretstream_xchacha20poly1305_TAG_REKEY
#define MARK_FINAL   crypto_secretstream_xchacha20poly1305_TAG_FINAL

_Static_assert(CLUSTER_KEY_LEN == crypto_secretstream_xchacha20poly1305_KEYBYTES, "key");

/*
 * init_push draws a header and begins with it as init_pull does; ours was agreed upon, so that both
 * ends begin alike.
 */
static void begin(crypto_secretstream_xchacha20poly1305_state *stream,
		  const struct sync_stream_key *key)
{
	crypto_secretstream_xchacha20poly1305_init_pull(stream, key->header, key->key.bytes);
}

/* --- out -------------------------------------------------------------------------------------- */

void sync_sealer_init(struct sync_sealer *s, const struct sync_stream_key *key)
{
	*s = (struct sync_sealer){.open = true};
	begin(&s->stream, key);
}

/* TAG_REKEY changes the key behind its frame, on both sides. */
static uint8_t next_mark(struct sync_sealer *s, size_t len)
{
	s->frames++;
	s->octets += len;
	if (s->frames < SYNC_REKEY_FRAMES && s->octets < SYNC_REKEY_OCTETS)
		return MARK_MESSAGE;
	s->frames = 0;
	s->octets = 0;
	return MARK_REKEY;
}

static size_t seal(struct sync_sealer *s, const uint8_t *message, size_t len, uint8_t mark,
		   uint8_t *ret)
{
	struct wr w = wr_init(ret, SYNC_FRAME_LENGTH_LEN);
	unsigned long long sealed;

	wr_be32(&w, (uint32_t)(len + SYNC_FRAME_SEALED_MIN));
	crypto_secretstream_xchacha20poly1305_push(&s->stream, ret + SYNC_FRAME_LENGTH_LEN, &sealed,
						   message, len, ret, SYNC_FRAME_LENGTH_LEN, mark);
	return SYNC_FRAME_LENGTH_LEN + (size_t)sealed;
}

size_t sync_sealer_message(struct sync_sealer *s, const uint8_t *message, size_t len, uint8_t *ret)
{
	if (!s->open || len > SYNC_FRAME_MAX)
		return 0;
	return seal(s, message, len, next_mark(s, len), ret);
}

size_t sync_sealer_bye(struct sync_sealer *s, uint8_t ret[static SYNC_FRAME_OVERHEAD])
{
	size_t len = s->open ? seal(s, NULL, 0, MARK_FINAL, ret) : 0;

	sync_sealer_wipe(s);
	return len;
}

void sync_sealer_wipe(struct sync_sealer *s)
{
	sodium_memzero(s, sizeof(*s));
}

/* --- in --------------------------------------------------------------------------------------- */

void sync_opener_init(struct sync_opener *o, const struct sync_stream_key *key)
{
	begin(&o->stream, key);
	o->reject = SYNC_FRAME_REJECT_NONE;
	o->open = true;
	o->ended = false;
	o->have = 0;
}

static void die(struct sync_opener *o, enum sync_frame_reject reject)
{
	sync_opener_wipe(o);
	o->reject = reject;
}

/* Takes from *r until the frame has `want` octets. True when it has. */
static bool gather(struct sync_opener *o, struct rd *r, size_t want)
{
	return rd_gather(r, o->frame, &o->have, want);
}

/*
 * The sealed part of the frame that has begun, when all of it is there: where it came when it came
 * in one piece, so that nothing is copied but by opening it.
 */
static const uint8_t *whole(struct sync_opener *o, struct rd *r, size_t sealed)
{
	if (o->have == SYNC_FRAME_LENGTH_LEN && rd_left(r) >= sealed)
		return rd_take(r, sealed);
	return gather(o, r, SYNC_FRAME_LENGTH_LEN + sealed) ? o->frame + SYNC_FRAME_LENGTH_LEN
							    : NULL;
}

/* What a frame that has opened means. */
static enum sync_opened judge(struct sync_opener *o, uint8_t mark, size_t len)
{
	if (mark == MARK_MESSAGE || mark == MARK_REKEY)
		return SYNC_OPENED_MESSAGE;
	if (mark != MARK_FINAL || len > 0) {
		die(o, SYNC_FRAME_REJECT_MARK);
		return SYNC_OPENED_BAD;
	}
	sync_opener_wipe(o);
	o->ended = true;
	return SYNC_OPENED_BYE;
}

static enum sync_opened take_frame(struct sync_opener *o, struct rd *r, size_t *ret_len)
{
	uint8_t *message = o->frame + SYNC_FRAME_MESSAGE_AT, mark;
	struct rd length = rd_init(o->frame, SYNC_FRAME_LENGTH_LEN);
	const uint8_t *sealed;
	unsigned long long opened;
	size_t n;

	if (!gather(o, r, SYNC_FRAME_LENGTH_LEN))
		return SYNC_OPENED_MORE;
	n = rd_be32(&length);
	if (n < SYNC_FRAME_SEALED_MIN || n > SYNC_FRAME_SEALED_MAX) {
		die(o, SYNC_FRAME_REJECT_LENGTH);
		return SYNC_OPENED_BAD;
	}
	sealed = whole(o, r, n);
	if (!sealed)
		return SYNC_OPENED_MORE;
	if (crypto_secretstream_xchacha20poly1305_pull(&o->stream, message, &opened, &mark, sealed,
						       n, o->frame, SYNC_FRAME_LENGTH_LEN) < 0) {
		die(o, SYNC_FRAME_REJECT_FORGED);
		return SYNC_OPENED_BAD;
	}
	o->have = 0;
	*ret_len = (size_t)opened;
	return judge(o, mark, *ret_len);
}

struct sync_opener_update sync_opener_feed(struct sync_opener *o, const uint8_t *bytes, size_t len)
{
	struct sync_opener_update u = {.consumed = len};
	struct rd r = rd_init(bytes, len);

	if (o->ended && len > 0)
		die(o, SYNC_FRAME_REJECT_AFTER);
	if (o->open)
		u.opened = take_frame(o, &r, &u.len);
	else
		u.opened = sync_opener_end(o) ? SYNC_OPENED_BYE : SYNC_OPENED_BAD;
	if (u.opened == SYNC_OPENED_MESSAGE)
		u.message = o->frame + SYNC_FRAME_MESSAGE_AT;
	if (u.opened != SYNC_OPENED_BAD)
		u.consumed = len - rd_left(&r);
	return u;
}

bool sync_opener_end(struct sync_opener *o)
{
	if (!o->ended && o->reject == SYNC_FRAME_REJECT_NONE)
		die(o, SYNC_FRAME_REJECT_CUT);
	return o->ended;
}

enum sync_frame_reject sync_opener_reject(const struct sync_opener *o)
{
	return o->reject;
}

void sync_opener_wipe(struct sync_opener *o)
{
	sodium_memzero(o, sizeof(*o));
}

/* --- names ------------------------------------------------------------------------------------ */

const char *sync_frame_reject_name(enum sync_frame_reject r)
{
	static const char *const names[SYNC_FRAME_REJECT_COUNT] = {[SYNC_FRAME_REJECT_NONE] =
									   "none",
#define X(id, name, text) [SYNC_FRAME_REJECT_##id] = name,
								   SYNC_FRAME_REJECT_LIST(X)
#undef X
	};

	return names[r];
}

const char *sync_frame_reject_text(enum sync_frame_reject r)
{
	static const char *const texts[SYNC_FRAME_REJECT_COUNT] = {[SYNC_FRAME_REJECT_NONE] =
									   "is well",
#define X(id, name, text) [SYNC_FRAME_REJECT_##id] = text,
								   SYNC_FRAME_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}
