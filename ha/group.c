/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/group.h"

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

/* Faults are not followed here: whether a member is fit depends on all of them. */
bool group_follow(enum vrrp_state now, const struct vrrp_update *u, struct vrrp_event *ret)
{
	if (!(u->flags & VRRP_STATE)) {
		*ret = word(VRRP_GROUP_ALIVE);
		return u->flags & VRRP_HEARD;
	}
	if (u->cause.reason == VRRP_REASON_GROUP)
		return false;
	if (now == VRRP_MAINTENANCE)
		*ret = (struct vrrp_event){.type = VRRP_EVENT_MAINTENANCE};
	else if (u->from == VRRP_MAINTENANCE && now != VRRP_INIT)
		*ret = (struct vrrp_event){.type = VRRP_EVENT_RESUME};
	else if (now == VRRP_MASTER)
		*ret = word(VRRP_GROUP_MASTER);
	else if (u->from == VRRP_MASTER && now == VRRP_BACKUP)
		*ret = left_mastership(u->cause.reason);
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
