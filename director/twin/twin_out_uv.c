/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told to the other director. */
#include "director/twin/twin_inside_uv.h"

#include "ha/clock_uv.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	FLUSH_MS = 2,
	STREAM_MS = 1,
	STREAM_MESSAGES = 4, /* of one piece: 4,000 flows, 2 ms */
	ROOM_FOR_NEWS = 16,  /* messages that the snapshot leaves free */
};

static struct twin_queue *queue_of(struct twin *t, const struct sync_flow *flow)
{
	return &t->queues[flow->key.client.family == AF_INET6];
}

bool twin_send(struct twin *t)
{
	size_t len = codec_sync_pack(&t->out, t->bytes);

	return len > 0 && sync_link_send(t->link, t->bytes, len);
}

static void clear_queues(struct twin *t)
{
	for (size_t i = 0; i < TWIN_FAMILIES; i++)
		twin_queue_clear(&t->queues[i]);
}

/* --- flows ------------------------------------------------------------------------------------- */

/*
 * Who the number stands for has to be known over there before. One that the index has forgotten
 * since then, whose last flow has ended, is the one that was told.
 */
static bool is_named(struct twin *t, uint16_t number)
{
	const char *farm, *backend;

	flows_name(t->flows, number, &farm, &backend);
	if (!farm[0] || !backend[0])
		return twin_names_get(&t->said, number) != NULL;
	if (twin_names_has(&t->said, number, farm, backend))
		return true;
	if (twin_names_set(&t->said, number, farm, backend) < 0)
		return false;
	t->out.type = SYNC_NAME;
	t->out.name = (struct sync_name){.number = number};
	memcpy(t->out.name.farm, t->said.list[number].farm, SYNC_NAME_LEN);
	memcpy(t->out.name.backend, t->said.list[number].backend, SYNC_NAME_LEN);
	return twin_send(t);
}

/* Without those of backends that were never told and are known no more: they were, and ended. */
static void name_all(struct twin *t, struct sync_flows *flows)
{
	size_t n = 0;

	for (size_t i = 0; i < flows->n; i++)
		if ((n > 0 && flows->flows[n - 1].backend == flows->flows[i].backend) ||
		    is_named(t, flows->flows[i].backend))
			flows->flows[n++] = flows->flows[i];
	flows->n = n;
}

/* Empties *flows. False: there is no room, or no connection any more. */
static bool send_flows(struct twin *t, struct sync_flows *flows, uint32_t snapshot,
		       uint64_t since_us)
{
	uint64_t number;

	name_all(t, flows);
	if (flows->n == 0)
		return sync_room(&t->sync) > 0;
	number = sync_number(&t->sync, (uint32_t)flows->n, since_us, clock_us());
	if (number == 0)
		return false;
	t->out.type = SYNC_FLOWS;
	t->out.flows = *flows;
	t->out.flows.sequence = number;
	t->out.flows.snapshot = snapshot;
	t->seen.sent += flows->n;
	flows->n = 0;
	return twin_send(t);
}

/* One message of what waits; false: there is no room, or no connection any more. */
static bool send_queued(struct twin *t, struct twin_queue *q)
{
	static struct sync_flows flows; /* of the main loop */
	const struct sync_flow *next;
	struct sync_batch batch;
	uint64_t since_us = q->since_us;

	if (sync_room(&t->sync) == 0)
		return false;
	sync_batch_begin(&batch, &flows);
	while ((next = twin_queue_first(q)) && sync_batch_add(&batch, next))
		twin_queue_drop_first(q);
	return send_flows(t, &flows, 0, since_us);
}

/* True: nothing waits any more. */
static bool send_news(struct twin *t)
{
	for (size_t i = 0; i < TWIN_FAMILIES; i++)
		while (t->queues[i].n > 0)
			if (!send_queued(t, &t->queues[i]))
				return false;
	return true;
}

static void flush(uv_timer_t *timer)
{
	struct twin *t = timer->data;
	struct sync_event ev = {.type = SYNC_EVENT_LOST};

	if (t->overrun) {
		t->overrun = false;
		t->seen.lost++;
		twin_step(t, &ev, NULL);
		return;
	}
	twin_go_on(t);
}

/*
 * What was not told is lost with this machine, so it goes at once. Only while the other node has not
 * yet acknowledged what it was told before, it waits for that, or for FLUSH_MS: of many that come
 * together each message has some, and that node's kernel one transaction for them.
 */
static uint64_t wait_ms(const struct twin *t, const struct twin_queue *q)
{
	return q->n >= SYNC_FLOWS_MAX || sync_unacknowledged(&t->sync) == 0 ? 0 : FLUSH_MS;
}

void twin_acknowledged(struct twin *t)
{
	if (uv_is_active((uv_handle_t *)&t->flush) && sync_unacknowledged(&t->sync) == 0)
		uv_timer_start(&t->flush, flush, 0, 0);
}

void twin_told(void *owner, const struct sync_flow *flow)
{
	struct twin *t = owner;
	struct twin_queue *q = queue_of(t, flow);

	if (t->sync.out <= SYNC_OUT_GREETING)
		return; /* the snapshot will hold it */
	if (!twin_queue_add(q, flow, clock_us())) {
		t->overrun = true; /* not from here: who tells may be in the middle of its work */
		uv_timer_start(&t->flush, flush, 0, 0);
		return;
	}
	if (!uv_is_active((uv_handle_t *)&t->flush))
		uv_timer_start(&t->flush, flush, wait_ms(t, q), 0);
	else if (q->n == SYNC_FLOWS_MAX)
		uv_timer_start(&t->flush, flush, 0, 0);
}

/* --- the snapshot ------------------------------------------------------------------------------ */

static bool send_piece(struct twin *t, struct sync_flows *flows)
{
	t->streamed += flows->n;
	return flows->n == 0 || send_flows(t, flows, t->sync.snapshot, clock_us());
}

static void go_on(uv_timer_t *timer)
{
	twin_go_on(timer->data);
}

/* A message's worth; false: not all of it could be sent, which ends the connection. */
static bool stream_some(struct twin *t)
{
	static struct sync_flows flows;
	static struct sync_flow some[SYNC_FLOWS_MAX];
	struct sync_batch batch;
	size_t seen = 0;

	sync_batch_begin(&batch, &flows);
	while (seen < SYNC_FLOWS_MAX && !t->cursor.done) {
		size_t n = flows_stream(t->flows, &t->cursor, some, SYNC_FLOWS_MAX - seen);

		for (size_t i = 0; i < n; i++) {
			if (sync_batch_add(&batch, &some[i]))
				continue;
			if (!send_piece(t, &flows))
				return false;
			sync_batch_begin(&batch, &flows);
			sync_batch_add(&batch, &some[i]);
		}
		if (n == 0)
			break; /* a walk over others' flows takes time, too */
		seen += n;
	}
	return send_piece(t, &flows);
}

static void stream(struct twin *t)
{
	struct sync_event ev = {.type = SYNC_EVENT_STREAMED};

	for (int i = 0; i < STREAM_MESSAGES && !t->cursor.done; i++) {
		if (sync_room(&t->sync) <= ROOM_FOR_NEWS)
			return; /* the next acknowledgement asks for more */
		if (!stream_some(t))
			return;
	}
	if (t->sync.out != SYNC_OUT_STREAMING)
		return;
	if (t->cursor.done)
		twin_step(t, &ev, NULL);
	else
		uv_timer_start(&t->stream, go_on, STREAM_MS, 0);
}

/* --- farms and words ---------------------------------------------------------------------------- */

/* In front of the flows that they are about. True: nothing waits any more. */
static bool send_told(struct twin *t)
{
	while (sync_room(&t->sync) > 0) {
		uint64_t now_us = clock_us();

		int next = t->ops.next(t->ops.owner, &t->out);

		if (next <= 0)
			return next == 0;
		if (t->out.type == SYNC_FACTS)
			t->out.facts.sequence = sync_number(&t->sync, 0, now_us, now_us);
		if (!twin_send(t))
			return false;
	}
	return false;
}

/* --- all of it --------------------------------------------------------------------------------- */

void twin_go_on(struct twin *t)
{
	if (t->sync.out <= SYNC_OUT_GREETING)
		return;
	if (send_told(t) && send_news(t) && t->sync.out == SYNC_OUT_STREAMING)
		stream(t);
	twin_arm(t);
}

void twin_send_snapshot(struct twin *t, const struct sync_update *u)
{
	if (u->step == SYNC_SNAPSHOT_BEGIN) {
		send_news(t);	 /* of addresses that are ours no more the snapshot has none; */
		clear_queues(t); /* what there was no room for it holds, if it is ours */
	}
	t->out.type = SYNC_SNAPSHOT; /* not before: the news are told with it, too */
	t->out.snapshot = (struct sync_snapshot){
		.step = (uint8_t)u->step, .id = u->snapshot, .sequence = u->sequence};
	switch (u->step) {
	case SYNC_SNAPSHOT_WANTED: break;
	case SYNC_SNAPSHOT_BEGIN:
		t->ops.restart(t->ops.owner);
		t->cursor = (struct flow_cursor){0};
		t->streamed = 0;
		t->out.snapshot.total = twin_roles_held(&t->roles, true);
		twin_roles_domain(&t->roles, &t->out.snapshot.domain);
		break;
	case SYNC_SNAPSHOT_END:
		t->out.snapshot.total = t->streamed;
		t->seen.snapshots_sent++;
		break;
	}
	twin_send(t);
}

/* --- the rest ---------------------------------------------------------------------------------- */

void twin_send_hello(struct twin *t)
{
	t->out.type = SYNC_HELLO;
	t->out.hello = (struct sync_hello){.epoch = 1};
	memcpy(t->out.hello.node, t->self_name, SYNC_NAME_LEN);
	memcpy(t->out.hello.session, t->session, SYNC_SESSION_LEN);
	memcpy(t->out.hello.config_digest, t->digest, SYNC_DIGEST_LEN);
	memcpy(&t->out.hello.epoch, t->session, sizeof(t->out.hello.epoch));
	twin_send(t);
}

void twin_send_ack(struct twin *t)
{
	t->owes = false;
	t->out.type = SYNC_ACK;
	t->out.ack = (struct sync_ack){.sequence = t->acknowledge,
				       .current = t->acknowledge_current,
				       .unknown = t->unheld};
	twin_send(t);
}

void twin_send_digest(struct twin *t)
{
	struct sync_domain domain;

	if (!send_news(t))
		return; /* the next one will do */
	t->out.type = SYNC_DIGEST;
	twin_roles_domain(&t->roles, &domain);
	twin_roles_digest(&t->roles, &domain, &t->out.digest);
	t->out.digest.sequence = t->sync.sent;
	t->out.digest.wall_ms = clock_wall_ms();
	twin_send(t);
}

bool twin_say_drill(struct twin *t, const struct sync_drill *drill)
{
	if (t->sync.out <= SYNC_OUT_GREETING)
		return false;
	t->out.type = SYNC_DRILL;
	t->out.drill = *drill;
	return twin_send(t);
}

bool twin_say_provisional(struct twin *t, const struct sync_provisional *m)
{
	if (!twin_takes_provisional(t))
		return false;
	t->out.type = SYNC_PROVISIONAL;
	t->out.provisional = *m;
	return twin_send(t);
}

void twin_send_bye(struct twin *t, const char *why)
{
	t->out.type = SYNC_BYE;
	snprintf(t->out.bye.why, sizeof(t->out.bye.why), "%s", why);
	twin_send(t);
}
