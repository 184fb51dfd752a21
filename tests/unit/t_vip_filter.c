/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program in the kernel, on a pair of sockets of the test's own: what comes through it, of the
 * frames that are there for fuzzing.
 */
#include "director/health/vip_filter.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CORPUS "tests/fuzz/corpus/fuzz_vip_frame/"

enum { FRAME = 200, PORT = 40000 };

/* The corpus's port is at that place among ours; VIP_PORTS: it is none of them. */
static void open_pair(int fds[2], uint8_t family, size_t place)
{
	struct sock_filter code[VIP_FILTER_MAX];
	struct sock_fprog program = {.filter = code};
	uint16_t ports[VIP_PORTS];

	for (size_t i = 0; i < VIP_PORTS; i++)
		ports[i] = (uint16_t)(i == place ? PORT : 50000 + i);
	program.len = (unsigned short)vip_filter_make(family, ports, code);
	CU_ASSERT(program.len <= VIP_FILTER_MAX);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	EXPECT_INT(setsockopt(fds[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
}

static bool passes(uint8_t family, size_t place, const char *name)
{
	uint8_t bytes[FRAME], got[FRAME];
	char path[200];
	ssize_t n, back;
	int fds[2];
	FILE *f;

	snprintf(path, sizeof(path), CORPUS "%s", name);
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	n = (ssize_t)fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	open_pair(fds, family, place);
	EXPECT_INT(send(fds[0], bytes, (size_t)n, 0), n);
	back = recv(fds[1], got, sizeof(got), 0);
	close(fds[0]);
	close(fds[1]);
	CU_ASSERT(back < 0 || (back == n && memcmp(bytes, got, (size_t)n) == 0));
	return back > 0;
}

static void segments(void)
{
	for (size_t i = 0; i < VIP_PORTS; i++) {
		CU_ASSERT(passes(AF_INET, i, "none-syn-ack"));
		CU_ASSERT(passes(AF_INET, i, "none-ip-options"));
		CU_ASSERT(passes(AF_INET6, i, "none-syn-ack-v6"));
	}
	CU_ASSERT(!passes(AF_INET, VIP_PORTS, "none-syn-ack"));
	CU_ASSERT(!passes(AF_INET, VIP_PORTS, "none-ip-options"));
	CU_ASSERT(!passes(AF_INET6, VIP_PORTS, "none-syn-ack-v6"));
	CU_ASSERT(!passes(AF_INET, 0, "fragment-later"));
	CU_ASSERT(!passes(AF_INET, 0, "truncated-ipv4"));
	CU_ASSERT(!passes(AF_INET6, 0, "truncated-ipv6"));
}

static void errors(void)
{
	CU_ASSERT(passes(AF_INET, 0, "none-exceeded"));
	CU_ASSERT(passes(AF_INET, 0, "none-unreachable"));
	CU_ASSERT(passes(AF_INET6, 0, "none-exceeded-v6"));
	CU_ASSERT(passes(AF_INET6, 0, "none-unreachable-v6"));
	CU_ASSERT(!passes(AF_INET, 0, "other-echo"));
	CU_ASSERT(!passes(AF_INET, 0, "other-udp"));
	CU_ASSERT(!passes(AF_INET6, 0, "other-neighbour"));
	CU_ASSERT(!passes(AF_INET6, 0, "other-extension"));
}

UNIT_TESTS(vip_filter) = {
	{"segments", segments},
	{"errors of routers", errors},
	UNIT_TESTS_END,
};
