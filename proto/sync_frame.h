/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sync channel's frames: a stream of octets <-> sealed messages. How both sides come to the
 * keys is in sync_handshake.h; every octet is in README.md beside this file.
 *
 *     length 4                       in the clear, authenticated: octets of the rest
 *     mark 1, message 0 to 64 KiB    sealed
 *     tag 16
 *
 * One secretstream (XChaCha20-Poly1305) for each direction, under a key that only this direction of
 * this connection has. A frame opens in its place and nowhere else: altered, doubled, left out, put
 * elsewhere or sent back it does not, nor does one whose length was touched. Who listens learns when
 * frames go and how long they are.
 *
 * A length is judged before an octet of its frame is kept, and one frame is kept at most, in memory
 * that the opener has from the beginning. After the first bad frame the stream is dead, with the
 * reason: there is nothing to find again in it. An end that the other side did not say is a cut.
 *
 * Owns the knowledge of the format. Never logs or allocates, and draws nothing at random.
 */
#ifndef PROTO_SYNC_FRAME_H
#define PROTO_SYNC_FRAME_H

#include "proto/cluster_key.h"

#include <sodium.h>

enum {
	SYNC_FRAME_MAX = 65536, /* of a message: some thousand flows, and a millisecond to send */
	SYNC_FRAME_LENGTH_LEN = 4,
	SYNC_FRAME_SEALED_MIN = crypto_secretstream_xchacha20poly1305_ABYTES,
	SYNC_FRAME_SEALED_MAX = SYNC_FRAME_MAX + SYNC_FRAME_SEALED_MIN,
	SYNC_FRAME_OVERHEAD = SYNC_FRAME_LENGTH_LEN + SYNC_FRAME_SEALED_MIN,
	SYNC_FRAME_WIRE_MAX = SYNC_FRAME_MAX + SYNC_FRAME_OVERHEAD,
	/* Where the message is in a frame: what is written there can be sealed where it is. */
	SYNC_FRAME_MESSAGE_AT = SYNC_FRAME_LENGTH_LEN + 1,
	/* One key seals no more than this, far below what its cipher bears. */
	SYNC_REKEY_FRAMES = 1 << 20,
	SYNC_REKEY_OCTETS = 1 << 30,
	SYNC_STREAM_HEADER_LEN = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
};

/* Why a stream is dead: id, name in counters and JSON, end of a sentence about it. */
#define SYNC_FRAME_REJECT_LIST(X)                                                                  \
	X(LENGTH, "length", "announces a frame that is too short or too long")                     \
	X(FORGED, "forged",                                                                        \
	  "has a frame that does not open: it was altered, or is not the one that comes next")     \
	X(MARK, "mark", "has a frame with a mark that means nothing")                              \
	X(AFTER, "after", "goes on after its end")                                                 \
	X(CUT, "cut", "was cut: the other side did not end it")

enum sync_frame_reject {
	SYNC_FRAME_REJECT_NONE,
#define X(id, name, text) SYNC_FRAME_REJECT_##id,
	SYNC_FRAME_REJECT_LIST(X)
#undef X
		SYNC_FRAME_REJECT_COUNT
};

/* What one direction begins with: both sides have the same. */
struct sync_stream_key {
	struct cluster_key key;
	uint8_t header[SYNC_STREAM_HEADER_LEN];
};

/* --- out -------------------------------------------------------------------------------------- */

/* Zeros are one that has ended, as is one that was wiped. */
struct sync_sealer {
	crypto_secretstream_xchacha20poly1305_state stream;
	uint32_t frames; /* under the key of now */
	uint64_t octets; /* of messages, likewise */
	bool open;
};

void sync_sealer_init(struct sync_sealer *s, const struct sync_stream_key *key);
/*
 * Writes len + SYNC_FRAME_OVERHEAD octets and returns how many; 0 when the message is too long or
 * the stream has ended. The message may lie at ret + SYNC_FRAME_MESSAGE_AT, and nowhere else in ret.
 */
size_t sync_sealer_message(struct sync_sealer *s, const uint8_t *message, size_t len, uint8_t *ret);
/* The orderly end, and the last thing that is sealed. SYNC_FRAME_OVERHEAD octets, or 0 after it. */
size_t sync_sealer_bye(struct sync_sealer *s, uint8_t ret[static SYNC_FRAME_OVERHEAD]);
void sync_sealer_wipe(struct sync_sealer *s);

/* --- in --------------------------------------------------------------------------------------- */

enum sync_opened {
	SYNC_OPENED_MORE,    /* all was taken, and more is needed */
	SYNC_OPENED_MESSAGE, /* one message */
	SYNC_OPENED_BYE,     /* the other side has nothing more to say */
	SYNC_OPENED_BAD,     /* the stream is dead: sync_opener_reject() */
};

/* Zeros are one that was cut, as is one that was wiped. */
struct sync_opener {
	crypto_secretstream_xchacha20poly1305_state stream;
	enum sync_frame_reject reject;
	bool open, ended; /* ended: by a bye */
	size_t have;	  /* octets of the frame that has begun */
	uint8_t frame[SYNC_FRAME_WIRE_MAX];
};

struct sync_opener_update {
	enum sync_opened opened;
	size_t consumed;	/* the rest is to be fed again; all of it when the stream is dead */
	const uint8_t *message; /* within the opener, until it is fed again */
	size_t len;
};

void sync_opener_init(struct sync_opener *o, const struct sync_stream_key *key);
/* One frame at most. Until all is consumed, in whatever pieces it comes, the frames are the same. */
struct sync_opener_update sync_opener_feed(struct sync_opener *o, const uint8_t *bytes, size_t len);
/* No more octets will come. True when the other side said so. */
bool sync_opener_end(struct sync_opener *o);
enum sync_frame_reject sync_opener_reject(const struct sync_opener *o);
void sync_opener_wipe(struct sync_opener *o);

const char *sync_frame_reject_name(enum sync_frame_reject r);
const char *sync_frame_reject_text(enum sync_frame_reject r);

#endif
