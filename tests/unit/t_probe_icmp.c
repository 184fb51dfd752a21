/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Echo requests with the real kernel, in a namespace. Needs root. */
#include "tests/unit/namespace.h"
#include "tests/unit/probe_case.h"
#include "tests/unit/unit.h"

#include <string.h>

/* p0 answers nothing by itself; 192.0.2.0/24 is on eth0, 198.51.100.0/24 nowhere. */
#define NETWORK                                                                                    \
	UNIT_ETH0                                                                                  \
	" && ip link set lo up && ip address add 192.0.2.1/24 dev eth0 && "                        \
	"ip -6 address add fd00::1/64 dev eth0 nodad && "                                          \
	"ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0 && "                         \
	"ip route add unreachable 203.0.113.0/24 && ip route add blackhole 203.0.114.0/24"

static void expect(const char *address, const char *want)
{
	struct probe_case c;

	probe_case_begin(&c, &probe_icmp, address);
	EXPECT_TEXT(probe_case_run(&c, 300), want);
	probe_case_end(&c);
}

static void story_of_answers(void)
{
	expect("127.0.0.1", "good: ");
	expect("192.0.2.1", "good: ");
	expect("::1", "good: ");
	expect("fd00::1", "good: ");
}

static void who_answers(void)
{
	unit_in_namespace(NETWORK, story_of_answers);
}

static void story_of_silence(void)
{
	expect("192.0.2.9", "silent: no answer to an echo request");
	expect("203.0.113.1", "unreachable: No route to host");
	expect("198.51.100.1", "unreachable: Network is unreachable");
	expect("203.0.114.1", "unreachable: Invalid argument");
}

static void who_does_not(void)
{
	unit_in_namespace(NETWORK, story_of_silence);
}

enum { MANY = 1000 };

/* All at once, each with its own answer; some are not waited for. */
static void story_of_many(void)
{
	static struct probe *probes[MANY];
	struct probe_case c;
	uint64_t end;

	probe_case_begin(&c, &probe_icmp, "127.0.0.1");
	for (int i = 0; i < MANY; i++) {
		CU_ASSERT_FATAL(addr_parse(i % 2 ? "127.0.0.1" : "192.0.2.9", &c.ask.address) == 0);
		probes[i] = probe_case_start(&c);
	}
	end = uv_hrtime() + 3000000000;
	while (c.done < MANY / 2 && uv_hrtime() < end)
		uv_run(&c.loop, UV_RUN_ONCE);
	EXPECT_INT(c.done, MANY / 2);
	EXPECT_INT(c.outcome.code, OUTCOME_GOOD);
	for (int i = 0; i < MANY; i += 2)
		if (i % 4)
			probe_icmp.cancel(probes[i]);
		else
			probe_icmp.expire(probes[i]);
	EXPECT_INT(c.done, MANY / 2 + MANY / 4);
	EXPECT_INT(c.outcome.code, OUTCOME_SILENT);
	probe_case_end(&c);
}

static void many_at_once(void)
{
	unit_in_namespace(NETWORK, story_of_many);
}

UNIT_TESTS(probe_icmp) = {
	{"who answers", who_answers},
	{"who does not", who_does_not},
	{"many at once", many_at_once},
	UNIT_TESTS_END,
};
