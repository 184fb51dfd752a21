/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test vector of proto/README.md: a connection whose every octet is written down there. */
#include "proto/sync_handshake.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL "proto/README.md"

enum { VALUE_MAX = 128 };

/* The octets behind a name, on its line and on those that go on without a name. */
static size_t read_value(const char *name, uint8_t ret[static VALUE_MAX])
{
	char *text = unit_read_file(PROTOCOL), line[64];
	const char *at, *end;
	size_t len = 0;

	snprintf(line, sizeof(line), "\n    %s ", name);
	at = strstr(text, "\n## Test vector\n");
	at = at ? strstr(at, line) : NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	at += strlen(line);
	do {
		size_t n;

		at += strspn(at, " ");
		CU_ASSERT_EQUAL(sodium_hex2bin(ret + len, VALUE_MAX - len, at, strcspn(at, "\n"),
					       NULL, &n, &end),
				0);
		len += n;
		at = end + strspn(end, "\n");
	} while (strncmp(at, "                      ", 22) == 0);
	free(text);
	return len;
}

static void expect_value(const char *name, const void *got, size_t len)
{
	uint8_t want[VALUE_MAX];
	char digits[2][2 * VALUE_MAX + 1];

	CU_ASSERT_FATAL(len <= VALUE_MAX);
	sodium_bin2hex(digits[1], sizeof(digits[1]), want, read_value(name, want));
	EXPECT_TEXT(sodium_bin2hex(digits[0], sizeof(digits[0]), got, len), digits[1]);
}

static void read_exactly(const char *name, void *ret, size_t len)
{
	uint8_t value[VALUE_MAX];

	EXPECT_INT(read_value(name, value), len);
	memcpy(ret, value, len);
}

static void read_seed(const char *secret, const char *header, struct sync_seed *ret)
{
	read_exactly(secret, ret->secret, sizeof(ret->secret));
	read_exactly(header, ret->header, sizeof(ret->header));
}

/* Both sessions, with every message on the way. */
static void converse(struct sync_session *initiator, struct sync_session *responder)
{
	struct sync_handshake_update hello, answer, confirm, none;
	struct cluster_keys secret = {.n = 1};
	struct sync_keys a, b;
	struct sync_seed of_a, of_b;
	struct sync_handshake i, r;

	read_exactly("cluster-key", secret.keys[0].bytes, CLUSTER_KEY_LEN);
	read_seed("initiator-secret", "initiator-header", &of_a);
	read_seed("responder-secret", "responder-header", &of_b);
	sync_keys_make(&secret, "web", "lb1", "lb2", &a);
	sync_keys_make(&secret, "web", "lb2", "lb1", &b);
	expect_value("key-id", a.roles[SYNC_INITIATOR][0].id, CLUSTER_KEY_ID_LEN);
	expect_value("hello-key", &a.roles[SYNC_INITIATOR][0].hello, CLUSTER_KEY_LEN);
	expect_value("mix-key", &a.roles[SYNC_INITIATOR][0].mix, CLUSTER_KEY_LEN);
	sync_handshake_start(&i, SYNC_INITIATOR, &a, &of_a, 0x0f, &hello);
	sync_handshake_start(&r, SYNC_RESPONDER, &b, &of_b, 0x3c, &none);
	expect_value("hello", hello.out, hello.n_out);
	sync_handshake_step(&r, hello.out, hello.n_out, &answer);
	expect_value("answer", answer.out, answer.n_out);
	sync_handshake_step(&i, answer.out, answer.n_out, &confirm);
	expect_value("confirm", confirm.out, confirm.n_out);
	sync_handshake_step(&r, confirm.out, confirm.n_out, &none);
	CU_ASSERT_FATAL(sync_handshake_finish(&i, initiator));
	CU_ASSERT_FATAL(sync_handshake_finish(&r, responder));
}

static void handshake(void)
{
	struct sync_session a, b;

	converse(&a, &b);
	expect_value("to-responder", &a.send.key, CLUSTER_KEY_LEN);
	expect_value("to-responder", &b.receive.key, CLUSTER_KEY_LEN);
	expect_value("to-initiator", &b.send.key, CLUSTER_KEY_LEN);
	expect_value("to-initiator", &a.receive.key, CLUSTER_KEY_LEN);
	EXPECT_INT(a.features, 0x0c);
}

static void frames(void)
{
	struct sync_session a, b;
	struct sync_sealer sealer;
	uint8_t frame[VALUE_MAX];

	converse(&a, &b);
	sync_sealer_init(&sealer, &a.send);
	expect_value("initiator-first", frame,
		     sync_sealer_message(&sealer, (const uint8_t *)"first", 5, frame));
	expect_value("initiator-empty", frame, sync_sealer_message(&sealer, NULL, 0, frame));
	expect_value("initiator-bye", frame, sync_sealer_bye(&sealer, frame));
	sync_sealer_init(&sealer, &b.send);
	expect_value("responder-second", frame,
		     sync_sealer_message(&sealer, (const uint8_t *)"second", 6, frame));
}

UNIT_TESTS(sync_vector) = {
	{"handshake", handshake},
	{"frames", frames},
	UNIT_TESTS_END,
};
