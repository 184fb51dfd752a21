/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/monitor/alarms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One more; the last place tells how many have found none. */
static void __attribute__((format(printf, 3, 4)))
note(struct status *s, size_t *total, const char *fmt, ...)
{
	va_list args;

	if (++*total > STATUS_ALARMS_MAX) {
		snprintf(s->alarms[STATUS_ALARMS_MAX - 1], STATUS_ALARM, "%zu more alarms",
			 *total - STATUS_ALARMS_MAX + 1);
		return;
	}
	va_start(args, fmt);
	vsnprintf(s->alarms[s->n_alarms++], STATUS_ALARM, fmt, args);
	va_end(args);
}

static bool recent(uint64_t age_ms)
{
	return age_ms != STATUS_UNKNOWN && age_ms < ALARMS_RECENT_MS;
}

/* "web", "web (IPv6)" */
static const char *name_of(const struct status_vrrp *v, char buf[static STATUS_NAME + 8])
{
	snprintf(buf, STATUS_NAME + 8, "%s%s", v->name, v->family == 6 ? " (IPv6)" : "");
	return buf;
}

static const char *node_of(const struct status *s)
{
	return s->n_peers ? s->peers[0].node : "";
}

static void look_at_ownership(struct status *s, size_t *total, const struct status_vrrp *v)
{
	char name[STATUS_NAME + 8];

	name_of(v, name);
	if (v->two_masters)
		note(s, total, "vrrp %s: two masters: node %s says that it is master, too", name,
		     node_of(s));
	if (v->held)
		note(s, total,
		     "vrrp %s: takeover held: no adverts come, but heartbeats of the master at "
		     "node %s do; is IP protocol 112 filtered?",
		     name, node_of(s));
	if (v->claimed)
		note(s, total, "vrrp %s: %s", name, v->error);
}

static void look_at_security(struct status *s, size_t *total, const struct status_vrrp *v)
{
	char name[STATUS_NAME + 8];

	name_of(v, name);
	if (recent(v->auth_failed_age_ms))
		note(s, total,
		     "vrrp %s: adverts that are authenticated under another key came within the "
		     "last minute",
		     name);
	if (recent(v->skew_age_ms))
		note(s, total,
		     "vrrp %s: the clock of a router beside us differs by %" PRIu64
		     " s; a bit more, and its adverts are refused",
		     name, v->skew_s);
}

static bool adverts_come(const struct status *s)
{
	for (size_t i = 0; i < s->n_vrrps; i++) {
		const struct status_vrrp *v = &s->vrrps[i];

		if (strcmp(v->state, "backup") == 0 && v->master[0] &&
		    v->master_age_ms <= ALARMS_INTERVALS * v->interval_ms)
			return true;
	}
	return false;
}

/* Off: not configured. A peer that sends neither is down, which is no contradiction. */
static bool silent_beside_adverts(const struct status *s, const struct status_peer *p)
{
	if (strcmp(p->heartbeat, "down") != 0 && strcmp(p->heartbeat, "gone") != 0)
		return false;
	if (strcmp(p->state, "connecting") == 0 && p->since_ms < ALARMS_START_MS)
		return false;
	return adverts_come(s);
}

static void look_at_peer(struct status *s, size_t *total, const struct status_peer *p)
{
	if (silent_beside_adverts(s, p))
		note(s, total,
		     "node %s: adverts come, but its heartbeats do not (%s); is the sync-port "
		     "filtered?",
		     p->node, p->cause);
	if (recent(p->key_age_ms))
		note(s, total,
		     "node %s: heartbeats that do not open came within the last minute; do both "
		     "nodes have the same key (`directorctl key fingerprint`)?",
		     p->node);
	if (p->error[0])
		note(s, total, "node %s: no heartbeat can be sent: %s", p->node, p->error);
}

static void look_at_claim(struct status *s, size_t *total, const struct status_claim *c)
{
	if (!c->goes_on)
		return;
	if (c->backend[0])
		note(s, total,
		     "backend %s/%s (%s) claims the virtual address %s: clients may reach it "
		     "without a director; see `directorctl backend-setup %s/%s`",
		     c->farm, c->backend, c->mac, c->address, c->farm, c->backend);
	else
		note(s, total,
		     "a host that was a backend (%s) claims the virtual address %s: clients may "
		     "reach it without a director",
		     c->mac, c->address);
}

int alarms_fill(struct status *s)
{
	size_t total = 0;

	s->alarms = calloc(STATUS_ALARMS_MAX, sizeof(*s->alarms));
	if (!s->alarms)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_vrrps; i++)
		look_at_ownership(s, &total, &s->vrrps[i]);
	for (size_t i = 0; i < s->n_claims; i++)
		look_at_claim(s, &total, &s->claims[i]);
	for (size_t i = 0; i < s->n_peers; i++)
		look_at_peer(s, &total, &s->peers[i]);
	for (size_t i = 0; i < s->n_vrrps; i++)
		look_at_security(s, &total, &s->vrrps[i]);
	return 0;
}
