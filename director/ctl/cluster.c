/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `cluster failover`: asks the master to hand over, then watches until somebody else has taken over.
 * `cluster maintenance`: takes this node out of service.
 */
#include "director/ctl/ctl.h"
#include "ha/clock_uv.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

enum {
	LOOK_EVERY_MS = 20,
	TIME_LIMIT_MS =
		150000, /* three of the longest advertisement intervals and some: 40.95 s each */
};

static void wait_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

enum outcome { WAITING, TAKEN_OVER, TAKEN_BACK };

/* A router that was handed over is done when another one's adverts arrive, or when it is back. */
static enum outcome outcome_of(const struct status *s)
{
	enum outcome all = TAKEN_OVER;

	for (size_t i = 0; i < s->n_vrrps; i++) {
		const struct status_vrrp *v = &s->vrrps[i];

		if (strcmp(v->state, "master") == 0)
			return TAKEN_BACK;
		if (v->yielded && !v->master[0])
			all = WAITING;
	}
	return all;
}

static void print_text(const struct status *s, uint64_t ms)
{
	for (size_t i = 0; i < s->n_vrrps; i++)
		if (s->vrrps[i].yielded)
			printf("vrrp %s: %s is master now, %llu ms after this node let go\n",
			       s->vrrps[i].name, s->vrrps[i].master, (unsigned long long)ms);
}

static void print_document(const struct status *s, uint64_t ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_vrrps; i++)
		if (s->vrrps[i].yielded)
			json_array_append_new(list,
					      json_pack("{s:s, s:s}", "name", s->vrrps[i].name,
							"to", s->vrrps[i].master));
	print_json_document(stdout,
			    json_pack("{s:I, s:o}", "takeover_ms", (json_int_t)ms, "vrrp", list));
}

int ctl_cluster_failover(const struct ctl *ctl)
{
	struct control_reply reply = {0};
	uint64_t started = clock_ms();
	int code = ctl_ask(ctl, CONTROL_FAILOVER, &reply);

	control_reply_clear(&reply);
	if (code == CTL_DONE && ctl->no_wait) {
		puts(ctl->json ? "{\"accepted\": true}"
			       : "this node lets go; `directorctl cluster status` tells who takes "
				 "over");
		return CTL_DONE;
	}
	while (code == CTL_DONE) {
		enum outcome outcome;

		code = ctl_ask(ctl, CONTROL_STATUS, &reply);
		if (code != CTL_DONE)
			return code;
		outcome = outcome_of(&reply.status);
		if (outcome == TAKEN_OVER)
			(ctl->json ? print_document : print_text)(&reply.status,
								  clock_ms() - started);
		control_reply_clear(&reply);
		if (outcome == TAKEN_OVER)
			return CTL_DONE;
		if (outcome == TAKEN_BACK)
			return ctl_fail(CTL_FAILED,
					"nobody took over, so this node is master again; is "
					"the other director running?");
		if (clock_ms() - started > TIME_LIMIT_MS)
			return ctl_fail(CTL_FAILED, "nobody took over within %d s",
					TIME_LIMIT_MS / 1000);
		wait_ms(LOOK_EVERY_MS);
	}
	return code;
}

int ctl_cluster_maintenance(const struct ctl *ctl)
{
	bool on = strcmp(ctl->argv[0], "on") == 0;
	struct control_request request = {.command = CONTROL_MAINTENANCE,
					  .number = on ? 1 + ctl->force : 0};
	struct control_reply reply = {0};
	int code;

	if (!on && strcmp(ctl->argv[0], "off") != 0)
		return ctl_fail(CTL_USAGE, "maintenance is \"on\" or \"off\", not \"%s\"",
				ctl->argv[0]);
	code = ctl_request(ctl, &request, &reply);
	if (code == CTL_DONE && ctl->json)
		code = print_json_document(stdout, json_pack("{s:b}", "maintenance", on)) < 0
			       ? ctl_fail(CTL_FAILED, "no memory for a JSON document")
			       : CTL_DONE;
	else if (code == CTL_DONE)
		fputs(reply.text, stdout);
	control_reply_clear(&reply);
	return code;
}
