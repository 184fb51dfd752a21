/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probe of a drill: what may be probed, whose answer counts, and the gap by what both saw. */
#include "director/drill/drill_probe.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { EVERY_US = DRILL_PROBE_EVERY_MS * 1000, SECOND = 1000000 };

static struct addr address(const char *text)
{
	struct addr a = {0};

	EXPECT_INT(addr_parse(text, &a), 0);
	return a;
}

/* --- what may be probed ----------------------------------------------------------------------- */

static const char *judged(uint8_t kind, const char *vip, uint16_t port, uint8_t protocol)
{
	static char why[SYNC_WHY_MAX];
	struct addr addresses[] = {address("10.77.0.100"), address("fd77::100"),
				   address("10.77.0.101")};
	struct prefix virtual[] = {{address("10.77.0.100"), 24}, {address("fd77::100"), 64}};
	struct config_ports ports[] = {{80, 80}, {8000, 8010}};
	struct config_farm farm = {.addresses = addresses,
				   .n_addresses = 3,
				   .ports = ports,
				   .n_ports = 2,
				   .protocol = (enum config_protocol)protocol};
	struct config_vrrp section = {.addresses = virtual, .n_addresses = 2};
	const struct config c = {.farms = &farm, .n_farms = 1, .vrrps = &section, .n_vrrps = 1};
	const struct drill_target t = {address(vip), port};

	strcpy(why, "");
	if (drill_probe_section(&c, kind, &t, why) == &section)
		return "fine";
	return why;
}

static void what_may_be_probed(void)
{
	EXPECT_TEXT(judged(SYNC_DRILL_CRASH, "10.77.0.100", 80, PROTOCOL_TCP), "fine");
	EXPECT_TEXT(judged(SYNC_DRILL_LINK, "fd77::100", 8000, PROTOCOL_TCP_UDP), "fine");
	EXPECT_TEXT(judged(SYNC_DRILL_GRACEFUL, "10.77.0.100", 8010, PROTOCOL_TCP), "fine");
	EXPECT_TEXT(judged(SYNC_DRILL_CRASH, "10.77.0.100", 8011, PROTOCOL_TCP),
		    "no farm has port 8011 of 10.77.0.100 over TCP");
	EXPECT_TEXT(judged(SYNC_DRILL_CRASH, "10.77.0.100", 79, PROTOCOL_TCP),
		    "no farm has port 79 of 10.77.0.100 over TCP");
	EXPECT_TEXT(judged(SYNC_DRILL_CRASH, "10.77.0.100", 80, PROTOCOL_UDP),
		    "no farm has port 80 of 10.77.0.100 over TCP");
	EXPECT_TEXT(judged(SYNC_DRILL_CRASH, "10.77.0.3", 80, PROTOCOL_TCP),
		    "no farm has port 80 of 10.77.0.3 over TCP");
	EXPECT_TEXT(judged(SYNC_DRILL_CRASH, "10.77.0.101", 80, PROTOCOL_TCP),
		    "no virtual router has 10.77.0.101");
	EXPECT_TEXT(judged(SYNC_DRILL_SPLIT, "10.77.0.100", 80, PROTOCOL_TCP),
		    "a split has one master all the time, and no gap");
}

static void the_way(void)
{
	const struct mac there = {{2, 0, 0, 0, 0, 7}};
	struct config_vrrp section = {.virtual_router_id = 51};
	char text[MAC_TEXT];
	struct mac way = drill_probe_way(&section, AF_INET, &there);

	EXPECT_TEXT(mac_format(&way, text), "02:00:00:00:00:07");
	section.virtual_mac = true;
	way = drill_probe_way(&section, AF_INET, &there);
	EXPECT_TEXT(mac_format(&way, text), "00:00:5e:00:01:33");
	way = drill_probe_way(&section, AF_INET6, &there);
	EXPECT_TEXT(mac_format(&way, text), "00:00:5e:00:02:33");
}

/* --- attempts --------------------------------------------------------------------------------- */

static struct drill_probe probe;

static void probe_init(const char *vip, const char *own)
{
	probe = (struct drill_probe){.target = {address(vip), 80},
				     .own = address(own),
				     .own_mac = {{2, 0, 0, 0, 0, 1}},
				     .way = {{2, 0, 0, 0, 0, 2}},
				     .isn = UINT32_MAX - 5}; /* it goes round */
	for (size_t i = 0; i < VIP_PORTS; i++)
		probe.ports[i] = (uint16_t)(40000 + i);
}

/* What a backend says to it, as it is read off the wire. */
static struct vip_segment answer_to(const struct vip_segment *syn, uint8_t bits)
{
	struct vip_segment out = {
		.source = {{2, 0, 0, 0, 0, 9}},
		.destination = syn->source,
		.from = syn->to,
		.to = syn->from,
		.from_port = syn->to_port,
		.to_port = syn->from_port,
		.tcp = {.bits = bits, .seq = 77, .ack = syn->tcp.seq + 1, .mss = 1460},
	};
	uint8_t frame[256];
	size_t len = vip_frame_put(&out, frame, sizeof(frame));
	struct vip_heard heard = {0};

	CU_ASSERT_FATAL(len > 0);
	EXPECT_INT(vip_frame_parse(frame, len, true, &heard), VIP_REJECT_NONE);
	EXPECT_INT(heard.kind, VIP_HEARD_SEGMENT);
	return heard.segment;
}

static void each_attempt_and_its_answer(void)
{
	static const char *const ends[][2] = {{"10.77.0.100", "10.77.0.2"},
					      {"fd77::100", "fd77::2"}};

	for (size_t f = 0; f < 2; f++) {
		struct vip_segment syn;
		struct sync_span spans[SYNC_SPANS_MAX];
		uint64_t now_us = SECOND;

		probe_init(ends[f][0], ends[f][1]);
		for (size_t i = 0; i < DRILL_PROBE_MAX; i++, now_us += EVERY_US) {
			struct vip_segment answer;

			CU_ASSERT_FATAL(drill_probe_next(&probe, now_us, &syn));
			CU_ASSERT(mac_equal(&syn.destination, &probe.way) &&
				  addr_equal(&syn.to, &probe.target.vip) && syn.to_port == 80);
			EXPECT_INT(syn.tcp.bits, SMALL_TCP_SYN);
			if (i % 2)
				continue;
			answer = answer_to(&syn, SMALL_TCP_SYN | SMALL_TCP_ACK);
			CU_ASSERT(drill_probe_hear(&probe, &answer));
		}
		CU_ASSERT(!drill_probe_next(&probe, now_us, &syn));
		for (size_t i = 0; i < DRILL_PROBE_MAX; i++)
			CU_ASSERT(probe.attempts[i].good == (i % 2 == 0));
		/* More than there is room for: the first ones, or the last ones. */
		EXPECT_INT(drill_probe_spans(&probe, now_us + SECOND, false, spans),
			   SYNC_SPANS_MAX);
		CU_ASSERT(spans[0].first_us == SECOND && spans[0].good);
		EXPECT_INT(drill_probe_spans(&probe, now_us + SECOND, true, spans), SYNC_SPANS_MAX);
		CU_ASSERT(spans[SYNC_SPANS_MAX - 1].last_us == now_us - EVERY_US &&
			  !spans[SYNC_SPANS_MAX - 1].good);
	}
}

static void what_is_no_answer(void)
{
	struct vip_segment syn, right, wrong;

	probe_init("10.77.0.100", "10.77.0.2");
	CU_ASSERT(drill_probe_next(&probe, SECOND, &syn));
	right = answer_to(&syn, SMALL_TCP_SYN | SMALL_TCP_ACK);
#define WRONG(change)                                                                              \
	do {                                                                                       \
		wrong = right;                                                                     \
		change;                                                                            \
		CU_ASSERT(!drill_probe_hear(&probe, &wrong));                                      \
	} while (0)
	WRONG(wrong = answer_to(&syn, SMALL_TCP_RST | SMALL_TCP_ACK)); /* refused */
	WRONG(wrong = answer_to(&syn, SMALL_TCP_ACK));
	WRONG(wrong.tcp.ack++);
	WRONG(wrong.tcp.ack--);
	WRONG(wrong.tcp.ack += VIP_PORTS << 17); /* of one from the same port, which was not made */
	WRONG(wrong.from = address("10.77.0.101"));
	WRONG(wrong.to = address("10.77.0.3"));
	WRONG(wrong.from_port = 81);
	WRONG(wrong.to_port++);
#undef WRONG
	CU_ASSERT(!probe.attempts[0].good);
	CU_ASSERT(drill_probe_hear(&probe, &right));
	CU_ASSERT(probe.attempts[0].good);
}

/* '+' answered, '-' not; one attempt each. */
static void try(const char *story, uint64_t from_us)
{
	struct vip_segment syn, answer;

	probe_init("10.77.0.100", "10.77.0.2");
	for (size_t i = 0; story[i]; i++) {
		CU_ASSERT(drill_probe_next(&probe, from_us + i * EVERY_US, &syn));
		answer = answer_to(&syn, SMALL_TCP_SYN | SMALL_TCP_ACK);
		if (story[i] == '+')
			CU_ASSERT(drill_probe_hear(&probe, &answer));
	}
}

static void spans_of_attempts(void)
{
	struct sync_span s[SYNC_SPANS_MAX];

	try("", SECOND);
	EXPECT_INT(drill_probe_spans(&probe, 2 * SECOND, true, s), 0);
	try("-++-", SECOND);
	EXPECT_INT(drill_probe_spans(&probe, 2 * SECOND, true, s), 3);
	CU_ASSERT(!s[0].good && s[0].first_us == SECOND && s[0].last_us == SECOND);
	CU_ASSERT(s[1].good && s[1].first_us == SECOND + EVERY_US &&
		  s[1].last_us == SECOND + 2 * EVERY_US);
	CU_ASSERT(!s[2].good && s[2].first_us == SECOND + 3 * EVERY_US);
	/* The last one may be answered yet. */
	EXPECT_INT(drill_probe_spans(&probe, SECOND + 3 * EVERY_US + DRILL_PROBE_ANSWER_US - 1,
				     true, s),
		   2);
	EXPECT_INT(
		drill_probe_spans(&probe, SECOND + 3 * EVERY_US + DRILL_PROBE_ANSWER_US, true, s),
		3);
}

/* --- the gap ---------------------------------------------------------------------------------- */

/*
 * Of two stories that begin together, seen by clocks of which that of who takes over is behind by so much,
 * and the moment since then when it was master: "28" ms, or why not.
 */
static const char *gap_behind(const char *old_way, const char *new_way, uint64_t new_from_us,
			      int64_t master_us, int64_t behind_us)
{
	static const char *const reasons[] = {[DRILL_GAP_NOBODY] = "nobody",
					      [DRILL_GAP_NO_OLD] = "no old way",
					      [DRILL_GAP_NO_NEW] = "no new way"};
	static char text[32];
	struct sync_span old[SYNC_SPANS_MAX], new[SYNC_SPANS_MAX];
	const uint64_t from_us = 100 * (uint64_t)SECOND;
	struct drill_gap_ask ask = {.old_way = old, .new_way = new, .old_ahead_us = behind_us};
	uint64_t us = 0;
	enum drill_gap gap;

	try(old_way, from_us - (uint64_t)behind_us);
	ask.n_old = drill_probe_spans(&probe, UINT64_MAX, true, old);
	try(new_way, from_us + new_from_us);
	ask.n_new = drill_probe_spans(&probe, UINT64_MAX, false, new);
	ask.has_master = master_us >= 0;
	ask.master_us = from_us - (uint64_t)behind_us + (uint64_t)master_us;
	gap = drill_probe_gap(&ask, &us);
	if (gap != DRILL_GAP_KNOWN)
		return reasons[gap];
	snprintf(text, sizeof(text), "%g", (double)us / 1000);
	return text;
}

static void expect_gap(const char *old_way, const char *new_way, uint64_t new_from_us,
		       int64_t master_us, const char *want)
{
	static const int64_t behind[] = {0, 3 * (int64_t)SECOND, -7 * (int64_t)SECOND};

	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++)
		EXPECT_TEXT(gap_behind(old_way, new_way, new_from_us, master_us, behind[i]), want);
}

static void the_gap(void)
{
	/* A director forwards before it is master: what counts is when it is. Last good one at 8 ms. */
	expect_gap("+++-------", "++++++++++", 8000, 30000, "22");
	/* … and what comes back later than that, as behind a switch that learns: 44 ms. */
	expect_gap("+++-------", "---------++++", 8000, 30000, "36");
	/* Nothing was lost between them. */
	expect_gap("++++++++++", "++++++++++", 8000, 37000, "0");
	/* Lost ones after the takeover, by the old way, are nobody's. */
	expect_gap("++++++++++-----", "++++++++++", 8000, 37000, "0");
	/* One that was lost before is no gap, the last one counts. */
	expect_gap("+-++-+----", "++++++++++", 8000, 30000, "10");
	/* The old way may be good for longer than it is anybody's. */
	expect_gap("++++++++++", "-----------+++", 8000, 30000, "22");
	/* To a virtual MAC address the old master finds no way before the switch has learned. */
	expect_gap("++++++++++++", "----------+++", 8000, 41000, "0");
	/* Lost by the new way alone. */
	expect_gap("++++++++++", "------------+++", 8000, 37000, "20");
	/* Good before the takeover alone is not yet good; what comes after the end is no matter. */
	expect_gap("+++-------", "++----+-+", 8000, 14000, "24");
	/* Both ends have to be seen. */
	expect_gap("----------", "++++++++++", 8000, 30000, "no old way");
	expect_gap("", "++++++++++", 8000, 30000, "no old way");
	expect_gap("+++-------", "----------", 8000, 30000, "no new way");
	expect_gap("+++-------", "", 8000, 30000, "no new way");
	expect_gap("+++-------", "+++", 8000, 30000, "no new way"); /* there were enough */
	expect_gap("+++-------", "++++++++++", 8000, -1, "nobody");
}

UNIT_TESTS(drill_probe) = {
	{"what may be probed", what_may_be_probed},
	{"the way", the_way},
	{"each attempt, and its answer", each_attempt_and_its_answer},
	{"what is no answer", what_is_no_answer},
	{"spans of attempts", spans_of_attempts},
	{"the gap", the_gap},
	UNIT_TESTS_END,
};
