/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/drill_seen.h"

#include "director/drill/drill.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static const struct sync_tally *tally_of(const struct control_drill *d, bool there)
{
	return there ? &d->to_seen : &d->from_seen;
}

bool drill_seen_half(const struct control_drill *d)
{
	return strcmp(d->result, drill_result_name(DRILL_UNKNOWN)) == 0;
}

bool drill_lost_is_known(const struct control_drill *d)
{
	return d->let_go && !drill_seen_half(d);
}

bool drill_seen_is(const struct control_drill *d)
{
	return d->let_go && (d->from_seen.sight || d->to_seen.sight);
}

static bool find_frame(const struct control_drill *d, bool there, int64_t *ret_us)
{
	uint8_t kind = there ? CONTROL_MOMENT_FIRST_FRAME : CONTROL_MOMENT_LAST_FRAME;

	for (size_t i = 0; i < d->n; i++)
		if (d->moments[i].there == there && d->moments[i].kind == kind) {
			*ret_us = d->moments[i].at_us;
			return true;
		}
	return false;
}

/* Why there is none; "": there is one. */
static const char *why_none(const struct control_drill *d, bool there,
			    char buf[static DRILL_SEEN_TEXT])
{
	const char *node = there ? d->to : d->from;

	buf[0] = '\0';
	switch ((enum sync_sight)tally_of(d, there)->sight) {
	case SYNC_SIGHT_FRAME: break;
	case SYNC_SIGHT_UNTOLD:
		snprintf(buf, DRILL_SEEN_TEXT, "node %s does not tell", node);
		break;
	case SYNC_SIGHT_NONE:
		snprintf(buf, DRILL_SEEN_TEXT, "node %s forwarded none%s", node,
			 there ? " when its record ended" : "");
		break;
	case SYNC_SIGHT_REFUSED:
		snprintf(buf, DRILL_SEEN_TEXT,
			 "the kernel of node %s did not count them, its log says why", node);
		break;
	case SYNC_SIGHT_CLOCK:
		snprintf(buf, DRILL_SEEN_TEXT, "the date of node %s was set meanwhile", node);
		break;
	case SYNC_SIGHT_FULL:
		snprintf(buf, DRILL_SEEN_TEXT, "node %s forwarded for too long", node);
		break;
	case SYNC_SIGHT_KILLED:
		snprintf(buf, DRILL_SEEN_TEXT, "the daemon of node %s was killed", node);
		break;
	}
	return buf;
}

const char *drill_seen_frame(const struct control_drill *d, bool there,
			     char buf[static DRILL_SEEN_TEXT])
{
	char why[DRILL_SEEN_TEXT];
	int64_t at_us;

	if (find_frame(d, there, &at_us))
		snprintf(buf, DRILL_SEEN_TEXT, "%+.1f ms", (double)at_us / 1000);
	else
		snprintf(buf, DRILL_SEEN_TEXT, "not known, %.150s", why_none(d, there, why));
	return buf;
}

static bool knows_stragglers(const struct control_drill *d)
{
	return d->from_seen.sight == SYNC_SIGHT_FRAME || d->from_seen.sight == SYNC_SIGHT_NONE;
}

const char *drill_seen_stragglers(const struct control_drill *d, char buf[static DRILL_SEEN_TEXT])
{
	snprintf(buf, DRILL_SEEN_TEXT, "not known");
	if (knows_stragglers(d))
		snprintf(buf, DRILL_SEEN_TEXT, "%" PRIu64, d->from_seen.stragglers);
	return buf;
}

static bool is_known(const struct sync_tally *t, uint64_t n)
{
	return t->sight != SYNC_SIGHT_UNTOLD && n != SYNC_TALLY_UNKNOWN;
}

const char *drill_seen_flows(const struct sync_tally *t, char buf[static DRILL_SEEN_TEXT])
{
	int n = is_known(t, t->flows_before)
			? snprintf(buf, DRILL_SEEN_TEXT, "%" PRIu64 " before", t->flows_before)
			: snprintf(buf, DRILL_SEEN_TEXT, "not known before");

	if (is_known(t, t->flows_after))
		snprintf(buf + n, DRILL_SEEN_TEXT - (size_t)n, ", %" PRIu64 " after",
			 t->flows_after);
	else
		snprintf(buf + n, DRILL_SEEN_TEXT - (size_t)n, ", not known after");
	return buf;
}

const char *drill_seen_lag(const struct control_drill *d, char buf[static DRILL_SEEN_TEXT])
{
	snprintf(buf, DRILL_SEEN_TEXT, "not known");
	if (is_known(&d->from_seen, d->from_seen.lag_us))
		snprintf(buf, DRILL_SEEN_TEXT, "%.1f ms", (double)d->from_seen.lag_us / 1000);
	return buf;
}

/* --- the service ------------------------------------------------------------------------------ */

bool drill_gap_is_known(const struct control_drill *d)
{
	return d->vip.family && d->gap == DRILL_GAP_KNOWN;
}

const char *drill_no_gap(const struct control_drill *d, char buf[static SYNC_WHY_MAX])
{
	buf[0] = '\0';
	switch ((enum drill_gap)d->gap) {
	case DRILL_GAP_KNOWN: break;
	case DRILL_GAP_NOBODY:
		snprintf(buf, SYNC_WHY_MAX, "%s",
			 drill_seen_half(d) ? "nobody knows who took over" : "nobody took over");
		break;
	case DRILL_GAP_NO_OLD:
		snprintf(buf, SYNC_WHY_MAX, "node %s had no answer by way of node %s", d->to,
			 d->from);
		break;
	case DRILL_GAP_NO_NEW:
		snprintf(buf, SYNC_WHY_MAX, "node %s had no answer by way of node %s", d->from,
			 d->to);
		break;
	}
	return buf;
}

const char *drill_seen_gap(const struct control_drill *d, char buf[static DRILL_SEEN_TEXT])
{
	char why[SYNC_WHY_MAX];

	if (drill_gap_is_known(d))
		snprintf(buf, DRILL_SEEN_TEXT, "%.1f ms", (double)d->gap_us / 1000);
	else
		snprintf(buf, DRILL_SEEN_TEXT, "not known, %s", drill_no_gap(d, why));
	return buf;
}

const char *drill_probed(const struct control_drill *d, char buf[static PROBE_TARGET_TEXT])
{
	const struct probe_target t = {.addr = d->vip, .port = d->port};

	buf[0] = '\0';
	return d->vip.family ? probe_target_format(&t, buf) : buf;
}

/* --- back again --------------------------------------------------------------------------------- */

const char *drill_seen_back(const struct control_drill *d, char buf[static DRILL_SEEN_TEXT])
{
	switch ((enum control_back)d->back) {
	case CONTROL_BACK_UNWANTED: buf[0] = '\0'; break;
	case CONTROL_BACK_UNTOLD:
		snprintf(buf, DRILL_SEEN_TEXT, "not known, the command has not told");
		break;
	case CONTROL_BACK_ITSELF:
		snprintf(buf, DRILL_SEEN_TEXT, "node %s is the master, by itself", d->from);
		break;
	case CONTROL_BACK_ORDERLY:
		snprintf(buf, DRILL_SEEN_TEXT, "node %s took over in %" PRIu64 " ms", d->from,
			 (d->back_us + 999) / 1000);
		break;
	case CONTROL_BACK_NOT:
		snprintf(buf, DRILL_SEEN_TEXT, "no, node %s is not the master: %s", d->from,
			 d->back_why[0] ? d->back_why : "nobody handed over");
		break;
	}
	return buf;
}

/* --- reports ---------------------------------------------------------------------------------- */

void drill_seen_print(const struct control_drill *d)
{
	char buf[DRILL_SEEN_TEXT];

	if (!drill_seen_is(d))
		return;
	printf("last frame of node %s: %s\n", d->from, drill_seen_frame(d, false, buf));
	printf("first frame of node %s: %s\n", d->to, drill_seen_frame(d, true, buf));
	printf("stragglers to node %s: %s\n", d->from, drill_seen_stragglers(d, buf));
	printf("connections of node %s: %s\n", d->from, drill_seen_flows(&d->from_seen, buf));
	printf("connections of node %s: %s\n", d->to, drill_seen_flows(&d->to_seen, buf));
	printf("synchronisation lag: %s\n", drill_seen_lag(d, buf));
}

json_t *drill_seen_number(uint64_t n)
{
	return n == SYNC_TALLY_UNKNOWN ? json_null() : json_integer((json_int_t)n);
}

static json_t *frame(const struct control_drill *d, bool there)
{
	int64_t at_us;

	return find_frame(d, there, &at_us) ? json_integer((json_int_t)at_us) : json_null();
}

json_t *drill_seen_document(const struct control_drill *d)
{
	char first[DRILL_SEEN_TEXT], last[DRILL_SEEN_TEXT];
	const struct sync_tally *old = &d->from_seen;
	bool is = drill_seen_is(d);

	return json_pack("{s:o, s:s, s:o, s:s, s:o, s:o}", "first_forwarded_us", frame(d, true),
			 "first_forwarded_why", is ? why_none(d, true, first) : "",
			 "last_forwarded_us", frame(d, false), "last_forwarded_why",
			 is ? why_none(d, false, last) : "", "stragglers",
			 knows_stragglers(d) ? json_integer((json_int_t)old->stragglers)
					     : json_null(),
			 "sync_lag_us",
			 is_known(old, old->lag_us) ? drill_seen_number(old->lag_us) : json_null());
}
