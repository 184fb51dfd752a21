/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the virtual routers depend on, looked at: links, commands, farms; what follows is told to the
 * routers (tracking.h says what that is).
 *
 * Shell. Every change is logged with its cause. The functions named …_here run on the election
 * thread.
 */
#include "director/director.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void say(const struct tracked *item)
{
	static const char *const kinds[] = {
		[TRACK_INTERFACE] = "interface",
		[TRACK_COMMAND] = "command",
		[TRACK_FARM] = "farm",
	};

	if (item->well)
		log_about(LOG_LEVEL_INFO, LOG_OF(.vrrp = item->section),
			  "vrrp \"%s\": the tracked %s \"%s\" is well again (weight %d)",
			  item->section, kinds[item->kind], item->name, item->weight);
	else
		log_about(LOG_LEVEL_WARNING, LOG_OF(.vrrp = item->section),
			  "vrrp \"%s\": %s (weight %d)", item->section, item->why, item->weight);
}

/* The entry was looked at: the routers are told of what is new, also that it has another reason. */
static void looked(struct director *d, struct tracked *item, bool changed)
{
	d->track_again |= item->news;
	item->news = false;
	if (changed)
		say(item);
}

/* --- interfaces and commands ------------------------------------------------------------------ */

static void look_at_interface(struct director *d, struct tracked *item)
{
	const struct link *link = links_find(d->links, item->name);
	char why[TRACKING_WHY];

	snprintf(why, sizeof(why), "interface %s %s", item->name,
		 link ? "is down" : "does not exist");
	looked(d, item, tracking_tell(item, link && link->up, why));
}

static void command_told(void *owner, const char *section, const char *name, bool well,
			 const char *how)
{
	struct director *d = owner;
	struct tracked *item = tracking_find(&d->tracking, TRACK_COMMAND, section, name);
	char why[TRACKING_WHY];

	snprintf(why, sizeof(why), "command \"%s\" %s", name, how);
	if (!item)
		return;
	looked(d, item, tracking_tell(item, well, why));
	if (d->track_again)
		director_track(d);
}

/* --- farms ------------------------------------------------------------------------------------ */

/*
 * What the operator disabled counts as healthy: the order is given on one director after the other,
 * and must not move the addresses in between. What the configuration disables does not count at all.
 */
static struct track_farms count_farm(struct director *d, const struct config_farm *farm,
				     const struct tracked *item)
{
	struct facts_source source = director_facts_source(d);
	struct track_farms ret = {.backends = item->backends};

	for (size_t i = 0; i < farm->n_backends; i++) {
		const struct config_backend *b = &farm->backends[i];
		struct plan_interface out;
		bool healthy;

		if (b->state == ADMIN_DISABLED)
			continue;
		healthy = admin_view(source.admin, farm->name, b).state == ADMIN_DISABLED ||
			  (facts_way(farm, b, &source, &out) &&
			   facts_backend(farm, b, out.ifindex, &source).usable &&
			   health_of(d->health, (size_t)(farm - d->config->farms), i) ==
				   OUTCOME_WELL);
		ret.healthy += healthy;
		ret.lacking += !healthy;
	}
	return ret;
}

struct section_farms {
	bool any; /* it tracks one */
	struct tracking_farms sum;
};

struct exchange_call {
	struct director *d;
	struct section_farms *sections;
};

/* What we know for the other director, and what it knows. */
static void exchange_here(void *arg)
{
	const struct exchange_call *call = arg;
	struct director *d = call->d;

	for (size_t i = 0; i < d->n_routers; i++) {
		struct section_farms *s = &call->sections[d->section_of[i]];
		struct track_farms peer;

		pair_farms(d->pair, i, &s->sum.all);
		if (!s->any || !pair_peer_farms(d->pair, i, &peer))
			continue;
		s->sum.peer_known = true;
		s->sum.peer = peer;
	}
}

static size_t section_index(const struct config *c, const char *name)
{
	size_t i = 0;

	while (i < c->n_vrrps && strcmp(c->vrrps[i].name, name) != 0)
		i++;
	return i;
}

static void look_at_farms(struct director *d)
{
	struct section_farms sections[CONFIG_VRRPS_MAX + 1] = {0};
	struct exchange_call call = {.d = d, .sections = sections};
	bool any = false;

	for (size_t i = 0; i < d->tracking.n; i++) {
		const struct tracked *item = &d->tracking.items[i];
		const struct config_farm *farm = config_farm_by_name(d->config, item->name);
		struct section_farms *s = &sections[section_index(d->config, item->section)];
		struct track_farms f;

		if (item->kind != TRACK_FARM || !farm)
			continue;
		any = s->any = true;
		f = count_farm(d, farm, item);
		s->sum.all.healthy += f.healthy;
		s->sum.all.lacking += f.lacking;
		s->sum.all.backends += f.backends;
	}
	if (!any && !d->tracked_farms)
		return;
	d->tracked_farms = any; /* no more: zeros are told once */
	election_call(d->election, exchange_here, &call);
	for (size_t i = 0; i < d->tracking.n; i++) {
		struct tracked *item = &d->tracking.items[i];
		const struct config_farm *farm = config_farm_by_name(d->config, item->name);
		struct tracking_farms f = sections[section_index(d->config, item->section)].sum;

		if (item->kind != TRACK_FARM || !farm)
			continue;
		f.farm = count_farm(d, farm, item);
		looked(d, item, tracking_tell_farm(item, &f, clock_ms()));
	}
}

/* --- the routers ------------------------------------------------------------------------------ */

struct track_call {
	struct director *d;
	struct tracking_verdict verdicts[CONFIG_VRRPS_MAX];
};

/* The priority of a router is in its settings: what is the same as before does nothing. */
static void track_here(void *arg)
{
	const struct track_call *call = arg;
	struct director *d = call->d;

	for (size_t i = 0; i < d->n_routers; i++) {
		const struct tracking_verdict *v = &call->verdicts[d->section_of[i]];

		vrrp_router_track(d->routers[i], v->priority, v->fault);
	}
}

static void tell_routers(struct director *d)
{
	struct track_call call = {.d = d};

	d->track_again = false;
	for (size_t i = 0; i < d->config->n_vrrps; i++) {
		const char *name = d->config->vrrps[i].name;
		struct tracking_verdict *v = &call.verdicts[i];
		uint8_t was = d->track_priority[i];

		*v = tracking_judge(&d->tracking, d->config, d->self, i);
		if (v->priority != was && v->priority && was)
			log_about(LOG_LEVEL_INFO, LOG_OF(.vrrp = name),
				  "vrrp \"%s\": its priority is %u, it was %u", name, v->priority,
				  was);
		d->track_priority[i] = v->priority;
	}
	election_call(d->election, track_here, &call);
}

void director_track(struct director *d)
{
	if (!d->ready || d->stopping)
		return;
	for (size_t i = 0; i < d->tracking.n; i++)
		if (d->tracking.items[i].kind == TRACK_INTERFACE)
			look_at_interface(d, &d->tracking.items[i]);
	look_at_farms(d);
	if (d->track_again)
		tell_routers(d);
}

/* In the order in which routers are made (routers_uv.c). */
static void find_sections(struct director *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->config->n_vrrps; i++) {
		d->section_of[n] = i;
		n += config_vrrp_has_family(&d->config->vrrps[i], AF_INET);
		d->section_of[n] = i;
		n += config_vrrp_has_family(&d->config->vrrps[i], AF_INET6);
	}
}

int director_set_tracks(struct director *d, struct err *err)
{
	int code = tracking_configure(&d->tracking, d->config);

	find_sections(d);
	if (code == 0 && !d->commands)
		d->commands = track_commands_new(d->loop, command_told, d);
	if (code == 0 && d->commands)
		code = track_commands_configure(d->commands, d->config);
	if (code < 0 || !d->commands)
		return err_set(err, -ENOMEM, "no memory for what the virtual routers track");
	memset(d->track_priority, 0, sizeof(d->track_priority));
	d->track_again = true;
	return 0;
}

void director_end_tracks(struct director *d)
{
	track_commands_close(d->commands);
	d->commands = NULL;
	tracking_clear(&d->tracking);
}

void director_show_tracks(struct director *d, struct status *s)
{
	for (size_t i = 0; i < s->n_vrrps; i++) {
		struct status_vrrp *v = &s->vrrps[i];

		if (!v->error[0])
			tracking_trouble(&d->tracking, v->name, v->error);
	}
}
