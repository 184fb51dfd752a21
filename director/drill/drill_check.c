/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_check.h"

#include "director/drill/drill_mute.h"
#include "director/ruleset/plan.h"
#include "ha/vrrp_packet.h"
#include "include/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is looked at, and the sentence. */
struct look {
	const struct status *s;
	const struct status_peer *peer;
	const struct drill_budget *budget;
	enum drill_who who;
	uint8_t kind;
	char *why;
};

static enum drill_check __attribute__((format(printf, 3, 4)))
say(const struct look *l, enum drill_check verdict, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(l->why, DRILL_WHY, fmt, args);
	va_end(args);
	text_make_printable(l->why, "");
	return verdict;
}

/* --- who is master ------------------------------------------------------------------------------ */

static size_t masters_here(const struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_vrrps; i++)
		n += strcmp(s->vrrps[i].state, "master") == 0;
	return n;
}

/* Words about routers that are not here have no name. */
static size_t masters_there(const struct status *s)
{
	size_t n = 0;

	for (size_t p = 0; p < s->n_peers; p++)
		for (size_t i = 0; i < s->peers[p].n_words; i++)
			n += s->peers[p].words[i].name[0] &&
			     strcmp(s->peers[p].words[i].state, "master") == 0;
	return n;
}

bool drill_check_yields_here(const struct status *s)
{
	size_t here = masters_here(s);

	return here == s->n_vrrps || (here > 0 && masters_there(s) < s->n_vrrps);
}

uint64_t drill_check_lost(const struct status_channel *c)
{
	uint64_t moving = c->queued + c->unacknowledged;

	if (!c->connected || c->would_lose == STATUS_UNKNOWN)
		return STATUS_UNKNOWN;
	if (!c->current_there)
		return c->would_lose;
	return c->would_lose > moving ? c->would_lose - moving : 0;
}

/* --- one question each -------------------------------------------------------------------------- */

static enum drill_check look_at_kind(const struct look *l)
{
	if (!l->s->n_vrrps)
		return say(l, DRILL_CHECK_IMPOSSIBLE,
			   "there is nothing to rehearse: the configuration has no vrrp section");
	if (!l->peer)
		return say(l, DRILL_CHECK_IMPOSSIBLE,
			   "there is no other director that could take over");
	return DRILL_CHECK_FINE;
}

/* Both have to hear each other to rehearse anything. */
static enum drill_check look_at_channel(const struct look *l)
{
	const struct status_channel *c = &l->peer->channel;
	bool silent = strcmp(l->peer->heartbeat, "up") != 0;

	if (!c->enabled)
		return say(l, DRILL_CHECK_IMPOSSIBLE,
			   "without a key-file there is no channel to node %s", l->peer->node);
	if (!c->connected && silent)
		return say(l, DRILL_CHECK_IMPOSSIBLE, "node %s is not heard: %s", l->peer->node,
			   l->peer->cause);
	if (!c->connected)
		return say(l, DRILL_CHECK_IMPOSSIBLE, "there is no connection to node %s%s%s",
			   l->peer->node, c->trouble[0] ? ": " : "", c->trouble);
	if (silent)
		return say(l, DRILL_CHECK_OBJECTS, "node %s is not heard: %s", l->peer->node,
			   l->peer->cause);
	if (c->config_differs)
		return say(l, DRILL_CHECK_OBJECTS, "node %s has another configuration",
			   l->peer->node);
	return DRILL_CHECK_FINE;
}

/* Either may go back to what ran before at any moment; this node speaks for itself. */
static enum drill_check look_at_confirmation(const struct look *l)
{
	if (l->s->unconfirmed_ms)
		return say(l, DRILL_CHECK_OBJECTS,
			   "the configuration of node %s waits for confirmation, for %llu s yet",
			   l->s->node, (unsigned long long)(l->s->unconfirmed_ms + 999) / 1000);
	return DRILL_CHECK_FINE;
}

static bool is_unfit(const char *state)
{
	return strcmp(state, "fault") == 0 || strcmp(state, "maintenance") == 0;
}

static enum drill_check look_at_states(const struct look *l)
{
	for (size_t i = 0; i < l->s->n_vrrps; i++)
		if (is_unfit(l->s->vrrps[i].state))
			return say(l, DRILL_CHECK_OBJECTS, "vrrp %s of node %s is in %s",
				   l->s->vrrps[i].name, l->s->node, l->s->vrrps[i].state);
	for (size_t i = 0; i < l->peer->n_words; i++)
		if (l->peer->words[i].name[0] && is_unfit(l->peer->words[i].state))
			return say(l, DRILL_CHECK_OBJECTS, "vrrp %s of node %s is in %s",
				   l->peer->words[i].name, l->peer->node, l->peer->words[i].state);
	return DRILL_CHECK_FINE;
}

static enum drill_check say_owner(const struct look *l, const char *node)
{
	return say(l, DRILL_CHECK_IMPOSSIBLE,
		   "node %s is the address owner (priority 255), which cannot leave its addresses "
		   "to the other one",
		   node);
}

/* It has its addresses whoever is master. */
static enum drill_check look_for_owner(const struct look *l)
{
	for (size_t i = 0; i < l->s->n_vrrps; i++)
		if (l->s->vrrps[i].priority == VRRP_PRIORITY_OWNER)
			return say_owner(l, l->s->node);
	for (size_t i = 0; i < l->peer->n_words; i++)
		if (l->peer->words[i].priority == VRRP_PRIORITY_OWNER)
			return say_owner(l, l->peer->node);
	return DRILL_CHECK_FINE;
}

static enum drill_check look_at_roles(const struct look *l)
{
	size_t here = masters_here(l->s), there = masters_there(l->s), all = l->s->n_vrrps;

	if (here > 0 && there > 0)
		return say(l, DRILL_CHECK_OBJECTS, "both nodes are master of virtual routers");
	if (here < all && there < all)
		return say(l, DRILL_CHECK_OBJECTS, "neither node is master of all virtual routers");
	if (l->who != DRILL_WHO_MASTER && (here == all) != (l->who == DRILL_WHO_HERE))
		return say(l, DRILL_CHECK_OBJECTS,
			   "the two nodes do not agree on which one is the master");
	return DRILL_CHECK_FINE;
}

static enum drill_check look_at_tables(const struct look *l)
{
	const struct status_channel *c = &l->peer->channel;
	uint64_t lost = drill_check_lost(c);

	if (strcmp(l->peer->sync, "in-sync") != 0)
		return say(l, DRILL_CHECK_OBJECTS, "the tables of the two nodes are not alike (%s)",
			   l->peer->sync);
	/* Only the master knows what it would lose. */
	if (masters_here(l->s) > 0 && lost > l->budget->lost)
		return say(l, DRILL_CHECK_OBJECTS,
			   "%llu connections would be lost, max-lost-connections is %u",
			   (unsigned long long)lost, l->budget->lost);
	return DRILL_CHECK_FINE;
}

static enum drill_check look_at_farms(const struct look *l)
{
	for (size_t i = 0; i < l->s->n_farms; i++)
		if (strcmp(l->s->farms[i].state, "up") != 0)
			return say(l, DRILL_CHECK_OBJECTS, "farm %s of node %s is down: %s",
				   l->s->farms[i].name, l->s->node, l->s->farms[i].reason);
	return DRILL_CHECK_FINE;
}

/* Of a backend that claims an address the alarm outlives the last frame, so that it is seen. */
static enum drill_check say_claim(const struct look *l, const struct status_claim *c)
{
	unsigned long long left_s = 0;

	if (c->age_ms < PLAN_CLAIM_KEPT_MS)
		left_s = (PLAN_CLAIM_KEPT_MS - c->age_ms + 999) / 1000;
	return say(l, DRILL_CHECK_OBJECTS,
		   "an alarm on node %s, for %llu s yet (--force goes past it): %s%s%s claimed %s",
		   l->s->node, left_s, c->backend[0] ? c->farm : "a host ",
		   c->backend[0] ? "/" : "", c->backend[0] ? c->backend : c->mac, c->address);
}

/* The one that is the last to end; NULL: there is another alarm, too. */
static const struct status_claim *claim_alone(const struct status *s)
{
	const struct status_claim *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_claims; i++) {
		if (!s->claims[i].goes_on)
			continue;
		if (!last || s->claims[i].age_ms < last->age_ms)
			last = &s->claims[i];
		n++;
	}
	return n == s->n_alarms ? last : NULL;
}

static enum drill_check look_at_alarms(const struct look *l)
{
	const struct status_claim *claim = claim_alone(l->s);

	if (claim)
		return say_claim(l, claim);
	if (l->s->n_alarms)
		return say(l, DRILL_CHECK_OBJECTS, "there is an alarm on node %s: %s", l->s->node,
			   l->s->alarms[0]);
	return DRILL_CHECK_FINE;
}

/* --- all of them -------------------------------------------------------------------------------- */

enum drill_check drill_check(const struct status *s, uint8_t kind, enum drill_who who,
			     const struct drill_budget *budget, char why[static DRILL_WHY])
{
	/* What is impossible comes before what only objects: force is told of it, too. */
	static enum drill_check (*const questions[])(const struct look *l) = {
		look_for_owner, look_at_channel, look_at_confirmation, look_at_states,
		look_at_roles,	look_at_tables,	 look_at_farms,	       look_at_alarms,
	};
	const struct look look = {.s = s,
				  .peer = s->n_peers ? &s->peers[0] : NULL,
				  .budget = budget,
				  .who = who,
				  .kind = kind,
				  .why = why};
	enum drill_check verdict;

	why[0] = '\0';
	verdict = look_at_kind(&look); /* and whether there is a peer */
	for (size_t i = 0; look.peer && verdict == DRILL_CHECK_FINE &&
			   i < sizeof(questions) / sizeof(questions[0]);
	     i++)
		verdict = questions[i](&look);
	return verdict;
}
