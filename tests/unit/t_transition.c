/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transition of a bucket table: its table of transitions as stories. t_transition_sim.c has its
 * promise in simulated packets.
 */
#include "director/ruleset/bucket.h"
#include "director/ruleset/transition.h"
#include "tests/unit/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIZE = 4,
	LARGE = 8,
	BACKENDS = 4,
	TCP_MS = 10000,
	UDP_MS = 3000,
	SEEDS = 40,
	MUTANT_SEEDS = 200
};

/* --- stories ---------------------------------------------------------------------------------- */

/*
 * A table is written as its owners, "0123", "-" for nobody. Each step leaves one line: time, phase,
 * what changed, buckets/home/moved, and the time of the next step.
 */
struct story {
	struct transition t;
	uint16_t table[LARGE];
	uint32_t size; /* of table */
	bool alive[BACKENDS];
	uint64_t tcp_ms, udp_ms, remembered;
	char text[4096];
};

/* Returns how many. */
static uint32_t read_owners(const char *text, uint16_t *owners)
{
	uint32_t b;

	for (b = 0; text[b]; b++)
		owners[b] = text[b] == '-' ? BUCKET_NONE : (uint16_t)(text[b] - '0');
	return b;
}

static const char *owners_text(const uint16_t *owners, uint32_t size, char *buf)
{
	for (size_t b = 0; b < size; b++)
		buf[b] = owners[b] == BUCKET_NONE ? '-' : (char)('0' + owners[b]);
	buf[size] = '\0';
	return buf;
}

__attribute__((format(printf, 2, 3))) static void tell(struct story *s, const char *format, ...)
{
	size_t used = strlen(s->text);
	va_list args;

	va_start(args, format);
	vsnprintf(s->text + used, sizeof(s->text) - used, format, args);
	va_end(args);
}

static struct transition_update at(struct story *s, uint64_t ms)
{
	struct transition_event ev = {
		.now_ms = ms,
		.table = s->table,
		.size = s->size,
		.alive = s->alive,
		.n_backends = BACKENDS,
		.remembered = s->remembered,
		.tcp_ms = s->tcp_ms,
		.udp_ms = s->udp_ms,
	};
	struct transition_update u = transition_step(&s->t, &ev);
	char text[3][LARGE + 1];

	tell(s, "[%5llu] %s%s%s%s %s %s %s", (unsigned long long)ms,
	     transition_phase_name(s->t.phase), s->t.udp_learned ? " learned" : "",
	     u.rules_changed ? " RULES" : "", u.tables_changed ? " TABLES" : "",
	     owners_text(s->t.buckets, s->t.size, text[0]),
	     owners_text(s->t.home, s->t.size, text[1]),
	     owners_text(s->t.moved, s->t.size, text[2]));
	if (u.next_ms != TRANSITION_NEVER)
		tell(s, " next %llu", (unsigned long long)u.next_ms);
	tell(s, "\n");
	return u;
}

static struct transition_update wants(struct story *s, uint64_t ms, const char *table)
{
	s->size = read_owners(table, s->table);
	return at(s, ms);
}

static void dies(struct story *s, size_t backend)
{
	s->alive[backend] = false;
}

/* A farm in phase steady; nothing is told yet. */
static struct story begin(const char *table)
{
	struct story s = {.tcp_ms = TCP_MS, .remembered = TRANSITION_UNKNOWN};

	memset(s.alive, true, sizeof(s.alive));
	EXPECT_INT(transition_init(&s.t, (uint32_t)strlen(table)), 0);
	wants(&s, 0, table);
	s.text[0] = '\0';
	return s;
}

static void end(struct story *s, const char *text)
{
	EXPECT_TEXT(s->text, text);
	transition_close(&s->t);
}

static void a_backend_drains(void)
{
	struct story s = begin("0012");

	wants(&s, 1000, "1212");
	at(&s, 5000); /* too early */
	at(&s, 11000);
	at(&s, 11100);
	s.remembered = 0; /* not asked for yet: packets in flight may still remember */
	at(&s, 11200);
	at(&s, 20000);
	at(&s, 20100);
	end(&s, "[ 1000] moving RULES TABLES 0012 00-- 12-- next 11000\n"
		"[ 5000] moving 0012 00-- 12-- next 11000\n"
		"[11000] switched TABLES 1212 00-- 12-- next 11100\n"
		"[11100] settling RULES 1212 00-- 12-- next 11200\n"
		"[11200] exceptions TABLES 1212 ---- ----\n"
		"[20000] forgetting RULES 1212 ---- ---- next 20100\n"
		"[20100] steady TABLES 1212 ---- ----\n");
}

static void the_first_table_is_taken_at_once(void)
{
	struct story s = begin("----");

	wants(&s, 10, "0123");
	end(&s, "[   10] steady TABLES 0123 ---- ----\n");
}

static void in_the_middle_of_moving(void)
{
	struct story s = begin("0012");
	struct transition_update u;

	wants(&s, 1000, "1112");
	u = wants(&s, 3000, "2112"); /* another new owner: the time goes on */
	EXPECT_INT(u.retargeted, 1);
	u = wants(&s, 4000, "2132"); /* another bucket: the time restarts */
	EXPECT_INT(u.joined, 1);
	u = wants(&s, 5000, "0132"); /* the old owner after all */
	EXPECT_INT(u.stopped, 1);
	wants(&s, 6000, "0012"); /* nothing moves any more */
	at(&s, 6100);
	end(&s, "[ 1000] moving RULES TABLES 0012 00-- 11-- next 11000\n"
		"[ 3000] moving TABLES 0012 00-- 21-- next 11000\n"
		"[ 4000] moving TABLES 0012 001- 213- next 14000\n"
		"[ 5000] moving TABLES 0012 -01- -13- next 14000\n"
		"[ 6000] settling RULES TABLES 0012 ---- ---- next 6100\n"
		"[ 6100] exceptions TABLES 0012 ---- ----\n");
}

static void the_dead_are_replaced_at_once(void)
{
	struct story s = begin("0123");
	struct transition_update u;

	wants(&s, 1000, "1023"); /* 0 and 1 change places */
	dies(&s, 0);		 /* home of the first, new owner of the second */
	u = wants(&s, 2000, "1323");
	EXPECT_INT(u.orphaned, 2);
	dies(&s, 2); /* owner of one that does not move */
	wants(&s, 3000, "1333");
	dies(&s, 3);
	wants(&s, 4000, "1111"); /* back to the old owner */
	dies(&s, 1);
	wants(&s, 4100, "----");
	end(&s, "[ 1000] moving RULES TABLES 0123 01-- 10-- next 11000\n"
		"[ 2000] moving TABLES 1123 -1-- -3-- next 11000\n"
		"[ 3000] moving TABLES 1133 -1-- -3-- next 11000\n"
		"[ 4000] settling RULES TABLES 1111 ---- ---- next 4100\n"
		"[ 4100] exceptions TABLES ---- ---- ----\n");
}

static void a_dead_owner_returns(void)
{
	struct story s = begin("0123");

	dies(&s, 0);
	wants(&s, 1000, "1123");
	s.alive[0] = true;
	wants(&s, 2000, "0123");
	end(&s, "[ 1000] steady TABLES 1123 ---- ----\n"
		"[ 2000] moving RULES TABLES 1123 1--- 0--- next 12000\n");
}

static void deaths_after_the_switch(void)
{
	struct story s = begin("0003");

	wants(&s, 0, "1123");
	wants(&s, 10000, "1123");
	dies(&s, 1);
	wants(&s, 10050, "0223"); /* a new owner dies: the old one, or another */
	at(&s, 10100);
	dies(&s, 0);
	wants(&s, 10150, "3223"); /* the homes die: the switched table holds */
	end(&s, "[    0] moving RULES TABLES 0003 000- 112- next 10000\n"
		"[10000] switched TABLES 1123 000- 112- next 10100\n"
		"[10050] switched TABLES 0223 -00- -22- next 10100\n"
		"[10100] settling RULES 0223 -00- -22- next 10200\n"
		"[10150] settling TABLES 3223 ---- ---- next 10200\n");
}

static void changes_wait_for_the_switch(void)
{
	struct story s = begin("0123");

	wants(&s, 0, "1123");
	at(&s, 10000);
	wants(&s, 10010, "1023"); /* waits, for nobody died */
	at(&s, 10100);
	at(&s, 10200); /* the maps go on with other elements */
	end(&s, "[    0] moving RULES TABLES 0123 0--- 1--- next 10000\n"
		"[10000] switched TABLES 1123 0--- 1--- next 10100\n"
		"[10010] switched 1123 0--- 1--- next 10100\n"
		"[10100] settling RULES 1123 0--- 1--- next 10200\n"
		"[10200] moving RULES TABLES 1123 -1-- -0-- next 20200\n");
}

static void from_exceptions_and_forgetting(void)
{
	struct story s = begin("0123");

	wants(&s, 0, "1123");
	at(&s, 10000);
	at(&s, 10100);
	at(&s, 10200);
	s.text[0] = '\0';
	wants(&s, 10300, "0123");
	at(&s, 20300);
	at(&s, 20400);
	at(&s, 20500);
	s.remembered = 0;
	at(&s, 20600);
	wants(&s, 20650, "1123");
	end(&s, "[10300] moving RULES TABLES 1123 1--- 0--- next 20300\n"
		"[20300] switched TABLES 0123 1--- 0--- next 20400\n"
		"[20400] settling RULES 0123 1--- 0--- next 20500\n"
		"[20500] exceptions TABLES 0123 ---- ----\n"
		"[20600] forgetting RULES 0123 ---- ---- next 20700\n"
		"[20650] moving RULES TABLES 0123 0--- 1--- next 30650\n");
}

static void udp_learns(void)
{
	struct story s = begin("0123");

	s.udp_ms = UDP_MS;
	wants(&s, 1000, "1123");
	at(&s, 4100);
	wants(&s, 5000, "1223"); /* joins when the rules of udp_learned are gone */
	at(&s, 5100);
	at(&s, 8200);
	at(&s, 15100);
	end(&s, "[ 1000] moving RULES TABLES 0123 0--- 1--- next 4100\n"
		"[ 4100] moving learned RULES 0123 0--- 1--- next 11000\n"
		"[ 5000] moving RULES 0123 0--- 1--- next 5100\n"
		"[ 5100] moving TABLES 0123 01-- 12-- next 8200\n"
		"[ 8200] moving learned RULES 0123 01-- 12-- next 15100\n"
		"[15100] switched learned TABLES 1223 01-- 12-- next 15200\n");
}

static void a_farm_of_udp_only(void)
{
	struct story s = begin("0123");

	s.tcp_ms = 0;
	s.udp_ms = UDP_MS;
	wants(&s, 1000, "1123");
	at(&s, 4000);
	end(&s, "[ 1000] moving RULES TABLES 0123 0--- 1--- next 4000\n"
		"[ 4000] switched TABLES 1123 0--- 1--- next 4100\n");
}

/* Every backend drains: old flows go on, new ones are refused as soon as no old rule runs. */
static void nobody_may_take_new_connections(void)
{
	struct story s = begin("0123");

	wants(&s, 1000, "----");
	at(&s, 1100);
	wants(&s, 10980, "2222"); /* one returns: buckets follow S later */
	at(&s, 11080);
	end(&s, "[ 1000] moving RULES TABLES 0123 0123 ---- next 1100\n"
		"[ 1100] moving TABLES ---- 0123 ---- next 11000\n"
		"[10980] moving TABLES --2- 01-3 22-2 next 11080\n"
		"[11080] switched TABLES 2222 01-3 22-2 next 11180\n");
}

static void nobody_until_after_the_switch(void)
{
	struct story s = begin("0000");

	wants(&s, 0, "----");
	at(&s, 100);
	at(&s, 10000);
	s.text[0] = '\0';
	wants(&s, 10050, "2222");
	at(&s, 10100);
	end(&s, "[10050] switched ---- 0000 ---- next 10100\n"
		"[10100] settling RULES TABLES 2222 0000 2222 next 10200\n");
}

static void times_count_from_the_commit(void)
{
	struct story s = begin("0123");

	wants(&s, 1000, "1123");
	transition_committed(&s.t, 1700);
	EXPECT_INT(transition_next_ms(&s.t), 11700);
	at(&s, 5000);
	transition_committed(&s.t, 5700); /* nothing began in that step */
	EXPECT_INT(transition_next_ms(&s.t), 11700);
	at(&s, 11700);
	transition_committed(&s.t, 12000);
	at(&s, 12099);
	end(&s, "[ 1000] moving RULES TABLES 0123 0--- 1--- next 11000\n"
		"[ 5000] moving 0123 0--- 1--- next 11700\n"
		"[11700] switched TABLES 1123 0--- 1--- next 11800\n"
		"[12099] switched 1123 0--- 1--- next 12100\n");
}

static void adopt(struct story *s, const char *buckets, const char *home, const char *moved,
		  bool flows)
{
	uint16_t owners[3][SIZE];

	read_owners(buckets, owners[0]);
	read_owners(home ? home : "----", owners[1]);
	read_owners(moved ? moved : "----", owners[2]);
	transition_adopt(&s->t, owners[0], home ? owners[1] : NULL, moved ? owners[2] : NULL, flows,
			 5000);
}

static void the_daemon_restarts(void)
{
	struct story s = begin("----");

	adopt(&s, "0123", NULL, NULL, false);
	wants(&s, 5000, "0123");
	adopt(&s, "0123", NULL, NULL, true);
	at(&s, 5000);
	adopt(&s, "1123", "0---", "2---", true); /* moving: full time again */
	wants(&s, 5000, "2123");
	adopt(&s, "2123", "0---", "2---", true); /* switched already: no way back */
	at(&s, 5000);
	adopt(&s, "-123", "0---", "----", true); /* nobody may take it: not told apart, harmless */
	wants(&s, 5000, "-123");
	adopt(&s, "0123", "----", "----", true);
	wants(&s, 5000, "0123");
	end(&s, "[ 5000] steady RULES TABLES 0123 ---- ----\n"
		"[ 5000] exceptions RULES TABLES 0123 ---- ----\n"
		"[ 5000] moving RULES TABLES 1123 0--- 2--- next 15000\n"
		"[ 5000] settling RULES TABLES 2123 0--- 2--- next 5100\n"
		"[ 5000] moving RULES TABLES -123 0--- ---- next 15000\n"
		"[ 5000] settling RULES TABLES 0123 ---- ---- next 5100\n");
}

/* 0 and 3 are removed, 1 and 2 change places. */
static void the_configuration_is_replaced(void)
{
	static const uint16_t map[BACKENDS] = {BUCKET_NONE, 1, 0, BUCKET_NONE};
	struct story s = begin("0123");

	wants(&s, 1000, "1230");
	transition_renumber(&s.t, map, BACKENDS);
	s.alive[2] = s.alive[3] = false;
	wants(&s, 2000, "1010");
	end(&s, "[ 1000] moving RULES TABLES 0123 0123 1230 next 11000\n"
		"[ 2000] moving RULES TABLES 1100 -10- -01- next 11000\n");
}

/* Every bucket becomes two, in whatever phase; then the larger table is a plan like any other. */
static void a_table_grows(void)
{
	struct story s = begin("0012");

	EXPECT_INT(transition_grow(&s.t, LARGE), 0);
	EXPECT_INT(wants(&s, 500, "00001122").resized, SIZE);
	EXPECT_INT(wants(&s, 1000, "03001132").resized, 0);
	transition_close(&s.t);
	s.t = begin("0012").t;
	wants(&s, 1000, "1212");
	EXPECT_INT(transition_grow(&s.t, LARGE), 0);
	EXPECT_INT(s.t.moving, 4);
	wants(&s, 2000, "11221123");
	at(&s, 12000);
	end(&s, "[  500] steady RULES TABLES 00001122 -------- --------\n"
		"[ 1000] moving RULES TABLES 00001122 -0----2- -3----3- next 11000\n"
		"[ 1000] moving RULES TABLES 0012 00-- 12-- next 11000\n"
		"[ 2000] moving RULES TABLES 00001122 0000---2 1122---3 next 12000\n"
		"[12000] switched TABLES 11221123 0000---2 1122---3 next 12100\n");
}

/* Not before the buckets that become one agree, which the smaller plan sees to. */
static void a_table_shrinks(void)
{
	struct story s = begin("00112233");

	EXPECT_INT(wants(&s, 500, "0123").resized, LARGE); /* they agree already */
	EXPECT_INT(transition_grow(&s.t, LARGE), 0);
	wants(&s, 1000, "00112223");
	wants(&s, 2000, "0123"); /* stops */
	transition_close(&s.t);
	s.t = begin("0123").t;
	EXPECT_INT(transition_grow(&s.t, LARGE), 0);
	dies(&s, 3);
	wants(&s, 1000, "00112210");
	wants(&s, 2000, "0120");
	at(&s, 12000);
	at(&s, 12100);
	EXPECT_INT(s.t.size, LARGE);
	EXPECT_INT(at(&s, 12200).resized, LARGE);
	EXPECT_INT(s.t.size, SIZE);
	end(&s, "[  500] steady RULES TABLES 0123 ---- ----\n"
		"[ 1000] moving RULES TABLES 00112233 ------3- ------2- next 11000\n"
		"[ 2000] settling RULES TABLES 0123 ---- ---- next 2100\n"
		"[ 1000] steady RULES TABLES 00112210 -------- --------\n"
		"[ 2000] moving RULES TABLES 00112210 ------1- ------0- next 12000\n"
		"[12000] switched TABLES 00112200 ------1- ------0- next 12100\n"
		"[12100] settling RULES 00112200 ------1- ------0- next 12200\n"
		"[12200] exceptions RULES TABLES 0120 ---- ----\n");
}

static void a_steady_table_rests(void)
{
	struct story s = begin("0123");

	transition_rest(&s.t);
	EXPECT_INT(transition_wake(&s.t), 0);
	wants(&s, 1000, "1123");
	EXPECT_INT(transition_wake(&s.t), 0); /* it is: nothing is lost */
	end(&s, "[ 1000] moving RULES TABLES 0123 0--- 1--- next 11000\n");
}

static void what_people_see(void)
{
	struct story s = begin("0123");
	struct transition_view v = transition_view(&s.t, 500);

	EXPECT_TEXT(v.name, "steady");
	EXPECT_INT(v.moving, 0);
	EXPECT_INT(v.total, SIZE);
	CU_ASSERT(v.remaining_ms == TRANSITION_NEVER);
	wants(&s, 1000, "1023");
	v = transition_view(&s.t, 4000);
	EXPECT_TEXT(v.name, "moving");
	EXPECT_INT(v.moving, 2);
	EXPECT_INT(v.remaining_ms, 7000);
	EXPECT_INT(transition_view(&s.t, 12000).remaining_ms, 0);
	transition_close(&s.t);
}

UNIT_TESTS(transition) = {
	{"a backend drains", a_backend_drains},
	{"the first table is taken at once", the_first_table_is_taken_at_once},
	{"in the middle of moving", in_the_middle_of_moving},
	{"the dead are replaced at once", the_dead_are_replaced_at_once},
	{"a dead owner returns", a_dead_owner_returns},
	{"deaths after the switch", deaths_after_the_switch},
	{"changes wait for the switch", changes_wait_for_the_switch},
	{"from exceptions and forgetting", from_exceptions_and_forgetting},
	{"UDP learns", udp_learns},
	{"a farm of UDP only", a_farm_of_udp_only},
	{"nobody may take new connections", nobody_may_take_new_connections},
	{"nobody until after the switch", nobody_until_after_the_switch},
	{"times count from the commit", times_count_from_the_commit},
	{"the daemon restarts", the_daemon_restarts},
	{"the configuration is replaced", the_configuration_is_replaced},
	{"a table grows", a_table_grows},
	{"a table shrinks", a_table_shrinks},
	{"a steady table rests", a_steady_table_rests},
	{"what people see", what_people_see},
	UNIT_TESTS_END,
};
