/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/neighbour_uv.h"

#include "director/netlink/netlink_uv.h"
#include "director/network/neighbour.h"
#include "include/addr_index.h"
#include "include/log.h"
#include "include/nlattr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

enum { TICK_MS = 250 }; /* well below the shortest interval of neighbour.h */

struct neighbours {
	struct netlink netlink;
	uv_timer_t timer;
	struct neighbour *list;
	size_t n;
	struct addr_index index; /* of list */
	struct addr told[NEIGHBOURS_TOLD];
	size_t n_told; /* that changed and are to be told, also beyond the room for them */
	bool hurry;    /* something is to be asked at once */
	int open_handles;
	neighbours_changed_fn *changed;
	void *owner;
};

static struct neighbour *find(const struct neighbours *ns, uint32_t ifindex,
			      const struct addr *addr)
{
	for (uint32_t i = addr_index_first(&ns->index, addr); i != ADDR_INDEX_END;
	     i = addr_index_next(&ns->index, i))
		if (ns->list[i].ifindex == ifindex && addr_equal(&ns->list[i].addr, addr))
			return &ns->list[i];
	return NULL;
}

static void note_change(struct neighbours *ns, const struct addr *addr)
{
	if (ns->n_told < NEIGHBOURS_TOLD)
		ns->told[ns->n_told] = *addr;
	ns->n_told++;
}

static void message(void *owner, const struct nlmsghdr *nlh)
{
	struct neighbours *ns = owner;
	const struct ndmsg *nd = mnl_nlmsg_get_payload(nlh);
	struct neighbour_report report = {.now_ms = uv_now(ns->timer.loop)};
	const struct nlattr *attr;
	struct neighbour *n;
	struct addr addr = {0};
	struct mac mac;

	if ((nlh->nlmsg_type != RTM_NEWNEIGH && nlh->nlmsg_type != RTM_DELNEIGH) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*nd))
		return;
	addr.family = nd->ndm_family;
	NLATTR_EACH (attr, nlh, sizeof(*nd)) {
		if (mnl_attr_get_type(attr) == NDA_DST && addr_len(&addr) &&
		    mnl_attr_get_payload_len(attr) == addr_len(&addr))
			memcpy(addr.bytes, mnl_attr_get_payload(attr), addr_len(&addr));
		else if (mnl_attr_get_type(attr) == NDA_LLADDR &&
			 mnl_attr_get_payload_len(attr) == MAC_LEN) {
			memcpy(mac.bytes, mnl_attr_get_payload(attr), MAC_LEN);
			report.mac = &mac;
		}
	}
	n = find(ns, (uint32_t)nd->ndm_ifindex, &addr);
	if (!n)
		return;
	report.state = nd->ndm_state;
	report.deleted = nlh->nlmsg_type == RTM_DELNEIGH;
	if (neighbour_report(n, &report))
		note_change(ns, &addr);
	if (n->next_ms <= report.now_ms)
		ns->hurry = true;
}

/*
 * NTF_USE makes the kernel resolve the entry as if a packet had been sent (net/core/neighbour.c,
 * neigh_event_send); NUD_PROBE makes it ask the known MAC address now.
 */
static void act(struct neighbours *ns, const struct neighbour *n, enum neighbour_action action)
{
	_Alignas(struct nlmsghdr) uint8_t buf[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	int err;

	nlh->nlmsg_type = RTM_NEWNEIGH;
	nlh->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
	nd->ndm_family = n->addr.family;
	nd->ndm_ifindex = (int)n->ifindex;
	mnl_attr_put(nlh, NDA_DST, addr_len(&n->addr), n->addr.bytes);
	if (action == NEIGHBOUR_VERIFY) {
		nd->ndm_state = NUD_PROBE;
		mnl_attr_put(nlh, NDA_LLADDR, MAC_LEN, n->mac.bytes);
	} else {
		nd->ndm_flags = NTF_USE;
	}
	err = netlink_send(&ns->netlink, nlh);
	if (err)
		log_debug("asking the kernel for a neighbour failed: %s", strerror(-err));
}

static void act_where_due(struct neighbours *ns)
{
	uint64_t now = uv_now(ns->timer.loop);

	for (size_t i = 0; i < ns->n; i++) {
		enum neighbour_action action = neighbour_step(&ns->list[i], now);

		if (action != NEIGHBOUR_WAIT)
			act(ns, &ns->list[i], action);
	}
}

static void restarted(void *owner)
{
	(void)owner; /* an entry that a dump lacks is one that is resolved anew: nothing to forget */
}

static void settled(void *owner, bool dump_done)
{
	struct neighbours *ns = owner;
	size_t n;

	(void)dump_done;
	if (ns->hurry)
		act_where_due(ns);
	ns->hurry = false;
	if (!ns->n_told)
		return;
	n = ns->n_told;
	ns->n_told = 0;
	ns->changed(ns->owner, n <= NEIGHBOURS_TOLD ? ns->told : NULL, n);
}

static void tick(uv_timer_t *timer)
{
	act_where_due(timer->data);
}

int neighbours_new(uv_loop_t *loop, neighbours_changed_fn *changed, void *owner,
		   struct neighbours **ret, struct err *err)
{
	struct neighbours *ns = calloc(1, sizeof(*ns));
	int code;

	if (!ns)
		return err_set(err, -ENOMEM, "no memory");
	ns->changed = changed;
	ns->owner = owner;
	ns->timer.loop = loop; /* uv_now() in message() during the first dump */
	ns->netlink = (struct netlink){
		.message = message, .settled = settled, .restarted = restarted, .owner = ns};
	code = netlink_open(&ns->netlink, loop, RTMGRP_NEIGH, RTM_GETNEIGH, err);
	if (code < 0) {
		free(ns);
		return code;
	}
	uv_timer_init(loop, &ns->timer);
	ns->timer.data = ns;
	uv_timer_start(&ns->timer, tick, TICK_MS, TICK_MS);
	ns->open_handles = 2;
	*ret = ns;
	return 0;
}

static void one_closed(void *owner)
{
	struct neighbours *ns = owner;

	if (--ns->open_handles)
		return;
	free(ns->list);
	addr_index_clear(&ns->index);
	free(ns);
}

static void timer_closed(uv_handle_t *handle)
{
	one_closed(handle->data);
}

void neighbours_close(struct neighbours *ns)
{
	if (!ns)
		return;
	uv_close((uv_handle_t *)&ns->timer, timer_closed);
	netlink_close(&ns->netlink, one_closed);
}

int neighbours_set_targets(struct neighbours *ns, const struct neighbour_target *targets, size_t n)
{
	struct neighbours next = {.list = calloc(n ? n : 1, sizeof(*next.list))};
	bool any_new = false;

	if (!next.list || addr_index_init(&next.index, n) < 0) {
		free(next.list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		const struct neighbour_target *t = &targets[i];
		const struct neighbour *known = find(ns, t->ifindex, &t->addr);

		if (find(&next, t->ifindex, &t->addr))
			continue; /* one backend of several farms */
		any_new |= !known;
		next.list[next.n] =
			known ? *known : (struct neighbour){.ifindex = t->ifindex, .addr = t->addr};
		neighbour_link(&next.list[next.n], t->link_up, uv_now(ns->timer.loop));
		addr_index_add(&next.index, &t->addr, (uint32_t)next.n++);
	}
	free(ns->list);
	addr_index_clear(&ns->index);
	ns->list = next.list;
	ns->n = next.n;
	ns->index = next.index;
	/* What the kernel knows already it does not tell again by itself. */
	if (any_new && netlink_refresh(&ns->netlink) < 0)
		log_debug("reading the kernel's neighbour table failed");
	act_where_due(ns);
	return 0;
}

bool neighbours_find(const struct neighbours *ns, uint32_t ifindex, const struct addr *addr,
		     struct mac *ret)
{
	const struct neighbour *n = find(ns, ifindex, addr);

	if (!n || !n->resolved)
		return false;
	*ret = n->mac;
	return true;
}
