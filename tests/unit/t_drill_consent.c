/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a node falls silent by the other one's word: what it may cost is bounded by the node itself. */
#include "director/drill/drill_consent.h"
#include "include/name.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { NOW_US = 4000000 };

static const uint64_t pause_us = (uint64_t)DRILL_BY_PEER_PAUSE_S * 1000000;

static struct sync_drill question(uint8_t kind, bool asker_yields)
{
	return (struct sync_drill){.id = 1,
				   .step = SYNC_DRILL_ASK,
				   .kind = kind,
				   .asker_yields = asker_yields,
				   .limit_ms = DRILL_BY_PEER_MAX_MS};
}

static void expect(const struct drill_consent *c, const struct sync_drill *m, bool by_peer,
		   uint64_t now_us, const char *why)
{
	char got[DRILL_WHY] = "";

	EXPECT_INT(drill_consent(c, m, by_peer, "lb1", now_us, got), !why);
	EXPECT_TEXT(got, why ? why : "");
}

static void by_its_own_operator_alone(void)
{
	const struct drill_consent never = {0};

	for (uint8_t kind = SYNC_DRILL_GRACEFUL; kind <= SYNC_DRILL_SPLIT; kind++) {
		bool silent = kind == SYNC_DRILL_CRASH || kind == SYNC_DRILL_LINK ||
			      kind == SYNC_DRILL_SPLIT;
		bool killed = kind == SYNC_DRILL_DAEMON_KILL;
		struct sync_drill here = question(kind, false), there = question(kind, true);

		here.force = there.force = true;
		expect(&never, &there, false, NOW_US, NULL);
		if (silent)
			expect(&never, &here, false, NOW_US,
			       "run the drill on node lb1, or set drill { by-peer = true } there: "
			       "it falls silent for its own operator alone");
		else if (killed)
			expect(&never, &here, false, NOW_US,
			       "run the drill on node lb1, or set drill { by-peer = true } there: "
			       "it is killed for its own operator alone");
		else
			expect(&never, &here, false, NOW_US, NULL);
		if (silent || killed)
			expect(&never, &here, true, NOW_US, NULL);
	}
}

static void not_for_long(void)
{
	const struct drill_consent never = {0};
	struct sync_drill m = question(SYNC_DRILL_CRASH, false);

	m.limit_ms++;
	expect(&never, &m, true, NOW_US,
	       "run the drill on node lb1, or with --limit 30s: by another node's word it "
	       "falls silent for no longer");
	m.limit_ms = UINT32_MAX;
	m.kind = SYNC_DRILL_SPLIT;
	CU_ASSERT(!drill_consent(&never, &m, true, "lb1", NOW_US, (char[DRILL_WHY]){0}));
	m.asker_yields = true;
	expect(&never, &m, false, NOW_US, NULL);
}

static void not_often(void)
{
	struct sync_drill m = question(SYNC_DRILL_LINK, false);
	struct drill d = {.kind = SYNC_DRILL_CRASH, .yields_here = true, .asked_here = true};
	struct drill_consent c = {0};

	/* For its own operator, or in order: it does not count. */
	drill_consent_used(&c, &d, NOW_US);
	d.asked_here = false;
	d.kind = SYNC_DRILL_GRACEFUL;
	drill_consent_used(&c, &d, NOW_US);
	d.kind = SYNC_DRILL_SPLIT;
	d.yields_here = false;
	drill_consent_used(&c, &d, NOW_US);
	expect(&c, &m, true, NOW_US, NULL);
	d.yields_here = true;
	drill_consent_used(&c, &d, NOW_US);
	expect(&c, &m, true, NOW_US + 1,
	       "run the drill on node lb1, or in 600 s: by another node's word it falls silent "
	       "once in 10 min");
	expect(&c, &m, true, NOW_US + pause_us - 1,
	       "run the drill on node lb1, or in 1 s: by another node's word it falls silent once "
	       "in 10 min");
	expect(&c, &m, true, NOW_US + pause_us, NULL);
}

/* A long name leaves what to do whole. */
static void a_long_name(void)
{
	const struct drill_consent never = {0};
	struct sync_drill m = question(SYNC_DRILL_CRASH, false);
	char name[64], why[DRILL_WHY];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CU_ASSERT(!drill_consent(&never, &m, false, name, NOW_US, why));
	CU_ASSERT(text_is_printable(why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, ", or set drill { by-peer = true }"));
}

UNIT_TESTS(drill_consent) = {
	{"by its own operator alone", by_its_own_operator_alone},
	{"not for long", not_for_long},
	{"not often", not_often},
	{"a long name", a_long_name},
	UNIT_TESTS_END,
};
