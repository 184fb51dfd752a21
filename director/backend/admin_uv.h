/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's overrides while the daemon runs: kept in RUNTIME-DIR/admin.state, so that a restart
 * of the daemon has them again, and a timer for the deadlines of drains.
 *
 * Shell. Logs every change. The file is replaced as a whole; one that cannot be understood is moved
 * aside and the daemon begins without overrides. One that cannot be written is no reason to refuse
 * an order.
 */
#ifndef DIRECTOR_BACKEND_ADMIN_UV_H
#define DIRECTOR_BACKEND_ADMIN_UV_H

#include "director/backend/admin.h"
#include "include/err.h"

#include <uv.h>

struct admin_store;

/* Called when overrides changed by themselves. */
typedef void admin_changed(void *owner);

/* Reads the file. A deadline that passed meanwhile is honoured at once, before anybody asks. */
int admin_store_new(uv_loop_t *loop, const char *runtime_dir, admin_changed *changed, void *owner,
		    struct admin_store **ret, struct err *err);
/* Asynchronous, keeps the file; accepts NULL. */
void admin_store_close(struct admin_store *s);
/* Good until the next call. */
const struct admin *admin_store_table(const struct admin_store *s);

/* Ends the overrides that a configuration that was just loaded overrules. Logs them. */
void admin_store_follow(struct admin_store *s, const struct config *c);

/*
 * An order; see admin.h. 0, also when it is not kept over a restart: *err says so then, else it is
 * left alone. Negative errno when nothing was changed.
 */
int admin_store_set_state(struct admin_store *s, const char *farm, const struct config_backend *b,
			  enum config_admin_state state, uint64_t drain_ms, struct err *err);
int admin_store_set_weight(struct admin_store *s, const char *farm, const struct config_backend *b,
			   uint16_t weight, struct err *err);
/*
 * An order that the other director, of that name, had from the operator. True when it changed anything:
 * then admin_store_keep() is to follow, once for all that came together.
 */
bool admin_store_merge(struct admin_store *s, const struct config *c, const struct sync_order *o,
		       const char *node);
void admin_store_keep(struct admin_store *s);
/* The same about the node as a whole; it is in force at once. */
void admin_store_set_maintenance(struct admin_store *s, bool on, struct err *err);
/* Until the deadline of a drain; STATUS_UNKNOWN when there is none. */
uint64_t admin_store_left_ms(const struct admin_view *v);

#endif
