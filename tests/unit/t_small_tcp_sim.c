/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection in virtual time over a network that loses, doubles and reorders, by seed. The peer is a
 * server that reads a request, and answers when that is whole: written from RFC 9293 on its own, with
 * none of small_tcp.c's code.
 */
#include "director/health/small_tcp.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum {
	ROOM = 3000,
	REQUEST = 20000,
	ANSWER = 30000,
	PEER_ROOM = 5000,
	PEER_MSS = 700,
	PEER_FLIGHT = 3000,
	PEER_AGAIN_US = 150000,
	FRAMES = 64,
	FRAME = 1500,
	SEEDS = 100,
	LIMIT_US = 300 * 1000000,
};

struct frame {
	bool used, to_peer;
	uint64_t due_us;
	struct small_tcp_segment s;
	uint8_t text[FRAME];
};

struct server {
	bool open;
	uint32_t isn, next, una, sent; /* una, sent: counted from the first octet of the answer */
	uint32_t peer_window;
	size_t heard;
	bool bad, fin_heard;
	uint64_t due_us;
};

static uint64_t now, seed;
static struct frame frames[FRAMES];
static struct server server;
static struct small_tcp client;
static uint8_t buffer[4096];
static size_t written, read_octets;
static bool client_bad, client_over, peer_end;
static unsigned int loss; /* of 100 */
static uint64_t n_frames;

static uint32_t chance(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % n;
}

static uint8_t octet(size_t at, bool answer)
{
	return (uint8_t)(at * 7 + at / 251 + (answer ? 99 : 0));
}

static void put_frame(bool to_peer, const struct small_tcp_segment *s)
{
	for (size_t i = 0; i < FRAMES; i++) {
		struct frame *f = &frames[i];

		if (f->used)
			continue;
		*f = (struct frame){.used = true, .to_peer = to_peer, .s = *s};
		f->due_us = now + 100 + chance(loss ? 5000 : 10);
		if (s->len > 0)
			memcpy(f->text, s->payload, s->len);
		f->s.payload = f->text;
		return;
	}
}

static void send_frame(bool to_peer, const struct small_tcp_segment *s)
{
	client_bad |= s->len > PEER_MSS;
	n_frames++;
	if (chance(100) >= loss)
		put_frame(to_peer, s);
	if (chance(100) < loss / 2)
		put_frame(to_peer, s);
}

/* --- the server ------------------------------------------------------------------------------- */

static void serve_segment(uint8_t bits, uint32_t at, size_t len)
{
	uint8_t text[FRAME];
	const struct small_tcp_segment s = {.bits = bits,
					    .seq = server.isn + 1 + at,
					    .ack = server.next,
					    .window = PEER_ROOM,
					    .payload = text,
					    .len = len};

	for (size_t i = 0; i < len; i++)
		text[i] = octet(at + i, true);
	send_frame(false, &s);
}

static void serve_output(void)
{
	while (server.open && server.heard == REQUEST && server.sent < ANSWER &&
	       server.sent - server.una < PEER_FLIGHT &&
	       server.sent - server.una < server.peer_window) {
		uint32_t room = server.peer_window - (server.sent - server.una);
		uint32_t len = 1 + chance(PEER_MSS);

		len = len < room ? len : room;
		len = len < ANSWER - server.sent ? len : ANSWER - server.sent;
		serve_segment(SMALL_TCP_ACK, server.sent, len);
		server.sent += len;
	}
	if (server.sent == ANSWER) {
		serve_segment(SMALL_TCP_ACK | SMALL_TCP_FIN, ANSWER, 0);
		server.sent++;
	}
}

static void serve_syn(const struct small_tcp_segment *s)
{
	const struct small_tcp_segment answer = {.bits = SMALL_TCP_SYN | SMALL_TCP_ACK,
						 .seq = server.isn,
						 .ack = s->seq + 1,
						 .window = PEER_ROOM,
						 .mss = PEER_MSS};

	server.next = s->seq + 1;
	server.peer_window = s->window;
	send_frame(false, &answer);
}

static void serve_text(const struct small_tcp_segment *s)
{
	for (size_t i = 0; i < s->len; i++) {
		if (s->seq + (uint32_t)i != server.next)
			continue;
		server.bad |= s->payload[i] != octet(server.heard, false);
		server.heard++;
		server.next++;
	}
	if (s->bits & SMALL_TCP_FIN && s->seq + (uint32_t)s->len == server.next &&
	    !server.fin_heard) {
		server.fin_heard = true;
		server.next++;
	}
	if (s->len > 0 || s->bits & SMALL_TCP_FIN)
		serve_segment(SMALL_TCP_ACK, server.sent, 0);
}

static void serve(const struct small_tcp_segment *s)
{
	uint32_t acked = s->ack - (server.isn + 1);

	if (s->bits & SMALL_TCP_SYN) {
		if (!server.open)
			serve_syn(s);
		return;
	}
	if (acked > ANSWER + 1)
		return;
	server.open = true;
	if (acked > server.una) {
		server.una = acked;
		server.due_us = now + PEER_AGAIN_US;
		if (server.sent < server.una)
			server.sent = server.una;
	}
	if (acked == server.una)
		server.peer_window = s->window;
	serve_text(s);
	serve_output();
}

static void serve_again(void)
{
	if (now < server.due_us || !server.open || server.heard < REQUEST)
		return;
	server.due_us = now + PEER_AGAIN_US;
	server.sent = server.una;
	if (server.peer_window == 0 && server.una < ANSWER) {
		serve_segment(SMALL_TCP_ACK, server.una, 1); /* is there room? */
		server.sent = server.una + 1;
	}
	serve_output();
}

/* --- the client ------------------------------------------------------------------------------- */

static void step(struct small_tcp_event ev);

static void write_more(void)
{
	uint8_t text[512];
	size_t n = REQUEST - written, room = small_tcp_free(&client);

	n = n < sizeof(text) ? n : sizeof(text);
	n = n < room ? n : room;
	for (size_t i = 0; i < n; i++)
		text[i] = octet(written + i, false);
	written += n;
	if (n > 0)
		step((struct small_tcp_event){
			.type = SMALL_TCP_EVENT_SEND, .bytes = text, .len = n});
}

static void step(struct small_tcp_event ev)
{
	struct small_tcp_update u;

	ev.now_us = now;
	u = small_tcp_step(&client, &ev);
	for (size_t i = 0; i < u.n_send; i++)
		send_frame(true, &u.send[i]);
	for (size_t i = 0; i < u.len; i++)
		client_bad |= u.data[i] != octet(read_octets + i, true);
	read_octets += u.len;
	client_over |= !!(u.flags & SMALL_TCP_IS_OVER);
	peer_end |= !!(u.flags & SMALL_TCP_PEER_END);
	if (u.flags & SMALL_TCP_PEER_END)
		step((struct small_tcp_event){.type = SMALL_TCP_EVENT_CLOSE});
}

/* Its reader takes what is there now and then. */
static void use(void)
{
	write_more();
	if (client.room < ROOM && chance(4) == 0)
		step((struct small_tcp_event){.type = SMALL_TCP_EVENT_ROOM, .room = ROOM});
}

static void deliver(void)
{
	for (size_t i = 0; i < FRAMES; i++) {
		struct frame f;

		if (!frames[i].used || frames[i].due_us > now)
			continue;
		f = frames[i];
		frames[i].used = false;
		f.s.payload = f.text;
		if (f.to_peer)
			serve(&f.s);
		else
			step((struct small_tcp_event){.type = SMALL_TCP_EVENT_SEGMENT,
						      .segment = f.s});
	}
}

/* How long it took, in virtual time. */
static uint64_t run(uint64_t which, unsigned int lossy)
{
	struct small_tcp_setup setup = {
		.mss = 1460, .room = ROOM, .buffer = buffer, .size = sizeof(buffer)};

	now = 0;
	seed = which * 2654435761U + 88172645463325252ULL;
	loss = lossy;
	memset(frames, 0, sizeof(frames));
	setup.isn = 0xffffffff - chance(REQUEST * 2); /* many of them pass 2^32 */
	server = (struct server){.isn = 0xffffffff - chance(ANSWER * 2)};
	written = read_octets = 0;
	client_bad = client_over = peer_end = false;
	small_tcp_init(&client, &setup);
	step((struct small_tcp_event){.type = SMALL_TCP_EVENT_CONNECT});
	/* It is over when the server has acknowledged the end, and so has everything. */
	while (now < LIMIT_US && !client_over) {
		now += 1000;
		deliver();
		use();
		step((struct small_tcp_event){.type = SMALL_TCP_EVENT_TIMER});
		serve_again();
	}
	return now;
}

static void expect_whole(uint64_t which)
{
	bool good = written == REQUEST && server.heard == REQUEST && !server.bad &&
		    server.fin_heard && peer_end && read_octets == ANSWER && !client_bad &&
		    client_over && client.end == SMALL_TCP_END_DONE;

	CU_ASSERT(good);
	if (!good)
		printf("\n    seed %llu: sent %zu, heard %zu, read %zu of %d, %s, %llu us",
		       (unsigned long long)which, written, server.heard, read_octets, ANSWER,
		       small_tcp_state_name(client.state), (unsigned long long)now);
}

static void without_loss(void)
{
	n_frames = 0;
	CU_ASSERT(run(1, 0) < 300000);
	expect_whole(1);
	CU_ASSERT(n_frames < 400);
}

static void with_loss(void)
{
	for (uint64_t i = 1; i <= SEEDS; i++) {
		run(i, (unsigned int)(i % 4) * 10);
		expect_whole(i);
	}
}

UNIT_TESTS(small_tcp_sim) = {
	{"without loss", without_loss},
	{"lost, doubled, out of order", with_loss},
	UNIT_TESTS_END,
};
