/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another configuration while the director runs. It is read by a thread: a hundred thousand backends
 * take seconds, in which adverts must go on. The thread touches nothing but the file, its copy in the
 * runtime directory and its own struct config; all else happens when it has ended.
 *
 * Shell.
 */
#include "director/config/check.h"
#include "director/config/load.h"
#include "director/control/access_uv.h"
#include "director/director.h"
#include "director/schedule/balance.h"
#include "director/service/running_uv.h"
#include "include/log.h"
#include "include/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What shall be gone back from has to outlive the daemon; else that is a matter of one run of it. */
static int keep_text(struct director *d, const char *text, size_t len)
{
	struct reload *r = &d->reload;
	const char *dir = d->options.runtime_dir;
	int code;

	if (r->kind == RELOAD_LOOK)
		return 0;
	code = running_write(dir, text, len);
	if (code == 0 && r->kind == RELOAD_TRY && !running_is_kept(dir))
		code = -ENOENT;
	if (code == 0 || r->kind != RELOAD_TRY)
		return 0;
	return err_set(&r->err, code, "what runs cannot be kept in %s: %s", dir, strerror(-code));
}

static void read_file(uv_work_t *work)
{
	struct director *d = work->data;
	struct reload *r = &d->reload;
	char *text = NULL;
	size_t len = 0;

	r->err = (struct err){0};
	r->code = config_load_kept(r->path, &r->config, &text, &len, &r->err);
	if (r->code == 0)
		r->code = config_check_files(r->config, &r->err);
	if (r->code == 0)
		r->code = access_find(r->config, &r->access, &r->err);
	if (r->code == 0)
		config_digest(r->config, r->digest);
	if (r->code == 0 && r->kind == RELOAD_TRY && strcmp(r->digest, r->wanted) != 0)
		r->code =
			err_set(&r->err, -ESTALE, "%s has changed since it was looked at", r->path);
	if (r->code == 0)
		r->code = keep_text(d, text, len);
	free(text);
}

static void refuse(struct director *d)
{
	struct reload *r = &d->reload;
	struct err err = {0};
	char line[ERR_LINE];

	if (director_set_metrics(d, d->config, &err) < 0)
		log_error("%s", err_format(&err, line));
	if (control_server_set_access(d->server, &d->access, &err) < 0)
		log_error("%s", err_format(&err, line));
	if (r->kind != RELOAD_BACK)
		config_free(r->config);
	r->code = -EINVAL;
	log_error("reload refused, the %s configuration stays: %s",
		  r->kind == RELOAD_BACK ? "unconfirmed" : "old", err_format(&r->err, line));
	director_journal_refused(d, r->cause, &r->who, r->order, line);
}

/* Who one is does not change while one's interface is away: the name stays good. */
static int find_self_again(struct director *d, const struct config *c,
			   const struct config_node **ret, struct err *err)
{
	int code = director_find_self(c, d->options.node, ret, err);

	if (code < 0 && c->has_cluster && d->self && !d->options.node)
		*ret = config_node_by_name(c, d->self->name);
	return *ret ? 0 : code;
}

/* Whoever is being told of the farms is told of those that are, first. */
static int make_fit(struct director *d, const struct config *config, struct err *err)
{
	int code;

	control_server_take_parts(d->server);
	code = transitions_configure(d->transitions, config);
	if (code == 0)
		code = balance_configure(d->balance, config);
	if (code == 0)
		code = admission_configure(&d->admission, d->config, config);
	return code ? err_set(err, code, "no memory for its tables") : 0;
}

/* The one change of a farm that hashes over which its connections do not stay. */
static void say_seeds(const struct config *old, const struct config *c)
{
	for (size_t i = 0; i < c->n_farms; i++)
		for (size_t k = 0; k < old->n_farms; k++)
			if (strcmp(c->farms[i].name, old->farms[k].name) == 0 &&
			    c->farms[i].seed != old->farms[k].seed &&
			    plan_farm_is_hashed(&c->farms[i]))
				log_warning("farm \"%s\": another seed sends its connections to "
					    "other backends, which do not know them",
					    c->farms[i].name);
}

static void go_over(struct director *d)
{
	struct reload *r = &d->reload;
	struct config *config = r->config, *old = d->config;
	struct before replaced = {.config = old, .access = d->access};
	struct err err = {0};

	memcpy(replaced.digest, d->digest, sizeof(replaced.digest));
	d->access = r->access;
	d->config = config;
	memcpy(d->digest, r->digest, sizeof(d->digest));
	director_ask(d, r->cause, &r->who, r->order);
	config_talk_clear(&d->config_talk);
	config_source_clear(&d->copying.source);
	plan_memory_forget(d->plan);
	director_set_checks(d);
	d->peer = director_find_peer(config, d->self);
	if (director_set_farms(d) < 0) {
		lead_clear(&d->lead);
		telling_clear(&d->telling);
		views_clear(&d->views);
		log_error("no memory to agree on farms with the other director");
	}
	if (flows_configure(d->flows, config) < 0)
		log_error("no memory for the names of backends: connections are counted as before");
	if (r->kind == RELOAD_PLAIN)
		log_info("configuration %s reloaded", d->options.config_path);
	if (director_set_tracks(d, &err) < 0)
		log_error("%s", err.text);
	if (director_set_twin(d, &err) < 0)
		log_error("%s; the other director is not told of flows", err.text);
	director_find_leaders(d);
	director_track(d);
	say_seeds(old, config);
	admin_store_follow(d->admin, config);
	director_say_interfaces(d);
	director_set_targets(d);
	d->facts.plan.config = NULL; /* those of the old one, until they are gathered anew */
	director_replaced(d, r->kind, &replaced);
}

/* The first ruleset will be this configuration's, when there is none yet. */
static void apply(struct director *d)
{
	struct err why = {0};

	if (!d->ready)
		return;
	director_feed_routers(d);
	if (director_apply(d, &why) == 0)
		return;
	director_say_failure(d, &why);
	d->reload.code = err_set(
		&d->reload.err, -EIO,
		"the new configuration is in force, but its ruleset is not applied yet: %.200s",
		why.text);
}

/*
 * What waits for its confirmation is marked before anything of it is in force: a daemon that ends in between
 * must not be started anew with it.
 */
static int mark(struct director *d)
{
	struct reload *r = &d->reload;
	int code = r->kind == RELOAD_TRY ? running_try(d->options.runtime_dir) : 0;

	return code < 0 ? err_set(&r->err, code, "it cannot be kept in %s: %s",
				  d->options.runtime_dir, strerror(-code))
			: 0;
}

/* What was read, or ran before, comes into force, or is refused as a whole. */
static void put_in_force(struct director *d)
{
	struct reload *r = &d->reload;
	const struct config_node *self = NULL;
	bool in_force = false, marked;

	if (r->code == 0)
		r->code = find_self_again(d, r->config, &self, &r->err);
	if (r->code == 0)
		r->code = director_set_metrics(d, r->config, &r->err);
	if (r->code == 0)
		r->code = control_server_set_access(d->server, &r->access, &r->err);
	if (r->code == 0)
		r->code = mark(d);
	marked = r->code == 0 && r->kind == RELOAD_TRY;
	/* Behind what can fail and be taken back, for this cannot. */
	if (r->code == 0)
		r->code = director_set_routers(d, r->config, self, &r->err);
	if (r->code == 0)
		r->code = make_fit(d, r->config, &r->err);
	if (r->code < 0) {
		if (marked)
			running_unmark(d->options.runtime_dir);
		refuse(d);
	} else {
		in_force = true;
		d->self = self;
		go_over(d);
		apply(d);
		director_set_hook(d);
		memory_give_back(); /* the old configuration, the plan from nothing */
	}
	if (d->options.ready && d->ready)
		d->options.ready(d->options.owner);
	director_reload_ended(d, in_force);
}

static void file_was_read(uv_work_t *work, int status)
{
	struct director *d = work->data;
	struct reload *r = &d->reload;
	const struct config_node *self = NULL;

	(void)status; /* it is never cancelled */
	r->running = false;
	if (d->stopping) {
		if (r->code == 0)
			config_free(r->config);
		director_unref(d);
		return;
	}
	if (r->kind == RELOAD_LOOK) {
		if (r->code == 0)
			r->code = find_self_again(d, r->config, &self, &r->err);
		config_free(r->config);
		r->config = NULL;
		memory_give_back();
		director_reload_ended(d, false);
		return;
	}
	put_in_force(d);
	if (r->again)
		director_reload_for(d, &r->who);
	else
		control_server_release(d->server);
}

void director_reload(struct director *d)
{
	const struct control_asker nobody = {0};
	const char *why = director_reload_objection(d);

	if (!why) {
		director_reload_for(d, &nobody);
		return;
	}
	log_error("reload refused: %s", why);
	director_journal_refused(d, JOURNAL_RELOAD, &nobody, "", why);
	if (d->options.ready && d->ready)
		d->options.ready(d->options.owner);
}

static void begin(struct director *d, enum reload_kind kind)
{
	struct reload *r = &d->reload;

	r->kind = kind;
	r->path = d->options.config_path;
	if (kind != RELOAD_PLAIN && director_push_is_taken(d))
		r->path = d->pushing.file.path;
	r->running = true;
	r->config = NULL;
	r->work.data = d;
	if (uv_queue_work(d->loop, &r->work, read_file, file_was_read) < 0) {
		r->running = false;
		r->code = err_set(&r->err, -ENOMEM, "no memory");
		refuse(d);
		director_reload_ended(d, false);
	}
}

void director_reload_for(struct director *d, const struct control_asker *who)
{
	struct reload *r = &d->reload;

	r->who = *who;
	r->cause = JOURNAL_RELOAD;
	r->order[0] = '\0';
	r->again = r->running; /* the file may have changed since it was read */
	if (!r->running && !d->stopping)
		begin(d, RELOAD_PLAIN);
}

void director_reload_look(struct director *d)
{
	begin(d, RELOAD_LOOK);
}

void director_reload_try(struct director *d, enum journal_cause cause,
			 const struct control_asker *who, const char *order)
{
	struct reload *r = &d->reload;

	r->who = *who;
	r->cause = cause;
	snprintf(r->order, sizeof(r->order), "%s", order);
	memcpy(r->wanted, r->digest, sizeof(r->wanted));
	begin(d, RELOAD_TRY);
}

void director_reload_back(struct director *d, const struct before *to, enum journal_cause cause,
			  const struct control_asker *who, const char *order)
{
	struct reload *r = &d->reload;

	r->kind = RELOAD_BACK;
	r->who = *who;
	r->cause = cause;
	snprintf(r->order, sizeof(r->order), "%s", order);
	r->config = to->config;
	r->access = to->access;
	memcpy(r->digest, to->digest, sizeof(r->digest));
	r->code = 0;
	put_in_force(d);
}
