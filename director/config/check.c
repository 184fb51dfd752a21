/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/check.h"

#include "director/config/auth_key_file.h"
#include "director/config/key_file.h"
#include "director/config/number.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

/* RFC 9568, 5.2.7: 12 bits of centiseconds. */
enum { V3_INTERVAL_MAX_MS = 40950, V3_INTERVAL_STEP_MS = 10, PRIORITY_OWNER = 255 };

static const char *const *name_of(const void *array, size_t size, size_t i)
{
	return (const char *const *)(const void *)((const char *)array + i * size);
}

void config_check_names(struct source *s, const char *kind, const void *array, size_t n,
			size_t size)
{
	char place[ERR_FILE];

	for (size_t i = 1; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			const char *const *later = name_of(array, size, i), *const *first = name_of(
										    array, size, j);

			if (strcmp(*later, *first) != 0)
				continue;
			source_mistake_at(s, later, "%s \"%s\" is defined twice, first at %s", kind,
					  *later, source_place_of(s, first, place));
			break;
		}
	}
}

static const char *family_name(const struct addr *a)
{
	return a->family == AF_INET6 ? "IPv6" : "IPv4";
}

/*
 * What one director sends to the other goes to one address. A link-local one means something on one
 * interface only, and a node's address stands alone.
 */
static void check_nodes(struct source *s, const struct config_cluster *cl)
{
	char address[ADDR_TEXT], first[ADDR_TEXT], place[ERR_FILE];

	for (size_t i = 0; i < cl->n_nodes; i++) {
		const struct config_node *node = &cl->nodes[i];

		if (addr_is_link_local(&node->address))
			source_mistake_at(
				s, &node->address,
				"%s is a link-local address: node \"%s\" needs one that is "
				"good without an interface",
				addr_format(&node->address, address), node->name);
		if (!node->address.family || !cl->nodes[0].address.family ||
		    node->address.family == cl->nodes[0].address.family)
			continue;
		source_mistake_at(
			s, &node->address,
			"the nodes' addresses must be of one family: %s is %s, %s of node "
			"\"%s\" (%s) is %s",
			addr_format(&node->address, address), family_name(&node->address),
			addr_format(&cl->nodes[0].address, first), cl->nodes[0].name,
			source_place_of(s, &cl->nodes[0].address, place),
			family_name(&cl->nodes[0].address));
	}
}

static void check_cluster(struct source *s, const struct config *c)
{
	const struct config_cluster *cl = &c->cluster;

	if (!c->has_cluster)
		return;
	if (cl->n_nodes != CONFIG_NODES_MAX)
		source_mistake_at(s, &cl->name, "cluster \"%s\" has %s: a pair needs two", cl->name,
				  cl->n_nodes ? "one node" : "no nodes");
	config_check_names(s, "node", cl->nodes, cl->n_nodes, sizeof(cl->nodes[0]));
	check_nodes(s, cl);
}

/* RFC 9568, 5.2.3: an ID is unique on a network, for each family of addresses. */
static void check_router_id(struct source *s, const struct config *c, size_t i)
{
	const struct config_vrrp *v = &c->vrrps[i];
	char place[ERR_FILE];

	for (size_t j = 0; j < i; j++) {
		const struct config_vrrp *first = &c->vrrps[j];

		if (v->virtual_router_id != first->virtual_router_id ||
		    strcmp(v->interface, first->interface) != 0)
			continue;
		if ((config_vrrp_has_family(v, AF_INET) &&
		     config_vrrp_has_family(first, AF_INET)) ||
		    (config_vrrp_has_family(v, AF_INET6) &&
		     config_vrrp_has_family(first, AF_INET6))) {
			source_mistake_at(
				s, &v->virtual_router_id,
				"virtual-router-id %u is already used on %s by vrrp \"%s\" "
				"(%s)",
				v->virtual_router_id, v->interface, first->name,
				source_place_of(s, &first->name, place));
			return;
		}
	}
}

static void check_version(struct source *s, const struct config_vrrp *v)
{
	char interval[DURATION_TEXT], address[PREFIX_TEXT];

	duration_format(v->advertise_interval_ms, interval);
	if (v->version != 2) {
		if (v->advertise_interval_ms > V3_INTERVAL_MAX_MS ||
		    v->advertise_interval_ms % V3_INTERVAL_STEP_MS != 0)
			source_mistake_at(s, &v->advertise_interval_ms,
					  "advertise-interval must be from 10ms to 40.95s in steps "
					  "of 10ms, not \"%s\"",
					  interval);
		return;
	}
	if (v->advertise_interval_ms % 1000 != 0)
		source_mistake_at(s, &v->advertise_interval_ms,
				  "advertise-interval must be whole seconds with version = 2, not "
				  "\"%s\"",
				  interval);
	for (size_t i = 0; i < v->n_addresses; i++)
		if (v->addresses[i].addr.family != AF_INET)
			source_mistake_at(s, &v->addresses[i],
					  "version = 2 knows IPv4 addresses only, not %s",
					  prefix_format(&v->addresses[i], address));
}

/* RFC 9568, 5.2.9: the first IPv6 address of an advert is the virtual router's link-local one. */
static void check_ipv6(struct source *s, const struct config_vrrp *v)
{
	const struct prefix *first = NULL;
	char address[PREFIX_TEXT];

	for (size_t i = 0; i < v->n_addresses && !first; i++)
		if (v->addresses[i].addr.family == AF_INET6)
			first = &v->addresses[i];
	if (!first)
		return;
	if (!addr_is_link_local(&first->addr))
		source_mistake_at(s, first,
				  "the IPv6 addresses of vrrp \"%s\" must begin with a link-local "
				  "one: put one such as fe80::%x before %s",
				  v->name, v->virtual_router_id, prefix_format(first, address));
}

/* Unicast adverts go to the nodes' addresses: those of the other family would have nowhere to go. */
static void check_unicast(struct source *s, const struct config_cluster *cl,
			  const struct config_vrrp *v)
{
	const struct addr *node = cl->n_nodes ? &cl->nodes[0].address : NULL;
	char address[PREFIX_TEXT], place[ERR_FILE];

	for (size_t i = 0; v->unicast && node && i < v->n_addresses; i++) {
		const struct prefix *p = &v->addresses[i];

		if (p->addr.family == node->family)
			continue;
		source_mistake_at(s, p,
				  "unicast = true sends to the nodes' addresses, which are %s ones "
				  "(%s): the %s address %s needs a section of its own without "
				  "unicast",
				  family_name(node), source_place_of(s, node, place),
				  family_name(&p->addr), prefix_format(p, address));
		return;
	}
}

/* The owner's addresses are the host's, and come with the interface's own MAC address. */
static void check_virtual_mac(struct source *s, const struct config *c, const struct config_vrrp *v)
{
	for (size_t i = 0; v->virtual_mac && i < c->cluster.n_nodes; i++)
		if (c->cluster.nodes[i].priority == PRIORITY_OWNER) {
			source_mistake_at(s, &v->virtual_mac,
					  "virtual-mac = true does not go with a node of priority "
					  "255, whose addresses are the host's own: give node "
					  "\"%s\" 254",
					  c->cluster.nodes[i].name);
			return;
		}
}

static void check_auth(struct source *s, const struct config_vrrp *v)
{
	if (v->auth_mode != AUTH_OFF && !v->auth_key_file[0])
		source_mistake_at(s, &v->auth_mode,
				  "auth-mode needs an auth-key-file in vrrp \"%s\"", v->name);
}

static void check_tracks(struct source *s, const struct config *c, const struct config_vrrp *v)
{
	static const char *const kinds[] = {
		[TRACK_INTERFACE] = "track-interface",
		[TRACK_COMMAND] = "track-command",
		[TRACK_FARM] = "track-farm",
	};
	char place[ERR_FILE];

	for (size_t i = 0; i < v->n_tracks; i++) {
		const struct config_track *t = &v->tracks[i];

		if (t->kind == TRACK_FARM && !config_farm_by_name(c, t->name))
			source_mistake_at(s, &t->name, "there is no farm \"%s\"", t->name);
		else if (t->kind == TRACK_FARM && !c->cluster.key_file[0])
			source_mistake_at(
				s, &t->name,
				"track-farm \"%s\" compares with what the other director's "
				"heartbeats say: give cluster \"%s\" a key-file",
				t->name, c->cluster.name);
		for (size_t j = 0; j < i; j++)
			if (v->tracks[j].kind == t->kind && strcmp(v->tracks[j].name, t->name) == 0)
				source_mistake_at(s, &t->name,
						  "%s \"%s\" is defined twice, first at %s",
						  kinds[t->kind], t->name,
						  source_place_of(s, &v->tracks[j].name, place));
	}
}

/* The first section of its group; itself, when it is that one or has none. */
static const struct config_vrrp *first_of_group(const struct config *c, const struct config_vrrp *v)
{
	for (size_t i = 0; v->group[0] && i < c->n_vrrps; i++)
		if (strcmp(c->vrrps[i].group, v->group) == 0)
			return &c->vrrps[i];
	return v;
}

/* field: of v, or its group when the default stands. */
static void group_mistake(struct source *s, const struct config_vrrp *v,
			  const struct config_vrrp *first, const void *field, const char *key,
			  const char *value, const char *others)
{
	char place[ERR_FILE];

	source_mistake_at(s, source_word_of(s, field) ? field : &v->group,
			  "vrrp \"%s\" has %s = %s and vrrp \"%s\" (%s) %s: routers of one group, "
			  "\"%s\", move together and must have the same",
			  v->name, key, value, first->name, source_place_of(s, &first->name, place),
			  others, v->group);
}

/*
 * Where preempt or its delay differ, one member preempts and takes the others along, which were not
 * to. Where the interval differs, a slow member's word that the master lives comes too late for a
 * quick one.
 */
static void check_group(struct source *s, const struct config *c, const struct config_vrrp *v)
{
	const struct config_vrrp *first = first_of_group(c, v);
	char own[DURATION_TEXT], others[DURATION_TEXT];

	if (v->preempt != first->preempt)
		group_mistake(s, v, first, &v->preempt, "preempt", v->preempt ? "true" : "false",
			      first->preempt ? "true" : "false");
	if (v->preempt_delay_ms != first->preempt_delay_ms)
		group_mistake(s, v, first, &v->preempt_delay_ms, "preempt-delay",
			      duration_format(v->preempt_delay_ms, own),
			      duration_format(first->preempt_delay_ms, others));
	if (v->advertise_interval_ms != first->advertise_interval_ms)
		group_mistake(s, v, first, &v->advertise_interval_ms, "advertise-interval",
			      duration_format(v->advertise_interval_ms, own),
			      duration_format(first->advertise_interval_ms, others));
}

static void check_vrrps(struct source *s, const struct config *c)
{
	config_check_names(s, "vrrp", c->vrrps, c->n_vrrps, sizeof(c->vrrps[0]));
	for (size_t i = 0; i < c->n_vrrps; i++) {
		const struct config_vrrp *v = &c->vrrps[i];

		if (!c->has_cluster)
			source_mistake_at(s, &v->name,
					  "vrrp \"%s\" needs a cluster section that names the two "
					  "directors",
					  v->name);
		if (v->n_addresses > CONFIG_VIPS_MAX)
			source_mistake_at(s, &v->addresses[CONFIG_VIPS_MAX],
					  "more than %d addresses in vrrp \"%s\"", CONFIG_VIPS_MAX,
					  v->name);
		check_router_id(s, c, i);
		check_version(s, v);
		check_ipv6(s, v);
		check_virtual_mac(s, c, v);
		check_auth(s, v);
		check_unicast(s, &c->cluster, v);
		check_tracks(s, c, v);
		check_group(s, c, v);
	}
}

void config_check(struct source *s, const struct config *c)
{
	check_cluster(s, c);
	check_vrrps(s, c);
	config_check_farms(s, c);
	config_check_addresses(s, c);
}

/* Throws away what it has read: the keys are read again where they are used. */
static int check_auth_keys(const struct config *c, int code, struct err *err)
{
	for (size_t i = 0; (code == 0 || code == -EACCES) && i < c->n_vrrps; i++) {
		struct vrrp_auth_keys keys;
		struct err found = {0};
		int next = config_read_auth_keys(&c->vrrps[i], &keys, &found);

		sodium_memzero(&keys, sizeof(keys));
		code = key_file_worse(code, err, next, &found);
	}
	return code;
}

int config_check_files(const struct config *c, struct err *err)
{
	struct cluster_keys keys;
	int code = config_read_keys(c, &keys, err);

	cluster_keys_wipe(&keys);
	return check_auth_keys(c, code, err);
}
