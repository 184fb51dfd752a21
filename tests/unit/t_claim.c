/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/claim.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS "tests/fuzz/corpus/fuzz_claim"

static const struct mac own = {{2, 0, 0, 0, 0, 2}};
static const struct mac other = {{2, 0, 0, 0, 0, 3}}; /* the other director */
static const struct mac third = {{2, 0, 0, 0, 0, 0x0a}};
static const struct mac virtual_mac = {{0, 0, 0x5e, 0, 1, 51}};
static const struct prefix vips[] = {
	{{2, {10, 77, 0, 100}}, 24},
	{{2, {10, 77, 0, 101}}, 24},
};
static const struct addr node = {2, {10, 77, 0, 3}};

/* --- frames ----------------------------------------------------------------------------------- */

static void arp_probe(void)
{
	static const uint8_t want[FRAME_ARP_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,	0,  0, 0,   0,
		2,    8,    6,	  0,	1,    8,    0,	6,  4, 0,   1, /* a request */
		2,    0,    0,	  0,	0,    2,    0,	0,  0, 0,      /* sender */
		0,    0,    0,	  0,	0,    0,    10, 77, 0, 100,    /* target */
	};
	uint8_t bytes[CLAIM_FRAME_MAX];

	EXPECT_INT(claim_probe(&vips[0].addr, &own, bytes, sizeof(bytes)), FRAME_ARP_LEN);
	CU_ASSERT(memcmp(bytes, want, sizeof(want)) == 0);
	EXPECT_INT(claim_probe(&vips[0].addr, &own, bytes, FRAME_ARP_LEN - 1), 0);
}

/* RFC 4862, 5.4.2; the checksum from another implementation. */
static void solicitation(void)
{
	static const uint8_t
		want[FRAME_ND_LEN] =
			{
				0x33, 0x33, 0xff, 0,	1, 0, 2, 0, 0,	0,  0,
				2,    0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255, /* IPv6 */
				0,    0,    0,	  0,	0, 0, 0, 0, 0,	0,  0,
				0,    0,    0,	  0,	0, /* from nobody */
				0xff, 2,    0,	  0,	0, 0, 0, 0, 0,	0,  0,
				1,    0xff, 0,	  1,	0,	    /* to its group */
				135,  0,    0x7b, 0x30, 0, 0, 0, 0, /* the message */
				0xfd, 0x77, 0,	  0,	0, 0, 0, 0, 0,	0,  0,
				0,    0,    0,	  1,	0,
			};
	struct addr vip;
	uint8_t bytes[CLAIM_FRAME_MAX];

	EXPECT_INT(addr_parse("fd77::100", &vip), 0);
	EXPECT_INT(claim_probe(&vip, &own, bytes, sizeof(bytes)), FRAME_ND_LEN);
	CU_ASSERT(memcmp(bytes, want, sizeof(want)) == 0);
	EXPECT_INT(claim_probe(&vip, &own, bytes, FRAME_ND_LEN - 1), 0);
	EXPECT_INT(claim_ask(&vip, &node, &own, bytes, sizeof(bytes)), 0); /* of two families */
}

/* It says where we are, in the source and in the option. */
static void solicitation_of_a_node(void)
{
	struct addr node6, self6;
	uint8_t bytes[CLAIM_FRAME_MAX];

	EXPECT_INT(addr_parse("fd77::3", &node6), 0);
	EXPECT_INT(addr_parse("fd77::2", &self6), 0);
	EXPECT_INT(claim_ask(&node6, &self6, &own, bytes, sizeof(bytes)), CLAIM_FRAME_MAX);
	EXPECT_INT(claim_ask(&node6, &self6, &own, bytes, CLAIM_FRAME_MAX - 1), 0);
	CU_ASSERT(memcmp(bytes, "\x33\x33\xff\0\0\x03", MAC_LEN) == 0);
	CU_ASSERT(memcmp(bytes + FRAME_ETHERNET_LEN + 8, self6.bytes, 16) == 0);
	EXPECT_INT(bytes[FRAME_ETHERNET_LEN + FRAME_IPV6_LEN], ND_SOLICITATION);
	CU_ASSERT(memcmp(bytes + FRAME_ND_LEN - 16, node6.bytes, 16) == 0);
	CU_ASSERT(bytes[FRAME_ND_LEN] == ND_SOURCE_LINK_LAYER && bytes[FRAME_ND_LEN + 1] == 1);
	CU_ASSERT(memcmp(bytes + FRAME_ND_LEN + 2, own.bytes, MAC_LEN) == 0);
	EXPECT_INT(frame_icmpv6_checksum(bytes + FRAME_ETHERNET_LEN + 8,
					 bytes + FRAME_ETHERNET_LEN + 24,
					 bytes + FRAME_ETHERNET_LEN + FRAME_IPV6_LEN,
					 CLAIM_FRAME_MAX - FRAME_ETHERNET_LEN - FRAME_IPV6_LEN),
		   0);
}

static const char *verdict_of(const uint8_t *bytes, size_t len)
{
	struct claim_who who;

	return claim_reject_name(claim_parse(bytes, len, &who));
}

/* What asks for a node says where we are; what asks for an address says nothing. */
static void questions_are_read(void)
{
	uint8_t bytes[CLAIM_FRAME_MAX];
	struct claim_who who;
	struct addr vip6;
	size_t len = claim_ask(&node, &vips[0].addr, &own, bytes, sizeof(bytes));

	EXPECT_INT(claim_parse(bytes, len, &who), CLAIM_REJECT_NONE);
	CU_ASSERT(addr_equal(&who.address, &vips[0].addr) && mac_equal(&who.mac, &own));
	len = claim_probe(&vips[0].addr, &own, bytes, sizeof(bytes));
	EXPECT_TEXT(verdict_of(bytes, len), "probe");
	EXPECT_INT(addr_parse("fd77::100", &vip6), 0);
	len = claim_probe(&vip6, &own, bytes, sizeof(bytes));
	EXPECT_TEXT(verdict_of(bytes, len), "other");
}

/* An advertisement: MAC from the option, or from the frame; no bit of it may be another. */
static size_t put_advertisement(uint8_t *bytes, size_t size, bool has_option)
{
	struct frame_nd f = {
		.destination_mac = {{0x33, 0x33, 0, 0, 0, 1}},
		.source_mac = third,
		.destination = {.family = 10, .bytes = {0xff, 2, [15] = 1}},
		.type = ND_ADVERTISEMENT,
		.flags = ND_FLAGS_ROUTER_OVERRIDE,
		.has_option = has_option,
	};
	struct wr w = wr_init(bytes, size);

	EXPECT_INT(addr_parse("fd77::100", &f.target), 0);
	EXPECT_INT(addr_parse("fd77::10", &f.source), 0);
	frame_put_nd(&w, &f);
	CU_ASSERT(wr_ok(&w));
	return wr_used(&w);
}

static void advertisements(void)
{
	uint8_t bytes[FRAME_ND_LEN + FRAME_ND_OPTION_LEN];
	struct claim_who who;
	char text[ADDR_TEXT], mac[MAC_TEXT];

	for (int has_option = 0; has_option < 2; has_option++) {
		size_t len = put_advertisement(bytes, sizeof(bytes), has_option);

		EXPECT_INT(claim_parse(bytes, len, &who), CLAIM_REJECT_NONE);
		EXPECT_TEXT(addr_format(&who.address, text), "fd77::100");
		EXPECT_TEXT(mac_format(&who.mac, mac), "02:00:00:00:00:0a");
		for (size_t cut = 0; cut < len; cut++)
			CU_ASSERT(claim_parse(bytes, cut, &who) != CLAIM_REJECT_NONE);
		/* The message is protected, and so are the addresses. */
		for (size_t bit = (FRAME_ETHERNET_LEN + 8) * 8; bit < len * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			EXPECT_TEXT(verdict_of(bytes, len), "checksum");
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, verdict_of) >= CLAIM_REJECT_COUNT);
}

/* --- the story -------------------------------------------------------------------------------- */

struct story {
	struct claim c;
	uint64_t ms;
	uint64_t due_us;
	char text[1024];
	size_t used;
};

static void note(struct story *s, const struct claim_update *u)
{
	static const struct {
		unsigned int flag;
		const char *word;
	} words[] = {
		{CLAIM_ASK, " ask"},	 {CLAIM_FAULT, " fault"}, {CLAIM_CLEAR, " clear"},
		{CLAIM_ALARM, " alarm"}, {CLAIM_CALM, " calm"},	  {CLAIM_DEFEND, " defend"},
	};

	s->due_us = u->deadline_us;
	if (!u->flags)
		return;
	s->used += (size_t)snprintf(s->text + s->used, sizeof(s->text) - s->used, "%llu",
				    (unsigned long long)s->ms);
	if (u->flags & CLAIM_PROBE)
		s->used += (size_t)snprintf(s->text + s->used, sizeof(s->text) - s->used,
					    " probe %zu+%zu", u->first, u->n);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (u->flags & words[i].flag)
			s->used += (size_t)snprintf(s->text + s->used, sizeof(s->text) - s->used,
						    "%s", words[i].word);
	s->used += (size_t)snprintf(s->text + s->used, sizeof(s->text) - s->used, "\n");
}

static void step(struct story *s, struct claim_event ev)
{
	struct claim_update u;

	ev.now_us = s->ms * 1000;
	u = claim_step(&s->c, &ev);
	note(s, &u);
}

/* Every timer until then, at its time. */
static void until(struct story *s, uint64_t ms)
{
	while (s->due_us <= ms * 1000) {
		CU_ASSERT_FATAL(s->due_us >= s->ms * 1000);
		s->ms = (s->due_us + 999) / 1000;
		step(s, (struct claim_event){.type = CLAIM_EVENT_TIMER});
	}
	s->ms = ms;
}

static void hear(struct story *s, const struct addr *address, const struct mac *mac)
{
	step(s, (struct claim_event){.type = CLAIM_EVENT_HEARD,
				     .who = {.address = *address, .mac = *mac}});
}

static void start(struct story *s, size_t n_vips)
{
	*s = (struct story){.due_us = CLAIM_NEVER};
	claim_init(&s->c, &virtual_mac);
	s->c.own = own;
	claim_set_addresses(&s->c, vips, n_vips);
	claim_set_nodes(&s->c, &node, 1);
	step(s, (struct claim_event){.type = CLAIM_EVENT_BEGIN});
}

static void nobody_answers(void)
{
	struct story s;

	start(&s, 2);
	until(&s, 25000);
	EXPECT_TEXT(s.text, "0 probe 0+2 ask\n"
			    "300 ask\n"
			    "600 ask\n"
			    "10010 probe 0+2\n"
			    "20020 probe 0+2\n");
	step(&s, (struct claim_event){.type = CLAIM_EVENT_END});
	CU_ASSERT(s.due_us == CLAIM_NEVER);
}

static void a_third_host_had_it(void)
{
	struct story s;

	start(&s, 1);
	s.used = 0;
	until(&s, 5);
	hear(&s, &vips[0].addr, &third); /* the other director may yet say that it is it */
	until(&s, 20);
	hear(&s, &node, &other);
	EXPECT_TEXT(s.text, "20 fault\n");
	EXPECT_INT(s.c.phase, CLAIM_TAKEN);
	CU_ASSERT(mac_equal(&s.c.conflict.mac, &third));
	step(&s, (struct claim_event){.type = CLAIM_EVENT_END});
	EXPECT_INT(s.c.phase, CLAIM_TAKEN);
	until(&s, 2000);
	hear(&s, &vips[0].addr, &third);
	until(&s, 60000); /* it left */
	EXPECT_TEXT(s.text, "20 fault\n"
			    "1020 probe 0+1\n"
			    "2030 probe 0+1\n"
			    "3040 probe 0+1\n"
			    "4050 probe 0+1\n"
			    "5060 probe 0+1\n"
			    "5500 clear\n");
	EXPECT_INT(s.c.phase, CLAIM_IDLE);
	CU_ASSERT(s.due_us == CLAIM_NEVER);
}

static void nobody_vouches_for_it(void)
{
	struct story s;

	start(&s, 1); /* the other director's machine is gone */
	s.used = 0;
	until(&s, 5);
	hear(&s, &vips[0].addr, &third);
	until(&s, 1500);
	EXPECT_TEXT(s.text, "300 ask\n"
			    "600 ask\n"
			    "1000 fault\n");
}

static void friends_may_answer(void)
{
	struct story s;
	const struct mac told = {{2, 0, 0, 0, 0, 0x77}};

	start(&s, 1);
	claim_add_friend(&s.c, &told);
	s.used = 0;
	until(&s, 5);
	hear(&s, &vips[0].addr, &other); /* stopped, its lease runs still */
	hear(&s, &vips[0].addr, &own);
	hear(&s, &vips[0].addr, &virtual_mac);
	hear(&s, &vips[0].addr, &told);
	until(&s, 250);
	hear(&s, &node, &other);
	until(&s, 9000);
	hear(&s, &vips[0].addr, &other);
	hear(&s, &node, &third); /* it says of itself that it is the node */
	hear(&s, &vips[0].addr, &third);
	until(&s, 10000);
	EXPECT_TEXT(s.text, "300 ask\n600 ask\n");
}

static void a_latecomer_is_an_alarm(void)
{
	struct story s;

	start(&s, 1);
	hear(&s, &node, &other);
	until(&s, 5000);
	s.used = 0;
	hear(&s, &vips[0].addr, &third);
	until(&s, 5100);
	hear(&s, &node, &other);
	for (uint64_t ms = 5200; ms < 17000; ms += 100) { /* it is stubborn */
		until(&s, ms);
		hear(&s, &vips[0].addr, &third);
		if (ms % 200)
			hear(&s, &node, &other);
	}
	until(&s, 60000);
	s.text[s.used] = '\0';
	CU_ASSERT(strncmp(s.text, "5000 ask\n5100 alarm defend\n", 27) == 0);
	CU_ASSERT(strstr(s.text + 27, "alarm") == NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.text, "15100 defend"));
	CU_ASSERT(strstr(strstr(s.text, "15100 defend") + 5, "15200 defend") == NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.text, " calm\n"));
	EXPECT_INT(s.c.phase, CLAIM_HELD);
}

static void others_addresses_are_not_ours(void)
{
	const struct addr web = {2, {10, 77, 0, 21}};
	struct story s;

	start(&s, 1);
	s.used = 0;
	until(&s, 5);
	hear(&s, &node, &other);
	hear(&s, &web, &third);
	hear(&s, &vips[1].addr, &third); /* not of this router */
	until(&s, 9000);
	EXPECT_TEXT(s.text, "300 ask\n600 ask\n");
	/* a backup is not concerned */
	step(&s, (struct claim_event){.type = CLAIM_EVENT_END});
	s.used = 0;
	s.text[0] = '\0';
	hear(&s, &vips[0].addr, &third);
	until(&s, 60000);
	EXPECT_TEXT(s.text, "");
}

static void many_addresses_are_paced(void)
{
	struct prefix many[20];
	struct story s;

	start(&s, 0);
	for (uint32_t i = 0; i < 20; i++)
		many[i] = (struct prefix){.addr = addr_v4(0x0a4d0100 + i), .length = 32};
	claim_set_addresses(&s.c, many, 20);
	claim_set_nodes(&s.c, &node, 0);
	s.used = 0;
	step(&s, (struct claim_event){.type = CLAIM_EVENT_BEGIN});
	until(&s, 9000);
	EXPECT_TEXT(s.text, "0 probe 0+8\n10 probe 8+8\n20 probe 16+4\n");
	/* a flood of claims: bounded, and judged at once, as there are no nodes */
	for (uint8_t i = 0; i < 100; i++, s.used = 0)
		hear(&s, &many[i % 20].addr, &(struct mac){{2, 1, 1, 1, 1, i}});
	EXPECT_INT(s.c.n_pending, 0);
}

static void another_interface(void)
{
	struct story s;

	start(&s, 1);
	until(&s, 5);
	hear(&s, &vips[0].addr, &third);
	until(&s, 2000);
	EXPECT_INT(s.c.phase, CLAIM_TAKEN);
	step(&s, (struct claim_event){.type = CLAIM_EVENT_RESET});
	EXPECT_INT(s.c.phase, CLAIM_IDLE);
	EXPECT_INT(s.c.n_friends, 0);
}

static const struct mac backends[] = {
	{{2, 0, 0, 0, 0, 0x15}}, {{2, 0, 0, 0, 0, 0x16}}, {{2, 0, 0, 0, 1, 0}}};

/* In the moment of the takeover and later: announced again once in 10 s, and never given up. */
static void a_backend_never_gets_it(void)
{
	struct story s;

	for (size_t i = 0; i < 3; i++) {
		start(&s, 1);
		claim_set_backends(&s.c, backends, 3);
		s.used = 0;
		for (uint64_t ms = 5; ms < 24000; ms += 50) { /* no node answers */
			until(&s, ms);
			hear(&s, &vips[0].addr, &backends[i]);
		}
		EXPECT_TEXT(s.text, "5 defend\n300 ask\n600 ask\n"
				    "10005 defend\n10010 probe 0+1\n"
				    "20005 defend\n20020 probe 0+1\n");
		EXPECT_INT(s.c.phase, CLAIM_HELD);
		EXPECT_INT(s.c.n_pending, 0);
	}
}

/* It neither hides a third host nor keeps up the fault that one has made. */
static void a_third_host_among_backends(void)
{
	struct story s;

	start(&s, 1);
	claim_set_backends(&s.c, backends, 3);
	s.used = 0;
	until(&s, 5);
	for (int i = 0; i < 2 * CLAIM_PENDING; i++)
		hear(&s, &vips[0].addr, &backends[i % 3]);
	hear(&s, &vips[0].addr, &third);
	until(&s, 20);
	hear(&s, &node, &other);
	EXPECT_TEXT(s.text, "5 defend\n20 fault\n");
	CU_ASSERT(mac_equal(&s.c.conflict.mac, &third));
	step(&s, (struct claim_event){.type = CLAIM_EVENT_END});
	for (uint64_t ms = 100; ms < 3700; ms += 100) {
		until(&s, ms);
		hear(&s, &vips[0].addr, &backends[1]);
	}
	EXPECT_INT(s.c.phase, CLAIM_IDLE);
}

/* Backends are resolved while a router begins: who was taken for a third host is none any more. */
static void a_third_host_that_is_a_backend(void)
{
	struct story s;

	start(&s, 1);
	s.used = 0;
	until(&s, 5);
	hear(&s, &vips[0].addr, &backends[1]);
	claim_set_backends(&s.c, backends, 3);
	until(&s, 2000);
	EXPECT_TEXT(s.text, "300 ask defend\n600 ask\n");
	EXPECT_INT(s.c.phase, CLAIM_HELD);

	start(&s, 1);
	until(&s, 5);
	hear(&s, &vips[0].addr, &backends[1]);
	until(&s, 1100);
	EXPECT_INT(s.c.phase, CLAIM_TAKEN);
	s.used = 0;
	claim_set_backends(&s.c, backends, 3);
	step(&s, (struct claim_event){.type = CLAIM_EVENT_TIMER});
	EXPECT_TEXT(s.text, "1100 clear\n");
}

UNIT_TESTS(claim) = {
	{"ARP probe", arp_probe},
	{"solicitation", solicitation},
	{"questions are read", questions_are_read},
	{"advertisements", advertisements},
	{"corpus", corpus},
	{"nobody answers", nobody_answers},
	{"a third host had it", a_third_host_had_it},
	{"nobody vouches for it", nobody_vouches_for_it},
	{"friends may answer", friends_may_answer},
	{"a latecomer is an alarm", a_latecomer_is_an_alarm},
	{"others' addresses are not ours", others_addresses_are_not_ours},
	{"many addresses are paced", many_addresses_are_paced},
	{"another interface", another_interface},
	{"a solicitation of a node", solicitation_of_a_node},
	{"a backend never gets it", a_backend_never_gets_it},
	{"a third host among backends", a_third_host_among_backends},
	{"a third host that is a backend", a_third_host_that_is_a_backend},
	UNIT_TESTS_END,
};
