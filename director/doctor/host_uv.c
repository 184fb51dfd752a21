/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_uv.h"

#include "director/doctor/host_link_uv.h"
#include "director/doctor/host_nft_uv.h"
#include "director/doctor/host_rules.h"
#include "director/doctor/host_saved_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What the nftables services of the distributions load at boot, and where nft looks for includes. */
static const char *const saved_files[] = {
	"/etc/nftables.conf",
	"/etc/sysconfig/nftables.conf",
	"/etc/nftables.nft",
};
#define INCLUDE_FOLDER "/etc"

enum { WHAT = 64 };

static void look_nft(struct host_facts *facts, struct findings *f)
{
	struct nft_socket s;
	struct err err;
	int code = nft_socket_open(&s, &err);

	if (code < 0) {
		findings_skip(f, "nftables of this machine", "%s", err.text);
		return;
	}
	if (host_nft_try(&s, facts, &err) < 0)
		findings_skip(f, "what nftables of this kernel can do", "%s", err.text);
	code = host_nft_look(&s, facts);
	if (code < 0)
		findings_skip(f, "chains and rules of others in nftables", "%s", strerror(-code));
	nft_socket_close(&s);
}

/* --- interfaces and nodes --------------------------------------------------------------------- */

static bool is_there(const struct host_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_interfaces; i++)
		if (strcmp(facts->interfaces[i].name, name) == 0)
			return true;
	return false;
}

static void look_interface(struct host_facts *facts, const char *name, struct findings *f)
{
	struct host_interface *in = &facts->interfaces[facts->n_interfaces];
	char what[WHAT];
	int code;

	if (facts->n_interfaces == HOST_INTERFACES_MAX || is_there(facts, name))
		return;
	facts->n_interfaces++;
	snprintf(in->name, sizeof(in->name), "%s", name);
	code = host_link_look(in);
	if (code == 0)
		return;
	snprintf(what, sizeof(what), "interface %s", name);
	findings_skip(f, what, "%s", strerror(-code));
}

/*
 * The interfaces at which the other node's adverts come. Those over IPv6 come from a link-local address
 * (RFC 9568, 5.1.2.1), whatever the node's is.
 */
static void look_peer(struct host_facts *facts, const struct config *c,
		      const struct config_node *own, const struct config_node *peer)
{
	for (size_t i = 0; i < c->n_vrrps && facts->n_peers < HOST_PEERS_MAX; i++) {
		struct host_peer *p = &facts->peers[facts->n_peers];

		if (!config_vrrp_has_family(&c->vrrps[i], AF_INET))
			continue;
		*p = (struct host_peer){.address = peer->address};
		snprintf(p->interface, sizeof(p->interface), "%s", c->vrrps[i].interface);
		snprintf(p->node, sizeof(p->node), "%s", peer->name);
		if (host_link_ask_peer(p, &own->address) == 0)
			facts->n_peers++;
	}
}

static void look_nodes(struct host_facts *facts, const struct config *c)
{
	const struct config_node *nodes = c->cluster.nodes;

	for (size_t own = 0; own < c->cluster.n_nodes; own++)
		for (size_t peer = 0; peer < c->cluster.n_nodes; peer++)
			if (peer != own && nodes[own].address.family == AF_INET &&
			    nodes[peer].address.family == AF_INET &&
			    host_link_is_own(&nodes[own].address) &&
			    !host_link_is_own(&nodes[peer].address))
				look_peer(facts, c, &nodes[own], &nodes[peer]);
}

/* --- all -------------------------------------------------------------------------------------- */

/* Rules of the old iptables are in tables of their own, which only that program reads. */
static void skip_iptables(struct findings *f)
{
	static const char *const files[] = {"/proc/net/ip_tables_names",
					    "/proc/net/ip6_tables_names"};
	char name[WHAT];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *file = fopen(files[i], "re");

		if (file && fgets(name, sizeof(name), file))
			findings_skip(f, "rules of iptables-legacy",
				      "%s names tables of it, which are not nftables: they do not "
				      "see what the director forwards",
				      files[i]);
		if (file)
			fclose(file);
	}
}

void doctor_host(const struct config *c, const struct config_farm *only, struct findings *f)
{
	struct host_facts *facts = calloc(1, sizeof(*facts));

	if (!facts) {
		f->no_memory = true;
		return;
	}
	look_nft(facts, f);
	skip_iptables(f);
	for (size_t i = 0; i < c->n_farms; i++)
		if (!only || only == &c->farms[i])
			look_interface(facts, c->farms[i].interface, f);
	look_nodes(facts, c);
	for (size_t i = 0; i < sizeof(saved_files) / sizeof(saved_files[0]); i++)
		host_saved_look(facts, saved_files[i], INCLUDE_FOLDER);
	host_judge(facts, c, only, f);
	free(facts);
}
