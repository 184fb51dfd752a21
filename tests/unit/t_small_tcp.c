/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories of one connection, segment by segment; the peer of chance is t_small_tcp_sim.c's. */
#include "director/health/small_tcp.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { TEXT = 1024, ISN = 1000, PEER = 5000, MSS = 100 };

static struct small_tcp t;
static uint8_t buffer[1000];
static char trace[TEXT];

static void note(const struct small_tcp_segment *s)
{
	size_t at = strlen(trace);

	snprintf(trace + at, TEXT - at, "%s%s%s%s%s%u", at ? " " : "",
		 s->bits & SMALL_TCP_SYN ? "S" : "", s->bits & SMALL_TCP_FIN ? "F" : "",
		 s->bits & SMALL_TCP_RST ? "R" : "", s->bits & SMALL_TCP_PSH ? "P" : "", s->seq);
	at = strlen(trace);
	if (s->len > 0)
		snprintf(trace + at, TEXT - at, "+%zu", s->len);
	at = strlen(trace);
	if (s->bits & SMALL_TCP_ACK)
		snprintf(trace + at, TEXT - at, ",%u", s->ack);
}

/* What is sent in a step, as text: bits, sequence number, +octets, acknowledgement. */
static struct small_tcp_update step(struct small_tcp_event ev)
{
	struct small_tcp_update u;

	trace[0] = '\0';
	u = small_tcp_step(&t, &ev);
	CU_ASSERT(u.n_send <= SMALL_TCP_BURST);
	for (size_t i = 0; i < u.n_send; i++)
		note(&u.send[i]);
	return u;
}

static struct small_tcp_update hear_at(uint64_t now_us, uint8_t bits, uint32_t seq, uint32_t ack,
				       size_t len)
{
	static const uint8_t text[2000];

	return step((struct small_tcp_event){.type = SMALL_TCP_EVENT_SEGMENT,
					     .now_us = now_us,
					     .segment = {.bits = bits,
							 .seq = seq,
							 .ack = ack,
							 .window = 1000,
							 .mss = bits & SMALL_TCP_SYN ? MSS : 0,
							 .payload = text,
							 .len = len}});
}

static struct small_tcp_update hear(uint8_t bits, uint32_t seq, uint32_t ack, size_t len)
{
	return hear_at(0, bits, seq, ack, len);
}

static struct small_tcp_update at(uint64_t now_us)
{
	return step((struct small_tcp_event){.type = SMALL_TCP_EVENT_TIMER, .now_us = now_us});
}

static struct small_tcp_update say(size_t len)
{
	static const uint8_t text[4000];

	return step(
		(struct small_tcp_event){.type = SMALL_TCP_EVENT_SEND, .bytes = text, .len = len});
}

static struct small_tcp_update tell(enum small_tcp_event_type type)
{
	return step((struct small_tcp_event){.type = type});
}

static void connect_from(uint32_t isn)
{
	const struct small_tcp_setup setup = {
		.isn = isn, .mss = 1460, .room = 400, .buffer = buffer, .size = sizeof(buffer)};

	small_tcp_init(&t, &setup);
	tell(SMALL_TCP_EVENT_CONNECT);
}

static void open_up(void)
{
	struct small_tcp_update u;

	connect_from(ISN);
	EXPECT_TEXT(trace, "S1000");
	u = hear(SMALL_TCP_SYN | SMALL_TCP_ACK, PEER, ISN + 1, 0);
	EXPECT_INT(u.flags, SMALL_TCP_IS_OPEN);
	EXPECT_TEXT(trace, "1001,5001");
	CU_ASSERT(u.deadline_us == SMALL_TCP_NEVER);
	EXPECT_TEXT(small_tcp_state_name(t.state), "established");
}

/* --- handshake -------------------------------------------------------------------------------- */

static void syn_again(void)
{
	connect_from(ISN);
	CU_ASSERT(at(249999).deadline_us == 250000);
	EXPECT_TEXT(trace, "");
	CU_ASSERT(at(250000).deadline_us == 750000);
	EXPECT_TEXT(trace, "S1000");
	CU_ASSERT(at(750000).deadline_us == 1750000);
	EXPECT_TEXT(trace, "S1000");
	EXPECT_INT(hear(SMALL_TCP_SYN | SMALL_TCP_ACK, PEER, ISN + 1, 0).flags, SMALL_TCP_IS_OPEN);
	hear(SMALL_TCP_SYN | SMALL_TCP_ACK, PEER, ISN + 1, 0); /* the answer to the other SYN */
	EXPECT_TEXT(trace, "1001,5001");
}

static void refused(void)
{
	connect_from(ISN);
	EXPECT_INT(hear(SMALL_TCP_RST | SMALL_TCP_ACK, 0, ISN, 0).flags, 0); /* somebody else's */
	EXPECT_INT(hear(SMALL_TCP_RST, 0, ISN + 1, 0).flags, 0);
	EXPECT_INT(hear(SMALL_TCP_RST | SMALL_TCP_ACK, 0, ISN + 1, 0).flags, SMALL_TCP_IS_OVER);
	EXPECT_INT(t.end, SMALL_TCP_END_REFUSED);
	EXPECT_INT(hear(SMALL_TCP_SYN | SMALL_TCP_ACK, PEER, ISN + 1, 0).flags, 0);
	EXPECT_TEXT(trace, "");
}

/* The backend has an old connection of these ports: it is ended, at once, and not for ever. */
static void renewed(void)
{
	connect_from(ISN);
	for (int i = 0; i < SMALL_TCP_RENEWALS; i++) {
		hear(SMALL_TCP_ACK, 77, 4000, 0);
		EXPECT_TEXT(trace, "R4000 S1000");
	}
	hear(SMALL_TCP_ACK, 77, 4000, 0);
	EXPECT_TEXT(trace, "");
	EXPECT_INT(hear(SMALL_TCP_SYN | SMALL_TCP_ACK, PEER, ISN + 1, 0).flags, SMALL_TCP_IS_OPEN);
}

static void written_before(void)
{
	connect_from(ISN);
	EXPECT_INT(say(150).taken, 150);
	EXPECT_TEXT(trace, "");
	tell(SMALL_TCP_EVENT_CLOSE);
	EXPECT_TEXT(trace, "");
	hear(SMALL_TCP_SYN | SMALL_TCP_ACK, PEER, ISN + 1, 0);
	EXPECT_TEXT(trace, "1001+100,5001 FP1101+50,5001");
	EXPECT_INT(t.state, SMALL_TCP_FIN_WAIT);
}

/* --- text ------------------------------------------------------------------------------------- */

static void sending(void)
{
	open_up();
	EXPECT_INT(say(2000).taken, sizeof(buffer));
	EXPECT_TEXT(trace, "1001+100,5001 1101+100,5001 1201+100,5001 1301+100,5001");
	EXPECT_INT(hear(SMALL_TCP_ACK, PEER + 1, 1201, 0).flags, SMALL_TCP_HAS_ROOM);
	EXPECT_TEXT(trace, "1401+100,5001 1501+100,5001");
	EXPECT_INT(small_tcp_free(&t), 200);
	hear(SMALL_TCP_ACK, PEER + 1, 1101, 0); /* an old one */
	EXPECT_TEXT(trace, "");
	hear(SMALL_TCP_ACK, PEER + 1, 9999, 0); /* of what was never sent */
	EXPECT_TEXT(trace, "1601,5001");
	hear(SMALL_TCP_ACK, PEER + 1, 9999, 0); /* once is enough */
	EXPECT_TEXT(trace, "");
	/* Lost: one segment, then, as the peer has the others, what comes next. */
	CU_ASSERT(at(200000).deadline_us == 600000);
	EXPECT_TEXT(trace, "1201+100,5001");
	CU_ASSERT(at(600000).deadline_us == 1400000);
	EXPECT_TEXT(trace, "1201+100,5001");
	hear_at(600100, SMALL_TCP_ACK, PEER + 1, 1601, 0);
	EXPECT_TEXT(trace, "1601+100,5001 1701+100,5001 1801+100,5001 P1901+100,5001");
	hear_at(600200, SMALL_TCP_ACK, PEER + 1, 2001, 0);
	CU_ASSERT(t.due_us == SMALL_TCP_NEVER);
}

static void no_room_there(void)
{
	struct small_tcp_event ev = {
		.type = SMALL_TCP_EVENT_SEGMENT,
		.segment = {.bits = SMALL_TCP_ACK, .seq = PEER + 1, .ack = ISN + 1}};

	open_up();
	step(ev);
	CU_ASSERT(say(150).deadline_us == 200000);
	EXPECT_TEXT(trace, "");
	at(200000);
	EXPECT_TEXT(trace, "1001+1,5001"); /* is there room by now? */
	step(ev);
	EXPECT_TEXT(trace, "");
	at(600000);
	EXPECT_TEXT(trace, "1001+1,5001");
	ev.segment.window = 1000;
	ev.now_us = 700000;
	step(ev);
	EXPECT_TEXT(trace, "1001+100,5001 P1101+50,5001");
}

static void receiving(void)
{
	struct small_tcp_update u;

	open_up();
	u = hear(SMALL_TCP_ACK, PEER + 1, ISN + 1, 100);
	EXPECT_INT(u.flags, SMALL_TCP_HAS_DATA);
	EXPECT_INT(u.len, 100);
	EXPECT_TEXT(trace, "1001,5101");
	u = hear(SMALL_TCP_ACK, PEER + 201, ISN + 1, 50); /* a hole before it */
	EXPECT_INT(u.flags, 0);
	EXPECT_TEXT(trace, "1001,5101");
	u = hear(SMALL_TCP_ACK, PEER + 1, ISN + 1, 100); /* the same again */
	EXPECT_INT(u.flags, 0);
	EXPECT_TEXT(trace, "1001,5101");
	u = hear(SMALL_TCP_ACK, PEER + 51, ISN + 1, 100); /* half of it new */
	EXPECT_INT(u.len, 50);
	EXPECT_TEXT(trace, "1001,5151");
	u = hear(SMALL_TCP_ACK, PEER + 151, ISN + 1, 2000); /* more than there is room for */
	EXPECT_INT(u.len, 250);
	EXPECT_TEXT(trace, "1001,5401");
	EXPECT_INT(u.send[0].window, 0);
	u = hear(SMALL_TCP_ACK, PEER + 401, ISN + 1, 1);
	EXPECT_INT(u.flags, 0);
	EXPECT_TEXT(trace, "1001,5401");
	u = step((struct small_tcp_event){.type = SMALL_TCP_EVENT_ROOM, .room = 10});
	EXPECT_TEXT(trace, ""); /* not worth a segment */
	u = step((struct small_tcp_event){.type = SMALL_TCP_EVENT_ROOM, .room = 400});
	EXPECT_TEXT(trace, "1001,5401");
	EXPECT_INT(u.send[0].window, 400);
}

/* An end behind text that there is no room for is not reached yet. */
static void an_end_too_far(void)
{
	struct small_tcp_update u;

	open_up();
	u = hear(SMALL_TCP_ACK | SMALL_TCP_FIN, PEER + 1, ISN + 1, 500);
	EXPECT_INT(u.flags, SMALL_TCP_HAS_DATA);
	EXPECT_TEXT(trace, "1001,5401");
	EXPECT_INT(t.state, SMALL_TCP_ESTABLISHED);
	step((struct small_tcp_event){.type = SMALL_TCP_EVENT_ROOM, .room = 400});
	u = hear(SMALL_TCP_ACK | SMALL_TCP_FIN, PEER + 1, ISN + 1, 500);
	EXPECT_INT(u.flags, SMALL_TCP_HAS_DATA | SMALL_TCP_PEER_END);
	EXPECT_TEXT(trace, "1001,5502");
}

/* What was once offered stays. */
static void room_that_shrinks(void)
{
	open_up();
	step((struct small_tcp_event){.type = SMALL_TCP_EVENT_ROOM, .room = 10});
	EXPECT_INT(hear(SMALL_TCP_ACK, PEER + 1, ISN + 1, 100).send[0].window, 300);
}

/* RFC 6298, 5.3: each acknowledgement of something new begins the wait anew. */
static void the_wait_begins_anew(void)
{
	open_up();
	CU_ASSERT(say(300).deadline_us == 200000);
	CU_ASSERT(hear_at(150000, SMALL_TCP_ACK, PEER + 1, 1101, 0).deadline_us == 350000);
	CU_ASSERT(hear_at(160000, SMALL_TCP_ACK, PEER + 1, 1101, 0).deadline_us == 350000);
}

/* Both counts pass 2^32. */
static void wrapping(void)
{
	connect_from(0xffffffce);
	hear(SMALL_TCP_SYN | SMALL_TCP_ACK, 0xfffffff0, 0xffffffcf, 0);
	EXPECT_TEXT(trace, "4294967247,4294967281");
	say(150);
	EXPECT_TEXT(trace, "4294967247+100,4294967281 P51+50,4294967281");
	EXPECT_INT(hear(SMALL_TCP_ACK, 0xfffffff1, 101, 100).flags,
		   SMALL_TCP_HAS_DATA | SMALL_TCP_HAS_ROOM);
	EXPECT_TEXT(trace, "101,85");
	EXPECT_INT(hear(SMALL_TCP_ACK, 85, 101, 100).len, 100);
	EXPECT_TEXT(trace, "101,185");
	EXPECT_INT(t.used, 0);
}

/* --- ends ------------------------------------------------------------------------------------- */

static void peer_ends_first(void)
{
	struct small_tcp_update u;

	open_up();
	u = hear(SMALL_TCP_ACK | SMALL_TCP_FIN, PEER + 1, ISN + 1, 10);
	EXPECT_INT(u.flags, SMALL_TCP_HAS_DATA | SMALL_TCP_PEER_END);
	EXPECT_TEXT(trace, "1001,5012");
	hear(SMALL_TCP_ACK | SMALL_TCP_FIN, PEER + 1, ISN + 1, 10);
	EXPECT_TEXT(trace, "1001,5012");
	say(10);
	EXPECT_TEXT(trace, "P1001+10,5012");
	tell(SMALL_TCP_EVENT_CLOSE);
	EXPECT_TEXT(trace, "F1011,5012");
	EXPECT_INT(say(10).taken, 0);
	at(200000);
	EXPECT_TEXT(trace, "FP1001+10,5012");
	EXPECT_INT(hear(SMALL_TCP_ACK, PEER + 12, 1011, 0).flags, SMALL_TCP_HAS_ROOM);
	u = hear(SMALL_TCP_ACK, PEER + 12, 1012, 0);
	EXPECT_INT(u.flags, SMALL_TCP_HAS_ROOM | SMALL_TCP_IS_OVER);
	EXPECT_INT(t.end, SMALL_TCP_END_DONE);
}

static void we_end_first(void)
{
	open_up();
	tell(SMALL_TCP_EVENT_CLOSE);
	EXPECT_TEXT(trace, "F1001,5001");
	hear(SMALL_TCP_ACK, PEER + 1, 1002, 0);
	EXPECT_TEXT(trace, "");
	CU_ASSERT(t.due_us == SMALL_TCP_NEVER);
	EXPECT_INT(hear(SMALL_TCP_ACK, PEER + 1, 1002, 60).len, 60);
	EXPECT_TEXT(trace, "1002,5061");
	EXPECT_INT(hear(SMALL_TCP_ACK | SMALL_TCP_FIN, PEER + 61, 1002, 0).flags,
		   SMALL_TCP_PEER_END | SMALL_TCP_IS_OVER);
	EXPECT_TEXT(trace, "1002,5062");
}

static void resets(void)
{
	open_up();
	hear(SMALL_TCP_RST, PEER + 1000, 0, 0); /* a guess */
	EXPECT_TEXT(trace, "");
	hear(SMALL_TCP_RST, PEER + 2, 0, 0); /* a better one: is it true? */
	EXPECT_TEXT(trace, "1001,5001");
	hear(SMALL_TCP_SYN, 99, 0, 0);
	EXPECT_TEXT(trace, "1001,5001");
	EXPECT_INT(hear(SMALL_TCP_RST, PEER + 1, 0, 0).flags, SMALL_TCP_IS_OVER);
	EXPECT_INT(t.end, SMALL_TCP_END_RESET);
	open_up();
	EXPECT_INT(tell(SMALL_TCP_EVENT_ABORT).flags, SMALL_TCP_IS_OVER);
	EXPECT_TEXT(trace, "R1001,5001");
	connect_from(ISN);
	tell(SMALL_TCP_EVENT_ABORT);
	EXPECT_TEXT(trace, "");
}

static void strays(void)
{
	const struct small_tcp_segment ack = {.bits = SMALL_TCP_ACK | SMALL_TCP_SYN, .ack = 70},
				       rst = {.bits = SMALL_TCP_ACK | SMALL_TCP_RST, .ack = 70},
				       syn = {.bits = SMALL_TCP_SYN};
	struct small_tcp_segment s;

	CU_ASSERT(small_tcp_stray(&ack, &s));
	EXPECT_INT(s.bits, SMALL_TCP_RST);
	EXPECT_INT(s.seq, 70);
	CU_ASSERT(!small_tcp_stray(&rst, &s));
	CU_ASSERT(!small_tcp_stray(&syn, &s));
}

UNIT_TESTS(small_tcp) = {
	{"the SYN again", syn_again},
	{"refused", refused},
	{"an old connection of the peer", renewed},
	{"written before the handshake", written_before},
	{"sending", sending},
	{"the peer has no room", no_room_there},
	{"receiving", receiving},
	{"an end too far", an_end_too_far},
	{"room that shrinks", room_that_shrinks},
	{"the wait begins anew", the_wait_begins_anew},
	{"numbers that wrap", wrapping},
	{"the peer ends first", peer_ends_first},
	{"we end first", we_end_first},
	{"resets", resets},
	{"segments of no connection", strays},
	UNIT_TESTS_END,
};
