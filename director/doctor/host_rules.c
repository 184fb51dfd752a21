/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_rules.h"

#include "director/doctor/host_hidden.h"

#include <stdio.h>
#include <string.h>

enum {
	OUR_PRIORITY =
		0, /* of the chains that forward; the kernel puts a later one of the same first */
	CURE = 1024,
	CHAIN_TEXT = 2 * HOST_NAME + 64,
};

static void judge_features(const struct host_facts *facts, struct findings *f)
{
	for (size_t i = 0; i < HOST_FEATURES; i++) {
		const struct host_feature_row *row = host_feature_row((enum host_feature)i);
		char cure[CURE];

		if (!facts->missing[i])
			continue;
		snprintf(cure, sizeof(cure), "modprobe -a %s\n# or a kernel with %s", row->module,
			 row->option);
		findings_add(f, FINDING_KERNEL_FEATURE, NULL, NULL, cure,
			     "this kernel has no nftables %s, which is needed %s", row->name,
			     row->needed);
		if (i == FEATURE_NETDEV)
			return; /* without it there is nothing else */
	}
}

static void judge_lro(const struct host_interface *in, struct findings *f)
{
	char cure[CURE];

	if (in->lro != LRO_ON)
		return;
	snprintf(cure, sizeof(cure),
		 "ethtool -K %s lro off\n# and each time that the interface is made, at boot, too",
		 in->name);
	findings_add(f, FINDING_LRO, NULL, NULL, cure,
		     "large receive offload is on at %s: it merges frames of clients into longer "
		     "ones, which cannot be forwarded",
		     in->name);
}

static void judge_peer(const struct host_peer *p, struct findings *f)
{
	char text[ADDR_TEXT], cure[CURE];

	if (!p->dropped)
		return;
	/* Names of interfaces may have dots: hence the slashes. The greater one of all and its own counts. */
	snprintf(cure, sizeof(cure),
		 "sysctl -w net/ipv4/conf/%s/rp_filter=2\n"
		 "echo net/ipv4/conf/%s/rp_filter=2 >/etc/sysctl.d/90-director-%s.conf",
		 p->interface, p->interface, p->interface);
	findings_add(f, FINDING_RP_FILTER, NULL, NULL, cure,
		     "the kernel drops what comes from node \"%s\" (%s) at %s, its adverts, too: "
		     "rp_filter there is %d (strict), and the route to that address does not leave "
		     "through %s",
		     p->node, addr_format(&p->address, text), p->interface, p->rp_filter,
		     p->interface);
}

/* --- what sees frames first ------------------------------------------------------------------- */

/* " \"name\"", or nothing. */
static const char *named(const char *name, char buf[static HOST_KIND + 4])
{
	if (name[0])
		snprintf(buf, HOST_KIND + 4, " \"%s\"", name);
	else
		buf[0] = '\0';
	return buf;
}

static void judge_programs(const struct host_interface *in, struct findings *f)
{
	char cure[CURE], name[HOST_KIND + 4];

	if (in->has_xdp) {
		snprintf(cure, sizeof(cure), "ip -details link show dev %s", in->name);
		findings_add(
			f, FINDING_PROGRAM_BEFORE, NULL, NULL, cure,
			"an XDP program%s at %s sees frames before the director: what it takes "
			"or drops is not forwarded",
			named(in->xdp, name), in->name);
	}
	if (in->n_filters) {
		snprintf(cure, sizeof(cure), "tc filter show dev %s ingress", in->name);
		findings_add(
			f, FINDING_PROGRAM_BEFORE, NULL, NULL, cure,
			"%zu filter%s of tc (%s%s) at the ingress of %s see%s frames before the "
			"director: what they take or drop is not forwarded",
			in->n_filters, in->n_filters == 1 ? "" : "s", in->filter,
			named(in->filter_program, name), in->name, in->n_filters == 1 ? "s" : "");
	}
	if (in->n_tcx) {
		snprintf(cure, sizeof(cure), "bpftool net show dev %s", in->name);
		findings_add(
			f, FINDING_PROGRAM_BEFORE, NULL, NULL, cure,
			"%zu BPF program%s%s of tcx at the ingress of %s see%s frames before the "
			"director: what they take or drop is not forwarded",
			in->n_tcx, in->n_tcx == 1 ? "" : "s", named(in->tcx, name), in->name,
			in->n_tcx == 1 ? "s" : "");
	}
}

static void judge_chains(const struct host_facts *facts, const struct host_interface *in,
			 struct findings *f)
{
	for (size_t i = 0; i < facts->n_chains; i++) {
		const struct host_chain *c = &facts->chains[i];
		char cure[CURE];

		if (c->hook != HOOK_INGRESS || strcmp(c->device, in->name) != 0 ||
		    c->priority > OUR_PRIORITY || (c->n_acts == 0 && !c->drops))
			continue;
		snprintf(cure, sizeof(cure),
			 "nft list chain %s %s %s\n# a priority greater than %d lets it see what "
			 "the director leaves",
			 c->family, c->table, c->name, OUR_PRIORITY);
		findings_add(f, FINDING_CHAIN_BEFORE, NULL, NULL, cure,
			     "chain \"%s\" of table %s %s (ingress of %s, priority %d) sees frames "
			     "before the director: %zu of its rules take, drop or change some%s",
			     c->name, c->family, c->table, in->name, c->priority, c->n_acts,
			     c->drops ? ", and its policy drops the rest" : "");
	}
}

static void judge_interface(const struct host_facts *facts, const struct host_interface *in,
			    struct findings *f)
{
	judge_lro(in, f);
	judge_programs(in, f);
	judge_chains(facts, in, f);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void judge_saved(const struct host_facts *facts, struct findings *f)
{
	for (size_t i = 0; i < facts->n_saved; i++) {
		const struct host_place *p = &facts->saved[i];
		char cure[CURE];

		snprintf(cure, sizeof(cure),
			 "# take the director's tables out of it: directord makes them itself\n"
			 "editor +%d %s",
			 p->line, p->path);
		findings_add(
			f, FINDING_SAVED_TABLE, NULL, NULL, cure,
			"%s:%d names a table of the director's: loaded at boot, it forwards as it "
			"did when it was saved, until directord runs",
			p->path, p->line);
	}
}

void host_judge(const struct host_facts *facts, const struct config *c,
		const struct config_farm *only, struct findings *f)
{
	judge_features(facts, f);
	for (size_t i = 0; i < facts->n_interfaces; i++)
		judge_interface(facts, &facts->interfaces[i], f);
	for (size_t i = 0; i < facts->n_peers; i++)
		judge_peer(&facts->peers[i], f);
	judge_saved(facts, f);
	for (size_t i = 0; i < c->n_farms; i++)
		if (!only || only == &c->farms[i])
			host_judge_hidden(facts, &c->farms[i], f);
}
