/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `config diff`: the other director's configuration, fetched over the sync channel while whoever asked
 * waits for the answer. It tells of ours whenever it wants to know.
 *
 * Shell, on the program's loop.
 */
#include "director/config_copy_uv.h"

#include "director/config/config_compare.h"
#include "director/director.h"

#include <sodium.h>
#include <stdio.h>

enum {
	PATIENCE_MS = 3000, /* for the next piece */
	/* From the beginning of one copy to that of the next: what asking costs is never more than what
	 * the other one hears of us in that time (ha/sync_credit.h). */
	PACE_MS = 250,
};

static const char *peer_name(const struct director *d)
{
	return d->peer ? d->peer->name : "?";
}

static void failed(struct director *d, struct control_reply *reply)
{
	char line[ERR_TEXT];

	snprintf(line, sizeof(line), "node %s does not tell its configuration: %s", peer_name(d),
		 d->copying.copy.why);
	director_say(reply, CONTROL_FAILED, line);
}

/* Both texts, in one. */
static void tell(struct director *d, struct control_reply *reply)
{
	struct twin_view view;
	size_t size, len = 0;
	char *ours = config_copy_text(d->config, &len);
	FILE *out = ours ? open_memstream(&reply->text, &size) : NULL;

	if (out) {
		twin_view(d->twin, &view);
		config_compare_print(out, !view.config_differs, d->self ? d->self->name : "?", ours,
				     peer_name(d), d->copying.copy.text);
		fclose(out);
	} else {
		director_say(reply, CONTROL_FAILED,
			     "directord has no memory for two configurations");
	}
	free(ours);
}

/* NULL: it can be asked. */
static const char *trouble(struct director *d)
{
	struct twin_view view;

	if (!d->peer)
		return "the configuration has no other director (section cluster): there is "
		       "nothing "
		       "to compare it with";
	if (!d->ready || !d->twin)
		return "the first ruleset is not applied yet; try again in a second";
	twin_view(d->twin, &view);
	if (!view.enabled)
		return "there is no sync channel, for the section cluster has no key-file: the "
		       "other "
		       "director cannot be asked";
	if (!view.link.connected)
		return "the other director is not connected, so it cannot be asked; `directorctl "
		       "cluster status` tells why";
	if (!twin_takes_copies(d->twin))
		return "the other director is of an older version, which cannot tell its whole "
		       "configuration; `directorctl doctor` tells some of what differs";
	return NULL;
}

static void begin(struct director *d)
{
	uint64_t id;

	randombytes_buf(&id, sizeof(id));
	config_copy_begin(&d->copying.copy, id | 1);
	d->copying.begun_ms = uv_now(d->loop);
	uv_timer_start(&d->copying.timer, director_copy_waited, PATIENCE_MS, 0);
	twin_go_on(d->twin);
}

/* Everybody who waits is answered; what was fetched is kept no longer. */
static void end(struct director *d)
{
	uv_timer_stop(&d->copying.timer);
	d->copying.wanted = false;
	control_server_release(d->server);
	config_copy_clear(&d->copying.copy);
}

void director_copy_waited(uv_timer_t *timer)
{
	struct director *d = timer->data;

	if (d->copying.copy.state == CONFIG_COPY_NONE && d->copying.wanted) {
		begin(d);
		return;
	}
	config_copy_fail(&d->copying.copy, "it gave no answer for 3 s");
	end(d);
}

bool director_answer_config_diff(struct director *d, bool again, struct control_reply *reply)
{
	struct copying *c = &d->copying;
	uint64_t since_ms = uv_now(d->loop) - c->begun_ms;
	const char *why;

	if (again && !c->wanted && c->copy.state == CONFIG_COPY_THERE) {
		tell(d, reply);
		return true;
	}
	if (again && !c->wanted) {
		failed(d, reply);
		return true;
	}
	if (c->wanted)
		return false; /* with those who asked before */
	why = trouble(d);
	if (why) {
		director_say(reply, CONTROL_FAILED, why);
		return true;
	}
	/* Not from here: who asks is not among those that wait before this has returned. */
	c->wanted = true;
	uv_timer_start(&c->timer, director_copy_waited,
		       c->begun_ms && since_ms < PACE_MS ? PACE_MS - since_ms : 0, 0);
	return false;
}

void director_hear_copy(struct director *d, const struct sync_copy *m)
{
	struct copying *c = &d->copying;

	if (m->step == SYNC_COPY_ASK) {
		config_source_hear(&c->source, m);
		twin_go_on(d->twin);
		return;
	}
	if (!config_copy_hear(&c->copy, m))
		return;
	if (c->copy.state != CONFIG_COPY_COMES) {
		end(d);
		return;
	}
	uv_timer_start(&c->timer, director_copy_waited, PATIENCE_MS, 0);
	twin_go_on(d->twin);
}

bool director_next_copy(struct director *d, struct sync_message *ret)
{
	ret->type = SYNC_COPY;
	return twin_takes_copies(d->twin) &&
	       (config_source_next(&d->copying.source, d->config, &ret->copy) ||
		config_copy_next(&d->copying.copy, &ret->copy));
}

void director_part_copies(struct director *d)
{
	d->copying.source.owes = false;
	d->copying.source.id = 0;
	if (!d->copying.wanted || d->stopping)
		return;
	if (d->copying.copy.state == CONFIG_COPY_NONE)
		config_copy_begin(&d->copying.copy, 1);
	config_copy_fail(&d->copying.copy, "the connection to it was lost");
	end(d);
}
