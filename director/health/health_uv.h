/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks every backend as the configuration says, again and again, and knows how each is.
 *
 * What several farms ask of a backend in the same way is asked once. An attempt begins at its own moment
 * within the interval (pace.h), is given up after the timeout, and its outcome goes to the verdict
 * (verdict.h); a backend is as well as the worst verdict that it depends on.
 *
 * Shell on the main loop: keeps the time, owns the probers; the sockets are theirs.
 */
#ifndef DIRECTOR_HEALTH_HEALTH_UV_H
#define DIRECTOR_HEALTH_HEALTH_UV_H

#include "director/health/check_list.h"
#include "director/health/probe_uv.h"
#include "director/health/verdict.h"
#include "include/latency.h"
#include "include/sync.h"

struct health;

struct health_ops {
	/* The link and both MAC addresses, of the way to a backend, into ask. False: there is no way now. */
	bool (*way)(void *owner, const struct config_farm *farm,
		    const struct config_backend *backend, struct probe_ask *ask);
	/* False: the operator has taken it out of service, nobody needs to know. */
	bool (*wanted)(void *owner, const struct config_farm *farm,
		       const struct config_backend *backend);
	/* The other director checks it as well and finds it well: this one may do so less often. */
	bool (*eased)(void *owner, const struct config_farm *farm,
		      const struct config_backend *backend);
	/* What the other one finds, with who in words; OUTCOME_UNDECIDED: nothing that counts. */
	enum outcome_class (*told)(void *owner, const struct config_farm *farm,
				   const struct config_backend *backend,
				   char who[static OUTCOME_DETAIL]);
	/* What is seen of a backend from here is another thing (health_sight()). */
	void (*seen)(void *owner, const struct config_farm *farm,
		     const struct config_backend *backend);
	/* Backends with that address are better or worse than before. */
	void (*changed)(void *owner, const struct addr *address);
	void *owner;
};

int health_new(uv_loop_t *loop, const struct health_ops *ops, struct health **ret, struct err *err);
/* Asynchronous; accepts NULL. */
void health_close(struct health *h);
/*
 * The configuration is borrowed until the next one. Checks that it has as before go on with what is
 * known; others begin: of a backend that was there before with how that one is, of a new one as not yet
 * in service, and all of the first configuration as in service, because the packet path may have their
 * connections. 0, or -ENOMEM: nothing is checked any more, every backend is well.
 */
int health_configure(struct health *h, const struct config *c);
/* Backends may be in service again, or there may be a way to them: those are tried at once. */
void health_look_again(struct health *h);
/*
 * Something speaks against a backend: its checks are due at once, no sooner than their fast interval allows.
 */
void health_look_at(struct health *h, size_t farm, size_t backend);
/* What the other director finds in a farm is new: its word may count, and checks may be due at once. */
void health_told(struct health *h, size_t farm);
/* Who leads is another one, or the other one's word counts no more: checks go at their ordinary pace. */
void health_pace_again(struct health *h);
/* What this machine's checks of a backend find, without what was adopted from the other one. */
struct sync_view health_sight(const struct health *h, size_t farm, size_t backend);
/* Nothing is left that was not tried yet, but of backends that are out of service. */
bool health_is_settled(const struct health *h);

/* How a backend is, by its place in the configuration. Without checks it is well. */
enum outcome_class health_of(const struct health *h, size_t farm, size_t backend);

/* One of the checks of a backend. */
struct health_view {
	const struct check_item *item;
	const struct verdict *verdict;
};
size_t health_checks(const struct health *h, size_t farm, size_t backend);
struct health_view health_check(const struct health *h, size_t farm, size_t backend, size_t check);
/* The one that is to blame; false: all are well. */
bool health_worst(const struct health *h, size_t farm, size_t backend, struct health_view *ret);
/* One of its checks goes by the other director's word; it is the one in *ret. */
bool health_adopted(const struct health *h, size_t farm, size_t backend, struct health_view *ret);

enum { HEALTH_TEXT = 320 };
/* `check "dsr" (dsr): does not answer: 10.77.0.100 port 80`. Returns buf. */
const char *health_text(const struct health_view *v, char buf[static HEALTH_TEXT]);

struct health_stats {
	size_t checks; /* distinct ones */
	uint64_t outcomes[OUTCOME_CODES];
	struct latency late; /* how long after its time an attempt began */
};
void health_stats(const struct health *h, struct health_stats *ret);

#endif
