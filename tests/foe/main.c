/* SPDX-License-Identifier: GPL-2.0-or-later */
/* foe: arguments, the connection, and what came of it. */
#include "director/config/key_file.h"
#include "ha/heartbeat.h"
#include "include/log.h"
#include "proto/codec_sync.h"
#include "tests/foe/foe.h"

#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PORT = 8405,
	ARGUMENTS = 12,
	TICK_MS = 1,
	MESSAGES = 500,		 /* of one turn */
	WINDOW = 64,		 /* SYNC_WINDOW */
	QUEUE_MOST = 512 * 1024, /* octets that wait */
};

static const char usage[] =
	"usage: foe MODE SECONDS KEY-FILE CLUSTER SELF ADDRESS PEER ADDRESS ROUTER VIP FARM "
	"BACKEND\n"
	"Plays node SELF to its PEER on the sync channel of CLUSTER. ROUTER is a section vrrp.\n"
	"Says what came of it as JSON. Modes:\n";

bool foe_send_octets(struct foe *f, const uint8_t *bytes, size_t len)
{
	bool sent = sync_link_send(f->link, bytes, len);

	f->sent += sent;
	return sent;
}

bool foe_send(struct foe *f)
{
	static uint8_t bytes[SYNC_MESSAGE_MAX];
	size_t len = codec_sync_pack(&f->out, bytes);

	if (len == 0) {
		fprintf(stderr, "foe: a message of type %d cannot be sent\n", f->out.type);
		abort();
	}
	return foe_send_octets(f, bytes, len);
}

static void say_hello(struct foe *f)
{
	f->out.type = SYNC_HELLO;
	f->out.hello = (struct sync_hello){.epoch = 1};
	snprintf(f->out.hello.node, sizeof(f->out.hello.node), "%s", f->setup.self_name);
	foe_send(f);
}

static void up(void *owner, uint32_t features)
{
	struct foe *f = owner;

	(void)features;
	f->connected = true;
	f->over = false;
	f->connections++;
	f->sequence = f->turn = f->heard_sequence = f->acknowledged = 0;
	f->up_ms = uv_now(&f->loop);
	if (!f->mode->no_hello)
		say_hello(f);
	if (f->mode->up)
		f->mode->up(f);
}

static void down(void *owner)
{
	struct foe *f = owner;

	f->connected = false;
	f->lasted_ms = uv_now(&f->loop) - f->up_ms;
}

static void heard_sequence(struct foe *f, uint64_t sequence)
{
	f->heard_sequence = sequence;
	if (f->mode->no_ack)
		return;
	f->out.type = SYNC_ACK;
	f->out.ack = (struct sync_ack){.sequence = sequence, .current = true};
	foe_send(f);
}

static void message(void *owner, const uint8_t *bytes, size_t len)
{
	struct foe *f = owner;

	if (codec_sync_unpack(bytes, len, &f->in) != SYNC_REJECT_NONE)
		return;
	f->heard++;
	switch (f->in.type) {
	case SYNC_FLOWS: heard_sequence(f, f->in.flows.sequence); return;
	case SYNC_FACTS: heard_sequence(f, f->in.facts.sequence); return;
	case SYNC_DIGEST: heard_sequence(f, f->in.digest.sequence); return;
	case SYNC_SNAPSHOT:
		f->wanted += f->in.snapshot.step == SYNC_SNAPSHOT_WANTED;
		f->begun += f->in.snapshot.step == SYNC_SNAPSHOT_BEGIN;
		if (f->in.snapshot.step == SYNC_SNAPSHOT_END)
			heard_sequence(f, f->in.snapshot.sequence);
		return;
	case SYNC_ACK:
		f->acknowledged = f->in.ack.sequence;
		f->current = f->in.ack.current;
		return;
	case SYNC_COPY:
		if (f->in.copy.step == SYNC_COPY_ASK)
			f->asked = f->in.copy;
		return;
	case SYNC_BYE: snprintf(f->bye, sizeof(f->bye), "%s", f->in.bye.why); return;
	case SYNC_HELLO:
	case SYNC_NAME:
	case SYNC_ORDER:
	case SYNC_DRILL:
	case SYNC_CONFIG:
	case SYNC_VIEWS:
	case SYNC_PROVISIONAL:
	case SYNC_BUCKETS: return;
	case SYNC_PUSH:
		if (f->in.push.step == SYNC_PUSH_ASK)
			f->wants = f->in.push;
		return;
	}
}

static void tick(uv_timer_t *timer)
{
	struct foe *f = timer->data;
	struct sync_link_view view;

	for (int i = 0; i < MESSAGES && f->connected && !f->over && f->mode->play; i++) {
		sync_link_view(f->link, &view);
		if (view.queued > QUEUE_MOST ||
		    (f->mode->waits && f->sequence - f->acknowledged >= WINDOW))
			return;
		f->over = !f->mode->play(f);
		f->turn++;
	}
}

/* Sequences of what was acknowledged, and of all: whether the other one has followed. */
static void report(const struct foe *f)
{
	printf("{\"mode\": \"%s\", \"connections\": %" PRIu64 ", \"sent\": %" PRIu64
	       ", \"heard\": %" PRIu64 ", \"begun\": %" PRIu64 ", \"wanted\": %" PRIu64
	       ", \"sequence\": %" PRIu64 ", \"acknowledged\": %" PRIu64
	       ", \"current\": %s, \"connected\": %s, \"lasted_ms\": %" PRIu64
	       ", \"bye\": \"%s\"}\n",
	       f->mode->name, f->connections, f->sent, f->heard, f->begun, f->wanted, f->sequence,
	       f->acknowledged, f->current ? "true" : "false", f->connected ? "true" : "false",
	       f->lasted_ms, f->bye);
}

static void ended(uv_timer_t *timer)
{
	struct foe *f = timer->data;

	report(f);
	uv_close((uv_handle_t *)&f->tick, NULL);
	uv_close((uv_handle_t *)&f->end, NULL);
	sync_link_close(f->link);
}

static int play(struct foe *f, uint64_t ms)
{
	static const struct sync_link_ops ops = {.up = up, .message = message, .down = down};
	struct err err = {0};

	uv_loop_init(&f->loop);
	uv_timer_init(&f->loop, &f->tick);
	uv_timer_init(&f->loop, &f->end);
	f->tick.data = f->end.data = f;
	if (sync_link_new(&f->loop, &f->setup, &ops, f, &f->link, &err) < 0) {
		fprintf(stderr, "foe: %s\n", err.text);
		return EXIT_FAILURE;
	}
	uv_timer_start(&f->tick, tick, TICK_MS, TICK_MS);
	uv_timer_start(&f->end, ended, ms, 0);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	return uv_loop_close(&f->loop) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static struct foe f;
	struct cluster_keys keys = {.n = 1};
	struct err err = {0};

	if (argc == ARGUMENTS + 1)
		f.mode = foe_mode(argv[1]);
	if (!f.mode) {
		fputs(usage, stdout);
		foe_list_modes();
		return 2;
	}
	if (sodium_init() < 0 || key_file_read("key", argv[3], &keys.keys[0], &err) < 0 ||
	    addr_parse(argv[6], &f.setup.self) < 0 || addr_parse(argv[8], &f.setup.peer) < 0 ||
	    addr_parse(argv[10], &f.vip) < 0) {
		fprintf(stderr, "foe: a key or an address: %s\n", err.text);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_INFO);
	f.setup.port = PORT;
	f.setup.features = f.mode->features;
	f.setup.cluster = argv[4];
	f.setup.self_name = argv[5];
	f.setup.peer_name = argv[7];
	f.setup.keys = &keys;
	f.section = heartbeat_tag(argv[9]);
	f.farm = argv[11];
	f.backend = argv[12];
	return play(&f, (uint64_t)(atof(argv[2]) * 1000));
}
