/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/group.h"

enum { TIE_INTERVALS = 3 }; /* an advert of ours in each: two may be lost */

static struct vrrp_event word(enum vrrp_group_word group)
{
	return (struct vrrp_event){.type = VRRP_EVENT_GROUP, .group = group};
}

/* A master that is backup now: the operator's wish is the others' wish, too. */
static struct vrrp_event left_mastership(enum vrrp_reason why)
{
	if (why == VRRP_REASON_OPERATOR)
		return (struct vrrp_event){.type = VRRP_EVENT_YIELD};
	return word(VRRP_GROUP_BACKUP);
}

/* The lesser node would have given way by now, had it heard the others. */
static bool has_waited(const struct group *g, const struct group_step *s)
{
	return g->tied_us != 0 && s->now_us - g->tied_us > TIE_INTERVALS * s->interval_us;
}

/* A member respects an advert. Others that are still master since it lost a tie are to go now. */
static void follow_heard(struct group *g, const struct group_step *s, struct vrrp_event *ret)
{
	*ret = word(VRRP_GROUP_ALIVE);
	if (has_waited(g, s)) {
		g->tied_us = 0;
		*ret = word(VRRP_GROUP_BACKUP);
	}
}

static bool follow_loss(struct group *g, const struct group_step *s, struct vrrp_event *ret)
{
	if (s->update->flags & VRRP_TIED && s->greater) {
		g->tied_us = s->now_us;
		return false;
	}
	*ret = left_mastership(s->update->cause.reason);
	return true;
}

/* All are told to be master: whatever was lost comes back. */
static bool follow_master(struct group *g, struct vrrp_event *ret)
{
	g->tied_us = 0;
	*ret = word(VRRP_GROUP_MASTER);
	return true;
}

/* Faults are not followed here: whether a member is fit depends on all of them. */
bool group_follow(struct group *g, const struct group_step *s, struct vrrp_event *ret)
{
	const struct vrrp_update *u = s->update;

	if (!(u->flags & VRRP_STATE)) {
		if (u->flags & VRRP_HEARD)
			follow_heard(g, s, ret);
		return u->flags & VRRP_HEARD;
	}
	if (u->cause.reason == VRRP_REASON_GROUP)
		return false;
	if (u->from == VRRP_MASTER && s->state == VRRP_BACKUP)
		return follow_loss(g, s, ret);
	if (s->state == VRRP_MAINTENANCE)
		*ret = (struct vrrp_event){.type = VRRP_EVENT_MAINTENANCE};
	else if (u->from == VRRP_MAINTENANCE && s->state != VRRP_INIT)
		*ret = (struct vrrp_event){.type = VRRP_EVENT_RESUME};
	else if (s->state == VRRP_MASTER)
		return follow_master(g, ret);
	else
		return false;
	return true;
}

void group_init(struct group *g, size_t n)
{
	*g = (struct group){.n = n};
}

void group_set_fault(struct group *g, size_t member, enum vrrp_reason fault)
{
	g->faults[member] = fault;
}

enum vrrp_reason group_fault(const struct group *g, size_t member)
{
	if (g->faults[member] != VRRP_REASON_NONE)
		return g->faults[member];
	for (size_t i = 0; i < g->n; i++)
		if (g->faults[i] != VRRP_REASON_NONE)
			return VRRP_REASON_GROUP;
	return VRRP_REASON_NONE;
}
