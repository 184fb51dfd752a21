/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/director_uv.h"
#include "director/control/access_uv.h"

#include "director/config/check.h"
#include "director/config/load.h"
#include "director/director.h"
#include "director/schedule/balance.h"
#include "director/service/directory_uv.h"
#include "director/status_uv.h"
#include "ha/clock_uv.h"
#include "include/log.h"
#include "include/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	REFRESH_MS = 5, /* events that come together become one plan */
	GRACE_MS =
		1000, /* a start waits so long for neighbours and checks: an adopted ruleset must not shrink */
	GRACE_STEP_MS = 50,
	CHECK_MS = 1000,
	LINGER_STEP_MS = 10,
};

/* --- the first ruleset and the next ones -------------------------------------------------------- */

/* The other director may well be off: nothing waits for it. */
static bool backends_resolved(struct director *d)
{
	struct facts_source source = director_facts_source(d);
	struct facts_target *targets = NULL;
	int n = facts_targets(d->config, NULL, &source, &targets);
	bool all = n >= 0 && director_routes_known(d);
	struct mac mac;

	for (int i = 0; all && i < n; i++)
		all = neighbours_find(d->neighbours, targets[i].ifindex, &targets[i].addr, &mac);
	free(targets);
	return all;
}

static void become_ready(struct director *d)
{
	struct err err = {0};

	d->ready = true;
	if (director_set_twin(d, &err) < 0)
		log_error("%s; the other director is told nothing", err.text);
	memory_give_back(); /* the transaction with the whole table */
	director_track(d);
	director_feed_routers(d);
	director_set_hook(d);
	director_drill_back(d);
	if (d->options.ready)
		d->options.ready(d->options.owner);
}

void director_applied(struct director *d)
{
	d->failing = false;
	if (!d->ready)
		become_ready(d);
	else
		director_feed_routers(d); /* a link may be of use only now */
	control_server_release(d->server);
}

void director_say_failure(struct director *d, const struct err *err)
{
	if (!d->failing)
		log_error("%s; trying again until it works", err->text);
	d->failing = true;
	uv_timer_start(&d->refresh, director_refresh, CHECK_MS, 0);
	control_server_release(d->server); /* it is in force, and tried again */
}

void director_refresh(uv_timer_t *timer)
{
	struct director *d = timer->data;
	struct err err = {0};
	int code;

	d->waiting = false;
	if (!d->ready && uv_now(d->loop) - d->started_ms < GRACE_MS &&
	    !(backends_resolved(d) && health_is_settled(d->health))) {
		uv_timer_start(timer, director_refresh, GRACE_STEP_MS, 0);
		return;
	}
	code = director_apply(d, &err);
	if (code < 0)
		director_say_failure(d, &err);
	else if (director_is_settled(d))
		director_applied(d);
}

/* Neighbours or times may call for another plan; all else is as it was. */
static void plan_soon(struct director *d)
{
	if (d->stopping || (uv_is_active((uv_handle_t *)&d->refresh) && !d->waiting))
		return;
	d->waiting = false;
	uv_timer_start(&d->refresh, director_refresh, REFRESH_MS, 0);
}

void director_refresh_soon(struct director *d)
{
	d->facts_stale = true;
	plan_soon(d);
}

/* The addresses to resolve follow from the configuration, from which interfaces there are and from
 * which of them lead to the backends. */
int director_set_targets(struct director *d)
{
	struct facts_source source = director_facts_source(d);
	struct facts_target *targets = NULL;
	struct neighbour_target *list;
	int n = director_set_routed(d);

	d->facts_stale = true;
	if (n < 0)
		return n;
	n = facts_targets(d->config, d->peer, &source, &targets);
	if (n < 0)
		return n;
	list = calloc((size_t)n + 1, sizeof(*list));
	for (int i = 0; list && i < n; i++) {
		const struct link *link = links_find(d->links, targets[i].interface);

		list[i] = (struct neighbour_target){
			.ifindex = targets[i].ifindex,
			.addr = targets[i].addr,
			.link_up = link && link->up,
		};
	}
	if (list)
		n = neighbours_set_targets(d->neighbours, list, (size_t)n);
	else
		n = -ENOMEM;
	free(list);
	free(targets);
	return n;
}

static void neighbours_changed(void *owner, const struct addr *addrs, size_t n)
{
	struct director *d = owner;

	director_cause(d, JOURNAL_NETWORK);
	if (!addrs || d->n_changed + n > NEIGHBOURS_TOLD) {
		director_refresh_soon(d);
		return;
	}
	memcpy(&d->changed[d->n_changed], addrs, n * sizeof(*addrs));
	d->n_changed += n;
	plan_soon(d);
}

void director_backend_changed(struct director *d, const struct addr *address)
{
	if (!d->stopping)
		neighbours_changed(d, address, 1);
	director_cause(d, JOURNAL_CHECKS);
}

static void links_changed(void *owner)
{
	struct director *d = owner;

	if (d->stopping)
		return;
	keeper_distrust(d->keeper);
	routes_ask_again(d->routes);
	health_look_again(d->health);
	director_ways_changed(d);
	director_say_lro(d);
	director_track(d);
	if (d->ready)
		director_feed_routers(d);
}

void director_ways_changed(struct director *d)
{
	if (d->stopping)
		return;
	director_cause(d, JOURNAL_NETWORK);
	if (director_set_targets(d) < 0)
		log_error("no memory for the list of backends; the old list stays");
	director_refresh_soon(d);
}

static void check(uv_timer_t *timer)
{
	struct director *d = timer->data;

	if (director_miss_links(d)) {
		director_cause(d, JOURNAL_NETWORK);
		director_refresh_soon(d);
	}
	journal_store_keep(d->journal);
	drill_store_keep(d->drills, clock_wall_ms());
	director_orders_go_on(d);
	if (!d->ready)
		return;
	director_check_ruleset(d);
	director_check_flows(d);
	director_roll_counts(d);
	director_balance(d);
	if (transitions_wait_for_flows(d->transitions))
		plan_soon(d);
	director_track(d);
	director_feed_routers(d); /* a link may have waited long enough */
	director_look_for_stragglers(d);
	director_tell_backends(d);
	director_look_for_retries(d);
	claimants_look(&d->claimants, d->keeper, &d->facts.plan, uv_now(d->loop));
	director_tell_roles(d);
	director_tell_views(d);
	director_tell_remaining(d);
}

static void deadline_passed(void *owner)
{
	const struct control_asker nobody = {0};
	struct err logged = {0};

	director_ask(owner, JOURNAL_DEADLINE, &nobody, "");
	director_admin_changed(owner, &logged);
}

/* --- start and end ---------------------------------------------------------------------------- */

/* One director per runtime directory: the lock goes with the process, however it ends. */
static void director_free(struct director *d)
{
	stragglers_free(d->stragglers);
	free(d->handover);
	free(d->macs);
	free(d->farms_seen);
	journal_store_free(d->journal);
	drill_store_free(d->drills);
	keeper_free(d->keeper);
	transitions_free(d->transitions);
	balance_free(d->balance);
	admission_clear(&d->admission);
	lead_clear(&d->lead);
	telling_clear(&d->telling);
	views_clear(&d->views);
	config_talk_clear(&d->config_talk);
	director_close_provisional(d);
	director_close_push(d);
	config_copy_clear(&d->copying.copy);
	config_source_clear(&d->copying.source);
	plan_memory_free(d->plan);
	facts_clear(&d->facts);
	history_clear(&d->history);
	slow_starts_clear(&d->slow);
	retries_clear(&d->retries);
	config_free(d->config);
	free(d->routers);
	free(d->fed);
	advert_marks_close(d->marks);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	free(d);
}

void director_unref(struct director *d)
{
	if (--d->references == 0)
		director_free(d);
}

static void timer_closed(uv_handle_t *handle)
{
	director_unref(handle->data);
}

/* From now on nothing is begun; a thread that reads a configuration is waited for. */
static void begin_stop(struct director *d)
{
	if (d->stopping)
		return;
	d->stopping = true;
	d->references += d->reload.running + d->pushing.work.running;
}

/* Ends what was opened, in reverse order; d frees itself when its timers and its thread have ended. */
static void director_end(struct director *d)
{
	begin_stop(d);
	control_server_close(d->server);
	director_close_metrics(d);
	director_end_tracks(d);
	director_end_routers(d);
	director_close_election(d);
	director_close_hook(d);
	routes_close(d->routes);
	health_close(d->health);
	neighbours_close(d->neighbours);
	links_close(d->links);
	admin_store_close(d->admin);
	twin_close(d->twin);
	d->twin = NULL;
	flows_close(d->flows);
	if (d->keeper)
		keeper_watch(d->keeper, NULL);
	nft_watch_close(d->watch);
	drill_mute_end(&d->rehearsal.mute);
	director_probe_end(d);
	drill_tap_end(&d->rehearsal.tap);
	uv_close((uv_handle_t *)&d->copying.timer, timer_closed);
	uv_close((uv_handle_t *)&d->pushing.timer, timer_closed);
	uv_close((uv_handle_t *)&d->rehearsal.look, timer_closed);
	uv_close((uv_handle_t *)&d->provisional.timer, timer_closed);
	uv_close((uv_handle_t *)&d->check, timer_closed);
	uv_close((uv_handle_t *)&d->first, timer_closed);
	uv_close((uv_handle_t *)&d->load, timer_closed);
	uv_close((uv_handle_t *)&d->refresh, timer_closed);
}

static int open_all(struct director *d, struct err *err)
{
	char path[512];
	int code = director_find_self(d->config, d->options.node, &d->self, err);

	d->peer = director_find_peer(d->config, d->self);
	if (code == 0)
		code = config_check_files(d->config, err);
	if (code == 0)
		code = directory_make(d->options.runtime_dir, "runtime", 0755, err);
	if (code == 0)
		code = directory_lock(d->options.runtime_dir, &d->lock_fd, err);
	if (code == 0)
		code = director_set_metrics(d, d->config, err);
	if (code == 0)
		code = admin_store_new(d->loop, d->options.runtime_dir, deadline_passed, d,
				       &d->admin, err);
	if (code == 0)
		code = directory_make(d->options.state_dir, "state", 0700, err);
	if (code == 0)
		code = journal_store_new(d->options.state_dir, &d->journal, err);
	if (code == 0)
		code = drill_store_new(d->options.state_dir, &d->drills, err);
	if (code == 0)
		code = keeper_new(&d->keeper, err);
	if (code == 0)
		code = stragglers_new(&d->stragglers, err);
	if (code == 0) {
		d->transitions = transitions_new();
		d->balance = balance_new();
		d->plan = plan_memory_new();
		code = d->transitions && d->balance && d->plan
			       ? transitions_configure(d->transitions, d->config)
			       : -ENOMEM;
		if (code == 0)
			code = balance_configure(d->balance, d->config);
		if (code == 0)
			code = admission_configure(&d->admission, NULL, d->config);
		if (code == 0)
			code = director_set_farms(d);
		if (code < 0)
			err_set(err, code, "no memory");
	}
	if (code == 0)
		code = director_open_observers(d, err);
	if (code == 0)
		code = links_new(d->loop, links_changed, d, &d->links, err);
	if (code == 0)
		code = neighbours_new(d->loop, neighbours_changed, d, &d->neighbours, err);
	if (code == 0)
		code = director_open_routes(d, err);
	if (code == 0)
		code = director_open_checks(d, err);
	if (code == 0)
		code = director_open_hook(d, err);
	if (code == 0)
		code = director_open_election(d, err);
	if (code == 0)
		code = director_open_twin(d, err);
	if (code == 0)
		code = director_set_routers(d, d->config, d->self, err);
	if (code == 0)
		code = director_set_tracks(d, err);
	if (code < 0)
		return code;
	director_clean_devices(d->config);
	snprintf(path, sizeof(path), "%s/director.sock", d->options.runtime_dir);
	code = access_find(d->config, &d->access, err);
	if (code == 0)
		code = control_server_new(d->loop, path, director_answer, director_answer_part, d,
					  &d->server, err);
	return code == 0 ? control_server_set_access(d->server, &d->access, err) : code;
}

int director_new(uv_loop_t *loop, const struct director_options *options, struct config *config,
		 struct director **ret, struct err *err)
{
	struct director *d = calloc(1, sizeof(*d));
	int code;

	if (!d) {
		config_free(config);
		return err_set(err, -ENOMEM, "no memory");
	}
	d->loop = loop;
	d->options = *options;
	d->config = config;
	config_digest(config, d->digest);
	d->lock_fd = -1;
	d->facts_stale = true;
	d->asked = (struct asked){.cause = JOURNAL_START, .open = true};
	uv_update_time(loop);
	d->started_ms = uv_now(loop);
	uv_timer_init(loop, &d->refresh);
	uv_timer_init(loop, &d->check);
	uv_timer_init(loop, &d->first);
	uv_timer_init(loop, &d->load);
	uv_timer_init(loop, &d->rehearsal.look);
	uv_timer_init(loop, &d->provisional.timer);
	uv_timer_init(loop, &d->copying.timer);
	uv_timer_init(loop, &d->pushing.timer);
	d->refresh.data = d->check.data = d->load.data = d->rehearsal.look.data = d;
	d->provisional.timer.data = d->copying.timer.data = d->pushing.timer.data = d;
	d->first.data = d;
	d->references = 8;
	code = open_all(d, err);
	if (code < 0) {
		director_end(d);
		return code;
	}
	log_info("directord " DIRECTOR_VERSION " starts%s%s with %s",
		 d->self ? " as node " : " standalone", d->self ? d->self->name : "",
		 options->config_path);
	director_open_provisional(d);
	director_open_drill(d);
	director_open_push(d);
	admin_store_follow(d->admin, config);
	director_say_interfaces(d);
	director_set_targets(d);
	director_set_checks(d);
	director_refresh_soon(d);
	uv_timer_start(&d->check, check, CHECK_MS, CHECK_MS);
	*ret = d;
	return 0;
}

/* The other director takes over meanwhile, and the hook hears of it. */
static void linger(uv_timer_t *timer)
{
	struct director *d = timer->data;

	if (!director_routers_linger(d) && !hook_lingers(d->hook))
		director_end(d);
}

void director_stop(struct director *d)
{
	if (!d || d->stopping)
		return;
	log_info("directord stops: virtual addresses are given up, the ruleset stays");
	begin_stop(d);
	director_leave_routers(d);
	director_tell_moves(d);
	hook_stop(d->hook);
	uv_timer_stop(&d->refresh);
	uv_timer_stop(&d->load);
	uv_timer_start(&d->check, linger, LINGER_STEP_MS, LINGER_STEP_MS);
	linger(&d->check);
}
