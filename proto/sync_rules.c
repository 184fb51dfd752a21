/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/sync_rules.h"

#include "include/name.h"

#include <netinet/in.h>
#include <string.h>

static bool is_name(const char name[static SYNC_NAME_LEN])
{
	return name_is_valid(name, strnlen(name, SYNC_NAME_LEN));
}

static bool is_family(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static bool is_protocol(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == FLOW_PIN;
}

/* A client has no ports, and nothing to close. */
static bool is_possible_pin(const struct sync_flow *f)
{
	return !f->key.client_port && !f->key.vip_port && !f->closing;
}

static enum sync_reject judge_hello(const struct sync_hello *h)
{
	if (!is_name(h->node))
		return SYNC_REJECT_NAME;
	if (h->epoch == 0 || (h->known_epoch == 0 && h->known_sequence != 0))
		return SYNC_REJECT_NUMBER;
	return SYNC_REJECT_NONE;
}

static enum sync_reject judge_name(const struct sync_name *n)
{
	return is_name(n->farm) && is_name(n->backend) ? SYNC_REJECT_NONE : SYNC_REJECT_NAME;
}

static enum sync_reject judge_flows(const struct sync_flows *f)
{
	if (f->n == 0 || f->n > SYNC_FLOWS_MAX)
		return SYNC_REJECT_ENTRIES;
	if (!is_family(f->flows[0].key.client.family))
		return SYNC_REJECT_FAMILY;
	for (size_t i = 0; i < f->n; i++) {
		const struct flow_key *key = &f->flows[i].key;

		if (key->client.family != f->flows[0].key.client.family ||
		    key->vip.family != key->client.family)
			return SYNC_REJECT_FAMILY;
		if (!is_protocol(key->protocol))
			return SYNC_REJECT_PROTOCOL;
		if (flow_is_pin(key) && !is_possible_pin(&f->flows[i]))
			return SYNC_REJECT_PIN;
		if (f->flows[i].life_s > SYNC_LIFE_MAX_S)
			return SYNC_REJECT_LIFE;
	}
	return SYNC_REJECT_NONE;
}

static enum sync_reject judge_domain(const struct sync_domain *d)
{
	if (d->n > SYNC_ROUTERS_MAX)
		return SYNC_REJECT_ENTRIES;
	for (size_t i = 0; i < d->n; i++)
		if (!is_family(d->routers[i].family))
			return SYNC_REJECT_FAMILY;
	return SYNC_REJECT_NONE;
}

static enum sync_reject judge_snapshot(const struct sync_snapshot *s)
{
	bool wanted = s->step == SYNC_SNAPSHOT_WANTED;

	if (s->step < SYNC_SNAPSHOT_WANTED || s->step > SYNC_SNAPSHOT_END ||
	    wanted != (s->id == 0) || (wanted && s->total != 0) ||
	    (s->step != SYNC_SNAPSHOT_END && s->sequence != 0))
		return SYNC_REJECT_NUMBER;
	if (s->step != SYNC_SNAPSHOT_BEGIN && s->domain.n != 0)
		return SYNC_REJECT_ENTRIES;
	return judge_domain(&s->domain);
}

static bool is_admin(uint8_t admin)
{
	return admin >= SYNC_ENABLED && admin <= SYNC_DISABLED;
}

static enum sync_reject judge_order(const struct sync_order *o)
{
	bool drains = o->has_state && o->state == SYNC_DRAINING;

	if (!is_name(o->farm) || !is_name(o->backend))
		return SYNC_REJECT_NAME;
	if (o->epoch == 0 || o->epoch > SYNC_EPOCH_MAX || (!drains && o->drain_ms) ||
	    o->left_ms > o->drain_ms)
		return SYNC_REJECT_NUMBER;
	if (o->has_state ? !is_admin(o->state) || !is_admin(o->configured_state)
			 : o->state || o->configured_state)
		return SYNC_REJECT_NUMBER;
	return o->has_weight || (!o->weight && !o->configured_weight) ? SYNC_REJECT_NONE
								      : SYNC_REJECT_NUMBER;
}

static enum sync_reject judge_facts(const struct sync_facts *f)
{
	if (f->n == 0 || f->n > SYNC_FACTS_MAX)
		return SYNC_REJECT_ENTRIES;
	if (!is_name(f->farm))
		return SYNC_REJECT_NAME;
	if (f->phase > SYNC_PHASE_LAST || f->buckets == 0 || f->buckets > SYNC_TABLE_MAX)
		return SYNC_REJECT_NUMBER;
	for (size_t i = 0; i < f->n; i++) {
		if (!is_name(f->facts[i].backend))
			return SYNC_REJECT_NAME;
		if (!is_admin(f->facts[i].admin) || f->facts[i].health < SYNC_UP ||
		    f->facts[i].health > SYNC_UNRESOLVED || f->facts[i].percent >= 100)
			return SYNC_REJECT_NUMBER;
	}
	return SYNC_REJECT_NONE;
}

static enum sync_reject judge_buckets(const struct sync_buckets *b)
{
	if (b->n == 0 || b->n > SYNC_BUCKETS_MAX)
		return SYNC_REJECT_ENTRIES;
	if (!is_name(b->farm))
		return SYNC_REJECT_NAME;
	return b->first < SYNC_TABLE_MAX && b->n <= SYNC_TABLE_MAX - b->first ? SYNC_REJECT_NONE
									      : SYNC_REJECT_NUMBER;
}

static enum sync_reject judge_views(const struct sync_views *v)
{
	if (v->n == 0 || v->n > SYNC_FACTS_MAX)
		return SYNC_REJECT_ENTRIES;
	if (!is_name(v->farm))
		return SYNC_REJECT_NAME;
	for (size_t i = 0; i < v->n; i++) {
		if (!is_name(v->views[i].backend))
			return SYNC_REJECT_NAME;
		if (v->views[i].state < SYNC_VIEW_WELL || v->views[i].state > SYNC_VIEW_UNKNOWN)
			return SYNC_REJECT_NUMBER;
	}
	return SYNC_REJECT_NONE;
}

static bool is_sentence(const char why[static SYNC_WHY_MAX])
{
	return why[0] && text_is_printable(why, SYNC_WHY_MAX);
}

static enum sync_reject judge_bye(const struct sync_bye *b)
{
	return is_sentence(b->why) ? SYNC_REJECT_NONE : SYNC_REJECT_TEXT;
}

/* Whoever fills them makes something printable of what is not. The last line may be cut. */
static bool is_of_lines(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			return false;
	return len > 0 && len < size;
}

static bool are_lines(const char lines[static SYNC_PART_TEXT])
{
	return is_of_lines(lines, SYNC_PART_TEXT) && lines[strlen(lines) - 1] == '\n';
}

static enum sync_reject judge_config(const struct sync_config *c)
{
	bool part = c->step == SYNC_CONFIG_PART;

	if (c->step < SYNC_CONFIG_PART || c->step > SYNC_CONFIG_LINES ||
	    (!part && (c->last || c->sum)))
		return SYNC_REJECT_NUMBER;
	if (!c->name[0] || !text_is_printable(c->name, sizeof(c->name)))
		return SYNC_REJECT_NAME;
	return (part ? c->lines[0] == '\0' : are_lines(c->lines)) ? SYNC_REJECT_NONE
								  : SYNC_REJECT_TEXT;
}

static enum sync_reject judge_copy(const struct sync_copy *c)
{
	bool piece = c->step == SYNC_COPY_PIECE, refuses = c->step == SYNC_COPY_REFUSED;

	if (c->id == 0 || c->step < SYNC_COPY_ASK || c->step > SYNC_COPY_REFUSED ||
	    (!piece && c->last) || c->at >= SYNC_COPY_MAX || (refuses && c->at))
		return SYNC_REJECT_NUMBER;
	if (piece ? !is_of_lines(c->text, sizeof(c->text)) : c->text[0] != '\0')
		return SYNC_REJECT_TEXT;
	return (refuses ? is_sentence(c->why) : c->why[0] == '\0') ? SYNC_REJECT_NONE
								   : SYNC_REJECT_TEXT;
}

/* What is probed, who by, and what came of it. */
static bool is_probe(const struct sync_drill *d)
{
	static const struct mac none;
	bool asks = d->step == SYNC_DRILL_ASK, has_mac = !mac_equal(&d->mac, &none);

	if (has_mac && !mac_is_unicast(&d->mac))
		return false;
	if (d->vip.family)
		return asks && is_family(d->vip.family) && d->port && has_mac;
	return !d->port && (!has_mac || d->step == SYNC_DRILL_READY);
}

static bool are_spans(const struct sync_drill *d)
{
	for (size_t i = 0; i < d->n_spans; i++)
		if (d->spans[i].last_us < d->spans[i].first_us ||
		    (i > 0 && d->spans[i].first_us <= d->spans[i - 1].last_us))
			return false;
	return true;
}

/* Who asks and who is ready may tell what it is. */
static bool is_about(const struct sync_drill *d, const char *text)
{
	return text_is_printable(text, SYNC_ABOUT_MAX) &&
	       (!text[0] || d->step == SYNC_DRILL_ASK || d->step == SYNC_DRILL_READY);
}

/* In a report, if at all; zeroed otherwise. */
static bool is_tally(const struct sync_drill *d)
{
	const struct sync_tally *t = &d->tally;

	if (t->sight == SYNC_SIGHT_UNTOLD)
		return !t->frame_us && !t->stragglers && !t->flows_before && !t->flows_after &&
		       !t->lag_us;
	return d->step == SYNC_DRILL_REPORT && t->sight <= SYNC_SIGHT_LAST &&
	       (t->sight == SYNC_SIGHT_FRAME || (!t->frame_us && !t->stragglers));
}

static enum sync_reject judge_drill(const struct sync_drill *d)
{
	bool asks = d->step == SYNC_DRILL_ASK, refuses = d->step == SYNC_DRILL_REFUSED;
	bool reports = d->step == SYNC_DRILL_REPORT;

	if (d->id == 0 || d->step < SYNC_DRILL_ASK || d->step > SYNC_DRILL_REPORT ||
	    d->kind < SYNC_DRILL_GRACEFUL || d->kind > SYNC_DRILL_SPLIT ||
	    asks != (d->limit_ms > 0) || (!asks && (d->force || d->asker_yields)) ||
	    ((asks || reports) && d->heard_us) || (!reports && d->lost))
		return SYNC_REJECT_NUMBER;
	if (!is_probe(d))
		return SYNC_REJECT_NUMBER;
	if (d->n > (reports ? SYNC_MOMENTS_MAX : 0) || d->n_spans > (reports ? SYNC_SPANS_MAX : 0))
		return SYNC_REJECT_ENTRIES;
	for (size_t i = 0; i < d->n; i++)
		if (d->moments[i].kind < SYNC_MOMENT_LET_GO ||
		    d->moments[i].kind > SYNC_MOMENT_LAST)
			return SYNC_REJECT_NUMBER;
	if (!are_spans(d) || !is_tally(d))
		return SYNC_REJECT_NUMBER;
	if (!is_about(d, d->version) || !is_about(d, d->config))
		return SYNC_REJECT_TEXT;
	return refuses	   ? is_sentence(d->why) ? SYNC_REJECT_NONE : SYNC_REJECT_TEXT
	       : d->why[0] ? SYNC_REJECT_TEXT
			   : SYNC_REJECT_NONE;
}

static enum sync_reject judge_provisional(const struct sync_provisional *p)
{
	bool asks = p->step == SYNC_PROVISIONAL_ASK;

	if (p->id == 0 || p->step < SYNC_PROVISIONAL_ASK || p->step > SYNC_PROVISIONAL_LAST ||
	    (asks ? p->limit_ms < SYNC_PROVISIONAL_MIN_MS || p->limit_ms > SYNC_PROVISIONAL_MAX_MS
		  : p->limit_ms != 0))
		return SYNC_REJECT_NUMBER;
	for (size_t i = 0; !asks && i < sizeof(p->digest); i++)
		if (p->digest[i])
			return SYNC_REJECT_SIZE;
	if (p->step == SYNC_PROVISIONAL_REFUSED)
		return is_sentence(p->why) ? SYNC_REJECT_NONE : SYNC_REJECT_TEXT;
	return p->why[0] ? SYNC_REJECT_TEXT : SYNC_REJECT_NONE;
}

enum sync_reject sync_rules_judge(const struct sync_message *m)
{
	switch (m->type) {
	case SYNC_HELLO: return judge_hello(&m->hello);
	case SYNC_NAME: return judge_name(&m->name);
	case SYNC_FLOWS: return judge_flows(&m->flows);
	case SYNC_ACK: return SYNC_REJECT_NONE;
	case SYNC_DIGEST: return judge_domain(&m->digest.domain);
	case SYNC_SNAPSHOT: return judge_snapshot(&m->snapshot);
	case SYNC_ORDER: return judge_order(&m->order);
	case SYNC_FACTS: return judge_facts(&m->facts);
	case SYNC_BYE: return judge_bye(&m->bye);
	case SYNC_DRILL: return judge_drill(&m->drill);
	case SYNC_CONFIG: return judge_config(&m->config);
	case SYNC_VIEWS: return judge_views(&m->views);
	case SYNC_PROVISIONAL: return judge_provisional(&m->provisional);
	case SYNC_COPY: return judge_copy(&m->copy);
	case SYNC_BUCKETS: return judge_buckets(&m->buckets);
	}
	return SYNC_REJECT_TYPE;
}
