/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/twin/twin_inside_uv.h"

#include "ha/clock_uv.h"
#include "include/log.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool twin_may_say(struct twin *t, enum twin_says what)
{
	unsigned long suppressed;

	return log_limit_pass(&t->says[what], clock_ms(), &suppressed);
}

/* --- what follows -------------------------------------------------------------------------------- */

static void say_change(struct twin *t, bool was_here, bool was_there)
{
	bool here = sync_in_is_current(&t->sync), there = sync_out_is_current(&t->sync);

	flows_twin_is(t->flows, t->sync.in != SYNC_IN_CLOSED, here);
	if (here != was_here)
		log_info("our tables are %s those of node \"%s\"", here ? "a twin of" : "behind",
			 t->peer_name);
	if (there != was_there)
		log_info("the tables of node \"%s\" are %s ours", t->peer_name,
			 there ? "a twin of" : "behind");
	if (here != was_here || there != was_there)
		t->ops.changed(t->ops.owner);
}

static void hang_up(struct twin *t, enum sync_end why)
{
	t->seen.refused += flows_take_end(); /* too late for anybody to be told */
	if (why != SYNC_END_CLOSED && why != SYNC_END_BYE) {
		t->seen.ended[why]++;
		if (twin_may_say(t, TWIN_SAYS_END))
			log_warning("node \"%s\" %s: the sync channel begins anew", t->peer_name,
				    sync_end_text(why));
		twin_send_bye(t, sync_end_text(why));
	}
	sync_link_hang_up(t->link);
	t->ops.parted(t->ops.owner); /* the link itself may take a while */
}

static void follow(struct twin *t, const struct sync_update *u, const struct sync_message *m)
{
	if (u->flags & SYNC_APPLY)
		twin_apply(t, m);
	if (u->flags & SYNC_MARK)
		twin_mark(t, &m->snapshot);
	if (u->flags & SYNC_COMPARE)
		twin_compare(t, &m->digest);
	if (u->flags & SYNC_SEND_HELLO)
		twin_send_hello(t);
	if (u->flags & SYNC_SEND_ACK) {
		t->owes = true;
		t->acknowledge = u->acknowledge;
		t->acknowledge_current = u->current;
	}
	if (u->flags & SYNC_SWEEP)
		twin_sweep(t);
	if (u->flags & SYNC_SEND_SNAPSHOT)
		twin_send_snapshot(t, u);
	if (u->flags & SYNC_SEND_DIGEST)
		twin_send_digest(t);
	if (u->flags & SYNC_STREAM)
		twin_go_on(t);
	if (u->flags & SYNC_CLOSE)
		hang_up(t, u->end);
}

void twin_step(struct twin *t, struct sync_event *ev, const struct sync_message *m)
{
	bool here = sync_in_is_current(&t->sync), there = sync_out_is_current(&t->sync);
	bool greeting = t->sync.out <= SYNC_OUT_GREETING;
	struct sync_update u;

	ev->now_us = clock_us();
	u = sync_step(&t->sync, ev);
	if (u.flags & SYNC_CHANGED)
		say_change(t, here, there);
	follow(t, &u, m);
	if (greeting && t->sync.out > SYNC_OUT_GREETING)
		t->ops.greeted(t->ops.owner);
	twin_arm(t);
	if (t->link)
		sync_link_hold(t->link, !sync_hears(&t->sync));
}

void twin_arm(struct twin *t)
{
	uint64_t due_us = sync_deadline_us(&t->sync);

	deadline_arm(&t->deadline, due_us == SYNC_NEVER ? DEADLINE_NEVER : due_us);
}

void twin_settle(struct twin *t)
{
	twin_end_taking(t);
	if (t->owes && t->sync.out > SYNC_OUT_GREETING)
		twin_send_ack(t);
}

static void expired(void *owner, uint64_t late_us)
{
	struct twin *t = owner;
	struct sync_event ev = {.type = SYNC_EVENT_TIMER};

	(void)late_us;
	twin_step(t, &ev, NULL);
	twin_settle(t);
}

/* A snapshot would not help: it is of what the index has, which did not hear of them either. */
static void lost(void *owner)
{
	struct twin *t = owner;

	t->seen.lost++;
}

/* --- the link ---------------------------------------------------------------------------------- */

static void link_up(void *owner, uint32_t features)
{
	struct twin *t = owner;
	struct sync_event ev = {.type = SYNC_EVENT_OPEN};

	t->features = features;
	twin_names_clear(&t->said);
	twin_names_clear(&t->heard);
	t->owes = t->overrun = false;
	t->unheld = t->seen.unheld_there = 0;
	twin_step(t, &ev, NULL);
}

static void link_settled(void *owner)
{
	struct twin *t = owner;

	t->ops.put(t->ops.owner);
	twin_settle(t);
}

static void link_down(void *owner)
{
	struct twin *t = owner;
	struct sync_event ev = {.type = SYNC_EVENT_CLOSED};

	twin_end_taking(t);
	twin_step(t, &ev, NULL);
	t->features = 0;
	t->ops.parted(t->ops.owner);
	t->ops.told(t->ops.owner, true);
	t->ops.told(t->ops.owner, false);
	t->ops.led(t->ops.owner);
}

static const struct sync_link_ops link_ops = {
	.up = link_up, .message = twin_message, .settled = link_settled, .down = link_down};

/* --- configuration ------------------------------------------------------------------------------- */

static const struct addr *address_of(const struct config_node *node)
{
	return node->sync_address.family ? &node->sync_address : &node->address;
}

static void close_link(struct twin *t)
{
	struct sync_event ev = {.type = SYNC_EVENT_CLOSED};

	if (!t->link)
		return;
	twin_step(t, &ev, NULL);
	sync_link_close(t->link);
	t->link = NULL;
	t->features = 0;
	t->ops.parted(t->ops.owner);
}

static bool same_link(const struct twin *t, const struct twin_setup *s)
{
	return t->link && addr_equal(&t->self, address_of(s->self)) &&
	       addr_equal(&t->peer, address_of(s->peer)) && t->port == s->cluster->sync_port &&
	       strcmp(t->self_name, s->self->name) == 0 && strcmp(t->peer_name, s->peer->name) == 0;
}

/*
 * Another configuration: of some flows the other one may be told now, or be told no more; and what
 * could not be held here may have a place now.
 */
static void go_over(struct twin *t)
{
	struct sync_event ev = {.type = t->unheld ? SYNC_EVENT_DOMAIN : SYNC_EVENT_LOST};

	if (t->sync.out <= SYNC_OUT_GREETING)
		return;
	t->seen.config_differs = memcmp(t->peer_digest, t->digest, SYNC_DIGEST_LEN) != 0;
	twin_send_hello(t);
	t->ops.configured(t->ops.owner, !t->seen.config_differs);
	twin_step(t, &ev, NULL);
	twin_settle(t);
}

int twin_configure(struct twin *t, const struct twin_setup *s, struct err *err)
{
	uint8_t digest[SYNC_DIGEST_LEN] = {0};
	struct sync_link_setup setup;
	size_t len;

	if (!s->cluster || !s->self || !s->peer || s->keys->n == 0) {
		close_link(t);
		return 0;
	}
	sodium_hex2bin(digest, sizeof(digest), s->digest, strlen(s->digest), NULL, &len, NULL);
	setup = (struct sync_link_setup){
		.self = *address_of(s->self),
		.peer = *address_of(s->peer),
		.port = s->cluster->sync_port,
		.cluster = s->cluster->name,
		.self_name = s->self->name,
		.peer_name = s->peer->name,
		.keys = s->keys,
		.features = SYNC_FEATURE_VIEWS | SYNC_FEATURE_COPY | SYNC_FEATURE_PROVISIONAL |
			    SYNC_FEATURE_PUSH,
	};
	if (same_link(t, s)) {
		sync_link_set_keys(t->link, &setup);
		if (memcmp(t->digest, digest, sizeof(digest)) == 0) {
			if (t->sync.out > SYNC_OUT_GREETING) {
				twin_send_hello(t); /* what it told of farms is forgotten here */
				t->ops.configured(t->ops.owner, !t->seen.config_differs);
			}
			return 0;
		}
		memcpy(t->digest, digest, sizeof(digest));
		go_over(t);
		return 0;
	}
	close_link(t);
	memcpy(t->digest, digest, sizeof(digest));
	t->self = setup.self;
	t->peer = setup.peer;
	t->port = setup.port;
	snprintf(t->self_name, sizeof(t->self_name), "%s", s->self->name);
	snprintf(t->peer_name, sizeof(t->peer_name), "%s", s->peer->name);
	return sync_link_new(t->loop, &setup, &link_ops, t, &t->link, err);
}

static void domain_changed(struct twin *t)
{
	struct sync_event ev = {.type = SYNC_EVENT_DOMAIN};

	t->ops.led(t->ops.owner);
	flows_take_strays(t->flows);
	twin_step(t, &ev, NULL);
	twin_settle(t);
}

void twin_set_roles(struct twin *t, const struct twin_router *routers, size_t n_routers,
		    const struct twin_place *places, size_t n_places, const bool *ours)
{
	if (twin_roles_are(&t->roles, routers, n_routers, places, n_places)) {
		twin_set_masters(t, ours, n_routers);
		return;
	}
	if (twin_roles_set(&t->roles, routers, n_routers, places, n_places) < 0) {
		log_error("no memory for the virtual routers of the sync channel");
		return;
	}
	flows_sum(t->flows);
	twin_roles_take(&t->roles, ours, flow_file_now_s());
	domain_changed(t);
}

void twin_set_masters(struct twin *t, const bool *ours, size_t n)
{
	if (n == t->roles.n_routers && twin_roles_take(&t->roles, ours, flow_file_now_s()))
		domain_changed(t);
}

/* --- start, end, view ---------------------------------------------------------------------------- */

static void doubtful(void *watch)
{
	nft_watch_doubt(watch);
}

static void committed(void *watch, size_t n)
{
	nft_watch_passed(watch, n);
}

int twin_new(uv_loop_t *loop, struct flows *flows, struct nft_watch *watch,
	     const struct twin_ops *ops, struct twin **ret, struct err *err)
{
	struct flows_observer observer = {.told = twin_told, .lost = lost};
	struct twin *t = calloc(1, sizeof(*t));
	int code;

	if (!t)
		return err_set(err, -ENOMEM, "no memory");
	t->loop = loop;
	t->flows = flows;
	t->ops = *ops;
	sync_init(&t->sync);
	randombytes_buf(t->session, sizeof(t->session));
	t->session[0] |= 1; /* an epoch of it is never 0 */
	code = flow_writer_new(&t->writer, err);
	if (code == 0)
		code = nft_watch_pass(watch, flow_writer_port(t->writer));
	if (code == 0)
		flow_writer_observe(t->writer,
				    &(struct flow_writer_observer){doubtful, committed, watch});
	if (code < 0 && !err->text[0])
		err_set(err, code, "cannot follow changes of the ruleset: %s", strerror(-code));
	for (size_t i = 0; code == 0 && i < TWIN_FAMILIES; i++)
		code = twin_queue_init(&t->queues[i]);
	if (code == 0)
		code = deadline_init(&t->deadline, loop, expired, t, err);
	if (code < 0) {
		for (size_t i = 0; i < TWIN_FAMILIES; i++)
			twin_queue_free(&t->queues[i]);
		flow_writer_free(t->writer);
		free(t);
		return err->text[0] ? code : err_set(err, code, "no memory");
	}
	uv_timer_init(loop, &t->flush);
	uv_timer_init(loop, &t->stream);
	uv_timer_init(loop, &t->fill);
	t->flush.data = t->stream.data = t->fill.data = t;
	t->open_handles = 4;
	observer.owner = t;
	flows_join(flows, &t->roles, t->writer, &observer);
	*ret = t;
	return 0;
}

static void handle_closed(void *owner)
{
	struct twin *t = owner;

	if (--t->open_handles > 0)
		return;
	for (size_t i = 0; i < TWIN_FAMILIES; i++)
		twin_queue_free(&t->queues[i]);
	twin_names_clear(&t->said);
	twin_names_clear(&t->heard);
	twin_roles_clear(&t->roles);
	flow_writer_free(t->writer);
	free(t);
}

static void timer_closed(uv_handle_t *handle)
{
	handle_closed(handle->data);
}

void twin_close(struct twin *t)
{
	if (!t)
		return;
	close_link(t);
	flows_join(t->flows, NULL, NULL, NULL);
	deadline_close(&t->deadline, handle_closed);
	uv_close((uv_handle_t *)&t->flush, timer_closed);
	uv_close((uv_handle_t *)&t->stream, timer_closed);
	uv_close((uv_handle_t *)&t->fill, timer_closed);
}
