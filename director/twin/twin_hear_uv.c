/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the other director says. */
#include "director/twin/twin_inside_uv.h"

#include "include/log.h"

#include <stdlib.h>
#include <string.h>

static void hear_hello(struct twin *t, const struct sync_hello *hello)
{
	memcpy(t->peer_digest, hello->config_digest, SYNC_DIGEST_LEN);
	t->seen.config_differs = memcmp(t->peer_digest, t->digest, SYNC_DIGEST_LEN) != 0;
	if (t->seen.config_differs && twin_may_say(t, TWIN_SAYS_CONFIG))
		log_warning(
			"node \"%s\" has another configuration: flows of farms and backends that "
			"only one of the nodes has are not on both",
			t->peer_name);
	t->ops.configured(t->ops.owner, !t->seen.config_differs);
	/* Said again it has another configuration, and of farms it knows nothing any more. */
	if (t->sync.out > SYNC_OUT_GREETING) {
		t->ops.restart(t->ops.owner);
		twin_go_on(t);
	}
}

/* False: not all of it is in the kernel that could be. */
static bool take_flows(struct twin *t, const struct sync_flows *flows)
{
	struct flows_taken taken;

	t->ops.put(t->ops.owner);
	flows_take(t->flows, &t->heard, flows->flows, flows->n, &taken);
	t->seen.received += flows->n;
	t->seen.unknown += taken.unheld;
	t->unheld += taken.unheld;
	t->seen.refused += taken.refused;
	if (flows->snapshot)
		t->filled += flows->n;
	return taken.refused == 0;
}

void twin_end_taking(struct twin *t)
{
	struct sync_event ev = {.type = SYNC_EVENT_FAILED};
	size_t refused = flows_take_end();

	t->seen.refused += refused;
	if (refused > 0)
		twin_step(t, &ev, NULL);
}

static bool apply(struct twin *t, const struct sync_message *m)
{
	switch (m->type) {
	case SYNC_NAME:
		return twin_names_set(&t->heard, m->name.number, m->name.farm, m->name.backend) ==
		       0;
	case SYNC_FLOWS: return take_flows(t, &m->flows);
	case SYNC_ORDER:
	case SYNC_BUCKETS:
	case SYNC_DRILL:
	case SYNC_CONFIG:
	case SYNC_VIEWS:
	case SYNC_PROVISIONAL:
	case SYNC_COPY:
	case SYNC_PUSH:
	case SYNC_FACTS: return t->ops.heard(t->ops.owner, m);
	case SYNC_HELLO:
	case SYNC_ACK:
	case SYNC_SNAPSHOT:
	case SYNC_DIGEST:
	case SYNC_BYE: break;
	}
	abort();
}

void twin_apply(struct twin *t, const struct sync_message *m)
{
	struct sync_event ev = {.type = apply(t, m) ? SYNC_EVENT_APPLIED : SYNC_EVENT_FAILED};

	/* Names, words and buckets have no number: what needs them fails without. */
	if (m->type == SYNC_FLOWS || m->type == SYNC_FACTS)
		twin_step(t, &ev, NULL);
}

void twin_compare(struct twin *t, const struct sync_digest *digest)
{
	/* Where something cannot be held here, the sums differ, and another snapshot is no help. */
	struct sync_event ev = {.type = SYNC_EVENT_COMPARED,
				.equal = (t->unheld > 0 && !t->retry) ||
					 twin_roles_agree(&t->roles, digest)};

	if (!ev.equal && !t->differ)
		log_warning("the tables of node \"%s\" and ours differ: asking for all of them",
			    t->peer_name);
	t->differ = !ev.equal;
	twin_step(t, &ev, NULL);
}

/* When it was sent is known to within the time that it was under way. */
static void look_at_clock(struct twin *t, const struct sync_digest *digest)
{
	uint64_t here_ms = clock_wall_ms(), there_ms = digest->wall_ms;

	t->seen.apart_known = here_ms && there_ms;
	t->seen.apart_ms = here_ms > there_ms ? here_ms - there_ms : there_ms - here_ms;
}

static struct sync_heard heard_of(const struct sync_message *m)
{
	struct sync_heard h = {.type = m->type};

	switch (m->type) {
	case SYNC_FLOWS: h.sequence = m->flows.sequence; break;
	case SYNC_FACTS: h.sequence = m->facts.sequence; break;
	case SYNC_DIGEST: h.sequence = m->digest.sequence; break;
	case SYNC_ACK:
		h.sequence = m->ack.sequence;
		h.current = m->ack.current;
		break;
	case SYNC_SNAPSHOT:
		h.sequence = m->snapshot.sequence;
		h.snapshot = m->snapshot.id;
		h.step = m->snapshot.step;
		break;
	case SYNC_HELLO:
	case SYNC_NAME:
	case SYNC_ORDER:
	case SYNC_BUCKETS:
	case SYNC_DRILL:
	case SYNC_CONFIG:
	case SYNC_VIEWS:
	case SYNC_PROVISIONAL:
	case SYNC_COPY:
	case SYNC_PUSH:
	case SYNC_BYE: break;
	}
	return h;
}

void twin_message(void *owner, const uint8_t *bytes, size_t len)
{
	struct twin *t = owner;
	enum sync_reject reject = codec_sync_unpack(bytes, len, &t->in);
	struct sync_event ev = {.type = SYNC_EVENT_HEARD};

	if (reject != SYNC_REJECT_NONE || t->in.type != SYNC_FLOWS)
		twin_end_taking(t);
	if (reject != SYNC_REJECT_NONE) {
		t->seen.rejected[reject]++;
		if (reject == SYNC_REJECT_TYPE)
			return; /* a newer version says something that may be skipped */
		if (twin_may_say(t, TWIN_SAYS_MESSAGE))
			log_warning("a message of node \"%s\" %s: the sync channel begins anew",
				    t->peer_name, sync_reject_text(reject));
		twin_send_bye(t, sync_reject_text(reject));
		ev.type = SYNC_EVENT_CLOSED;
		twin_step(t, &ev, NULL);
		return;
	}
	if (t->in.type == SYNC_HELLO)
		hear_hello(t, &t->in.hello);
	if (t->in.type == SYNC_BYE && twin_may_say(t, TWIN_SAYS_BYE))
		log_warning("node \"%s\" ended the sync channel: what we said %s", t->peer_name,
			    t->in.bye.why);
	if (t->in.type == SYNC_ACK)
		t->seen.unheld_there = t->in.ack.unknown;
	if (t->in.type == SYNC_DIGEST)
		look_at_clock(t, &t->in.digest);
	ev.heard = heard_of(&t->in);
	twin_step(t, &ev, &t->in);
	if (t->in.type == SYNC_ACK)
		twin_acknowledged(t);
}
