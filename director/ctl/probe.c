/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `probe IP:PORT`: what a client of a service sees of it, attempt by attempt. Runs on any machine, without a
 * daemon and a configuration.
 */
#include "director/ctl/probe.h"
#include "director/config/number.h"
#include "director/ctl/ctl.h"
#include "director/doctor/host_link_uv.h"
#include "director/health/probe_address.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

enum {
	RATE = 100,
	TIMEOUT_MS = 500,
	SLOT_MS = 200,	   /* of the line on a terminal… */
	SLOT_ATTEMPTS = 5, /* … or as many attempts, whichever takes longer */
	COUNT_MAX = 1000000000,
};

#define DURATION_MAX_MS UINT64_C(604800000) /* a week */

/* Each takes an option that may be missing (NULL); CTL_DONE with *ret filled or as it was. */
static int take_number(const char *name, const char *text, int64_t least, int64_t most,
		       uint64_t *ret)
{
	int64_t number;

	if (!text)
		return CTL_DONE;
	if (number_parse(text, &number) < 0 || number < least || number > most)
		return ctl_fail(CTL_USAGE, "--%s must be a number from %lld to %lld, not \"%s\"",
				name, (long long)least, (long long)most, text);
	*ret = (uint64_t)number;
	return CTL_DONE;
}

static int take_duration(const char *name, const char *text, uint64_t least, uint64_t most,
			 uint64_t *ret_ms)
{
	char from[DURATION_TEXT], to[DURATION_TEXT];
	uint64_t ms;

	if (!text)
		return CTL_DONE;
	if (duration_parse(text, &ms) < 0 || ms < least || ms > most)
		return ctl_fail(CTL_USAGE,
				"--%s must be a duration with its unit, from %s to %s, not \"%s\"",
				name, duration_format(least, from), duration_format(most, to),
				text);
	*ret_ms = ms;
	return CTL_DONE;
}

static int take_target(const char *text, struct probe_report *report)
{
	struct probe_target *t = &report->target;
	struct err err = {0};
	unsigned int ifindex = 0;

	if (probe_target_parse(text, t, &err) < 0)
		return ctl_fail(CTL_USAGE, "%s", err.text);
	if (t->zone[0] && (ifindex = if_nametoindex(t->zone)) == 0)
		return ctl_fail(CTL_FAILED, "there is no interface \"%s\"", t->zone);
	report->order.to_len = probe_address(&t->addr, t->port, ifindex, &report->order.to);
	if (host_link_is_own(&t->addr))
		return ctl_fail(
			CTL_FAILED,
			"%s is an address of this machine, which would answer itself: probe it "
			"from another one",
			addr_format(&t->addr, (char[ADDR_TEXT]){0}));
	return CTL_DONE;
}

static int take_said(const struct ctl_probe *o, struct probe_report *report)
{
	static uint8_t said[PROBE_SAID];
	struct err err = {0};
	int len;

	if (!o->send)
		return CTL_DONE;
	len = probe_said_parse(o->send, said, &err);
	if (len < 0)
		return ctl_fail(CTL_USAGE, "%s", err.text);
	report->order.said = said;
	report->order.said_len = (size_t)len;
	return CTL_DONE;
}

static int take_options(const struct ctl_probe *o, struct probe_report *report)
{
	struct probe_order *order = &report->order;
	uint64_t duration_ms = 0, hold = 0, slot_us;
	int code;

	*order = (struct probe_order){.udp = o->udp, .rate = RATE, .timeout_ms = TIMEOUT_MS};
	report->max_gap_ms = report->max_lost = UINT64_MAX;
	if ((code = take_number("rate", o->rate, 1, PROBE_RATE_MAX, &order->rate)) ||
	    (code = take_duration("duration", o->duration, 1, DURATION_MAX_MS, &duration_ms)) ||
	    (code = take_duration("timeout", o->timeout, PROBE_TIMEOUT_MIN_MS, PROBE_TIMEOUT_MAX_MS,
				  &order->timeout_ms)) ||
	    (code = take_number("hold", o->hold, 1, PROBE_HELD_MAX, &hold)) ||
	    (code = take_duration("max-gap", o->max_gap, 0, DURATION_MAX_MS,
				  &report->max_gap_ms)) ||
	    (code = take_number("max-lost", o->max_lost, 0, COUNT_MAX, &report->max_lost)) ||
	    (code = take_said(o, report)))
		return code;
	if (hold && order->udp)
		return ctl_fail(CTL_USAGE, "--hold is for TCP: UDP has no connections");
	order->hold = (uint32_t)hold;
	order->attempts = duration_ms ? (duration_ms * order->rate + 999) / 1000 : PROBE_ENDLESS;
	slot_us = SLOT_ATTEMPTS * UINT64_C(1000000) / order->rate;
	order->slot_us = slot_us > SLOT_MS * 1000 ? slot_us : SLOT_MS * 1000;
	return CTL_DONE;
}

/* --- verdict ------------------------------------------------------------------------------------- */

uint64_t probe_report_gap_ms(uint64_t us)
{
	return (us + 999) / 1000;
}

uint32_t probe_report_held(const struct probe_result *r, bool (*is)(const struct probe_held *h))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_held; i++)
		n += is(&r->held[i]);
	return n;
}

bool probe_report_is_lost(const struct probe_held *h)
{
	return h->state == PROBE_HELD_LOST;
}

static bool is_good(const struct probe_report *report)
{
	const struct probe_result *r = &report->result;

	return probe_report_gap_ms(r->book.longest_us) <= report->max_gap_ms &&
	       probe_book_lost(&r->book) + probe_report_held(r, probe_report_is_lost) <=
		       report->max_lost;
}

static int judge(const struct ctl *ctl, struct probe_report *report)
{
	const struct probe_result *r = &report->result;
	char target[PROBE_TARGET_TEXT];

	report->good = r->book.good && !r->became_local && is_good(report);
	if (!ctl->json)
		print_probe(stdout, report);
	else if (print_json_probe(stdout, report) < 0)
		return ctl_fail(CTL_FAILED, "no memory for a JSON document");
	probe_target_format(&report->target, target);
	if (r->became_local)
		return ctl_fail(
			CTL_FAILED,
			"%s has become an address of this machine, which would answer itself: "
			"the probe ended there",
			target);
	if (!r->book.good)
		return ctl_fail(CTL_FAILED, "nothing answered at %s", target);
	return report->good ? CTL_DONE : CTL_NOT_GOOD;
}

int ctl_probe(const struct ctl *ctl)
{
	static struct probe_report report; /* too large for the stack */
	const struct probe_ops ops = {print_probe_so_far, print_probe_held_lost, &report};
	const struct probe_ops silent = {0};
	struct err err = {0};
	int code = take_options(&ctl->probe, &report);

	if (code == CTL_DONE)
		code = take_target(ctl->argv[0], &report);
	if (code != CTL_DONE)
		return code;
	if (!ctl->json)
		print_probe_begin(stdout, &report);
	if (probe_run(&report.order, ctl->json ? &silent : &ops, &report.result, &err) < 0)
		code = ctl_fail_err(&err);
	else
		code = judge(ctl, &report);
	probe_result_clear(&report.result);
	return code;
}
