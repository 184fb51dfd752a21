/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A drill for people, and as a JSON document. */
#include "director/ctl/drill.h"
#include "director/ctl/drill_seen.h"
#include "director/probe/probe_target.h"

#include <jansson.h>
#include <string.h>

bool drill_is(const struct control_drill *d, enum drill_result result)
{
	return strcmp(d->result, drill_result_name(result)) == 0;
}

static unsigned long long takeover_ms(const struct control_drill *d)
{
	return (d->takeover_us + 999) / 1000;
}

static unsigned long long gap_ms(const struct control_drill *d)
{
	return (d->gap_us + 999) / 1000;
}

static const char *node_of(const struct control_drill *d, const struct control_moment *m)
{
	return m->there ? d->to : d->from;
}

static void print_timeline(const struct control_drill *d)
{
	for (size_t i = 0; i < d->n; i++)
		printf("%+10.1f ms  %s %s\n", (double)d->moments[i].at_us / 1000,
		       node_of(d, &d->moments[i]),
		       drill_moment_name(d->moments[i].there, d->moments[i].kind));
	if (d->n)
		printf("the clocks of both are known to %.1f ms\n", (double)d->within_us / 1000);
}

static json_t *timeline_of(const struct control_drill *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct control_moment *m = &d->moments[i];

		if (json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "at_us",
							  (json_int_t)m->at_us, "node",
							  node_of(d, m), "event",
							  drill_moment_name(m->there, m->kind)))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void print_gap(const struct control_drill *d)
{
	char at[PROBE_TARGET_TEXT], buf[DRILL_SEEN_TEXT];

	if (!d->vip.family)
		return;
	if (drill_gap_is_known(d))
		printf("gap at %s: %llu ms\n", drill_probed(d, at), gap_ms(d));
	else
		printf("gap at %s: %s\n", drill_probed(d, at), drill_seen_gap(d, buf));
}

static void print_text(const struct control_drill *d)
{
	printf("drill %s: %s%s%s\n", d->kind, d->result, d->why[0] ? ": " : "", d->why);
	if (d->let_go && !drill_seen_half(d) && drill_kind_by_name(d->kind) == SYNC_DRILL_SPLIT) {
		printf("adverts of node %s were lost, node %s %s\n", d->from, d->to,
		       d->took_over ? "became master, too" : "stayed backup");
		return;
	}
	if (!d->let_go && drill_seen_half(d))
		printf("whether node %s let go is not known\n", d->from);
	else if (!d->let_go)
		printf("node %s did not let go\n", d->from);
	else if (d->took_over)
		printf("node %s let go, node %s took over within %llu ms\n", d->from, d->to,
		       takeover_ms(d));
	else if (drill_seen_half(d))
		printf("node %s let go, whether node %s took over is not known\n", d->from, d->to);
	else
		printf("node %s let go, node %s did not take over\n", d->from, d->to);
	if (d->let_go && !drill_lost_is_known(d))
		puts("connections lost: not known");
	else if (d->let_go)
		printf("connections lost: %llu\n", (unsigned long long)d->lost);
	print_gap(d);
	drill_seen_print(d);
}

bool drill_is_back(const struct control_drill *d)
{
	return d->back == CONTROL_BACK_ITSELF || d->back == CONTROL_BACK_ORDERLY;
}

void drill_print(const struct control_drill *d)
{
	char back[DRILL_SEEN_TEXT];

	print_text(d);
	print_timeline(d);
	if (d->back != CONTROL_BACK_UNWANTED)
		printf("back again: %s\n", drill_seen_back(d, back));
}

static json_t *node(const char *name, const struct control_drill_node *n,
		    const struct sync_tally *t)
{
	bool told = t->sight != SYNC_SIGHT_UNTOLD;

	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "node", name, "version", n->version,
			 "config_digest", n->config, "connections_before",
			 told ? drill_seen_number(t->flows_before) : json_null(),
			 "connections_after",
			 told ? drill_seen_number(t->flows_after) : json_null());
}

/* When, by whom, what was allowed, of what. */
static json_t *about(const struct control_drill *d)
{
	const struct control_drill_about *a = &d->about;

	return json_pack("{s:I, s:s, s:o, s:b, s:I, s:I, s:I, s:[o, o]}", "at_ms",
			 (json_int_t)a->at_ms, "asked_on", a->asked_on, "uid",
			 a->has_asker ? json_integer(a->uid) : json_null(), "forced", a->force,
			 "limit_ms", (json_int_t)a->limit_ms, "max_gap_ms",
			 (json_int_t)a->max_gap_ms, "max_lost_connections", (json_int_t)a->max_lost,
			 "directors", node(d->from, &a->from, &d->from_seen),
			 node(d->to, &a->to, &d->to_seen));
}

/* What --failback came to; null when it was not wanted. */
static json_t *failback(const struct control_drill *d)
{
	json_t *took, *done;

	if (d->back == CONTROL_BACK_UNWANTED)
		return json_null();
	took = d->back == CONTROL_BACK_ORDERLY
		       ? json_integer((json_int_t)((d->back_us + 999) / 1000))
		       : json_null();
	done = d->back == CONTROL_BACK_UNTOLD ? json_null() : json_boolean(drill_is_back(d));
	return json_pack("{s:o, s:s, s:o, s:s}", "done", done, "to", d->from, "takeover_ms", took,
			 "why", d->back_why);
}

json_t *drill_document(const struct control_drill *d)
{
	char at[PROBE_TARGET_TEXT], why[SYNC_WHY_MAX];
	json_t *gap = drill_gap_is_known(d) ? json_integer((json_int_t)gap_ms(d)) : json_null();
	json_t *target = d->vip.family ? json_string(drill_probed(d, at)) : json_null();
	json_t *took = d->took_over ? json_integer((json_int_t)takeover_ms(d)) : json_null();
	json_t *lost = drill_lost_is_known(d) ? json_integer((json_int_t)d->lost) : json_null();
	json_t *ret = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:b, s:s, s:o, s:i}",
				"kind", d->kind, "result", d->result, "from", d->from, "to", d->to,
				"takeover_ms", took, "gap_ms", gap, "probe", target, "gap_why",
				drill_no_gap(d, why), "lost_connections", lost, "passed",
				drill_is(d, DRILL_PASSED), "why", d->why, "timeline",
				timeline_of(d), "clock_within_us", (int)d->within_us);

	if (ret && (json_object_update_new(ret, about(d)) < 0 ||
		    json_object_update_new(ret, drill_seen_document(d)) < 0 ||
		    json_object_set_new(ret, "failback", failback(d)) < 0)) {
		json_decref(ret);
		ret = NULL;
	}
	return ret;
}
