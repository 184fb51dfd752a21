/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any message says nothing or something of an echo of ours, whatever is in it. The first octet says the
 * IP version. tests/unit/t_icmp_echo.c replays the corpus.
 */
#include "director/health/icmp_echo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct icmp_echo echo, untouched;
	enum icmp_echo_kind kind;

	if (size == 0)
		return 0;
	memset(&echo, 0x5a, sizeof(echo));
	untouched = echo;
	kind = icmp_echo_parse(data[0] ? AF_INET6 : AF_INET, data + 1, size - 1, &echo);
	if (kind == ICMP_ECHO_NONE && memcmp(&echo, &untouched, sizeof(echo)) != 0)
		abort();
	return 0;
}
