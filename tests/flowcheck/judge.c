/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/flowcheck/judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What one backend got of one flow. */
struct part {
	const struct flow_row *row;
	const struct flow_report *backend;
};

struct trial {
	const struct judge_case *c;
	struct judge_result *result;
	struct part *parts; /* of all flows, by flow and within a flow by sequence number */
	size_t n_parts;
};

/* --- naming offenders ------------------------------------------------------------------------- */

struct text {
	char *at;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(t->at, t->room, format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= t->room)
		n = (int)t->room - 1;
	t->at += n;
	t->room -= (size_t)n;
}

static void say_flow(struct text *t, const struct flow_plan *plan, uint32_t number)
{
	struct flow_tuple tuple = flow_tuple_of(plan, number);
	struct addr client = plan->client;
	char name[ADDR_TEXT];
	size_t len = addr_len(&client);

	if (len >= 2) {
		client.bytes[len - 2] = (uint8_t)(tuple.low >> 8);
		client.bytes[len - 1] = (uint8_t)tuple.low;
	}
	say(t, "flow %u (%s port %u, generation %u)", number, addr_format(&client, name),
	    tuple.port, tuple.generation);
}

/* What had been done last when the flow came to its second backend. */
static void say_mark(struct text *t, const struct judge_case *c, const struct part *parts, size_t n)
{
	const char *what = NULL;

	for (size_t i = 0; n > 1 && i < c->n_marks; i++)
		if (c->marks[i].from_ms <= parts[1].row->first_ms)
			what = c->marks[i].name;
	if (what)
		say(t, "; after %s", what);
}

/* "flow 5 (10.99.0.0 port 16389, generation 0): moved; 90 sent; web1 0-41; web2 42-89" */
static void accuse(struct trial *t, const struct flow_row *sent, uint32_t number,
		   const struct part *parts, size_t n, const char *what)
{
	struct judge_result *r = t->result;
	struct text text = {.room = JUDGE_TEXT};

	if (r->n_offenders >= t->c->offenders || r->n_offenders >= JUDGE_OFFENDERS_MAX)
		return;
	text.at = r->offenders[r->n_offenders++];
	say_flow(&text, &t->c->sent->plan, number);
	say(&text, ": %s", what);
	if (sent)
		say(&text, "; %u sent", sent->packets);
	for (size_t i = 0; i < n; i++) {
		const struct flow_row *row = parts[i].row;

		say(&text, "; %s %u-%u", parts[i].backend->name, row->first, row->last);
		if (row->packets != row->last - row->first + 1)
			say(&text, " (%u)", row->packets);
		if (row->duplicates)
			say(&text, " and %u twice", row->duplicates);
	}
	say_mark(&text, t->c, parts, n);
}

/* --- one flow --------------------------------------------------------------------------------- */

static const struct judge_rule *rule_of(const struct judge_rule *rules, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

static bool move_is_granted(const struct judge_case *c, const struct part *parts, size_t n)
{
	const struct judge_rule *outage = rule_of(c->outages, c->n_outages, parts[0].backend->name);

	return n == 2 && outage && parts[1].row->first > parts[0].row->last &&
	       parts[1].row->first_ms >= outage->from_ms;
}

/*
 * A flow that was alive in an outage may have lost a run of packets, and no others: at its end on the
 * dead backend, between the two, or from its beginning until the others took it over.
 */
static bool loss_is_excused(const struct judge_case *c, const struct flow_row *sent,
			    const struct part *parts, size_t n)
{
	const struct judge_rule *outage = NULL;

	for (size_t i = 0; i < c->n_outages && !outage; i++)
		if (sent->last_ms >= c->outages[i].from_ms &&
		    sent->first_ms <= c->outages[i].until_ms)
			outage = &c->outages[i];
	if (!outage)
		return false;
	for (size_t i = 0; i < n; i++)
		if (parts[i].row->packets != parts[i].row->last - parts[i].row->first + 1)
			return false;
	if (n == 0)
		return true;
	if (strcmp(parts[0].backend->name, outage->name) == 0)
		return parts[0].row->first == 0 &&
		       (n == 1 || parts[1].row->last + 1 == sent->packets);
	return n == 1 && parts[0].row->last + 1 == sent->packets &&
	       sent->first_ms >= outage->from_ms;
}

static bool is_misplaced(const struct judge_case *c, const struct flow_row *sent,
			 const struct part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct judge_rule *closure =
			rule_of(c->closures, c->n_closures, parts[i].backend->name);

		if (closure && sent->first_ms > closure->from_ms &&
		    sent->first_ms < closure->until_ms)
			return true;
	}
	return false;
}

static void judge_flow(struct trial *t, const struct flow_row *sent, const struct part *parts,
		       size_t n)
{
	struct judge_result *r = t->result;
	uint64_t got = 0, twice = 0, late = 0;
	const char *what = NULL;

	for (size_t i = 0; i < n; i++) {
		got += parts[i].row->packets;
		twice += parts[i].row->duplicates;
		late += parts[i].row->late;
		r->reordered += parts[i].row->reordered;
	}
	if (is_misplaced(t->c, sent, parts, n)) {
		r->flows_misplaced++;
		what = "opened on a closed backend";
	}
	if (got + late < sent->packets) {
		if (loss_is_excused(t->c, sent, parts, n)) {
			r->losses_excused += sent->packets - got;
		} else {
			r->flows_lossy++;
			r->packets_lost += sent->packets - got - late;
			what = "packets are missing";
		}
	}
	if (late) {
		r->packets_late += late;
		what = "packets came too late to be judged";
	}
	/* With two backends the same packet may have come to both. */
	if (got > sent->packets)
		twice += got - sent->packets;
	if (twice) {
		r->packets_twice += twice;
		what = "packets came twice";
	}
	if (n > 1) {
		if (move_is_granted(t->c, parts, n)) {
			r->moves_granted++;
		} else {
			r->flows_moved++;
			what = "moved";
		}
	}
	if (what)
		accuse(t, sent, sent->number, parts, n, what);
}

/* --- all of them ------------------------------------------------------------------------------ */

static int by_flow(const void *left, const void *right)
{
	const struct flow_row *a = ((const struct part *)left)->row;
	const struct flow_row *b = ((const struct part *)right)->row;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

static int collect_parts(struct trial *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->c->n_backends; i++)
		n += t->c->backends[i].n;
	t->parts = calloc(n + 1, sizeof(*t->parts));
	if (!t->parts)
		return -ENOMEM;
	for (size_t i = 0; i < t->c->n_backends; i++) {
		const struct flow_report *backend = &t->c->backends[i];

		t->result->overload += backend->overload;
		for (size_t k = 0; k < backend->n; k++)
			t->parts[t->n_parts++] = (struct part){&backend->rows[k], backend};
	}
	qsort(t->parts, t->n_parts, sizeof(*t->parts), by_flow);
	return 0;
}

/* Parts from `at` on of flows below `number`: nobody sent them. Returns the first that is not. */
static size_t judge_strange(struct trial *t, size_t at, uint64_t number)
{
	while (at < t->n_parts && t->parts[at].row->number < number) {
		t->result->packets_strange += t->parts[at].row->packets;
		accuse(t, NULL, t->parts[at].row->number, &t->parts[at], 1, "nobody sent it");
		at++;
	}
	return at;
}

static enum judge_verdict verdict_of(const struct judge_result *r)
{
	if (r->flows_moved || r->packets_twice || r->packets_late || r->packets_strange ||
	    r->flows_misplaced || r->packets_lost > r->overload)
		return JUDGE_BAD;
	return r->packets_lost ? JUDGE_OVERLOAD : JUDGE_GOOD;
}

int judge(const struct judge_case *c, struct judge_result *ret)
{
	struct trial t = {.c = c, .result = ret};
	size_t at = 0, end;
	int code;

	*ret = (struct judge_result){.overload = c->sent->overload};
	code = collect_parts(&t);
	if (code)
		return code;
	for (size_t i = 0; i < c->sent->n; i++) {
		const struct flow_row *sent = &c->sent->rows[i];

		at = judge_strange(&t, at, sent->number);
		for (end = at; end < t.n_parts && t.parts[end].row->number == sent->number;)
			end++;
		judge_flow(&t, sent, t.parts + at, end - at);
		at = end;
	}
	judge_strange(&t, at, 1ULL << 32);
	ret->verdict = verdict_of(ret);
	free(t.parts);
	return 0;
}

const char *judge_verdict_name(enum judge_verdict v)
{
	static const char *const names[] = {
		[JUDGE_GOOD] = "good", [JUDGE_BAD] = "bad", [JUDGE_OVERLOAD] = "overload"};

	return names[v];
}
