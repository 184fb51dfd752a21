/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adverts with a trailer: the wire images of the draft, what is refused, and clocks that are set. */
#include "ha/vrrp_auth.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SECOND	  1000000ull
#define DRAFT_NOW (0x68000000ull * SECOND + SECOND / 2) /* of the images in the appendix */

/* One node that sends to another, whose clocks may be set. */
struct link {
	struct vrrp_auth sender, receiver;
	struct vrrp_auth_seen seen, unused;
	struct vrrp_packet advert;
	uint64_t sender_wall_us;
	struct vrrp_auth_now now; /* of the receiver */
	uint8_t bytes[VRRP_MESSAGE_MAX];
	size_t len;
};

static struct addr address(const char *text)
{
	struct addr a = {0};

	EXPECT_INT(addr_parse(text, &a), 0);
	return a;
}

static struct vrrp_auth_keys draft_keys(uint8_t id)
{
	struct vrrp_auth_keys keys = {.n = 1, .at[0] = {.id = id, .len = 32}};

	for (uint8_t i = 0; i < 32; i++)
		keys.at[0].bytes[i] = i;
	return keys;
}

static struct vrrp_packet advert(const char *source, const char *destination, const char *vip)
{
	return (struct vrrp_packet){
		.version = 3,
		.virtual_router_id = 51,
		.priority = 200,
		.interval_ms = 1000,
		.source = address(source),
		.destination = address(destination),
		.n_addresses = 1,
		.addresses = {address(vip)},
	};
}

static void begin(struct link *l, enum config_auth_mode mode)
{
	struct vrrp_auth_keys keys = draft_keys(1);

	*l = (struct link){
		.advert = advert("198.51.100.10", "224.0.0.18", "192.0.2.100"),
		.sender_wall_us = DRAFT_NOW,
		.now = {.wall_us = DRAFT_NOW, .mono_us = 1000 * SECOND},
	};
	vrrp_auth_init(&l->sender, mode, 1000, &l->unused);
	vrrp_auth_set_keys(&l->sender, &keys, 1);
	vrrp_auth_init(&l->receiver, mode, 1000, &l->seen);
	vrrp_auth_set_keys(&l->receiver, &keys, 1);
}

/* Builds the next advert of the sender. */
static void make(struct link *l)
{
	uint8_t trailer[VRRP_AUTH_TRAILER];
	struct vrrp_packet p = l->advert;

	l->len = vrrp_packet_build(&p, l->bytes, sizeof(l->bytes));
	CU_ASSERT(vrrp_auth_sign(&l->sender, vrrp_auth_next(&l->sender, l->sender_wall_us),
				 &p.source, l->bytes, l->len, trailer));
	p.trailer = trailer;
	l->len = vrrp_packet_build(&p, l->bytes, sizeof(l->bytes));
}

/* What the receiver says to the bytes, coming from `source`. */
static const char *hear_from(struct link *l, const struct addr *source)
{
	const struct vrrp_ip ip = {
		.ttl = 255, .source = *source, .destination = l->advert.destination};
	const struct vrrp_expect expect = {
		.version = 3,
		.virtual_router_id = 51,
		.own = source->family == AF_INET6 ? address("fe80::1") : address("198.51.100.9"),
		.interval_ms = 1000,
		.trailer = vrrp_auth_expects(&l->receiver),
		.unicast = true,
		.peers = source,
		.n_peers = 1,
	};
	struct vrrp_packet p;
	enum vrrp_reject r = vrrp_message_parse(&ip, l->bytes, l->len, &expect, &p);

	if (r == VRRP_REJECT_DESTINATION) { /* to the group */
		struct vrrp_expect group = expect;

		group.unicast = false;
		r = vrrp_message_parse(&ip, l->bytes, l->len, &group, &p);
	}
	if (r == VRRP_REJECT_NONE)
		r = vrrp_auth_check(&l->receiver, &p, &l->now, NULL);
	return vrrp_reject_name(r);
}

static const char *hear(struct link *l)
{
	return hear_from(l, &l->advert.source);
}

/* Time goes on, for everybody. */
static void after(struct link *l, uint64_t us)
{
	l->sender_wall_us += us;
	l->now.wall_us += us;
	l->now.mono_us += us;
}

static void set_image(struct link *l, const char *hex)
{
	l->len = strlen(hex) / 2;
	for (size_t i = 0; i < l->len; i++) {
		unsigned int octet;

		EXPECT_INT(sscanf(hex + 2 * i, "%2x", &octet), 1);
		l->bytes[i] = (uint8_t)octet;
	}
}

#define IMAGE_V4                                                                                   \
	"3133c80100644402c0000264"                                                                 \
	"010100006800000080000000"                                                                 \
	"1b84bc4e8e43892dc6d98448f8ee2265"
#define IMAGE_V6                                                                                   \
	"3133c8010064a2e9fe800000000000000000000000000100"                                         \
	"010100006800000080000000"                                                                 \
	"c8c56146ebfd66ee10ec4d8186461b78"

static void expect_image(struct link *l, const char *hex)
{
	uint8_t made[VRRP_MESSAGE_MAX];
	size_t len;

	make(l);
	len = l->len;
	memcpy(made, l->bytes, len);
	set_image(l, hex);
	EXPECT_INT(len, l->len);
	EXPECT_INT(memcmp(made, l->bytes, len), 0);
	EXPECT_TEXT(hear(l), "none");
}

static void images_of_the_draft(void)
{
	struct link l;

	begin(&l, AUTH_ENFORCE);
	expect_image(&l, IMAGE_V4);
	begin(&l, AUTH_ENFORCE);
	l.advert = advert("fe80::10", "fe80::20", "fe80::100");
	expect_image(&l, IMAGE_V6);
}

/* Every bit of message and trailer counts; the checksum is refused as that. */
static void every_flipped_bit_is_refused(void)
{
	struct link l;
	uint8_t image[VRRP_MESSAGE_MAX];

	begin(&l, AUTH_ENFORCE);
	set_image(&l, IMAGE_V4);
	memcpy(image, l.bytes, l.len);
	for (size_t bit = 0; bit < l.len * 8; bit++) {
		memcpy(l.bytes, image, l.len);
		l.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT(strcmp(hear(&l), "none") != 0);
	}
	memcpy(l.bytes, image, l.len);
	EXPECT_TEXT(hear(&l), "none");
}

static void each_reason(void)
{
	enum { SCHEME_AT = 12, KEY_AT, RESERVED_AT, SECONDS_AT = 16, HMAC_AT = 24 };
	struct addr other = address("198.51.100.11");
	struct link l;

	begin(&l, AUTH_ENFORCE);
	make(&l);
	EXPECT_TEXT(hear_from(&l, &other), "auth-hmac"); /* another sender's */
	l.bytes[SCHEME_AT] = 2;
	EXPECT_TEXT(hear(&l), "auth-format");
	make(&l);
	l.bytes[RESERVED_AT] = 1;
	EXPECT_TEXT(hear(&l), "auth-format");
	make(&l);
	l.bytes[KEY_AT] = 7;
	EXPECT_TEXT(hear(&l), "auth-key");
	make(&l);
	l.bytes[HMAC_AT] ^= 1;
	EXPECT_TEXT(hear(&l), "auth-hmac");
	make(&l);
	l.bytes[SECONDS_AT] ^= 1;
	EXPECT_TEXT(hear(&l), "auth-hmac");
	make(&l);
	l.len--;
	EXPECT_TEXT(hear(&l), "length");
	l.len -= VRRP_AUTH_TRAILER - 1;
	EXPECT_TEXT(hear(&l), "auth-missing");
}

static void modes(void)
{
	struct link l;

	begin(&l, AUTH_ENFORCE);
	make(&l);
	l.receiver.mode = AUTH_OFF; /* as a router that knows nothing of trailers */
	EXPECT_TEXT(hear(&l), "length");
	l.receiver.mode = AUTH_RECEIVE_ONLY;
	EXPECT_TEXT(hear(&l), "none");
	CU_ASSERT(!vrrp_auth_signs(&l.receiver));
	make(&l);
	l.receiver.mode = AUTH_PERMISSIVE;
	EXPECT_TEXT(hear(&l), "none");
	CU_ASSERT(vrrp_auth_signs(&l.receiver));
	make(&l);
	l.bytes[l.len - 1] ^= 1; /* a wrong one is never believed */
	EXPECT_TEXT(hear(&l), "auth-hmac");
	l.len = vrrp_packet_build(&l.advert, l.bytes, sizeof(l.bytes));
	EXPECT_TEXT(hear(&l), "none");
	l.receiver.mode = AUTH_RECEIVE_ONLY;
	EXPECT_TEXT(hear(&l), "none");
	l.receiver.mode = AUTH_ENFORCE;
	EXPECT_TEXT(hear(&l), "auth-missing");
}

static void rotation(void)
{
	struct vrrp_auth_keys both = draft_keys(1), second;
	struct link l;

	begin(&l, AUTH_ENFORCE);
	both.at[1] = (struct vrrp_auth_key){.id = 2, .len = 64, .bytes = {1, 2, 3}};
	both.n = 2;
	second = (struct vrrp_auth_keys){.n = 1, .at[0] = both.at[1]};
	vrrp_auth_set_keys(&l.receiver, &both, 1);
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
	vrrp_auth_set_keys(&l.sender, &both, 2);
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
	vrrp_auth_set_keys(&l.sender, &both, 1);
	vrrp_auth_set_keys(&l.receiver, &second, 2);
	make(&l);
	EXPECT_TEXT(hear(&l), "auth-key");
	vrrp_auth_set_keys(&l.sender, &second, 1); /* nothing to sign with */
	CU_ASSERT(!vrrp_auth_sign(&l.sender, 1, &l.advert.source, l.bytes, 12, l.bytes + 12));
}

static void recordings(void)
{
	uint8_t first[VRRP_MESSAGE_MAX];
	struct link l;

	begin(&l, AUTH_ENFORCE);
	make(&l);
	memcpy(first, l.bytes, l.len);
	EXPECT_TEXT(hear(&l), "none");
	EXPECT_TEXT(hear(&l), "auth-replay");
	after(&l, SECOND);
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
	memcpy(l.bytes, first, l.len);
	EXPECT_TEXT(hear(&l), "auth-replay");
	/* the marks outlive the daemon: nothing changes for its next life */
	vrrp_auth_init(&l.receiver, AUTH_ENFORCE, 1000, &l.seen);
	l.receiver.keys = draft_keys(1);
	EXPECT_TEXT(hear(&l), "auth-replay");
	/* without them what is older than the window is refused all the same */
	l.seen = (struct vrrp_auth_seen){0};
	after(&l, 5 * SECOND);
	EXPECT_TEXT(hear(&l), "auth-stale");
}

/* However fast adverts follow each other, and wherever the seconds wrap around. */
static void sequences_grow(void)
{
	struct link l;
	uint64_t last;

	begin(&l, AUTH_ENFORCE);
	last = vrrp_auth_next(&l.sender, DRAFT_NOW);
	for (int i = 0; i < 100000; i++) {
		uint64_t next = vrrp_auth_next(&l.sender, DRAFT_NOW + (unsigned int)i / 1000);

		CU_ASSERT((int64_t)(next - last) > 0);
		last = next;
	}
	begin(&l, AUTH_ENFORCE);
	l.sender_wall_us = l.now.wall_us = (1ull << 32) * SECOND - SECOND;
	for (int i = 0; i < 5; i++) {
		make(&l);
		EXPECT_TEXT(hear(&l), "none");
		after(&l, SECOND / 2);
	}
}

/* Neither clock that is set stops adverts that follow each other from being believed. */
static void our_clock_is_set(void)
{
	static const int64_t steps[] = {3600, -3600, 86400 * 365, -86400 * 365, 6, -6};
	struct link l;

	begin(&l, AUTH_ENFORCE);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		make(&l);
		EXPECT_TEXT(hear(&l), "none");
		l.now.wall_us += (uint64_t)steps[i] * SECOND;
		after(&l, SECOND);
	}
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
	EXPECT_TEXT(hear(&l), "auth-replay");
}

static void the_senders_clock_is_set_back(void)
{
	struct link l;

	begin(&l, AUTH_ENFORCE);
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
	after(&l, SECOND);
	l.sender_wall_us -= 4 * SECOND; /* less than the window: goes on counting */
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
	after(&l, 10 * SECOND); /* meanwhile its clock has come back beyond its last number */
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
}

/* A clock that was wrong from the start, with ours, and then both are set right. */
static void a_mark_from_a_wrong_future(void)
{
	uint8_t old[VRRP_MESSAGE_MAX];
	struct link l;

	begin(&l, AUTH_ENFORCE);
	l.sender_wall_us += 3600 * SECOND;
	l.now.wall_us += 3600 * SECOND;
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
	memcpy(old, l.bytes, l.len);
	after(&l, SECOND);
	l.sender_wall_us -= 3600 * SECOND;
	l.now.wall_us -= 3600 * SECOND;
	make(&l);
	EXPECT_TEXT(hear(&l), "none");
	EXPECT_TEXT(hear(&l), "auth-replay");
	memcpy(l.bytes, old, l.len); /* an hour from now by every clock */
	EXPECT_TEXT(hear(&l), "auth-stale");
}

/* One of many senders cannot push another's mark out within the window: places go by age. */
static void more_senders_than_places(void)
{
	char text[ADDR_TEXT];
	struct link l;

	begin(&l, AUTH_ENFORCE);
	for (unsigned int i = 0; i < 3 * VRRP_AUTH_SENDERS; i++) {
		snprintf(text, sizeof(text), "198.51.100.%u", 20 + i);
		l.advert.source = address(text);
		make(&l);
		EXPECT_TEXT(hear(&l), "none");
		EXPECT_TEXT(hear(&l), "auth-replay");
		after(&l, SECOND);
	}
}

static void skew_is_told(void)
{
	struct vrrp_packet p = {0};
	struct link l;
	int32_t skew = 0;

	begin(&l, AUTH_ENFORCE);
	l.sender_wall_us -= 3 * SECOND;
	make(&l);
	p.source = l.advert.source;
	p.message = l.bytes;
	p.message_len = l.len - VRRP_AUTH_TRAILER;
	p.trailer = l.bytes + p.message_len;
	EXPECT_INT(vrrp_auth_check(&l.receiver, &p, &l.now, &skew), VRRP_REJECT_NONE);
	EXPECT_INT(skew, -3);
}

/* --- files of keys ---------------------------------------------------------------------------- */

#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

static size_t parse(const char *text, uint8_t default_id, struct vrrp_auth_keys *ret,
		    const char **why)
{
	return vrrp_auth_keys_parse((const uint8_t *)text, strlen(text), default_id, ret, why);
}

static void key_files(void)
{
	static const struct {
		const char *text, *why;
		size_t line;
	} bad[] = {
		{"", "there is no key in it", 1},
		{"# nothing\n\n", "there is no key in it", 2},
		{HEX32, "the key has no id, and auth-key-id gives none", 1},
		{"0 " HEX32, "a key id is a number from 1 to 255", 1},
		{"256 " HEX32, "a key id is a number from 1 to 255", 1},
		{"1x " HEX32, "a key id is a number from 1 to 255", 1},
		{"4294967297 " HEX32, "a key id is a number from 1 to 255", 1},
		{"1 " HEX32 " 2", "behind the key there is something more", 1},
		{"1 " HEX32 "\n1 " HEX32, "a key with this id is there already", 2},
		{"1 " HEX32 "0", "a key is 64 to 128 hexadecimal digits", 1},
		{"1 " HEX32 HEX32 "00", "a key is 64 to 128 hexadecimal digits", 1},
		{"1 hex:0g" HEX32, "a key is 64 to 128 hexadecimal digits", 1},
		{"1 hex:\n", "a key is 64 to 128 hexadecimal digits", 1},
		{"1 \xff\xfe\n", "a key is 64 to 128 hexadecimal digits", 1},
	};
	struct vrrp_auth_keys keys = {0}, want = draft_keys(9);
	const char *why = NULL;

	EXPECT_INT(parse("# old\n  9\thex:" HEX32 " # ours\r\n\n10 " HEX32 HEX32, 0, &keys, &why),
		   0);
	EXPECT_INT(keys.n, 2);
	EXPECT_INT(memcmp(&keys.at[0], &want.at[0], sizeof(want.at[0])), 0);
	EXPECT_INT(keys.at[1].len, 64);
	EXPECT_INT(parse("hex:" HEX32, 3, &keys, &why), 0);
	EXPECT_INT(keys.at[0].id, 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_INT(parse(bad[i].text, 0, &keys, &why), bad[i].line);
		EXPECT_TEXT(why, bad[i].why);
	}
	EXPECT_INT(keys.at[0].id, 3); /* untouched */
}

static bool is_good_key_file(const uint8_t *bytes, size_t len)
{
	struct vrrp_auth_keys keys;
	const char *why;

	return vrrp_auth_keys_parse(bytes, len, 1, &keys, &why) == 0;
}

static void corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_vrrp_auth_keys", is_good_key_file) > 0);
}

UNIT_TESTS(vrrp_auth) = {
	{"images of the draft", images_of_the_draft},
	{"every flipped bit is refused", every_flipped_bit_is_refused},
	{"each reason", each_reason},
	{"modes", modes},
	{"rotation", rotation},
	{"recordings", recordings},
	{"sequences grow", sequences_grow},
	{"our clock is set", our_clock_is_set},
	{"the sender's clock is set back", the_senders_clock_is_set_back},
	{"a mark from a wrong future", a_mark_from_a_wrong_future},
	{"more senders than places", more_senders_than_places},
	{"skew is told", skew_is_told},
	{"key files", key_files},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
