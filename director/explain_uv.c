/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a frame of a client goes and why, for `ruleset explain`: the way through the planned ruleset
 * (director/ruleset/walk.h), and what the kernel's own tables have for each key on it.
 *
 * Shell: asks the kernel for a dozen elements, which takes microseconds; changes nothing.
 */
#include "director/director.h"
#include "director/flow/flow_ask_uv.h"
#include "director/ruleset/explain.h"
#include "director/status_uv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct questions {
	struct flow_asker *asker; /* NULL: there is none */
	const struct ruleset *planned;
};

static enum walk_known ask(void *owner, const struct ruleset_set *set, const uint8_t *key,
			   size_t len, struct walk_answer *ret)
{
	const struct questions *q = owner;
	struct flow_ask_set which = {.key_len = len};
	struct flow_answer answer;
	int code;

	if (!q->asker)
		return WALK_UNKNOWN;
	strcpy(which.table, ruleset_table(q->planned));
	memcpy(which.set, set->name, sizeof(which.set));
	code = flow_ask(q->asker, &which, key, 1, &answer);
	if (code == -ENOENT)
		return WALK_ABSENT;
	if (code < 0)
		return WALK_UNKNOWN;
	if (!answer.present)
		return WALK_ABSENT;
	ret->data_len = answer.data_len < sizeof(ret->data) ? answer.data_len : sizeof(ret->data);
	memcpy(ret->data, answer.data, ret->data_len);
	ret->expires_ms = answer.expires_ms;
	return WALK_PRESENT;
}

/* Where frames to the address come in: the farm's interface, or the device of a virtual MAC address. */
static void find_device(const struct config *c, const struct status *s, const struct addr *vip,
			char ret[static RULESET_IFNAME])
{
	struct prefix p;

	for (size_t i = 0; i < c->n_farms; i++)
		for (size_t k = 0; k < c->farms[i].n_addresses; k++)
			if (addr_equal(&c->farms[i].addresses[k], vip))
				snprintf(ret, RULESET_IFNAME, "%s", c->farms[i].interface);
	for (size_t i = 0; i < s->n_vrrps; i++)
		for (size_t k = 0; s->vrrps[i].device[0] && k < s->vrrps[i].n_addresses; k++)
			if (prefix_parse(s->vrrps[i].addresses[k], &p) == 0 &&
			    addr_equal(&p.addr, vip))
				memcpy(ret, s->vrrps[i].device, RULESET_IFNAME - 1);
}

static int explain(struct director *d, const struct control_request *request,
		   struct control_reply *reply)
{
	struct questions q = {.planned = keeper_planned(d->keeper)};
	struct walk_frame frame = {.client = request->client,
				   .vip = request->address,
				   .client_port = request->client_port,
				   .port = request->port,
				   .protocol = request->protocol};
	const struct walk_ops ops = {.ask = ask, .owner = &q};
	struct err err = {0};
	size_t size;
	FILE *out = open_memstream(&reply->text, &size);
	int code;

	if (!out)
		return -ENOMEM;
	find_device(d->config, &reply->status, &frame.vip, frame.device);
	if (flow_asker_new(&q.asker, &err) < 0) /* then it says that the kernel was not asked */
		q.asker = NULL;
	code = explain_print(out, q.planned, &frame, &ops);
	flow_asker_free(q.asker);
	if (keeper_is_busy(d->keeper))
		fputs("note a change of the ruleset is on its way to the kernel at this moment\n",
		      out);
	fclose(out);
	return code;
}

void director_answer_explain(struct director *d, const struct control_request *request,
			     struct control_reply *reply)
{
	if (!d->ready) {
		director_say(reply, CONTROL_FAILED,
			     "the first ruleset is not applied yet; try again in a second");
		return;
	}
	if (director_status(d, &reply->status) < 0 || explain(d, request, reply) < 0) {
		director_say(reply, CONTROL_FAILED, "directord has no memory to explain that");
		return;
	}
	reply->has_status = true;
}
