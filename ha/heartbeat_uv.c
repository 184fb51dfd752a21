/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/heartbeat_peer_uv.h"

#include "ha/clock_uv.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_tick(uv_timer_t *tick)
{
	struct heartbeat *h = tick->data;

	for (size_t i = 0; i < h->n_peers && !h->closing; i++)
		heartbeat_link_send(&h->peers[i]);
}

void heartbeat_send_now(struct heartbeat *h, bool goodbye)
{
	h->leaving |= goodbye;
	for (size_t i = 0; i < h->n_peers; i++) {
		heartbeat_link_send(&h->peers[i]);
		heartbeat_link_send(&h->peers[i]);
	}
}

/* --- life ------------------------------------------------------------------------------------- */

static void make_keys(struct heartbeat *h, const struct cluster_keys *keys)
{
	for (size_t i = 0; i < h->n_peers; i++)
		heartbeat_keys_make(keys, h->cluster, h->self, h->peers[i].name, &h->peers[i].keys);
}

static void init_peer(struct heartbeat *h, size_t index, const struct heartbeat_node *node,
		      const struct heartbeat_session *session, uint64_t interval_us)
{
	struct heartbeat_link *p = &h->peers[index];

	p->h = h;
	p->index = index;
	snprintf(p->name, sizeof(p->name), "%s", node->name);
	p->address = node->address;
	p->fd = -1;
	heartbeat_peer_init(&p->core, session, interval_us, clock_us());
	uv_timer_init(h->loop, &p->timer);
	p->timer.data = p;
	h->open_handles++;
}

void heartbeat_set_interval(struct heartbeat *h, uint64_t interval_us)
{
	uint64_t ms = interval_us / 1000 ? interval_us / 1000 : 1;

	for (size_t i = 0; i < h->n_peers; i++)
		h->peers[i].core.interval_us = ms * 1000;
	uv_timer_start(&h->tick, on_tick, 0, ms);
}

void heartbeat_set_keys(struct heartbeat *h, const struct cluster_keys *keys)
{
	make_keys(h, keys);
}

int heartbeat_new(uv_loop_t *loop, const struct heartbeat_setup *setup,
		  const struct heartbeat_ops *ops, void *owner, struct heartbeat **ret,
		  struct err *err)
{
	struct heartbeat_session session;
	struct heartbeat *h;

	if (setup->keys->n == 0)
		return err_set(err, -EINVAL, "heartbeats need a key");
	for (size_t i = 0; i < setup->n_peers; i++)
		if (setup->peers[i].address.family != setup->self.address.family)
			return err_set(err, -EINVAL,
				       "the addresses of nodes %s and %s are of different families",
				       setup->self.name, setup->peers[i].name);
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_set(err, -ENOMEM, "heartbeats: out of memory");
	h->loop = loop;
	h->ops = *ops;
	h->owner = owner;
	snprintf(h->cluster, sizeof(h->cluster), "%s", setup->cluster);
	snprintf(h->self, sizeof(h->self), "%s", setup->self.name);
	h->address = setup->self.address;
	h->port = setup->port;
	uv_timer_init(loop, &h->tick);
	h->tick.data = h;
	h->open_handles = 1;
	h->n_peers = setup->n_peers;
	randombytes_buf(session.bytes, sizeof(session.bytes));
	for (size_t i = 0; i < h->n_peers; i++)
		init_peer(h, i, &setup->peers[i], &session, setup->interval_us);
	make_keys(h, setup->keys);
	heartbeat_set_interval(h, setup->interval_us);
	*ret = h;
	return 0;
}

size_t heartbeat_peers(const struct heartbeat *h)
{
	return h->n_peers;
}

void heartbeat_view(const struct heartbeat *h, size_t peer, struct heartbeat_view *ret)
{
	const struct heartbeat_link *p = &h->peers[peer];
	const struct heartbeat_peer *c = &p->core;

	*ret = (struct heartbeat_view){
		.name = p->name,
		.address = p->address,
		.state = c->state,
		.cause = c->cause,
		.since_us = c->since_us,
		.heard = c->proven,
		.heard_us = c->alive_us,
		.sent_us = c->sent_us,
		.round_trip_us = c->round_trip_us,
		.interval_us = c->their_interval_us,
		.sealed_us = p->sealed_us,
		.sign_us = p->sign_us > p->sealed_us ? p->sign_us : p->sealed_us,
		.known = c->known,
		.n_known = c->n_known,
		.error = p->error.text,
		.counters = p->counters,
	};
}

static void one_less(struct heartbeat *h)
{
	if (--h->open_handles > 0)
		return;
	for (size_t i = 0; i < h->n_peers; i++)
		heartbeat_keys_wipe(&h->peers[i].keys);
	free(h);
}

static void on_peer_closed(uv_handle_t *handle)
{
	one_less(((struct heartbeat_link *)handle->data)->h);
}

static void on_tick_closed(uv_handle_t *handle)
{
	one_less(handle->data);
}

void heartbeat_part(struct heartbeat *h)
{
	for (size_t i = 0; h && i < h->n_peers; i++)
		heartbeat_link_part(&h->peers[i]);
}

void heartbeat_close(struct heartbeat *h)
{
	if (!h || h->closing)
		return;
	h->closing = true;
	for (size_t i = 0; i < h->n_peers; i++) {
		struct heartbeat_link *p = &h->peers[i];

		uv_close((uv_handle_t *)&p->timer, on_peer_closed);
		if (p->polled) {
			uv_close((uv_handle_t *)&p->poll, on_peer_closed);
			close(p->fd); /* uv_close has taken it out of the loop */
		}
	}
	uv_close((uv_handle_t *)&h->tick, on_tick_closed);
}
