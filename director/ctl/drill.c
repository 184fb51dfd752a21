/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `cluster drill`: the daemon rehearses a failover with the other director; this waits for what comes of
 * it, and changes nothing by going away.
 */
#include "director/drill/drill.h"
#include "director/config/number.h"
#include "director/ctl/ctl.h"
#include "director/ctl/drill.h"
#include "director/ctl/drill_page.h"
#include "director/ctl/report_file.h"
#include "director/drill/drill_mute.h"
#include "director/probe/probe_target.h"
#include "ha/clock_uv.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

enum {
	LOOK_EVERY_MS = 50,
	LIMIT_MS = 30000,
	SILENCE_MS = 10000, /* how long a node is silent: clients may notice */
	RETURN_MS = 60000,  /* for the node that let go to be fit to be the master again */
	RETURN_LOOK_MS = 500,
	AGAIN_MS = 5000, /* for a daemon to begin its work */
};

static int finish_page(const struct control_drill *d, struct report_file *page)
{
	if (page->out)
		drill_page(d, page->out);
	return report_file_finish(page);
}

/* It was carried out. CTL_DONE when it, and what comes behind it, is as it should be. */
static int report(const struct ctl *ctl, const struct control_drill *d, struct report_file *page)
{
	bool good =
		drill_is(d, DRILL_PASSED) && (d->back == CONTROL_BACK_UNWANTED || drill_is_back(d));
	int code;

	if (!ctl->json)
		drill_print(d);
	else if (print_json_document(stdout, drill_document(d)) < 0)
		return ctl_fail(CTL_FAILED, "no memory for a JSON document");
	code = finish_page(d, page);
	return code == CTL_DONE && !good ? CTL_NOT_GOOD : code;
}

/*
 * In one that kills the daemon it may be the one that is asked, which is away then. Its supervisor has all the
 * time of the drill to start it again.
 */
static int look(const struct ctl *ctl, const struct control_drill *d, struct control_reply *ret)
{
	const struct control_request request = {.command = CONTROL_DRILL_LOOK};
	uint64_t until_ms = clock_ms() + d->about.limit_ms + AGAIN_MS;
	struct err err = {0};

	if (drill_kind_by_name(d->kind) != SYNC_DRILL_DAEMON_KILL)
		return ctl_request(ctl, &request, ret);
	while (ctl_try(ctl, &request, ret, &err) < 0) {
		if (clock_ms() > until_ms)
			return ctl_fail(CTL_UNREACHABLE,
					"nobody has started directord again, %u ms after it was "
					"killed: %s",
					d->about.limit_ms + AGAIN_MS, err.text);
		nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
	}
	return CTL_DONE;
}

/* The daemon ends it, whatever happens; a drill of another number is not this one. */
static int wait_for(const struct ctl *ctl, struct control_drill *d)
{
	const uint64_t id = d->id;

	while (drill_is(d, DRILL_OPEN)) {
		struct control_reply reply = {0};
		int code;

		nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
		code = look(ctl, d, &reply);
		if (code != CTL_DONE)
			return code;
		if (!reply.has_drill || reply.drill.id != id) {
			control_reply_clear(&reply);
			return ctl_fail(CTL_FAILED,
					"directord knows of this drill no more: its log "
					"says what came of it");
		}
		*d = reply.drill;
		control_reply_clear(&reply);
	}
	return CTL_DONE;
}

/* From the question to the result, which may be that it is refused. */
static int rehearse(const struct ctl *ctl, const struct control_request *request,
		    struct control_drill *ret)
{
	struct control_reply reply = {0};
	int code = ctl_request(ctl, request, &reply);

	if (code != CTL_DONE)
		return code;
	*ret = reply.drill;
	control_reply_clear(&reply);
	return ctl->no_wait ? CTL_DONE : wait_for(ctl, ret);
}

/* --- back again ----------------------------------------------------------------------------------- */

/* Whether the one that let go has all of it again, by the word of the daemon that is asked. */
static int look_who_leads(const struct ctl *ctl, const struct control_drill *d, bool *ret)
{
	struct control_reply reply = {0};
	int code = ctl_ask(ctl, CONTROL_STATUS, &reply);
	size_t masters = 0;

	if (code != CTL_DONE)
		return code;
	for (size_t i = 0; i < reply.status.n_vrrps; i++)
		masters += strcmp(reply.status.vrrps[i].state, "master") == 0;
	*ret = strcmp(reply.status.node, d->from) == 0 ? masters == reply.status.n_vrrps : !masters;
	control_reply_clear(&reply);
	return CTL_DONE;
}

/* For the history of the daemon, which this does not wait for, nor end with. */
static void tell(const struct ctl *ctl, const struct control_drill *d, enum control_back back)
{
	const struct control_request request = {
		.command = CONTROL_DRILL_RETURN, .drill = d->id, .number = back};
	struct control_reply reply = {0};
	struct err err = {0};

	if (ctl_try(ctl, &request, &reply, &err) == 0)
		control_reply_clear(&reply);
}

/*
 * An orderly drill brings the roles back, as soon as nothing speaks against one: a node that was silent
 * has its tables to take first.
 */
static int try_to_go_back(const struct ctl *ctl, struct control_drill *d)
{
	const struct control_request request = {.command = CONTROL_DRILL,
						.kind = SYNC_DRILL_GRACEFUL,
						.number = LIMIT_MS,
						.drill = d->id};
	uint64_t until_ms = clock_ms() + RETURN_MS;
	struct control_drill back = {0};
	bool there = false;
	int code;

	for (;;) {
		code = look_who_leads(ctl, d, &there);
		if (code != CTL_DONE || there || clock_ms() > until_ms)
			break;
		code = rehearse(ctl, &request, &back);
		if (code != CTL_DONE)
			break;
		nanosleep(&(struct timespec){.tv_nsec = RETURN_LOOK_MS * 1000000L}, NULL);
	}
	if (code != CTL_DONE) {
		d->back = CONTROL_BACK_NOT;
		snprintf(d->back_why, sizeof(d->back_why),
			 "the daemon gave no answer that could be used");
	} else if (!there) {
		d->back = CONTROL_BACK_NOT;
		memcpy(d->back_why, back.why, sizeof(d->back_why));
	} else if (back.took_over && strcmp(back.to, d->from) == 0) {
		d->back = CONTROL_BACK_ORDERLY;
		d->back_us = back.takeover_us;
	} else {
		d->back = CONTROL_BACK_ITSELF;
	}
	return code;
}

static int go_back(const struct ctl *ctl, struct control_drill *d)
{
	int code;

	tell(ctl, d, CONTROL_BACK_UNTOLD);
	code = try_to_go_back(ctl, d);
	tell(ctl, d, (enum control_back)d->back);
	return code;
}

static int carry_out(const struct ctl *ctl, const struct control_request *request,
		     struct report_file *page)
{
	struct control_drill d = {0};
	int code = rehearse(ctl, request, &d), told;

	if (code != CTL_DONE)
		return code;
	if (ctl->no_wait && !drill_is(&d, DRILL_REFUSED)) {
		puts(ctl->json ? "{\"accepted\": true}"
			       : "the drill goes on; the log tells what comes of it");
		return CTL_DONE;
	}
	if (drill_is(&d, DRILL_UNKNOWN))
		finish_page(&d, page);
	if (!drill_is(&d, DRILL_PASSED) && !drill_is(&d, DRILL_MISSED))
		return ctl_fail(CTL_FAILED, "the drill is %s: %s", d.result, d.why);
	/* Whatever comes of the way back, what was measured is told. */
	code = ctl->failback ? go_back(ctl, &d) : CTL_DONE;
	told = report(ctl, &d, page);
	return code == CTL_DONE ? told : code;
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

int ctl_cluster_drill(const struct ctl *ctl)
{
	struct control_request request = {.command = CONTROL_DRILL,
					  .kind = drill_kind_by_name(ctl->argv[0]),
					  .force = ctl->force};
	struct report_file page = {0};
	int code;

	if (!request.kind)
		return ctl_fail(CTL_USAGE,
				"a drill is \"graceful\", \"crash\", \"link\", \"daemon-kill\" or "
				"\"split\", not \"%s\"",
				ctl->argv[0]);
	if (ctl->no_wait && ctl->html)
		return ctl_fail(CTL_USAGE, "--html is written at the end: not with --no-wait");
	if (ctl->no_wait && ctl->failback)
		return ctl_fail(CTL_USAGE, "--failback comes at the end: not with --no-wait");
	if (ctl->target && request.kind == SYNC_DRILL_SPLIT)
		return ctl_fail(
			CTL_USAGE,
			"a split has one master all the time, and no gap: not with --probe");
	if (ctl->target && request.kind == SYNC_DRILL_DAEMON_KILL)
		return ctl_fail(
			CTL_USAGE,
			"daemon-kill kills who is to probe the new master: use `directorctl "
			"probe` on a client, not --probe");
	code = take_limit(ctl, request.kind, &request.number);
	if (code == CTL_DONE)
		code = take_target(ctl, &request);
	if (code == CTL_DONE)
		code = report_file_begin(&page, ctl->html);
	if (code == CTL_DONE)
		code = carry_out(ctl, &request, &page);
	report_file_drop(&page);
	return code;
}
