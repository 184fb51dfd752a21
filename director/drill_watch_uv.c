/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When this node probes in a drill (drill_probe_uv.h): the one that is to take over from the beginning to
 * when its record is complete, the other one from when it has let go to when its own is.
 */
#include "director/director.h"

#include <string.h>

/* The address and the interface may be others than when it was accepted: it is looked again. */
static const struct config_vrrp *find_way(struct director *d, uint8_t kind,
					  const struct drill_target *target,
					  const struct link **ret, char why[static SYNC_WHY_MAX])
{
	const struct config_vrrp *section = drill_probe_section(d->config, kind, target, why);

	*ret = section ? links_find(d->links, section->interface) : NULL;
	if (section && (!*ret || !mac_is_unicast(&(*ret)->mac))) {
		snprintf(why, SYNC_WHY_MAX, "there is no interface %s to probe on",
			 section->interface);
		return NULL;
	}
	return section;
}

bool director_probe_is_fine(struct director *d, uint8_t kind, const struct drill_target *target,
			    struct mac *ret, char why[static SYNC_WHY_MAX])
{
	const struct link *link;

	if (!find_way(d, kind, target, &link, why))
		return false;
	*ret = link->mac;
	return true;
}

static bool is_wanted(const struct rehearsal *r)
{
	static const struct mac none;
	const struct drill *drill = &r->drill;

	return drill->target.vip.family && drill->state == DRILL_RUNNING && !drill->here.complete &&
	       !mac_equal(&drill->mac_there, &none) && (!drill->yields_here || drill->here.n > 0);
}

static void begin(struct director *d)
{
	struct rehearsal *r = &d->rehearsal;
	struct drill_prober_setup setup = {.target = r->drill.target};
	const struct config_vrrp *section;
	const struct link *link;
	char why[SYNC_WHY_MAX];
	struct err err = {0};

	r->probed_id = r->drill.id;
	section = find_way(d, r->drill.kind, &setup.target, &link, why);
	if (!section) {
		log_warning("drill %s: nothing is probed: %s", drill_kind_name(r->drill.kind), why);
		return;
	}
	setup.ifindex = link->ifindex;
	setup.own_mac = link->mac;
	setup.way = drill_probe_way(section, setup.target.vip.family, &r->drill.mac_there);
	if (drill_prober_begin(d->loop, &setup, &r->prober, &err) < 0)
		log_warning("drill %s: nothing is probed: %s", drill_kind_name(r->drill.kind),
			    err.text);
}

void director_probe_see(struct director *d, uint64_t now_us)
{
	struct rehearsal *r = &d->rehearsal;

	if (r->prober && !r->drill.here.complete)
		r->drill.here.n_spans =
			drill_probe_spans(drill_prober_seen(r->prober), now_us,
					  !r->drill.yields_here, r->drill.here.spans);
}

void director_probe_follow(struct director *d)
{
	struct rehearsal *r = &d->rehearsal;

	if (r->prober && (!is_wanted(r) || r->probed_id != r->drill.id))
		director_probe_end(d);
	if (!r->prober && is_wanted(r) && r->probed_id != r->drill.id)
		begin(d);
}

void director_probe_end(struct director *d)
{
	drill_prober_end(d->rehearsal.prober);
	d->rehearsal.prober = NULL;
}
