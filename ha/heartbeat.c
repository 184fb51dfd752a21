/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/heartbeat.h"

#include "include/rd.h"
#include "include/wr.h"

#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

#define MAGIC 0x44484231u /* "DHB1" */

enum { PROTOCOL_VERSION = 2, NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };

_Static_assert(HEARTBEAT_SESSION_LEN + 8 == NONCE_LEN, "the nonce is session and sequence");
_Static_assert(HEARTBEAT_TAG_LEN == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(CLUSTER_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(HEARTBEAT_WORDS_MAX <= UINT8_MAX, "the count is one octet");

/* --- keys ------------------------------------------------------------------------------------- */

void heartbeat_keys_make(const struct cluster_keys *keys, const char *cluster, const char *self,
			 const char *peer, struct heartbeat_keys *ret)
{
	struct cluster_key purpose;

	ret->n = keys->n;
	for (size_t i = 0; i < keys->n; i++) {
		cluster_key_id(&keys->keys[i], ret->keys[i].id);
		cluster_key_derive(&keys->keys[i], "heartbt1", &purpose);
		cluster_key_between(&purpose, cluster, self, peer, &ret->keys[i].seal);
		cluster_key_between(&purpose, cluster, peer, self, &ret->keys[i].open);
	}
	sodium_memzero(&purpose, sizeof(purpose));
}

void heartbeat_keys_wipe(struct heartbeat_keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}

/* --- the sealed part -------------------------------------------------------------------------- */

uint32_t heartbeat_tag(const char *section)
{
	uint8_t tag[crypto_generichash_BYTES_MIN];

	crypto_generichash(tag, sizeof(tag), (const uint8_t *)section, strlen(section), NULL, 0);
	return (uint32_t)tag[0] << 24 | (uint32_t)tag[1] << 16 | (uint32_t)tag[2] << 8 | tag[3];
}

bool heartbeat_session_equal(const struct heartbeat_session *a, const struct heartbeat_session *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

size_t heartbeat_room(size_t n_stragglers)
{
	return (HEARTBEAT_BODY_MAX - HEARTBEAT_FIXED_LEN - n_stragglers * HEARTBEAT_STRAGGLER_LEN) /
	       HEARTBEAT_WORD_LEN;
}

static bool is_family(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static bool is_interval(uint32_t us)
{
	return us > 0 && us <= HEARTBEAT_INTERVAL_MAX_US;
}

static bool is_word(const struct heartbeat_word *w)
{
	return w->virtual_router_id > 0 && is_family(w->family) &&
	       (w->version == 2 || w->version == 3) && w->state <= HEARTBEAT_MAINTENANCE &&
	       w->priority > 0 && (w->flags & ~HEARTBEAT_WORD_FLAGS) == 0 &&
	       is_interval(w->interval_us) &&
	       (w->source.family == 0 || w->source.family == w->family);
}

/* What holds for every message, to be sent or received. */
static bool is_possible(const struct heartbeat_message *m)
{
	bool good = is_interval(m->interval_us) && (m->flags & ~HEARTBEAT_FLAGS) == 0 &&
		    m->n_stragglers <= HEARTBEAT_STRAGGLERS_MAX &&
		    m->n_words <= heartbeat_room(m->n_stragglers);

	for (size_t i = 0; good && i < m->n_words; i++)
		good = is_word(&m->words[i]);
	for (size_t i = 0; good && i < m->n_stragglers; i++)
		good = is_family(m->stragglers[i].address.family) &&
		       mac_is_unicast(&m->stragglers[i].mac);
	return good;
}

/* One octet for the family on the wire: its IP version. */
static uint8_t family_number(uint8_t family)
{
	return family == AF_INET6 ? 6 : 4;
}

static uint8_t family_of(uint8_t number)
{
	return number == 4 ? AF_INET : number == 6 ? AF_INET6 : 0;
}

static void put_word(struct wr *w, const struct heartbeat_word *word)
{
	wr_be32(w, word->section);
	wr_u8(w, word->virtual_router_id);
	wr_u8(w, family_number(word->family));
	wr_u8(w, word->version);
	wr_u8(w, word->state);
	wr_u8(w, word->priority);
	wr_u8(w, word->flags);
	wr_be32(w, word->interval_us);
	wr_be32(w, word->farms.healthy);
	wr_be32(w, word->farms.lacking);
	wr_be32(w, word->farms.backends);
	wr_bytes(w, word->mac.bytes, MAC_LEN);
	wr_bytes(w, word->source.bytes, sizeof(word->source.bytes));
}

size_t heartbeat_body_build(const struct heartbeat_message *m,
			    uint8_t ret[static HEARTBEAT_BODY_MAX])
{
	struct wr w = wr_init(ret, HEARTBEAT_BODY_MAX);

	if (!is_possible(m))
		return 0;
	wr_be64(&w, m->sent_us);
	wr_be32(&w, m->interval_us);
	wr_u8(&w, m->flags);
	wr_bytes(&w, m->echo.session.bytes, HEARTBEAT_SESSION_LEN);
	wr_be64(&w, m->echo.sent_us);
	wr_be64(&w, m->echo.dwell_us);
	wr_u8(&w, m->n_words);
	wr_u8(&w, m->n_stragglers);
	for (size_t i = 0; i < m->n_words; i++)
		put_word(&w, &m->words[i]);
	for (size_t i = 0; i < m->n_stragglers; i++) {
		const struct heartbeat_straggler *s = &m->stragglers[i];

		wr_u8(&w, family_number(s->address.family));
		wr_bytes(&w, s->address.bytes, sizeof(s->address.bytes));
		wr_bytes(&w, s->mac.bytes, MAC_LEN);
	}
	return wr_ok(&w) ? wr_used(&w) : 0;
}

/* n octets, or zeros past the end. */
static void take(struct rd *r, void *to, size_t n)
{
	const uint8_t *from = rd_take(r, n);

	if (from)
		memcpy(to, from, n);
	else
		memset(to, 0, n);
}

/* An IPv4 address leaves twelve octets over, which are zero: so two of them compare as a whole. */
static bool take_address(struct rd *r, uint8_t family, struct addr *ret)
{
	static const uint8_t zeros[12];

	*ret = (struct addr){.family = family};
	take(r, ret->bytes, sizeof(ret->bytes));
	return family != AF_INET || memcmp(ret->bytes + 4, zeros, sizeof(zeros)) == 0;
}

static bool take_word(struct rd *r, struct heartbeat_word *ret)
{
	static const struct addr none;
	bool good;

	ret->section = rd_be32(r);
	ret->virtual_router_id = rd_u8(r);
	ret->family = family_of(rd_u8(r));
	ret->version = rd_u8(r);
	ret->state = rd_u8(r);
	ret->priority = rd_u8(r);
	ret->flags = rd_u8(r);
	ret->interval_us = rd_be32(r);
	ret->farms.healthy = rd_be32(r);
	ret->farms.lacking = rd_be32(r);
	ret->farms.backends = rd_be32(r);
	take(r, ret->mac.bytes, MAC_LEN);
	good = take_address(r, ret->family, &ret->source);
	if (memcmp(ret->source.bytes, none.bytes, sizeof(none.bytes)) == 0)
		ret->source = none;
	return good;
}

static bool take_straggler(struct rd *r, struct heartbeat_straggler *ret)
{
	bool good = take_address(r, family_of(rd_u8(r)), &ret->address);

	take(r, ret->mac.bytes, MAC_LEN);
	return good;
}

bool heartbeat_body_parse(const uint8_t *bytes, size_t len, struct heartbeat_message *ret)
{
	struct rd r = rd_init(bytes, len);
	bool good = true;

	ret->sent_us = rd_be64(&r);
	ret->interval_us = rd_be32(&r);
	ret->flags = rd_u8(&r);
	take(&r, ret->echo.session.bytes, HEARTBEAT_SESSION_LEN);
	ret->echo.sent_us = rd_be64(&r);
	ret->echo.dwell_us = rd_be64(&r);
	ret->n_words = rd_u8(&r);
	ret->n_stragglers = rd_u8(&r);
	if (!rd_ok(&r) || ret->n_stragglers > HEARTBEAT_STRAGGLERS_MAX ||
	    ret->n_words > heartbeat_room(ret->n_stragglers) ||
	    rd_left(&r) != (size_t)ret->n_words * HEARTBEAT_WORD_LEN +
				   (size_t)ret->n_stragglers * HEARTBEAT_STRAGGLER_LEN)
		return false;
	for (size_t i = 0; i < ret->n_words; i++)
		good &= take_word(&r, &ret->words[i]);
	for (size_t i = 0; i < ret->n_stragglers; i++)
		good &= take_straggler(&r, &ret->stragglers[i]);
	return good && is_possible(ret);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void make_nonce(const struct heartbeat_session *session, uint64_t sequence,
		       uint8_t ret[static NONCE_LEN])
{
	struct wr w = wr_init(ret, NONCE_LEN);

	wr_bytes(&w, session->bytes, HEARTBEAT_SESSION_LEN);
	wr_be64(&w, sequence);
}

size_t heartbeat_seal(const struct heartbeat_keys *keys, const struct heartbeat_message *m,
		      uint8_t ret[static HEARTBEAT_DATAGRAM_MAX])
{
	uint8_t body[HEARTBEAT_BODY_MAX], nonce[NONCE_LEN];
	struct wr w = wr_init(ret, HEARTBEAT_DATAGRAM_MAX);
	size_t len = heartbeat_body_build(m, body);
	unsigned long long sealed;

	if (len == 0 || keys->n == 0)
		return 0;
	wr_be32(&w, MAGIC);
	wr_u8(&w, PROTOCOL_VERSION);
	wr_bytes(&w, keys->keys[0].id, CLUSTER_KEY_ID_LEN);
	wr_bytes(&w, m->session.bytes, HEARTBEAT_SESSION_LEN);
	wr_be64(&w, m->sequence);
	make_nonce(&m->session, m->sequence, nonce);
	crypto_aead_xchacha20poly1305_ietf_encrypt(ret + HEARTBEAT_HEADER_LEN, &sealed, body, len,
						   ret, HEARTBEAT_HEADER_LEN, NULL, nonce,
						   keys->keys[0].seal.bytes);
	return HEARTBEAT_HEADER_LEN + (size_t)sealed;
}

static const struct cluster_key *find_key(const struct heartbeat_keys *keys, const uint8_t *id)
{
	for (size_t i = 0; i < keys->n; i++)
		if (memcmp(keys->keys[i].id, id, CLUSTER_KEY_ID_LEN) == 0)
			return &keys->keys[i].open;
	return NULL;
}

enum heartbeat_reject heartbeat_open(const struct heartbeat_keys *keys, const uint8_t *bytes,
				     size_t len, struct heartbeat_message *ret)
{
	uint8_t body[HEARTBEAT_BODY_MAX], nonce[NONCE_LEN];
	struct rd r = rd_init(bytes, len);
	const struct cluster_key *key;
	const uint8_t *id;
	unsigned long long opened;

	if (len < HEARTBEAT_HEADER_LEN + HEARTBEAT_FIXED_LEN + HEARTBEAT_TAG_LEN ||
	    len > HEARTBEAT_DATAGRAM_MAX)
		return HEARTBEAT_REJECT_LENGTH;
	if (rd_be32(&r) != MAGIC)
		return HEARTBEAT_REJECT_FOREIGN;
	if (rd_u8(&r) != PROTOCOL_VERSION)
		return HEARTBEAT_REJECT_VERSION;
	id = rd_take(&r, CLUSTER_KEY_ID_LEN);
	key = find_key(keys, id);
	if (!key)
		return HEARTBEAT_REJECT_KEY;
	take(&r, ret->session.bytes, HEARTBEAT_SESSION_LEN);
	ret->sequence = rd_be64(&r);
	make_nonce(&ret->session, ret->sequence, nonce);
	len = rd_left(&r);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(body, &opened, NULL, rd_take(&r, len), len,
						       bytes, HEARTBEAT_HEADER_LEN, nonce,
						       key->bytes) < 0)
		return HEARTBEAT_REJECT_FORGED;
	return heartbeat_body_parse(body, (size_t)opened, ret) ? HEARTBEAT_REJECT_NONE
							       : HEARTBEAT_REJECT_CONTENT;
}

bool heartbeat_key_asked(const uint8_t *bytes, size_t len, uint8_t ret[static CLUSTER_KEY_ID_LEN])
{
	struct rd r = rd_init(bytes, len);
	bool is_ours = rd_be32(&r) == MAGIC;

	rd_u8(&r);
	take(&r, ret, CLUSTER_KEY_ID_LEN);
	return is_ours && rd_ok(&r);
}

/* --- names ------------------------------------------------------------------------------------ */

const char *heartbeat_reject_name(enum heartbeat_reject r)
{
	static const char *const names[HEARTBEAT_REJECT_COUNT] = {[HEARTBEAT_REJECT_NONE] = "none",
#define X(id, name, text) [HEARTBEAT_REJECT_##id] = name,
								  HEARTBEAT_REJECT_LIST(X)
#undef X
	};

	return names[r];
}

const char *heartbeat_reject_text(enum heartbeat_reject r)
{
	static const char *const texts[HEARTBEAT_REJECT_COUNT] = {[HEARTBEAT_REJECT_NONE] =
									  "is accepted",
#define X(id, name, text) [HEARTBEAT_REJECT_##id] = text,
								  HEARTBEAT_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}

const char *heartbeat_router_name(uint8_t state)
{
	static const char *const names[] = {
		[HEARTBEAT_INIT] = "init",
		[HEARTBEAT_BACKUP] = "backup",
		[HEARTBEAT_MASTER] = "master",
		[HEARTBEAT_FAULT] = "fault",
		[HEARTBEAT_MAINTENANCE] = "maintenance",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
