/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any message is refused with a reason, or answers a request or says that one has not arrived. The first
 * octet says the IP version. tests/unit/t_icmp_echo.c replays the corpus.
 */
#include "director/health/icmp_echo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct icmp_heard heard, untouched;
	enum icmp_echo_reject r;
	uint8_t family;

	if (size == 0)
		return 0;
	family = data[0] ? AF_INET6 : AF_INET;
	memset(&heard, 0x5a, sizeof(heard));
	untouched = heard;
	r = icmp_echo_parse(family, data + 1, size - 1, &heard);
	check(r >= ICMP_ECHO_REJECT_NONE && r < ICMP_ECHO_REJECT_COUNT);
	if (r != ICMP_ECHO_REJECT_NONE)
		check(memcmp(&heard, &untouched, sizeof(heard)) == 0);
	else if (heard.why)
		check(heard.asked.family == family && strlen(heard.why) > 0);
	else
		check(heard.has_token && heard.asked.family == 0);
	return 0;
}
