/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Authenticated adverts: a trailer behind the VRRP message with an HMAC under a shared key and a
 * sequence number made of the time. The wire format is that of draft-cassen-vrrp-auth-hmac as
 * keepalived 2.4.1 has it; the wire images of its appendix are a test (t_vrrp_auth.c).
 *
 *     1 scheme (1) | 1 key id | 2 zero | 4 seconds | 2 fraction | 2 counter | 16 HMAC
 *
 * HMAC-SHA256, cut to 128 bits, over a pseudo-header (family 4 or 6, version, virtual router id, 0,
 * source address in 16 octets), the message and the trailer, both with zeros for the checksum and
 * the HMAC. So an advert belongs to its sender and its virtual router, and the IP header does not
 * count: one signature serves the copies to all unicast peers.
 *
 * Owns the keys, the sequence number that was sent last and, for each sender, the last one that was
 * believed. Never looks at a clock, never logs. Three things keep a recording from being believed:
 *   - a sender's sequence numbers only grow (RFC 1982 arithmetic). The marks live where the caller
 *     says, which may outlive the process: a restart does not make the last seconds fit for replay
 *   - a sequence number is the sender's time, and must be that of the receiver, give or take the
 *     window: what was recorded while nobody watched is too old
 *   - "the receiver's time" is also what the last believed advert of that sender said, plus the
 *     monotonic time since: a step of our own wall clock makes no advert stale. Beyond the draft.
 * A sender whose clock was set back goes on counting from its last number, until that is further
 * ahead of the clock than the window; then it starts again from the clock, and a receiver drops a
 * mark that neither its wall clock nor the sender's time reach (both as in the draft).
 */
#ifndef HA_VRRP_AUTH_H
#define HA_VRRP_AUTH_H

#include "ha/vrrp_packet.h"
#include "include/addr.h"
#include "include/config.h"

enum {
	VRRP_AUTH_HMAC_LEN = 16,
	VRRP_AUTH_SCHEME = 1,	/* HMAC-SHA256, 128 bits of it */
	VRRP_AUTH_KEY_MIN = 32, /* octets: 128 bits remain against a quantum search */
	VRRP_AUTH_KEY_MAX = 64, /* the block of SHA-256: a longer key would be hashed first */
	VRRP_AUTH_KEYS_MAX = 8, /* at a rotation there are two */
	VRRP_AUTH_SENDERS = 4,	/* the other node, and what was there before it */
	VRRP_AUTH_WINDOW_MIN_S = 5,
	VRRP_AUTH_WINDOW_INTERVALS = 3,
};

struct vrrp_auth_key {
	uint8_t id; /* 1..255 */
	uint8_t len;
	uint8_t bytes[VRRP_AUTH_KEY_MAX];
};

struct vrrp_auth_keys {
	struct vrrp_auth_key at[VRRP_AUTH_KEYS_MAX];
	size_t n;
};

/* What is remembered of a sender. Plain, fixed size: it may live in a file. */
struct vrrp_auth_sender {
	uint8_t family; /* 0: free */
	uint8_t address[16];
	uint64_t sequence; /* the last that was believed */
	uint64_t heard_us; /* monotonic; of the same boot */
};

struct vrrp_auth_seen {
	struct vrrp_auth_sender senders[VRRP_AUTH_SENDERS];
};

struct vrrp_auth {
	enum config_auth_mode mode;
	struct vrrp_auth_keys keys;
	uint8_t active; /* the id of the key that signs */
	uint32_t window_s;
	uint64_t sent; /* sequence number, 0: none yet */
	struct vrrp_auth_seen *seen;
};

struct vrrp_auth_now {
	uint64_t wall_us; /* since 1970, UTC */
	uint64_t mono_us;
};

/* seen: borrowed, also after the end of the process; all zero when there is nothing yet. */
void vrrp_auth_init(struct vrrp_auth *a, enum config_auth_mode mode, uint32_t interval_ms,
		    struct vrrp_auth_seen *seen);
/* Copied; the old ones are wiped. The active one must be among them when adverts are signed. */
void vrrp_auth_set_keys(struct vrrp_auth *a, const struct vrrp_auth_keys *keys, uint8_t active);
/* Wipes the keys. */
void vrrp_auth_clear(struct vrrp_auth *a);

/* Whether adverts are sent with a trailer: in permissive and enforce. */
bool vrrp_auth_signs(const struct vrrp_auth *a);
/* Whether a trailer is looked at when one is received: always but in off. */
bool vrrp_auth_expects(const struct vrrp_auth *a);
/* The next sequence number, once for each advert, however many copies of it are sent. */
uint64_t vrrp_auth_next(struct vrrp_auth *a, uint64_t wall_us);
/* The trailer of the message (`len` octets, without the trailer). False without the active key. */
bool vrrp_auth_sign(const struct vrrp_auth *a, uint64_t sequence, const struct addr *source,
		    const uint8_t *message, size_t len, uint8_t trailer[static VRRP_AUTH_TRAILER]);

/*
 * Whether the packet may be believed, as vrrp_message_parse() gave it, with its message and trailer
 * still in place: VRRP_REJECT_NONE (and the sequence number is remembered), or VRRP_REJECT_AUTH_….
 * *ret_skew_s (may be NULL): how far the sender's clock is ahead of ours, of what was signed right.
 */
enum vrrp_reject vrrp_auth_check(struct vrrp_auth *a, const struct vrrp_packet *p,
				 const struct vrrp_auth_now *now, int32_t *ret_skew_s);

/*
 * A file of keys: on each line an optional id (1 to 255, then blanks; without one, default_id) and
 * a key as hexadecimal digits, with or without "hex:" before them. '#' begins a comment. A key file
 * of the cluster (proto/cluster_key.h) is one, too. 0, or the number of the line that is wrong and in *ret_why what is (a constant); *ret is untouched then.
 */
size_t vrrp_auth_keys_parse(const uint8_t *text, size_t len, uint8_t default_id,
			    struct vrrp_auth_keys *ret, const char **ret_why);
const struct vrrp_auth_key *vrrp_auth_key_find(const struct vrrp_auth_keys *keys, uint8_t id);

#endif
