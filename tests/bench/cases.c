/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The goals: 1.30 without state, 1.60 with a flow table. director/ruleset/plan.h tells what the
 * shapes cost and why. For comparison, nftlb's own rulesets were at 1.49 without and at 2.07 with
 * its persistence map.
 *
 * Flows chosen evenly at random are the worst case of the caches: no frame finds warm what the last
 * one used. Trains of 8 frames of a flow are nearer to what comes from a network; the goal of flow
 * tables is for those. At random the lookup alone ("part: hit") costs nearly that much: there the
 * goal, 2.00, only keeps it from getting worse.
 */
#include "tests/bench/cases.h"

#include <string.h>

enum {
	FLOWS = 10000, /* of cases without a flow table, where their number hardly matters */
	THOUSAND = 1000,
	MANY = 100000,
	MILLION = 1000000,
};

#define ACKS(n) .traffic = {.flows = (n), .first_flags = FRAMES_ACK}
#define ACK_TRAINS(n)                                                                              \
	.traffic = {.flows = (n), .train = 3, .first_flags = FRAMES_ACK, .flags = FRAMES_ACK}
#define SPREAD(n, v) .traffic = {.flows = (n), .vips = (v), .first_flags = FRAMES_ACK}
/* Each of another flow. */
#define SYNS .traffic = {.flows = FRAMES_FLOWS_MAX, .in_turn = true, .first_flags = FRAMES_SYN}
/* No more than a half-open table holds: all but the first ones are repetitions. */
#define SYNS_AGAIN .traffic = {.flows = 30000, .in_turn = true, .first_flags = FRAMES_SYN}
/* Connections of eight frames, the first a SYN. */
#define CONNECTIONS                                                                                \
	.traffic = {.flows = FRAMES_FLOWS_MAX,                                                     \
		    .in_turn = true,                                                               \
		    .train = 3,                                                                    \
		    .first_flags = FRAMES_SYN,                                                     \
		    .flags = FRAMES_ACK}
#define DATAGRAMS(n)	  .traffic = {.flows = (n), .udp = true}
#define IPV6_ACKS(n)	  .traffic = {.flows = (n), .ipv6 = true, .first_flags = FRAMES_ACK}
#define FULL(keys_)	  .shape = {.farms = 1, .backends = 4, .keys = "tcp-timeout = \"1h\" " keys_}
#define ROUND_ROBIN	  FULL("scheduler = \"round-robin\"")
#define PINS		  FULL("persistence = \"source-address\"")
#define SMALL_TABLE	  FULL("scheduler = \"round-robin\" max-connections = 16384")
#define UNWATCHED	  "syn-retries = \"off\""
#define BARE		  .reference = "bare rewrite"
#define LOWER_BOUND(file) .nft = file, ACKS(FLOWS), BARE
#define HIT(n)		  .nft = "hit", .fill = (n), ACKS(n), BARE

const struct bench_case bench_cases[] = {
	/* The physical limits, and what single parts of a ruleset cost. */
	{"ingress drop", LOWER_BOUND("drop"), .drops = true},
	{"forward only", LOWER_BOUND("forward")},
	{"bare rewrite", LOWER_BOUND("bare")},
	{"part: guard", LOWER_BOUND("guard")},
	{"part: services map", LOWER_BOUND("services"), .goal = 1.20},
	{"part: linear compares", LOWER_BOUND("linear")},
	{"part: hash, lookup", LOWER_BOUND("lookup")},
	{"part: hash, lookup, unsized", LOWER_BOUND("lookup-rhash")},
	{"part: hash, lookup, counters", LOWER_BOUND("lookup-counters")},
	{"part: miss in a flow table", LOWER_BOUND("miss")},
	/* What a director that is not master pays for every frame, and for one of a straggler. */
	{"part: straggler table", LOWER_BOUND("straggler-none")},
	{"part: straggler noted", LOWER_BOUND("straggler-noted")},
	{"part: hit, 1 k flows", HIT(THOUSAND)},
	{"part: hit, 100 k flows", HIT(MANY)},
	{"part: hit, 100 k, trains", .nft = "hit", .fill = MANY, ACK_TRAINS(MANY), BARE},

	/* Maglev: no state. */
	{"maglev, 4 backends", .shape = {1, 4, NULL, false}, ACKS(FLOWS), BARE, .goal = 1.30},
	{"maglev, 4 backends, trains", .shape = {1, 4, NULL, false}, ACK_TRAINS(FLOWS), BARE,
	 .goal = 1.30},
	{"maglev, SYN flood", .shape = {1, 4, NULL, false}, SYNS, BARE, .goal = 1.60},
	{"maglev, 100 backends", .shape = {1, 100, NULL, false}, ACKS(FLOWS), BARE, .goal = 1.30},
	{"maglev, 1 of 100 farms", .shape = {100, 4, NULL, false}, ACKS(FLOWS), BARE, .goal = 1.30},
	{"maglev, all of 100 farms", .shape = {100, 4, NULL, false}, SPREAD(FLOWS, 100), BARE},
	{"maglev, 1 of 1000 farms", .shape = {1000, 4, NULL, false}, ACKS(FLOWS), BARE,
	 .goal = 1.30},
	{"maglev, all of 1000 farms", .shape = {1000, 4, NULL, false}, SPREAD(MANY, 1000), BARE},
	{"maglev, IPv6", .shape = {1, 4, NULL, true}, IPV6_ACKS(FLOWS), BARE},
	{"maglev, UDP", .shape = {1, 4, "protocol = \"udp\"", false}, DATAGRAMS(FLOWS), BARE},
	{"maglev, pins", PINS, .fill = FLOWS, ACKS(FLOWS), BARE},
	{"maglev, pins, unknown flows", PINS, ACKS(FLOWS), BARE},
	{"source-hash", .shape = {1, 4, "scheduler = \"source-hash\"", false}, ACKS(FLOWS), BARE,
	 .goal = 1.30},

	/* Flow tables. */
	{"round-robin, 1 k flows", ROUND_ROBIN, .fill = THOUSAND, ACKS(THOUSAND), BARE,
	 .goal = 1.60},
	{"round-robin, 100 k flows", ROUND_ROBIN, .fill = MANY, ACKS(MANY), BARE, .goal = 2.00},
	{"round-robin, 100 k, trains", ROUND_ROBIN, .fill = MANY, ACK_TRAINS(MANY), BARE,
	 .goal = 1.60},
	{"round-robin, 1 M flows", ROUND_ROBIN, .fill = MILLION, ACKS(MILLION), BARE},
	{"round-robin, 1 M, trains", ROUND_ROBIN, .fill = MILLION, ACK_TRAINS(MILLION), BARE,
	 .goal = 1.60},
	{"round-robin, new flows", ROUND_ROBIN, SYNS, BARE},
	{"round-robin, SYN + 7 frames",
	 FULL("scheduler = \"round-robin\" max-connections = 1048575"), CONNECTIONS, BARE},
	{"round-robin, SYN flood, full", SMALL_TABLE, SYNS, BARE},
	{"maglev with flow table, 100 k", FULL("flow-table = \"full\""), .fill = MANY, ACKS(MANY),
	 BARE, .goal = 2.00},
	{"least-connections, 100 k", FULL("scheduler = \"least-connections\""), .fill = MANY,
	 ACKS(MANY), BARE, .goal = 2.00},
	{"random, 100 k", FULL("scheduler = \"random\""), .fill = MANY, ACKS(MANY), BARE,
	 .goal = 2.00},

	/* What it costs to look for SYNs that are sent again: beside a farm that does not. */
	{"maglev, unwatched", .shape = {1, 4, UNWATCHED, false}, ACKS(FLOWS), BARE},
	{"maglev, unwatched SYNs", .shape = {1, 4, UNWATCHED, false}, SYNS, BARE},
	{"maglev, watched", .shape = {1, 4, NULL, false}, ACKS(FLOWS),
	 .reference = "maglev, unwatched", .goal = 1.04},
	{"maglev, watched SYNs", .shape = {1, 4, NULL, false}, SYNS,
	 .reference = "maglev, unwatched SYNs", .goal = 1.35},
	{"round-robin, unwatched", FULL("scheduler = \"round-robin\" " UNWATCHED), .fill = THOUSAND,
	 ACKS(THOUSAND), BARE},
	{"round-robin, watched", ROUND_ROBIN, .fill = THOUSAND, ACKS(THOUSAND),
	 .reference = "round-robin, unwatched", .goal = 1.04},
	{"round-robin, unwatched SYNs", FULL("scheduler = \"round-robin\" " UNWATCHED), SYNS_AGAIN,
	 BARE},
	{"round-robin, watched SYNs", ROUND_ROBIN, SYNS_AGAIN,
	 .reference = "round-robin, unwatched SYNs", .goal = 1.35},
};

const size_t bench_cases_count = sizeof(bench_cases) / sizeof(bench_cases[0]);

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool bench_case_same_place(const struct bench_case *a, const struct bench_case *b)
{
	return same_text(a->nft, b->nft) && a->shape.farms == b->shape.farms &&
	       a->shape.backends == b->shape.backends && same_text(a->shape.keys, b->shape.keys) &&
	       a->shape.ipv6 == b->shape.ipv6 && a->fill == b->fill;
}

size_t bench_case_find(const char *name)
{
	size_t i = 0;

	while (strcmp(bench_cases[i].name, name) != 0)
		i++;
	return i;
}
