/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_consent.h"

#include <stdarg.h>
#include <stdio.h>

static bool __attribute__((format(printf, 2, 3)))
refuse(char why[static DRILL_WHY], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, DRILL_WHY, fmt, args);
	va_end(args);
	return false;
}

bool drill_consent(const struct drill_consent *c, const struct sync_drill *asked, bool by_peer,
		   const char *node, uint64_t now_us, char why[static DRILL_WHY])
{
	const uint64_t pause_us = (uint64_t)DRILL_BY_PEER_PAUSE_S * 1000000;

	const char *what =
		asked->kind == SYNC_DRILL_DAEMON_KILL ? "it is killed" : "it falls silent";

	if (asked->asker_yields || !drill_is_harsh(asked->kind))
		return true;
	if (!by_peer)
		return refuse(why,
			      "run the drill on node %s, or set drill { by-peer = true } there: "
			      "%s for its own operator alone",
			      node, what);
	if (asked->limit_ms > DRILL_BY_PEER_MAX_MS)
		return refuse(why,
			      "run the drill on node %s, or with --limit %ds: by another node's "
			      "word %s for no longer",
			      node, DRILL_BY_PEER_MAX_MS / 1000, what);
	if (c->last_us && now_us - c->last_us < pause_us)
		return refuse(why,
			      "run the drill on node %s, or in %llu s: by another node's word %s "
			      "once in %d min",
			      node,
			      (unsigned long long)(pause_us - (now_us - c->last_us) + 999999) /
				      1000000,
			      what, DRILL_BY_PEER_PAUSE_S / 60);
	return true;
}

void drill_consent_used(struct drill_consent *c, const struct drill *d, uint64_t now_us)
{
	if (!d->asked_here && d->yields_here && drill_is_harsh(d->kind))
		c->last_us = now_us;
}
