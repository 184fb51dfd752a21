/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What directord does for directorctl, one function per command.
 *
 * Shell.
 */
#include "director/audit/prospect.h"
#include "director/director.h"
#include "director/ruleset/drift.h"
#include "director/ruleset/export.h"
#include "director/status_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NO_MEMORY_FOR_EXPORT "directord has no memory for an export"
#define NOT_READY	     "the first ruleset is not applied yet; try again in a second"

void director_say(struct control_reply *reply, int code, const char *text)
{
	free(reply->text);
	reply->code = code;
	reply->text = strdup(text);
}

static void say_err(struct control_reply *reply, const struct err *err)
{
	char line[ERR_LINE];

	director_say(reply, CONTROL_FAILED, err_format(err, line));
}

static void answer_status(struct director *d, struct control_reply *reply)
{
	if (director_status(d, &reply->status) < 0) {
		director_say(reply, CONTROL_FAILED, "directord has no memory for a status");
		return;
	}
	reply->has_status = true;
}

static void answer_status_in_parts(struct director *d, struct control_reply *reply)
{
	if (director_status_head(d, &reply->status) < 0) {
		director_say(reply, CONTROL_FAILED, "directord has no memory for a status");
		return;
	}
	reply->has_status = true;
	reply->more = d->config->n_farms > 0;
}

/* A status, and a stream for what is told beside it; NULL: no memory, of a status the reply has said so. */
static FILE *answer_beside_status(struct director *d, struct control_reply *reply, size_t *size)
{
	answer_status(d, reply);
	if (!reply->has_status)
		return NULL;
	free(reply->text);
	reply->text = NULL;
	return open_memstream(&reply->text, size);
}

/* Where the two configurations differ is no part of the status: it is long, and of no use to a program. */
static void answer_doctor(struct director *d, struct control_reply *reply)
{
	static struct outline_differences found; /* of the main loop */
	size_t size;
	FILE *out;

	out = answer_beside_status(d, reply, &size);
	if (!out)
		return;
	config_talk_compare(&d->config_talk, d->config, d->peer ? d->peer->name : "?", &found);
	for (size_t i = 0; i < found.n; i++)
		fprintf(out, "%s\n", found.list[i]);
	if (found.total > found.n)
		fprintf(out, "and %zu more\n", found.total - found.n);
	fclose(out);
}

static int print_export(struct director *d, FILE *out, const struct export_head *head,
			const struct plan_facts *facts, bool json)
{
	const struct ruleset *r = keeper_planned(d->keeper);
	const struct ruleset *stragglers = stragglers_table(d->stragglers);

	if (json)
		return export_print_json(out, head, facts, r, stragglers);
	export_print(out, head, facts, r, stragglers);
	return 0;
}

static void answer_export(struct director *d, bool json, struct control_reply *reply)
{
	struct facts_source source = director_facts_source(d);
	struct export_head head;
	struct config ordered = {0};
	struct facts facts;
	size_t size;
	int code = -1;
	FILE *out;

	if (!d->ready) {
		director_say(reply, CONTROL_FAILED, NOT_READY);
		return;
	}
	director_check_ruleset(d);
	head = (struct export_head){
		.node = d->self ? d->self->name : "",
		.digest = d->digest,
		.at_s = time(NULL),
		.state = keeper_in_sync(d->keeper) ? "as applied" : "as planned, not applied yet"};
	if (admin_effective(source.admin, d->config, &ordered) < 0 ||
	    facts_gather(&facts, &ordered, d->peer, &source) < 0) {
		admin_effective_clear(&ordered);
		director_say(reply, CONTROL_FAILED, NO_MEMORY_FOR_EXPORT);
		return;
	}
	out = open_memstream(&reply->text, &size);
	if (out) {
		code = print_export(d, out, &head, &facts.plan, json);
		code |= fclose(out);
	}
	if (code != 0)
		director_say(reply, CONTROL_FAILED, NO_MEMORY_FOR_EXPORT);
	facts_clear(&facts);
	admin_effective_clear(&ordered);
}

/* What runs, for whoever wants to know what another configuration would change of it. */
static void answer_prospect(struct director *d, struct control_reply *reply)
{
	struct facts_source world = director_facts_source(d);
	int code = -1;
	size_t size;
	FILE *out;

	if (!d->ready) {
		director_say(reply, CONTROL_FAILED, NOT_READY);
		return;
	}
	out = answer_beside_status(d, reply, &size);
	if (out) {
		code = prospect_print(out, d->config, &reply->status, &world);
		fclose(out);
	}
	if (code < 0 && reply->has_status)
		director_say(reply, CONTROL_FAILED, "directord has no memory for a plan");
}

/* What would mend it, then each difference on a line of its own. */
static void say_drift(struct director *d, const struct ruleset_change *change,
		      struct control_reply *reply)
{
	char text[RULESET_CHANGE_TEXT];
	struct ruleset have = {0};
	struct err err = {0};
	size_t size;
	FILE *out;

	if (keeper_read(d->keeper, &have, &err) < 0) {
		say_err(reply, &err);
		return;
	}
	reply->code = CONTROL_NOT_GOOD;
	out = open_memstream(&reply->text, &size);
	if (out) {
		fprintf(out, "the kernel's table differs; to mend it: %s%s\n",
			change->table_added ? "the table added, " : "",
			ruleset_change_format(change, text));
		drift_print(out, &have, keeper_planned(d->keeper));
		fclose(out);
	}
	ruleset_clear(&have);
}

/* The verdict on the smaller table, behind that on the farms'. */
static void verify_stragglers(struct director *d, struct control_reply *reply)
{
	char *text = NULL, *both = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct err err = {0};
	int code;

	if (!out)
		return;
	code = stragglers_verify(d->stragglers, out, &err);
	fclose(out);
	if (code < 0)
		say_err(reply, &err);
	if (code > 0 && reply->code == CONTROL_DONE)
		director_say(reply, CONTROL_NOT_GOOD, text);
	else if (code > 0 && reply->text && asprintf(&both, "%s%s", reply->text, text) > 0) {
		free(reply->text);
		reply->text = both;
	}
	free(text);
}

static void answer_verify(struct director *d, struct control_reply *reply)
{
	struct ruleset_change change;
	struct err err = {0};

	if (!d->ready)
		director_say(reply, CONTROL_FAILED, NOT_READY);
	else if (keeper_compare(d->keeper, &change, &err) < 0)
		say_err(reply, &err);
	else if (ruleset_change_is_empty(&change))
		director_say(reply, CONTROL_DONE, "the kernel holds exactly the planned ruleset\n");
	else
		say_drift(d, &change, reply);
	if (reply->code == CONTROL_DONE || reply->code == CONTROL_NOT_GOOD)
		verify_stragglers(d, reply);
}

/* False: it has not come to its end yet. */
static bool answer_reload(struct director *d, const struct control_request *request,
			  const struct control_asker *who, bool again, struct control_reply *reply)
{
	const char *why = again ? NULL : director_reload_objection(d);

	if (request->number)
		return director_answer_try(d, request, who, again, reply);
	if (why) {
		director_journal_refused(d, JOURNAL_RELOAD, who, "", why);
		director_say(reply, CONTROL_FAILED, why);
		return true;
	}
	if (!again)
		director_reload_for(d, who);
	if (request->no_wait && d->reload.running) {
		director_say(reply, CONTROL_DONE,
			     "the reload goes on; `directorctl ruleset history` and the log tell "
			     "what comes of it\n");
		return true;
	}
	if (d->reload.running || (d->reload.code == 0 && d->ready && !director_is_settled(d)))
		return false;
	if (d->reload.code < 0)
		say_err(reply, &d->reload.err);
	else
		director_say(reply, CONTROL_DONE, "configuration reloaded\n");
	return true;
}

static void say_not_master(struct director *d, struct control_reply *reply)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "node %s is not the master; run `directorctl cluster failover` on node %s",
		 d->self ? d->self->name : "?", d->peer ? d->peer->name : "?");
	director_say(reply, CONTROL_FAILED, line);
}

struct failover_call {
	struct director *d;
	struct err *err;
	size_t yielded;
	int code;
};

/* On the election thread. */
static void fail_over_here(void *arg)
{
	struct failover_call *call = arg;

	for (size_t i = 0; i < call->d->n_routers && call->code == 0; i++) {
		struct vrrp_router *r = call->d->routers[i];
		struct vrrp_view view;

		vrrp_router_view(r, &view);
		if (view.state != VRRP_MASTER)
			continue;
		call->code = vrrp_router_failover(r, call->err);
		call->yielded += call->code == 0;
	}
}

int director_fail_over(struct director *d, size_t *ret_yielded, struct err *err)
{
	struct failover_call call = {.d = d, .err = err};

	election_call(d->election, fail_over_here, &call);
	*ret_yielded = call.yielded;
	return call.code;
}

static void answer_failover(struct director *d, struct control_reply *reply)
{
	struct err err = {0};
	size_t yielded;

	if (!d->n_routers) {
		director_say(
			reply, CONTROL_FAILED,
			"there is nothing to fail over: the configuration has no vrrp section");
		return;
	}
	if (director_fail_over(d, &yielded, &err) < 0)
		say_err(reply, &err);
	else if (yielded)
		director_say(reply, CONTROL_DONE, "");
	else
		say_not_master(d, reply);
}

static void order_text(const struct control_request *r, char ret[static JOURNAL_ORDER])
{
	switch (r->command) {
	case CONTROL_BACKEND_ENABLE:
		snprintf(ret, JOURNAL_ORDER, "enable %s/%s", r->farm, r->backend);
		return;
	case CONTROL_BACKEND_DRAIN:
		snprintf(ret, JOURNAL_ORDER, "drain %s/%s", r->farm, r->backend);
		return;
	case CONTROL_BACKEND_DISABLE:
		snprintf(ret, JOURNAL_ORDER, "disable %s/%s", r->farm, r->backend);
		return;
	case CONTROL_BACKEND_WEIGHT:
		snprintf(ret, JOURNAL_ORDER, "weight %s/%s %u", r->farm, r->backend,
			 (unsigned int)r->number);
		return;
	case CONTROL_STATUS:
	case CONTROL_RULESET_EXPORT:
	case CONTROL_RULESET_VERIFY:
	case CONTROL_RULESET_PROSPECT:
	case CONTROL_RULESET_HISTORY:
	case CONTROL_RULESET_EXPLAIN:
	case CONTROL_CONFIG_DIFF:
	case CONTROL_CONFIG_PUSH:
	case CONTROL_RELOAD:
	case CONTROL_CONFIRM:
	case CONTROL_FAILOVER:
	case CONTROL_FARM_SHOW:
	case CONTROL_CONNECTIONS:
	case CONTROL_PERSISTENCE:
	case CONTROL_MAINTENANCE:
	case CONTROL_DRILL:
	case CONTROL_DRILL_LOOK:
	case CONTROL_DRILL_RETURN:
	case CONTROL_DRILL_HISTORY:
	case CONTROL_BACKEND_SHOW:
	case CONTROL_DOCTOR: ret[0] = '\0'; return;
	}
}

/* What is to be told may wait until the order is in force; the journal has it at once. */
static bool answer_order(struct director *d, const struct control_request *request,
			 const struct control_asker *who, bool again, struct control_reply *reply)
{
	char order[JOURNAL_ORDER];
	bool applies = d->ready; /* at once */
	bool done;

	if (again)
		return director_answer_backend(d, request, who, true, reply);
	order_text(request, order);
	if (applies)
		director_ask(d, JOURNAL_COMMAND, who, order);
	done = director_answer_backend(d, request, who, false, reply);
	if (reply->code == CONTROL_DONE) {
		if (!applies)
			director_ask(d, JOURNAL_COMMAND, who, order);
		return done && (request->no_wait || director_is_settled(d));
	}
	if (applies && !d->asked.open) /* that the kernel did not take it is told already */
		return true;
	if (applies)
		d->asked = (struct asked){0};
	director_journal_refused(d, JOURNAL_COMMAND, who, order, reply->text);
	return true;
}

static void answer_history(struct director *d, struct control_reply *reply)
{
	size_t size;
	FILE *out = open_memstream(&reply->text, &size);

	if (!out)
		return;
	journal_print(journal_store_book(d->journal), out);
	fclose(out);
}

static void answer(struct director *d, const struct control_request *request,
		   const struct control_asker *who, struct control_reply *reply)
{
	switch (request->command) {
	case CONTROL_STATUS:
		if (request->parts)
			answer_status_in_parts(d, reply);
		else
			answer_status(d, reply);
		return;
	case CONTROL_RULESET_EXPORT: answer_export(d, request->json, reply); return;
	case CONTROL_RULESET_VERIFY: answer_verify(d, reply); return;
	case CONTROL_RULESET_PROSPECT: answer_prospect(d, reply); return;
	case CONTROL_RULESET_HISTORY: answer_history(d, reply); return;
	case CONTROL_RULESET_EXPLAIN: director_answer_explain(d, request, reply); return;
	case CONTROL_CONFIRM:
	case CONTROL_CONFIG_DIFF:
	case CONTROL_CONFIG_PUSH:
	case CONTROL_BACKEND_ENABLE:
	case CONTROL_BACKEND_DRAIN:
	case CONTROL_BACKEND_DISABLE:
	case CONTROL_BACKEND_WEIGHT:
	case CONTROL_RELOAD: return; /* director_answer() */
	case CONTROL_FAILOVER: answer_failover(d, reply); return;
	case CONTROL_MAINTENANCE: director_answer_maintenance(d, request, reply); return;
	case CONTROL_DRILL: director_answer_drill(d, request, who, reply); return;
	case CONTROL_DRILL_LOOK: director_answer_drill_look(d, reply); return;
	case CONTROL_DRILL_RETURN: director_answer_drill_return(d, request, reply); return;
	case CONTROL_DRILL_HISTORY: drill_store_answer(d->drills, reply); return;
	case CONTROL_PERSISTENCE:
	case CONTROL_CONNECTIONS: director_answer_connections(d, request, reply); return;
	case CONTROL_BACKEND_SHOW: director_answer_backend_show(d, request, reply); return;
	case CONTROL_DOCTOR: answer_doctor(d, reply); return;
	case CONTROL_FARM_SHOW: director_answer_farm(d, request, reply); return;
	}
}

/* An order is answered when the kernel has it, unless nobody waits for that. */
bool director_answer(void *owner, const struct control_request *request,
		     const struct control_asker *who, bool again, struct control_reply *reply)
{
	struct director *d = owner;

	if (request->command == CONTROL_RELOAD)
		return answer_reload(d, request, who, again, reply);
	if (request->command == CONTROL_CONFIRM)
		return director_answer_confirm(d, request, who, again, reply);
	if (request->command == CONTROL_CONFIG_PUSH)
		return director_answer_push(d, request, who, again, reply);
	if (request->command == CONTROL_CONFIG_DIFF)
		return director_answer_config_diff(d, again, reply);
	if (control_is_order(request))
		return answer_order(d, request, who, again, reply);
	answer(d, request, who, reply);
	return true;
}
