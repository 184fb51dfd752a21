/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `cluster drill`: the daemon rehearses a failover with the other director; this waits for what comes of
 * it, and changes nothing by going away.
 */
#include "director/drill.h"
#include "director/config/number.h"
#include "director/ctl/ctl.h"
#include "director/ctl/drill.h"
#include "director/ctl/drill_page.h"
#include "director/ctl/report_file.h"
#include "director/drill_mute.h"
#include "director/probe/probe_target.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

enum {
	LOOK_EVERY_MS = 50,
	LIMIT_MS = 30000,
	SILENCE_MS = 10000, /* how long a node is silent: clients may notice */
};

static bool is(const struct control_drill *d, enum drill_result result)
{
	return strcmp(d->result, drill_result_name(result)) == 0;
}

static unsigned long long takeover_ms(const struct control_drill *d)
{
	return (d->takeover_us + 999) / 1000;
}

/* "10.77.0.100:80"; "": nothing was probed. */
static const char *probed(const struct control_drill *d, char buf[static PROBE_TARGET_TEXT])
{
	const struct probe_target t = {.addr = d->vip, .port = d->port};

	buf[0] = '\0';
	return d->vip.family ? probe_target_format(&t, buf) : buf;
}

/* Why it is not known; "": it is, or nothing was probed. */
static const char *no_gap(const struct control_drill *d, char buf[static SYNC_WHY_MAX])
{
	buf[0] = '\0';
	switch ((enum drill_gap)d->gap) {
	case DRILL_GAP_KNOWN: break;
	case DRILL_GAP_NOBODY: snprintf(buf, SYNC_WHY_MAX, "nobody took over"); break;
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
		       node_of(d, &d->moments[i]), drill_moment_name(d->moments[i].kind));
	if (d->n)
		printf("the clocks of both are known to %.1f ms\n", (double)d->within_us / 1000);
}

static json_t *timeline_of(const struct control_drill *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct control_moment *m = &d->moments[i];

		if (json_array_append_new(list,
					  json_pack("{s:I, s:s, s:s}", "at_us",
						    (json_int_t)m->at_us, "node", node_of(d, m),
						    "event", drill_moment_name(m->kind)))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void print_gap(const struct control_drill *d)
{
	char at[PROBE_TARGET_TEXT], why[SYNC_WHY_MAX];

	if (!d->vip.family)
		return;
	if (d->gap == DRILL_GAP_KNOWN)
		printf("gap at %s: %llu ms\n", probed(d, at), gap_ms(d));
	else
		printf("gap at %s: not known, %s\n", probed(d, at), no_gap(d, why));
}

static void print_text(const struct control_drill *d)
{
	printf("drill %s: %s%s%s\n", d->kind, d->result, d->why[0] ? ": " : "", d->why);
	if (d->let_go && drill_kind_by_name(d->kind) == SYNC_DRILL_SPLIT) {
		printf("adverts of node %s were lost, node %s %s\n", d->from, d->to,
		       d->took_over ? "became master, too" : "stayed backup");
		return;
	}
	if (!d->let_go)
		printf("node %s did not let go\n", d->from);
	else if (d->took_over)
		printf("node %s let go, node %s took over within %llu ms\n", d->from, d->to,
		       takeover_ms(d));
	else
		printf("node %s let go, node %s did not take over\n", d->from, d->to);
	if (d->let_go)
		printf("connections lost: %llu\n", (unsigned long long)d->lost);
	print_gap(d);
}

void drill_print(const struct control_drill *d)
{
	print_text(d);
	print_timeline(d);
}

static json_t *node(const char *name, const struct control_drill_node *n)
{
	return json_pack("{s:s, s:s, s:s}", "node", name, "version", n->version, "config_digest",
			 n->config);
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
			 "directors", node(d->from, &a->from), node(d->to, &a->to));
}

json_t *drill_document(const struct control_drill *d)
{
	char at[PROBE_TARGET_TEXT], why[SYNC_WHY_MAX];
	json_t *gap = d->vip.family && d->gap == DRILL_GAP_KNOWN
			      ? json_integer((json_int_t)gap_ms(d))
			      : json_null();
	json_t *target = d->vip.family ? json_string(probed(d, at)) : json_null();
	json_t *took = d->took_over ? json_integer((json_int_t)takeover_ms(d)) : json_null();
	json_t *lost = d->let_go ? json_integer((json_int_t)d->lost) : json_null();
	json_t *ret = json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:b, s:s, s:o, s:i}", "kind", d->kind,
		"from", d->from, "to", d->to, "takeover_ms", took, "gap_ms", gap, "probe", target,
		"gap_why", no_gap(d, why), "lost_connections", lost, "passed", is(d, DRILL_PASSED),
		"why", d->why, "timeline", timeline_of(d), "clock_within_us", (int)d->within_us);

	if (ret && json_object_update_new(ret, about(d)) < 0) {
		json_decref(ret);
		ret = NULL;
	}
	return ret;
}

static int finish_page(const struct control_drill *d, struct report_file *page)
{
	if (page->out)
		drill_page(d, page->out);
	return report_file_finish(page);
}

static int report(const struct ctl *ctl, const struct control_drill *d, struct report_file *page)
{
	bool passed = is(d, DRILL_PASSED), missed = is(d, DRILL_MISSED);
	int code;

	if (is(d, DRILL_UNKNOWN))
		finish_page(d, page);
	if (!passed && !missed)
		return ctl_fail(CTL_FAILED, "the drill is %s: %s", d->result, d->why);
	if (!ctl->json)
		drill_print(d);
	else if (print_json_document(stdout, drill_document(d)) < 0)
		return ctl_fail(CTL_FAILED, "no memory for a JSON document");
	code = finish_page(d, page);
	return code == CTL_DONE && !passed ? CTL_NOT_GOOD : code;
}

/* The daemon ends it, whatever happens; a drill of another number is not this one. */
static int wait_for(const struct ctl *ctl, const struct control_drill *begun,
		    struct report_file *page)
{
	struct control_drill d = *begun;

	while (is(&d, DRILL_OPEN)) {
		struct control_reply reply = {0};
		int code;

		nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
		code = ctl_ask(ctl, CONTROL_DRILL_LOOK, &reply);
		if (code != CTL_DONE)
			return code;
		if (!reply.has_drill || reply.drill.id != begun->id) {
			control_reply_clear(&reply);
			return ctl_fail(CTL_FAILED,
					"directord knows of this drill no more: its log "
					"says what came of it");
		}
		d = reply.drill;
		control_reply_clear(&reply);
	}
	return report(ctl, &d, page);
}

static int take_limit(const struct ctl *ctl, uint8_t kind, uint64_t *ret_ms)
{
	char least[DURATION_TEXT], most[DURATION_TEXT];

	*ret_ms = mute_silences(kind) ? SILENCE_MS : LIMIT_MS;
	if (!ctl->limit || (duration_parse(ctl->limit, ret_ms) == 0 &&
			    *ret_ms >= DRILL_LIMIT_MIN_MS && *ret_ms <= drill_limit_max_ms(kind)))
		return CTL_DONE;
	return ctl_fail(CTL_USAGE,
			"--limit must be a duration with its unit, from %s to %s, not \"%s\"",
			duration_format(DRILL_LIMIT_MIN_MS, least),
			duration_format(drill_limit_max_ms(kind), most), ctl->limit);
}

static int take_target(const struct ctl *ctl, struct control_request *request)
{
	struct probe_target t = {0};
	struct err err = {0};

	if (!ctl->target)
		return CTL_DONE;
	if (probe_target_parse(ctl->target, &t, &err) < 0)
		return ctl_fail(CTL_USAGE, "--probe: %s", err.text);
	if (t.zone[0])
		return ctl_fail(CTL_USAGE, "--probe: a farm has no address on %s alone", t.zone);
	request->address = t.addr;
	request->port = t.port;
	return CTL_DONE;
}

static int begin(const struct ctl *ctl, const struct control_request *request,
		 struct report_file *page)
{
	struct control_reply reply = {0};
	struct control_drill begun;
	int code = ctl_request(ctl, request, &reply);

	if (code != CTL_DONE)
		return code;
	begun = reply.drill;
	control_reply_clear(&reply);
	if (ctl->no_wait) {
		puts(ctl->json ? "{\"accepted\": true}"
			       : "the drill goes on; the log tells what comes of it");
		return CTL_DONE;
	}
	return wait_for(ctl, &begun, page);
}

int ctl_cluster_drill(const struct ctl *ctl)
{
	struct control_request request = {.command = CONTROL_DRILL,
					  .kind = drill_kind_by_name(ctl->argv[0]),
					  .force = ctl->force};
	struct report_file page = {0};
	int code;

	if (request.kind != SYNC_DRILL_GRACEFUL && !mute_silences(request.kind))
		return ctl_fail(
			CTL_USAGE,
			"a drill is \"graceful\", \"crash\", \"link\" or \"split\", not \"%s\"",
			ctl->argv[0]);
	if (ctl->no_wait && ctl->html)
		return ctl_fail(CTL_USAGE, "--html is written at the end: not with --no-wait");
	code = take_limit(ctl, request.kind, &request.number);
	if (code == CTL_DONE)
		code = take_target(ctl, &request);
	if (code == CTL_DONE)
		code = report_file_begin(&page, ctl->html);
	if (code == CTL_DONE)
		code = begin(ctl, &request, &page);
	report_file_drop(&page);
	return code;
}
