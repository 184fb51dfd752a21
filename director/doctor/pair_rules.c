/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/pair_rules.h"

#include "director/evidence/retries.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- the daemon and the other one --------------------------------------------------------------- */

static void look_at_clocks(const struct status_peer *p, struct findings *f)
{
	uint64_t apart_ms = p->channel.clock_apart_ms;

	if (apart_ms == STATUS_UNKNOWN || apart_ms <= PAIR_CLOCKS_MS)
		return;
	findings_add(f, FINDING_CLOCKS, NULL, NULL, "timedatectl set-ntp true # on both nodes",
		     "the dates of this node and of node \"%s\" are %" PRIu64 ".%" PRIu64
		     " s apart: authenticated adverts are refused when it is more than the "
		     "configured tolerance, and the logs of both cannot be read side by side",
		     p->node, apart_ms / 1000, apart_ms % 1000 / 100);
}

static void look_at_channel(const struct status_peer *before, const struct status_peer *p,
			    struct findings *f)
{
	const struct status_channel *c = &p->channel;

	if (!c->enabled)
		return;
	if (!c->connected) {
		findings_add(f, FINDING_SYNC, NULL, NULL,
			     "directorctl cluster status # on both nodes",
			     "there is no sync channel to node \"%s\" (%s): a failover loses the "
			     "connections that are remembered here alone",
			     p->node, c->trouble[0] ? c->trouble : "not connected");
		return;
	}
	if (before && strcmp(before->sync, "in-sync") != 0 && strcmp(p->sync, "in-sync") != 0 &&
	    c->since_ms != STATUS_UNKNOWN && c->since_ms > PAIR_SETTLE_MS)
		findings_add(f, FINDING_SYNC, NULL, NULL, NULL,
			     "the tables of node \"%s\" and ours are not alike (%s) although they "
			     "have been connected for %" PRIu64 " s",
			     p->node, p->sync, c->since_ms / 1000);
	look_at_clocks(p, f);
}

/* One finding for what differs, were it much: its lines are what is to be mended. */
static void look_at_differences(const struct status_peer *p, const char *differences,
				struct findings *f)
{
	int len = (int)strlen(differences);

	if (!p->channel.config_differs)
		return;
	while (len > 0 && differences[len - 1] == '\n')
		len--;
	findings_add(f, FINDING_CONFIGURATIONS, NULL, NULL,
		     "make both files alike, then on the node that was wrong: directorctl config "
		     "reload",
		     "node \"%s\" has another configuration than this one%s%.*s", p->node,
		     len ? ":\n" : "", len, differences);
}

static bool is_silent(const struct status_peer *p)
{
	return strcmp(p->heartbeat, "down") == 0 || strcmp(p->heartbeat, "gone") == 0 ||
	       strcmp(p->heartbeat, "overdue") == 0;
}

static void look_at_peer(const struct status_peer *before, const struct status_peer *p,
			 const char *differences, struct findings *f)
{
	if (is_silent(p)) {
		findings_add(f, FINDING_PEER, NULL, NULL, "systemctl status directord # there",
			     "node \"%s\" (%s) is not heard: %s; there is nobody to take over",
			     p->node, p->address, p->cause[0] ? p->cause : p->heartbeat);
		return; /* all else of it follows from that */
	}
	look_at_channel(before, p, f);
	look_at_differences(p, differences, f);
}

static const struct status_peer *find_peer(const struct status *s, const char *node)
{
	for (size_t i = 0; i < s->n_peers; i++)
		if (strcmp(s->peers[i].node, node) == 0)
			return &s->peers[i];
	return NULL;
}

/* One finds it down and the other one up, and both have done so for a while. */
static bool views_differ(const struct status_backend *b)
{
	bool up = strcmp(b->own_state, "up") == 0, peer_up = strcmp(b->peer_state, "up") == 0;
	bool down = strcmp(b->own_state, "down") == 0,
	     peer_down = strcmp(b->peer_state, "down") == 0;

	return ((up && peer_down) || (down && peer_up)) && b->own_ms != STATUS_UNKNOWN &&
	       b->peer_ms != STATUS_UNKNOWN && b->own_ms > PAIR_VIEWS_MS &&
	       b->peer_ms > PAIR_VIEWS_MS;
}

static void look_at_view(const struct status *s, const struct status_farm *farm,
			 const struct status_backend *b, struct findings *f)
{
	bool here = strcmp(b->own_state, "down") == 0;
	const char *blind = here ? s->node : s->peers[0].node;
	const char *sees = here ? s->peers[0].node : s->node;
	char cure[3 * ADDR_TEXT + 2 * STATUS_NAME + 128];

	if (!views_differ(b))
		return;
	snprintf(
		cure, sizeof(cure),
		"directorctl backend show %s/%s; ip neigh show %s # on %s; then the link, the VLAN "
		"and firewalls between",
		farm->name, b->name, b->address, blind);
	findings_add(f, FINDING_VIEWS, farm->name, b->name, cure,
		     "node \"%s\" finds it down%s%s, node \"%s\" finds it up: the way from node "
		     "\"%s\" to it is broken, not the backend",
		     blind, !here && b->peer_reason[0] ? ": " : "", here ? "" : b->peer_reason,
		     sees, blind);
}

static void look_at_views(const struct status *s, struct findings *f)
{
	for (size_t i = 0; s->n_peers && i < s->n_farms; i++)
		for (size_t k = 0; k < s->farms[i].n_backends; k++)
			look_at_view(s, &s->farms[i], &s->farms[i].backends[k], f);
}

void doctor_pair(const struct status *before, const struct status *s, const char *differences,
		 struct findings *f)
{
	for (size_t i = 0; i < s->n_alarms; i++)
		findings_add(f, FINDING_ALARM, NULL, NULL, NULL, "%s", s->alarms[i]);
	if (!s->ruleset_in_sync)
		findings_add(f, FINDING_RULESET, NULL, NULL, "directorctl ruleset verify",
			     "the kernel's table is not the one that this node wants");
	for (size_t i = 0; i < s->n_peers; i++)
		look_at_peer(find_peer(before, s->peers[i].node), &s->peers[i], differences, f);
	look_at_views(s, f);
}

void doctor_claims(const struct status *s, const struct config_farm *only, struct findings *f)
{
	for (size_t i = 0; i < s->n_claims; i++) {
		const struct status_claim *c = &s->claims[i];
		char cure[64 + 2 * STATUS_NAME];

		if (c->age_ms > PAIR_CLAIM_MS || !c->backend[0] ||
		    (only && strcmp(only->name, c->farm) != 0) ||
		    findings_have(f, FINDING_VIP_SPOKEN, c->farm, c->backend))
			continue;
		snprintf(cure, sizeof(cure),
			 "directorctl backend-setup %s/%s # and what it says there", c->farm,
			 c->backend);
		findings_add(f, FINDING_VIP_CLAIMED, c->farm, c->backend, cure,
			     "it claimed %s %" PRIu64
			     " s ago, with MAC %s: whoever heard that sends "
			     "to it, and to no director",
			     c->address, c->age_ms / 1000, c->mac);
	}
}

static bool findings_of(const struct findings *f, const char *farm, const char *backend)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->list[i].farm, farm) == 0 && strcmp(f->list[i].backend, backend) == 0)
			return true;
	return false;
}

static bool loses_answers(const struct status_backend *b)
{
	struct retry_share share = {b->syn_repeated, b->syn_tried};

	if (b->syn_retries == STATUS_UNKNOWN)
		return false;
	return b->inhibited_ms != STATUS_UNKNOWN ||
	       (strcmp(b->state, "down") != 0 && retry_share_is_odd(share));
}

void doctor_retries(const struct status *s, const struct config_farm *only, struct findings *f)
{
	for (size_t i = 0; i < s->n_farms; i++) {
		const struct status_farm *farm = &s->farms[i];

		if (only && strcmp(only->name, farm->name) != 0)
			continue;
		for (size_t k = 0; k < farm->n_backends; k++) {
			const struct status_backend *b = &farm->backends[k];

			if (!loses_answers(b) || findings_of(f, farm->name, b->name))
				continue;
			findings_add(
				f, FINDING_ANSWERS_LOST, farm->name, b->name,
				"on the backend: ip route get CLIENT, ip route show default, "
				"nft list ruleset; on routers beside it: sysctl "
				"net.ipv4.conf.all.rp_filter",
				"its checks are good, and its clients repeat their SYNs (%" PRIu64
				" so far, %u of %u in the last seconds): its answers do not "
				"reach them",
				b->syn_retries, b->syn_repeated, b->syn_tried);
		}
	}
}

void doctor_file(const char *path, const char *digest, const struct status *s, struct findings *f)
{
	bool other = s->config_digest[0] && strcmp(s->config_digest, digest) != 0;

	if (other && s->given_up)
		findings_add(f, FINDING_FILE, NULL, NULL, "directorctl config reload --confirm 5m",
			     "%s was not confirmed: directord runs with what ran before it", path);
	else if (other)
		findings_add(f, FINDING_FILE, NULL, NULL, "directorctl config reload",
			     "%s is another configuration than the one that directord runs with",
			     path);
}

/* --- the configuration --------------------------------------------------------------------------- */

static void look_at_number(const struct config_farm *farm, doctor_in_service *in_service,
			   void *owner, struct findings *f)
{
	size_t n = 0;

	for (size_t i = 0; i < farm->n_backends; i++)
		n += in_service ? in_service(owner, farm->name, farm->backends[i].name)
				: farm->backends[i].state == ADMIN_ENABLED;
	if (n == 1)
		findings_add(f, FINDING_ONE_BACKEND, farm->name, NULL, NULL,
			     "one backend of it is in service: nobody serves when that one fails");
}

/* The prefix that a virtual router gives the address; NULL: one of the address alone, or none does. */
static const struct prefix *network_of(const struct config *c, const struct addr *vip)
{
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_addresses; k++) {
			const struct prefix *p = &c->vrrps[i].addresses[k];

			if (addr_equal(&p->addr, vip) && p->length < 8 * addr_len(vip))
				return p;
		}
	return NULL;
}

static bool is_inside(const struct prefix *network, const struct addr *a)
{
	struct addr_range range = prefix_range(network);

	return a->family == network->addr.family && addr_compare(&range.first, a) <= 0 &&
	       addr_compare(a, &range.last) <= 0;
}

static void look_at_networks(const struct config *c, const struct config_farm *farm,
			     struct findings *f)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < farm->n_addresses; i++) {
		const struct prefix *network = network_of(c, &farm->addresses[i]);
		size_t inside = 0, n = 0;

		if (!network)
			continue;
		for (size_t k = 0; k < farm->n_backends; k++) {
			const struct addr *a = &farm->backends[k].address;

			n += a->family == network->addr.family;
			inside += is_inside(network, a);
		}
		if (n > 0 && inside == 0)
			findings_add(f, FINDING_NETWORK, farm->name, NULL, NULL,
				     "none of its backends has an address in the network of %s: "
				     "they answer clients by a way of their own, which nobody "
				     "here sees",
				     prefix_format(network, text));
	}
}

void doctor_config(const struct config *c, const struct config_farm *only,
		   doctor_in_service *in_service, void *owner, struct findings *f)
{
	for (size_t i = 0; i < c->n_farms; i++) {
		if (only && only != &c->farms[i])
			continue;
		look_at_number(&c->farms[i], in_service, owner, f);
		look_at_networks(c, &c->farms[i], f);
	}
}
