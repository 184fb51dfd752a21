/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which node of the cluster this director is, and which is the other one. */
#include "director/director.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

static bool address_is_local(const struct ifaddrs *list, const struct addr *addr)
{
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		const struct sockaddr_in *in4 = (const void *)i->ifa_addr;
		const struct sockaddr_in6 *in6 = (const void *)i->ifa_addr;

		if (!i->ifa_addr || i->ifa_addr->sa_family != addr->family)
			continue;
		if (addr->family == AF_INET && memcmp(&in4->sin_addr, addr->bytes, 4) == 0)
			return true;
		if (addr->family == AF_INET6 && memcmp(&in6->sin6_addr, addr->bytes, 16) == 0)
			return true;
	}
	return false;
}

static const struct config_node *find_local_node(const struct config *c)
{
	const struct config_node *found = NULL;
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return NULL;
	for (size_t i = 0; !found && i < c->cluster.n_nodes; i++)
		if (address_is_local(list, &c->cluster.nodes[i].address))
			found = &c->cluster.nodes[i];
	freeifaddrs(list);
	return found;
}

int director_find_self(const struct config *c, const char *name, const struct config_node **ret,
		       struct err *err)
{
	*ret = NULL;
	if (!c->has_cluster)
		return name ? err_set(err, -EINVAL,
				      "-n names a node, but %s has no cluster section", c->path)
			    : 0;
	*ret = name ? config_node_by_name(c, name) : find_local_node(c);
	if (*ret)
		return 0;
	if (name)
		return err_set(err, -EINVAL, "%s has no node \"%s\"", c->path, name);
	return err_set(
		err, -EINVAL,
		"no node of %s has its address on a local interface; say which one this is with -n",
		c->path);
}

const struct config_node *director_find_peer(const struct config *c, const struct config_node *self)
{
	for (size_t i = 0; self && i < c->cluster.n_nodes; i++)
		if (&c->cluster.nodes[i] != self)
			return &c->cluster.nodes[i];
	return NULL;
}
