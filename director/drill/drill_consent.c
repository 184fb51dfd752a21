/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_consent.h"

#include "director/drill/drill_mute.h"

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

	if (asked->asker_yields || !mute_silences(asked->kind))
		return true;
	if (!by_peer)
		return refuse(why,
			      "run the drill on node %s, or set drill { by-peer = true } there: it "
			      "falls silent for its own operator alone",
			      node);
	if (asked->limit_ms > DRILL_BY_PEER_MAX_MS)
		return refuse(why,
			      "run the drill on node %s, or with --limit %ds: for no longer it "
			      "falls silent by another node's word",
			      node, DRILL_BY_PEER_MAX_MS / 1000);
	if (c->last_us && now_us - c->last_us < pause_us)
		return refuse(why,
			      "run the drill on node %s, or in %llu s: it falls silent by another "
			      "node's word once in %d min",
			      node,
			      (unsigned long long)(pause_us - (now_us - c->last_us) + 999999) /
				      1000000,
			      DRILL_BY_PEER_PAUSE_S / 60);
	return true;
}

void drill_consent_used(struct drill_consent *c, const struct drill *d, uint64_t now_us)
{
	if (!d->asked_here && d->yields_here && mute_silences(d->kind))
		c->last_us = now_us;
}
