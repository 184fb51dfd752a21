/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything at a glance: from the parts of the running director to a struct status.
 *
 * Shell: reads counters and flow tables through the keeper; changes nothing.
 */
#include "director/status_uv.h"
#include "director/director.h"
#include "include/text.h"
#include "proto/codec_part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY(to, from) text_copy((to), sizeof(to), (from))

static int fill_stragglers(struct director *d, struct status *s)
{
	size_t n;
	const struct straggler *list;

	director_look_for_stragglers(d); /* the roles may be others by now */
	list = stragglers_list(d->stragglers, &n);
	s->stragglers = calloc(n + 1, sizeof(*s->stragglers));
	if (!s->stragglers)
		return -ENOMEM;
	s->n_stragglers = n;
	for (size_t i = 0; i < n; i++) {
		mac_format(&list[i].mac, s->stragglers[i].mac);
		addr_format(&list[i].address, s->stragglers[i].address);
		COPY(s->stragglers[i].interface, list[i].interface);
		s->stragglers[i].age_ms = uv_now(d->loop) - list[i].sent_ms;
	}
	return 0;
}

/* What the kernel counts: of one farm, or of all (NULL). The farms are told from what is read here. */
static void read_counters(struct director *d, struct status *s, const char *farm)
{
	bool known = keeper_counts(d->keeper, farm, uv_now(d->loop)) != NULL;

	keeper_drops(d->keeper, farm);
	s->counters_age_ms =
		known ? keeper_counts_age_ms(d->keeper, farm, uv_now(d->loop)) : STATUS_UNKNOWN;
}

/* From the first'th farm of the configuration on. */
static int fill_farms(struct director *d, struct status *s, size_t first)
{
	int code = 0;

	for (size_t i = 0; !code && i < s->n_farms; i++)
		code = director_status_farm(d, first + i, &s->farms[i]);
	return code;
}

static int status_alloc(struct director *d, struct status *s, size_t farms)
{
	s->vrrps = calloc(d->n_routers + 1, sizeof(*s->vrrps));
	s->peers = calloc(2, sizeof(*s->peers));
	s->farms = calloc(farms + 1, sizeof(*s->farms));
	if (!s->vrrps || !s->peers || !s->farms)
		return -ENOMEM;
	s->n_vrrps = d->n_routers;
	s->n_peers = d->peer ? 1 : 0;
	s->n_farms = farms;
	return 0;
}

static void fill_index(struct director *d, struct status *s)
{
	struct flows_state state;

	flows_state(d->flows, &state);
	s->index_hears = state.hears;
	s->index_held = state.held;
	s->index_missed = state.missed;
	s->index_unindexed = state.unindexed;
}

static void fill_checks(struct director *d, struct status *s)
{
	struct health_stats stats;

	health_stats(d->health, &stats);
	s->checks = stats.checks;
	s->checks_late = stats.late;
	for (int i = 0; i < OUTCOME_CODES; i++)
		status_add_count(&s->outcomes, outcome_word((enum outcome_code)i),
				 stats.outcomes[i]);
}

static void fill_notified(struct director *d, struct status *s)
{
	struct hook_stats stats;

	hook_stats(d->hook, &stats);
	status_add_count(&s->notified, "done", stats.done);
	status_add_count(&s->notified, "failed", stats.failed);
	status_add_count(&s->notified, "timeout", stats.timeout);
	status_add_count(&s->notified, "lost", stats.lost);
}

/* All but the farms, for so many of which there is a place. farm: the only one of interest, or NULL. */
static int fill_head(struct director *d, const char *farm, size_t n_farms, struct status *s)
{
	int code = status_alloc(d, s, n_farms);

	COPY(s->node, d->self ? d->self->name : "");
	COPY(s->version, DIRECTOR_VERSION);
	COPY(s->config_digest, d->digest);
	s->uptime_ms = uv_now(d->loop) - d->started_ms;
	director_check_ruleset(d);
	fill_index(d, s);
	fill_checks(d, s);
	fill_notified(d, s);
	director_show_provisional(d, s);
	s->ruleset_in_sync = d->ready && director_is_settled(d) && keeper_in_sync(d->keeper);
	if (!code)
		code = director_status_pair(d, s);
	if (!code)
		code = fill_stragglers(d, s);
	if (!code)
		read_counters(d, s, farm);
	return code;
}

static int done(struct status *s, int code, struct status *ret)
{
	if (code)
		status_clear(s);
	else
		*ret = *s;
	return code;
}

int director_status_brief(struct director *d, struct status *ret)
{
	struct status s = {0};
	int code = status_alloc(d, &s, d->config->n_farms);

	COPY(s.node, d->self ? d->self->name : "");
	director_show_provisional(d, &s);
	if (!code)
		code = director_status_pair(d, &s);
	for (size_t i = 0; !code && i < s.n_farms; i++)
		code = director_status_farm_brief(d, i, &s.farms[i]);
	return done(&s, code, ret);
}

int director_status(struct director *d, struct status *ret)
{
	struct status s = {0};
	int code = fill_head(d, NULL, d->config->n_farms, &s);

	if (!code)
		code = fill_farms(d, &s, 0);
	return done(&s, code, ret);
}

int director_status_of(struct director *d, const struct config_farm *farm, struct status *ret)
{
	struct status s = {0};
	int code = fill_head(d, farm->name, 1, &s);

	if (!code)
		code = fill_farms(d, &s, (size_t)(farm - d->config->farms));
	return done(&s, code, ret);
}

int director_status_head(struct director *d, struct status *ret)
{
	struct status s = {0};

	return done(&s, fill_head(d, NULL, 0, &s), ret);
}

/* Each farm as it is when its part is made. */
uint8_t *director_answer_part(void *owner, size_t *position, size_t *ret_len)
{
	struct director *d = owner;
	struct control_part part = {0};
	int code = 0;

	while (!code && *position < d->config->n_farms && !control_part_is_full(&part)) {
		struct status_farm farm = {0};

		code = director_status_farm(d, *position, &farm);
		if (!code)
			code = control_part_add(&part, &farm);
		free(farm.backends);
		(*position)++;
	}
	if (*position == d->config->n_farms)
		*position = 0;
	if (!code)
		return control_part_take(&part, *position != 0, ret_len);
	control_part_clear(&part);
	return NULL;
}
