/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of questions on the wire, and the ways to what is asked; see wire_uv.h. */
#include "director/doctor/wire_uv.h"

#include "director/doctor/wire_inside_uv.h"
#include "director/doctor/wire_rules.h"
#include "director/doctor/wire_who_uv.h"
#include "director/health/vip_socket_uv.h"
#include "director/network/route_uv.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- interfaces ------------------------------------------------------------------------------- */

const struct wire_link *wire_link_find(const struct wire *w, const char *name)
{
	for (size_t i = 0; i < w->n_links; i++)
		if (strcmp(w->links[i].name, name) == 0)
			return &w->links[i];
	return NULL;
}

static uint16_t mtu_of(int fd, const char *name)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFMTU, &request) < 0)
		return 0;
	return request.ifr_mtu > VIP_JUMBO_MAX ? VIP_JUMBO_MAX : (uint16_t)request.ifr_mtu;
}

static int add_link(struct wire *w, int fd, const struct ifaddrs *i)
{
	const struct sockaddr_ll *ll = (const void *)i->ifa_addr;
	struct wire_link *list, link = {0};

	if (!ll || ll->sll_family != AF_PACKET || ll->sll_halen != MAC_LEN)
		return 0;
	memcpy(link.mac.bytes, ll->sll_addr, MAC_LEN);
	if (mac_is_unicast(&link.mac) && wire_facts_add_director(&w->facts, &link.mac) < 0)
		return -ENOMEM;
	if (!(i->ifa_flags & IFF_UP) || !(i->ifa_flags & IFF_RUNNING))
		return 0;
	snprintf(link.name, sizeof(link.name), "%s", i->ifa_name);
	link.ifindex = (uint32_t)ll->sll_ifindex;
	link.mtu = mtu_of(fd, link.name);
	list = realloc(w->links, (w->n_links + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	w->links = list;
	w->links[w->n_links++] = link;
	return 0;
}

static int read_links(struct wire *w)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code = 0;
	struct ifaddrs *list;

	if (fd < 0)
		return -errno;
	if (getifaddrs(&list) < 0) {
		code = -errno;
		close(fd);
		return code;
	}
	for (const struct ifaddrs *i = list; i && code == 0; i = i->ifa_next)
		code = add_link(w, fd, i);
	freeifaddrs(list);
	close(fd);
	return code;
}

/* --- routes ----------------------------------------------------------------------------------- */

static void route_changed(void *owner)
{
	(void)owner; /* all is read at once */
}

static bool link_is_down(void *owner, uint32_t ifindex)
{
	(void)owner;
	(void)ifindex;
	return false;
}

/* The gateway's address is not kept for every target: it comes when the answer does. */
static void route_judged(void *owner, const struct addr *target, const struct route *route,
			 bool had_trouble)
{
	struct wire_facts *facts = owner;

	(void)had_trouble;
	for (size_t i = 0; i < facts->n_backends; i++)
		if (addr_equal(&facts->backends[i].backend->address, target))
			facts->backends[i].route = *route;
	for (size_t i = 0; i < facts->n_vips; i++)
		if (addr_equal(&facts->vips[i].address, target))
			facts->vips[i].here = route->kind == ROUTE_LOCAL;
}

static int read_routes(struct wire *w, struct err *err)
{
	const struct routes_ops ops = {.changed = route_changed,
				       .link_is_down = link_is_down,
				       .judged = route_judged,
				       .owner = &w->facts};
	size_t n = 0;
	struct addr *targets = calloc(w->facts.n_backends + w->facts.n_vips + 1, sizeof(*targets));
	struct routes *routes = NULL;
	int code;

	if (!targets)
		return err_set(err, -ENOMEM, "no memory");
	for (size_t i = 0; i < w->facts.n_backends; i++)
		targets[n++] = w->facts.backends[i].backend->address;
	for (size_t i = 0; i < w->facts.n_vips; i++)
		targets[n++] = w->facts.vips[i].address;
	code = routes_new(&w->loop, &ops, &routes, err);
	if (code == 0 && routes_set_targets(routes, targets, n) < 0)
		code = err_set(err, -ENOMEM, "no memory");
	routes_close(routes);
	free(targets);
	return code;
}

/* The interface that leads to a backend, as the daemon chooses it (facts.c). */
static void choose_interface(const struct wire_farm *f, struct wire_backend *b)
{
	char name[IF_NAMESIZE];
	const char *chosen = "";

	b->by_name = b->backend->interface[0] || addr_is_link_local(&b->backend->address);
	if (b->backend->interface[0])
		chosen = b->backend->interface;
	else if (b->by_name)
		chosen = f->farm->interface;
	else if (b->route.ifindex && if_indextoname(b->route.ifindex, name))
		chosen = name;
	snprintf(b->interface, sizeof(b->interface), "%s", chosen);
}

static void skip_farm(struct wire *w, const struct config_farm *farm, const char *why)
{
	char what[CONFIG_NAME_MAX + 20];

	snprintf(what, sizeof(what), "farm \"%s\"", farm->name);
	findings_skip(w->findings, what, "%s", why);
}

static bool in_service(const struct wire *w, const struct wire_backend *b)
{
	if (w->known && w->known->in_service)
		return w->known->in_service(w->known->owner, b->farm->farm->name, b->backend->name);
	return b->backend->state == ADMIN_ENABLED;
}

/* Behind a router it is judged, and not asked. */
static void choose_ways(struct wire *w)
{
	const struct wire_farm *said = NULL;
	struct addr source;

	for (size_t i = 0; i < w->facts.n_backends; i++) {
		struct wire_backend *b = &w->facts.backends[i];
		const struct wire_link *link;
		struct err err = {0};

		choose_interface(b->farm, b);
		b->judged = in_service(w, b);
		link = wire_link_find(w, b->interface);
		if (!b->judged || (!b->by_name && b->route.kind != ROUTE_DIRECT))
			continue;
		if (!link)
			err_set(&err, -ENODEV, "interface %s is not there, or down", b->interface);
		if (link && wire_tcp_source(w->tcp, link->ifindex, &b->backend->address, &source,
					    &err) == 0)
			continue;
		b->judged = false;
		if (said != b->farm)
			skip_farm(w, b->farm->farm, err.text);
		said = b->farm;
	}
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool add_who(struct wire *w, struct wire_who *ret, const char *interface,
		    const struct addr *address)
{
	const struct wire_link *link = wire_link_find(w, interface);
	struct err err = {0};

	if (!link)
		return false;
	*ret = (struct wire_who){.ifindex = link->ifindex, .address = *address, .own = link->mac};
	if (wire_tcp_source(w->tcp, link->ifindex, address, &ret->from, &err) < 0)
		ret->from = (struct addr){0}; /* it asks without */
	return true;
}

/* Those of a pair, on every interface with virtual addresses. An address of this host is not asked for. */
static size_t add_nodes(struct wire *w, struct wire_who *list)
{
	const struct config *c = w->facts.config;
	size_t n = 0;

	for (size_t i = 0; i < c->cluster.n_nodes && c->has_cluster; i++)
		for (size_t k = 0; k < w->facts.n_farms; k++) {
			const char *interface = w->facts.farms[k].farm->interface;
			struct wire_who *who = &list[n];

			/* Farms of one interface are beside each other, mostly: it is asked there once. */
			if (k > 0 && strcmp(interface, w->facts.farms[k - 1].farm->interface) == 0)
				continue;
			if (add_who(w, who, interface, &c->cluster.nodes[i].address))
				n += !addr_equal(&who->from, &who->address);
		}
	return n;
}

static void skip_vip(struct wire *w, const struct wire_vip *vip)
{
	char what[WIRE_VIP_TEXT];

	findings_skip(w->findings, wire_vip_text(vip, what), "interface %s is not there, or down",
		      vip->farm->interface);
}

static size_t add_vips(struct wire *w, struct wire_who *list)
{
	size_t n = 0;

	for (size_t i = 0; i < w->facts.n_vips; i++) {
		struct wire_vip *vip = &w->facts.vips[i];

		vip->asked = add_who(w, &list[n], vip->farm->interface, &vip->address);
		if (vip->asked)
			list[n++].twice = true;
		else
			skip_vip(w, vip);
	}
	if (w->facts.vips_left_out)
		findings_skip(w->findings, "some virtual addresses",
			      "they are too many for one time: ask for one farm");
	return n;
}

/* All of them, also those out of service: they speak all the same. */
static size_t add_backends(struct wire *w, struct wire_who *list)
{
	size_t n = 0;

	for (size_t i = 0; i < w->facts.n_backends; i++) {
		struct wire_backend *b = &w->facts.backends[i];

		if (!b->by_name && b->route.kind != ROUTE_DIRECT)
			continue;
		b->asked = add_who(w, &list[n], b->interface, &b->backend->address);
		n += b->asked;
		b->judged &= b->asked;
	}
	wire_say_left_out(w, w->facts.left_out);
	return n;
}

static int take_nodes(struct wire *w, const struct wire_who *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < nodes[i].answers.n; k++)
			if (wire_facts_add_director(&w->facts, &nodes[i].answers.list[k]) < 0)
				return -ENOMEM;
		for (size_t k = 0; k < w->n_links && nodes[i].answers.n > 0; k++)
			w->links[k].peer_seen |= w->links[k].ifindex == nodes[i].ifindex;
	}
	return 0;
}

/* What a daemon has told of MACs is true of every interface. */
static bool peer_unknown(const struct wire *w, const struct wire_vip *vip)
{
	const struct config *c = w->facts.config;
	const struct wire_link *link = wire_link_find(w, vip->farm->interface);

	return c->has_cluster && c->cluster.n_nodes > 1 && link && !link->peer_seen &&
	       !(w->known && w->known->n_macs > 0);
}

static int take_answers(struct wire *w, const struct wire_who *list, size_t n_vips, size_t n_nodes)
{
	const struct wire_who *at = list, *nodes = list + n_vips;

	if (take_nodes(w, nodes, n_nodes) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < w->facts.n_vips; i++) {
		struct wire_vip *vip = &w->facts.vips[i];

		if (vip->asked)
			vip->answers = (at++)->answers;
		vip->peer_unknown = peer_unknown(w, vip);
	}
	at = nodes + n_nodes;
	for (size_t i = 0; i < w->facts.n_backends; i++) {
		struct wire_backend *b = &w->facts.backends[i];

		if (b->asked)
			b->macs = (at++)->answers;
	}
	return 0;
}

static int ask_addresses(struct wire *w, struct err *err)
{
	size_t room = w->facts.n_vips + CONFIG_NODES_MAX * w->facts.n_farms + w->facts.n_backends;
	struct wire_who *list = calloc(room + 1, sizeof(*list));
	size_t n_vips, n_nodes, n;
	int code;

	if (!list)
		return err_set(err, -ENOMEM, "no memory");
	n_vips = add_vips(w, list);
	n_nodes = add_nodes(w, list + n_vips);
	n = n_vips + n_nodes;
	n += add_backends(w, list + n);
	code = wire_who_ask(&w->loop, list, n, err);
	if (code == 0 && take_answers(w, list, n_vips, n_nodes) < 0)
		code = err_set(err, -ENOMEM, "no memory");
	free(list);
	return code;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int take_known(struct wire_facts *facts, const struct doctor_wire_known *known)
{
	for (size_t i = 0; i < known->n_macs; i++)
		if (wire_facts_add_director(facts, &known->macs[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < facts->n_vips; i++)
		for (size_t k = 0; k < known->n_held; k++)
			facts->vips[i].held |= addr_equal(&facts->vips[i].address, &known->held[k]);
	return 0;
}

static int look(struct wire *w, struct err *err)
{
	int code = read_links(w);

	if (code < 0)
		return err_set(err, code, "cannot read the interfaces: %s", strerrordesc_np(-code));
	code = wire_tcp_new(&w->loop, &w->tcp, err);
	if (code == 0)
		code = read_routes(w, err);
	if (code < 0)
		return code;
	choose_ways(w);
	code = ask_addresses(w, err);
	if (code < 0)
		return code;
	wire_probe_ports(w);
	wire_probe_sizes(w);
	return 0;
}

static void say_udp(struct wire *w)
{
	for (size_t i = 0; i < w->facts.n_farms; i++)
		if (w->facts.farms[i].farm->protocol == PROTOCOL_UDP)
			skip_farm(w, w->facts.farms[i].farm,
				  "whether its service answers over UDP cannot be asked");
}

static void tell_judged(const struct wire *w)
{
	for (size_t i = 0; w->known && w->known->judged && i < w->facts.n_vips; i++)
		if (wire_vip_is_judged(&w->facts, &w->facts.vips[i]))
			w->known->judged(w->known->owner, &w->facts.vips[i].address);
}

int doctor_wire(const struct config *c, const struct config_farm *only,
		const struct doctor_wire_known *known, struct findings *f)
{
	struct wire w = {.known = known, .findings = f};
	struct err err = {0};
	int code = wire_facts_init(&w.facts, c, only);

	if (code < 0)
		return code;
	if (known)
		code = take_known(&w.facts, known);
	if (code == 0)
		code = uv_loop_init(&w.loop);
	if (code == 0) {
		code = look(&w, &err);
		if (code == 0) {
			say_udp(&w);
			wire_judge(&w.facts, f);
			tell_judged(&w);
		} else if (code != -ENOMEM) {
			findings_skip(f, "the wire", "%s", err.text);
			code = 0;
		}
		wire_tcp_close(w.tcp);
		uv_run(&w.loop, UV_RUN_DEFAULT);
		uv_loop_close(&w.loop);
	}
	free(w.links);
	wire_facts_clear(&w.facts);
	return code;
}
