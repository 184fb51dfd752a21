/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/link_uv.h"

#include "director/netlink/netlink_uv.h"
#include "ha/vmac.h"
#include "include/nlattr.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

struct links {
	struct netlink netlink;
	uv_loop_t *loop;
	struct link *list;
	bool *seen; /* during a dump */
	size_t n, room;
	bool dirty;
	void (*changed)(void *owner);
	void *owner;
};

static struct link *find_index(struct links *l, uint32_t ifindex)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].ifindex == ifindex)
			return &l->list[i];
	return NULL;
}

static void forget(struct links *l, size_t at)
{
	l->n--;
	l->list[at] = l->list[l->n];
	l->seen[at] = l->seen[l->n];
	l->dirty = true;
}

static int make_room(struct links *l)
{
	size_t room = l->room ? 2 * l->room : 16;
	struct link *list;
	bool *seen;

	if (l->n < l->room)
		return 0;
	list = reallocarray(l->list, room, sizeof(*list));
	if (!list)
		return -ENOMEM;
	l->list = list;
	seen = reallocarray(l->seen, room, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	l->seen = seen;
	l->room = room;
	return 0;
}

static bool link_equal(const struct link *a, const struct link *b)
{
	return a->ifindex == b->ifindex && a->up == b->up && mac_equal(&a->mac, &b->mac) &&
	       strcmp(a->name, b->name) == 0 && a->master == b->master &&
	       a->traits.type == b->traits.type && strcmp(a->traits.kind, b->traits.kind) == 0 &&
	       strcmp(a->traits.port_kind, b->traits.port_kind) == 0;
}

static void store(struct links *l, struct link *link)
{
	struct link *known = find_index(l, link->ifindex);

	if (!known) {
		if (make_room(l) < 0)
			return; /* the next event or dump tries again */
		known = &l->list[l->n++];
		*known = (struct link){0};
	}
	l->seen[known - l->list] = true;
	if (link_equal(known, link))
		return;
	if (link->up && known->up) {
		link->up_since_ms = known->up_since_ms;
		link->settled = known->settled;
	} else {
		link->up_since_ms = uv_now(l->loop);
	}
	if (!link->up) {
		link->dead = known->dead;
		link->down_since_ms = known->down_since_ms;
		if (known->up || known->ifindex == 0)
			link->down_since_ms = uv_now(l->loop);
	}
	link->lro_said = known->lro_said;
	*known = *link;
	l->dirty = true;
}

static void read_kind(const struct nlattr *info, struct interface_traits *t)
{
	const struct nlattr *attr;

	NLATTR_EACH_NESTED (attr, info) {
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			continue;
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			snprintf(t->kind, sizeof(t->kind), "%s", mnl_attr_get_str(attr));
		else if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
			snprintf(t->port_kind, sizeof(t->port_kind), "%s", mnl_attr_get_str(attr));
	}
}

static void message(void *owner, const struct nlmsghdr *nlh)
{
	struct links *l = owner;
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct link link = {0}, *known;
	bool own = false;

	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || info->ifi_family == AF_BRIDGE)
		return;
	if (nlh->nlmsg_type == RTM_DELLINK) {
		known = find_index(l, (uint32_t)info->ifi_index);
		if (known)
			forget(l, (size_t)(known - l->list));
		return;
	}
	link.ifindex = (uint32_t)info->ifi_index;
	link.up = (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_RUNNING);
	link.traits.type = info->ifi_type;
	NLATTR_EACH (attr, nlh, sizeof(*info)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(link.name, sizeof(link.name), "%s", mnl_attr_get_str(attr));
		else if (mnl_attr_get_type(attr) == IFLA_ADDRESS &&
			 mnl_attr_get_payload_len(attr) == MAC_LEN)
			memcpy(link.mac.bytes, mnl_attr_get_payload(attr), MAC_LEN);
		else if (mnl_attr_get_type(attr) == IFLA_MASTER &&
			 mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			link.master = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			read_kind(attr, &link.traits);
		else if (mnl_attr_get_type(attr) == IFLA_IFALIAS &&
			 mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			own = strcmp(mnl_attr_get_str(attr), VMAC_ALIAS) == 0;
	}
	/* A virtual router's: up or not is its role, which is not of interest to anybody here. */
	link.up |= own;
	link.traits.mac = link.mac;
	store(l, &link);
}

static void restarted(void *owner)
{
	struct links *l = owner;

	for (size_t i = 0; i < l->n; i++)
		l->seen[i] = false;
}

static void settled(void *owner, bool dump_done)
{
	struct links *l = owner;

	for (size_t i = l->n; dump_done && i-- > 0;)
		if (!l->seen[i])
			forget(l, i);
	if (!l->dirty)
		return;
	l->dirty = false;
	l->changed(l->owner);
}

static void links_free(void *owner)
{
	struct links *l = owner;

	free(l->list);
	free(l->seen);
	free(l);
}

int links_new(uv_loop_t *loop, void (*changed)(void *owner), void *owner, struct links **ret,
	      struct err *err)
{
	struct links *l = calloc(1, sizeof(*l));
	int code;

	if (!l)
		return err_set(err, -ENOMEM, "no memory");
	l->loop = loop;
	l->changed = changed;
	l->owner = owner;
	l->netlink = (struct netlink){
		.message = message, .settled = settled, .restarted = restarted, .owner = l};
	code = netlink_open(&l->netlink, loop, RTMGRP_LINK, RTM_GETLINK, err);
	if (code < 0) {
		links_free(l);
		return code;
	}
	l->dirty = false;
	*ret = l;
	return 0;
}

void links_close(struct links *links)
{
	if (links)
		netlink_close(&links->netlink, links_free);
}

const struct link *links_find(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->list[i].name, name) == 0)
			return &links->list[i];
	return NULL;
}

const struct link *links_find_index(const struct links *links, uint32_t ifindex)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->list[i].ifindex == ifindex)
			return &links->list[i];
	return NULL;
}

const char *links_trouble(const struct links *links, const struct link *link,
			  char buf[static INTERFACE_TEXT])
{
	const struct link *master = links_find_index(links, link->master);
	struct interface_traits traits = link->traits;

	if (master)
		memcpy(traits.master, master->name, sizeof(traits.master));
	return interface_trouble(&traits, buf);
}

bool links_find_interface(const struct links *links, const char *name, struct plan_interface *ret)
{
	const struct link *link = links_find(links, name);
	char trouble[INTERFACE_TEXT];

	if (!link || links_trouble(links, link, trouble)[0])
		return false;
	*ret = (struct plan_interface){.ifindex = link->ifindex, .mac = link->mac};
	snprintf(ret->name, sizeof(ret->name), "%s", link->name);
	return true;
}

void links_settle(struct links *links, uint32_t ifindex)
{
	struct link *link = find_index(links, ifindex);

	if (link)
		link->settled = true;
}

const struct link *links_next_dead(struct links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		struct link *link = &links->list[i];

		if (link->up || link->dead ||
		    uv_now(links->loop) - link->down_since_ms < LINK_DEAD_MS)
			continue;
		link->dead = true;
		return link;
	}
	return NULL;
}

bool links_lro_warns(struct links *links, const char *name, enum interface_lro lro)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->list[i].name, name) == 0)
			return interface_lro_warns(lro, &links->list[i].lro_said);
	return false;
}
