/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/connect_error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/*
 * What is not in here is this machine's own trouble. EACCES is an ICMPv6 error (administratively
 * prohibited) or a route that prohibits; EPERM is this machine's packet filter and is not in here.
 */
static const struct {
	int error;
	enum outcome_code code;
} rows[] = {
	{ECONNREFUSED, OUTCOME_REFUSED},    {ECONNRESET, OUTCOME_REFUSED},
	{ETIMEDOUT, OUTCOME_SILENT},	    {EHOSTUNREACH, OUTCOME_UNREACHABLE},
	{ENETUNREACH, OUTCOME_UNREACHABLE}, {EHOSTDOWN, OUTCOME_UNREACHABLE},
	{ENONET, OUTCOME_UNREACHABLE},	    {ENOPROTOOPT, OUTCOME_UNREACHABLE},
	{EACCES, OUTCOME_UNREACHABLE},
};

void connect_error_judge(int error, const struct addr *address, uint16_t port, struct outcome *o)
{
	enum outcome_code code = OUTCOME_CANNOT_RUN;
	char text[ADDR_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].error == error)
			code = rows[i].code;
	addr_format(address, text);
	if (code == OUTCOME_CANNOT_RUN)
		outcome_set(o, code, "no connection to port %u of %s: %s", port, text,
			    strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error");
	else if (code == OUTCOME_UNREACHABLE)
		outcome_set(o, code, "%s: %s", text, strerrordesc_np(error));
	else
		outcome_set(o, code, "port %u of %s", port, text);
}
