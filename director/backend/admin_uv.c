/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/backend/admin_uv.h"

#include "director/config/number.h"
#include "director/service/state_file_uv.h"
#include "ha/clock_uv.h"
#include "include/log.h"
#include "include/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SAY_MERGED = 10 /* of those that come together, one by one */ };

struct admin_store {
	struct admin table;
	char path[STATE_FILE_PATH];
	uv_timer_t deadline;
	size_t merged; /* words of the other director that were not kept yet */
	admin_changed *changed;
	void *owner;
};

/* --- the file --------------------------------------------------------------------------------- */

static void print_table(const void *what, FILE *out)
{
	admin_print(what, out);
}

static int save(struct admin_store *s, struct err *err)
{
	int code = state_file_write(s->path, print_table, &s->table);

	if (code == 0)
		return 0;
	err_set(err, code, "a restart of the daemon will not know of it: cannot write %s: %s",
		s->path, strerror(-code));
	log_warning("an order of the operator is in force, but %s", err->text);
	return code;
}

static void set_aside(const struct admin_store *s, int line)
{
	char bad[STATE_FILE_PATH + 4];

	log_error("%s:%d is not as directord writes it: no order of the operator is taken from it, "
		  "the configuration alone counts; the file is %s now",
		  s->path, line, state_file_set_aside(s->path, bad));
}

static int load(struct admin_store *s, struct err *err)
{
	uint8_t *bytes;
	size_t len = 0;
	int line = 0, code = state_file_read(s->path, ADMIN_FILE_MAX, &bytes, &len);

	if (code == 0 && bytes)
		code = admin_parse(bytes, len, &s->table, &line);
	free(bytes);
	if (code == -EBADMSG) {
		set_aside(s, line);
		return 0;
	}
	if (code < 0)
		return err_set(err, code, "cannot read %s: %s", s->path, strerror(-code));
	admin_resume(&s->table, clock_ms());
	if (s->table.maintenance)
		log_warning("this node stays in maintenance, by the operator (%s)", s->path);
	if (admin_count(&s->table))
		log_info("the operator's orders for %zu backend(s) stay in force (%s)",
			 admin_count(&s->table), s->path);
	return 0;
}

/* --- deadlines -------------------------------------------------------------------------------- */

static void deadline_passed(uv_timer_t *timer);

static void arm(struct admin_store *s)
{
	uint64_t next = admin_next_ms(&s->table), now = clock_ms();

	uv_timer_stop(&s->deadline);
	if (next == ADMIN_NEVER)
		return;
	uv_update_time(s->deadline.loop);
	uv_timer_start(&s->deadline, deadline_passed, next > now ? next - now : 1, 0);
}

/* True when any has passed. */
static bool expire(struct admin_store *s)
{
	char text[DURATION_TEXT];
	struct admin_entry e;
	bool any = false;

	while (admin_expire(&s->table, clock_ms(), &e)) {
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = e.farm, .backend = e.backend),
			  "farm \"%s\": backend \"%s\" is disabled, it has drained for %s", e.farm,
			  e.backend, duration_format(e.drain_ms, text));
		any = true;
	}
	return any;
}

static void deadline_passed(uv_timer_t *timer)
{
	struct admin_store *s = timer->data;
	struct err logged;

	if (expire(s)) {
		save(s, &logged);
		s->changed(s->owner);
	}
	arm(s);
}

uint64_t admin_store_left_ms(const struct admin_view *v)
{
	uint64_t now = clock_ms();

	if (v->deadline_ms == ADMIN_NEVER)
		return STATUS_UNKNOWN;
	return v->deadline_ms > now ? v->deadline_ms - now : 0;
}

/* --- start, end ------------------------------------------------------------------------------- */

static void store_free(uv_handle_t *handle)
{
	struct admin_store *s = handle->data;

	admin_clear(&s->table);
	free(s);
}

int admin_store_new(uv_loop_t *loop, const char *runtime_dir, admin_changed *changed, void *owner,
		    struct admin_store **ret, struct err *err)
{
	struct admin_store *s = calloc(1, sizeof(*s));
	int code;

	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	s->changed = changed;
	s->owner = owner;
	snprintf(s->path, sizeof(s->path), "%s/admin.state", runtime_dir);
	code = load(s, err);
	if (code < 0) {
		free(s);
		return code;
	}
	uv_timer_init(loop, &s->deadline);
	s->deadline.data = s;
	*ret = s;
	return 0;
}

void admin_store_close(struct admin_store *s)
{
	if (s)
		uv_close((uv_handle_t *)&s->deadline, store_free);
}

const struct admin *admin_store_table(const struct admin_store *s)
{
	return &s->table;
}

/* --- changes ---------------------------------------------------------------------------------- */

static void say_end(void *owner, const struct admin_entry *e, enum admin_end why)
{
	bool *any = owner;

	*any = true;
	switch (why) {
	case ADMIN_END_BACKEND:
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = e->farm, .backend = e->backend),
			  "farm \"%s\": what the operator ordered for backend \"%s\" is over: the "
			  "configuration has no such backend any more",
			  e->farm, e->backend);
		return;
	case ADMIN_END_STATE:
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = e->farm, .backend = e->backend),
			  "farm \"%s\": the operator's state \"%s\" of backend \"%s\" is over: the "
			  "configuration has changed it",
			  e->farm, admin_state_name(e->state), e->backend);
		return;
	case ADMIN_END_WEIGHT:
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = e->farm, .backend = e->backend),
			  "farm \"%s\": the operator's weight %u of backend \"%s\" is over: the "
			  "configuration has changed it",
			  e->farm, e->weight, e->backend);
		return;
	}
}

void admin_store_follow(struct admin_store *s, const struct config *c)
{
	struct err logged;
	bool any = false;

	admin_follow(&s->table, c, say_end, &any);
	any |= expire(s);
	if (any)
		save(s, &logged);
	arm(s);
}

static int changed(struct admin_store *s, int code, const char *farm, const char *backend,
		   struct err *err)
{
	if (code == -ENOSPC)
		return err_set(err, code,
			       "%d backends are changed at run time already; write the rest into "
			       "the configuration",
			       ADMIN_MAX);
	if (code < 0)
		return err_set(err, code, "directord has no memory for it");
	if (!admin_stamp(&s->table, farm, backend, clock_wall_ms()))
		log_about(LOG_LEVEL_WARNING, LOG_OF(.farm = farm, .backend = backend),
			  "farm \"%s\": the other director does not hear of it that backend \"%s\" "
			  "goes by the configuration again: too many backends are changed",
			  farm, backend);
	save(s, err);
	arm(s);
	return 0;
}

int admin_store_set_state(struct admin_store *s, const char *farm, const struct config_backend *b,
			  enum config_admin_state state, uint64_t drain_ms, struct err *err)
{
	char text[DURATION_TEXT];
	int code = admin_set_state(&s->table, farm, b, state, drain_ms, clock_ms());

	if (code == 0)
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = farm, .backend = b->name),
			  "farm \"%s\": backend \"%s\" is %s, by the operator%s%s", farm, b->name,
			  admin_state_name(state), drain_ms ? ", and disabled in " : "",
			  drain_ms ? duration_format(drain_ms, text) : "");
	return changed(s, code, farm, b->name, err);
}

int admin_store_set_weight(struct admin_store *s, const char *farm, const struct config_backend *b,
			   uint16_t weight, struct err *err)
{
	int code = admin_set_weight(&s->table, farm, b, weight);

	if (code == 0)
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = farm, .backend = b->name),
			  "farm \"%s\": backend \"%s\" has weight %u, by the operator", farm,
			  b->name, weight);
	return changed(s, code, farm, b->name, err);
}

static void say_merged(const struct admin_store *s, const struct config *c,
		       const struct sync_order *o, const char *node)
{
	const struct config_farm *farm = config_farm_by_name(c, o->farm);
	const struct config_backend *b = config_backend_by_name(farm, o->backend);
	struct admin_view v = admin_view(&s->table, o->farm, b);

	log_about(LOG_LEVEL_INFO, LOG_OF(.farm = o->farm, .backend = o->backend),
		  "farm \"%s\": backend \"%s\" is %s and has weight %u, by the operator on node "
		  "\"%s\"",
		  o->farm, o->backend, admin_state_name(v.state), v.weight, node);
}

bool admin_store_merge(struct admin_store *s, const struct config *c, const struct sync_order *o,
		       const char *node)
{
	int code = admin_merge(&s->table, c, o, clock_ms());

	if (code < 0)
		log_about(LOG_LEVEL_ERROR, LOG_OF(.farm = o->farm, .backend = o->backend),
			  "farm \"%s\": an order for backend \"%s\" is on node \"%s\" alone: %s",
			  o->farm, o->backend, node,
			  code == -ENOSPC ? "too many backends are changed at run time"
					  : strerror(-code));
	if (code <= 0)
		return false;
	if (s->merged++ < SAY_MERGED)
		say_merged(s, c, o, node);
	return true;
}

void admin_store_keep(struct admin_store *s)
{
	struct err logged;

	if (s->merged > SAY_MERGED)
		log_info("and %zu more orders of the operator from the other node",
			 s->merged - SAY_MERGED);
	s->merged = 0;
	expire(s);
	save(s, &logged);
	arm(s);
}

void admin_store_set_maintenance(struct admin_store *s, bool on, struct err *err)
{
	s->table.maintenance = on;
	log_info("this node is %s, by the operator", on ? "in maintenance" : "in service again");
	save(s, err);
}
