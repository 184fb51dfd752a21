/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill_probe.h on the wire: a timer, a packet socket (vip_socket_uv.h) and source ports that the kernel's
 * own TCP keeps its hands off (vip_ports_uv.h).
 *
 * The frames bear no mark and need no exemption: what a silent node drops (drill_mute.h) is what comes in
 * for a virtual address and goes out from one, and these are the other way round.
 */
#ifndef DIRECTOR_DRILL_DRILL_PROBE_UV_H
#define DIRECTOR_DRILL_DRILL_PROBE_UV_H

#include "director/drill/drill_probe.h"
#include "include/err.h"

#include <uv.h>

struct drill_prober;

struct drill_prober_setup {
	struct drill_target target;
	uint32_t ifindex;
	struct mac own_mac, way; /* that interface's; drill_probe_way() */
};

/* 0, or a negative errno with the sentence: then nothing is sent. */
int drill_prober_begin(uv_loop_t *loop, const struct drill_prober_setup *setup,
		       struct drill_prober **ret, struct err *err);
const struct drill_probe *drill_prober_seen(const struct drill_prober *p);
/* Nothing is sent any more. Asynchronous; accepts NULL. */
void drill_prober_end(struct drill_prober *p);

#endif
