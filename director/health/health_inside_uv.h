/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of health_uv.h share. Private to them. */
#ifndef DIRECTOR_HEALTH_HEALTH_INSIDE_UV_H
#define DIRECTOR_HEALTH_HEALTH_INSIDE_UV_H

#include "director/health/health_uv.h"
#include "director/health/pace.h"
#include "include/log.h"

/* One item of the list, and where it is with it. */
struct run {
	struct health *health;
	struct verdict verdict;
	struct probe *probe;  /* NULL: none is under way */
	struct probe_ask ask; /* of that one */
	uint64_t due_ms, begun_ms, begun_ns;
	uint32_t excused_ms; /* of its timeout, for which the loop was elsewhere */
	uint8_t lost;	     /* times in a row that it was not tried, for want of a way */
	bool idle;	     /* out of service: nobody waits for it */
	bool eased;	     /* the next attempt comes at the standby's pace */
	uint8_t shown;	     /* enum sync_view_state, as it was told last; 0: never */
	uint64_t shown_ms;   /* since when it is well, bad or unknown, as it was told */
};

enum { HEALTH_KINDS = 5 }; /* of probers */

struct health {
	uv_loop_t *loop;
	struct health_ops ops;
	uv_timer_t timer;
	bool begun; /* there was a configuration */
	struct check_list list;
	struct run *runs;
	struct pace pace;
	uint64_t armed_ms;	     /* when the timer is due */
	enum outcome_class *classes; /* of each place */
	size_t presumed;	     /* runs that nothing is known of, and that are not idle */
	struct prober *probers[HEALTH_KINDS];
	struct vip_transport *transport; /* of those of type http */
	struct log_limit unable;
	uint64_t outcomes[OUTCOME_CODES];
	struct latency late;
};

static inline size_t health_number(const struct run *r)
{
	return (size_t)(r - r->health->runs);
}

static inline const struct check_item *health_item(const struct run *r)
{
	return &r->health->list.items[health_number(r)];
}

/* Places of the backends that depend on it. */
static inline struct check_span health_users(const struct run *r)
{
	return check_list_users(&r->health->list, health_number(r));
}

enum { HEALTH_NO_WAY_TIMES = 10 }; /* that one without a way is looked at soon */

void health_set_due(struct run *r, uint64_t due_ms);
/* What depends on a verdict that has changed. */
void health_take_over(struct run *r);

/* --- with the other director (health_pair_uv.c) --------------------------------------------------- */

/* The next attempt may come at the standby's pace. */
bool health_is_eased(const struct run *r);
/* The other one's word counts where nothing can be decided here. True: the verdict has changed. */
bool health_adopt(struct run *r);
/* What is seen may be another thing than was told. */
void health_show(struct run *r);

/* Wakes up when the next attempt, or the next timeout, is due. */
void health_arm(struct health *h);
/* All attempts that are under way end, and nobody hears of them. */
void health_cancel_all(struct health *h);
/* After that, with the next list: what probers keep for checks that are no more. */
void health_trim_probers(struct health *h);
/* After that: the probers. */
void health_close_probers(struct health *h);
void health_due(uv_timer_t *timer);

/* The first of what a backend depends on that is as bad as the backend. */
struct health_view health_blamed(const struct health *h, size_t place);
/* As bad as the worst of what it depends on. */
enum outcome_class health_worst_of(const struct health *h, size_t place);

#endif
