/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left of a drill when its daemon is killed: the one that comes after it ends the drill. */
#include "director/drill/drill_rest.h"
#include "tests/unit/drill_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LET_GO_US = 70 * SECOND };

static const struct drill running = {.state = DRILL_RUNNING,
				     .yields_here = true,
				     .yielded = true,
				     .asked_here = true,
				     .id = UINT64_MAX,
				     .kind = SYNC_DRILL_DAEMON_KILL,
				     .limit_ms = 30000,
				     .began_us = LET_GO_US - 100000,
				     .until_us = LET_GO_US - 100000 + 30 * SECOND,
				     .ahead_us = -123456789,
				     .within_us = 250,
				     .here.tally = {.sight = SYNC_SIGHT_KILLED,
						    .flows_before = 12,
						    .flows_after = SYNC_TALLY_UNKNOWN,
						    .lag_us = 345}};

static const struct control_drill shown = {.id = UINT64_MAX,
					   .kind = "daemon-kill",
					   .from = "lb1",
					   .to = "lb2",
					   .result = "open",
					   .about = {.at_ms = 1234567890123,
						     .asked_on = "lb1",
						     .has_asker = true,
						     .uid = 1000,
						     .limit_ms = 30000,
						     .max_gap_ms = 200,
						     .from = {"1.2", "abc"},
						     .to = {"1.3", "def"}}};

/* In a block of its exact size. */
static int take(const uint8_t *bytes, size_t len, uint64_t now_us, struct drill *ret)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct control_drill about;
	int code;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	if (len)
		memcpy(copy, bytes, len);
	code = drill_rest_take(copy, len, &drill_world_budget, now_us, ret, &about);
	free(copy);
	if (code == 0) {
		EXPECT_TEXT(about.from, "lb1");
		EXPECT_TEXT(about.to, "lb2");
		CU_ASSERT(memcmp(&about.about, &shown.about, sizeof(about.about)) == 0);
	}
	return code;
}

static uint8_t *pack(const struct drill *d, size_t *ret_len)
{
	uint8_t *bytes = drill_rest_pack(d, &shown, LET_GO_US, 3, ret_len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	CU_ASSERT(*ret_len <= DRILL_REST_MAX);
	return bytes;
}

static void it_goes_on(void)
{
	struct drill d, wanted = running;
	size_t len;
	uint8_t *bytes = pack(&running, &len);

	EXPECT_INT(take(bytes, len, LET_GO_US + SECOND, &d), 0);
	wanted.budget = drill_world_budget;
	wanted.here.n = 1;
	wanted.here.lost = 3;
	wanted.here.moments[0] = (struct sync_moment){SYNC_MOMENT_LET_GO, LET_GO_US};
	EXPECT_INT(d.state, wanted.state);
	EXPECT_INT(d.asked_here, true);
	EXPECT_INT(d.yields_here, true);
	EXPECT_INT(d.yielded, true);
	CU_ASSERT(d.id == wanted.id);
	EXPECT_INT(d.kind, wanted.kind);
	EXPECT_INT(d.limit_ms, wanted.limit_ms);
	EXPECT_INT(d.within_us, wanted.within_us);
	CU_ASSERT(d.ahead_us == wanted.ahead_us);
	CU_ASSERT(d.began_us == wanted.began_us);
	CU_ASSERT(d.until_us == wanted.until_us);
	EXPECT_INT(d.budget.gap_ms, drill_world_budget.gap_ms);
	CU_ASSERT(memcmp(&d.here, &wanted.here, sizeof(d.here)) == 0);
	free(bytes);
}

/* Of another boot, where the clock began anew; and of one that nobody waits for. */
static void its_time(void)
{
	const uint64_t end_us = running.until_us + DRILL_REPORT_US;
	struct drill d;
	size_t len;
	uint8_t *bytes = pack(&running, &len);

	EXPECT_INT(take(bytes, len, LET_GO_US - 1, &d), -ESTALE);
	EXPECT_INT(take(bytes, len, LET_GO_US, &d), 0);
	EXPECT_INT(take(bytes, len, end_us - 1, &d), 0);
	EXPECT_INT(take(bytes, len, end_us, &d), -ESTALE);
	free(bytes);
}

static void what_is_torn(void)
{
	struct drill d;
	size_t len;
	uint8_t *bytes = pack(&running, &len);

	for (size_t cut = 0; cut < len; cut++)
		EXPECT_INT(take(bytes, cut, LET_GO_US, &d), -EBADMSG);
	bytes[0] ^= 1;
	EXPECT_INT(take(bytes, len, LET_GO_US, &d), -EBADMSG);
	free(bytes);
}

/* What no drill can be is not gone on with. */
static void what_is_strange(void)
{
	struct drill strange[] = {running, running, running, running};
	struct drill d;

	strange[0].limit_ms = 0;
	strange[1].limit_ms = DRILL_HARSH_MAX_MS + 1;
	strange[2].within_us = 0;
	strange[3].began_us = LET_GO_US + 1;
	for (size_t i = 0; i < 4; i++) {
		size_t len;
		uint8_t *bytes = pack(&strange[i], &len);

		EXPECT_INT(take(bytes, len, LET_GO_US, &d), -EBADMSG);
		free(bytes);
	}
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	struct drill d;

	return take(bytes, len, LET_GO_US + SECOND, &d) == 0;
}

static void corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_drill_rest", is_good) >= 8);
}

/* The daemon of a is killed, and another one comes after it. */
static void kill_a(struct world *w)
{
	struct node *a = &w->nodes[A];
	struct control_drill about = {.id = a->drill.id, .kind = "daemon-kill", .result = "open"};
	size_t len;
	uint8_t *bytes =
		drill_rest_pack(&a->drill, &about, drill_world_clock(w, A) - 1000, w->lost, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	a->drill = (struct drill){0};
	w->cut = true;
	drill_world_live(w, SECOND);
	EXPECT_INT(drill_rest_take(bytes, len, &drill_world_budget, drill_world_clock(w, A),
				   &a->drill, &about),
		   0);
	free(bytes);
}

static void the_daemon_is_killed(void)
{
	for (int asked = A; asked <= B; asked++) {
		struct control_moment m[CONTROL_MOMENTS];
		struct world w;

		drill_world_init(&w);
		w.lost = 1;
		drill_world_order_kind(&w, asked, asked == A, false, SYNC_DRILL_DAEMON_KILL);
		drill_world_live(&w, 10000);
		EXPECT_INT(w.nodes[A].yields, 1);
		w.nodes[A].yielded_us = w.now_us - 1000;
		kill_a(&w);
		EXPECT_INT(w.nodes[B].drill.here.complete, true);
		drill_world_live(&w, SECOND / 10);
		EXPECT_INT(w.nodes[A].results, 0);
		drill_world_step(&w, A, (struct drill_event){.type = DRILL_EVENT_BACK});
		drill_world_step(&w, A, (struct drill_event){.type = DRILL_EVENT_BACK});
		w.cut = false;
		for (int node = A; node <= B; node++)
			drill_world_step(&w, node,
					 (struct drill_event){.type = DRILL_EVENT_CHANNEL});
		drill_world_live(&w, 10000);
		expect_drill_results(&w, DRILL_PASSED, DRILL_PASSED);
		EXPECT_INT(w.nodes[A].drill.asked_here, asked == A);
		for (int node = A; node <= B; node++) {
			uint64_t lost = 0;

			EXPECT_INT(drill_timeline(&w.nodes[node].drill, m), 3);
			EXPECT_INT(m[1].kind, SYNC_MOMENT_MASTER);
			EXPECT_INT(m[1].at_us, 150000);
			EXPECT_INT(m[2].kind, SYNC_MOMENT_RESTORED);
			CU_ASSERT(drill_lost(&w.nodes[node].drill, &lost) && lost == 1);
		}
	}
}

static void it_does_not_come_back(void)
{
	struct world w;

	drill_world_init(&w);
	drill_world_order_kind(&w, B, false, false, SYNC_DRILL_DAEMON_KILL);
	drill_world_live(&w, 10000);
	w.cut = true;
	w.nodes[A].drill = (struct drill){0};
	drill_world_live(&w, 24 * (uint64_t)SECOND);
	EXPECT_INT(w.nodes[B].results, 0);
	drill_world_live(&w, 2 * SECOND);
	EXPECT_INT(w.nodes[B].drill.result, DRILL_UNKNOWN);
	EXPECT_TEXT(w.nodes[B].drill.why, "the daemon that was killed has not come back");
}

UNIT_TESTS(drill_rest) = {
	{"it goes on", it_goes_on},
	{"its time", its_time},
	{"what is torn", what_is_torn},
	{"what is strange", what_is_strange},
	{"corpus", corpus},
	{"the daemon is killed", the_daemon_is_killed},
	{"it does not come back", it_does_not_come_back},
	UNIT_TESTS_END,
};
