/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the halves of wire_uv.h share: its interfaces and ways, and what backends are asked. */
#ifndef DIRECTOR_DOCTOR_WIRE_INSIDE_UV_H
#define DIRECTOR_DOCTOR_WIRE_INSIDE_UV_H

#include "director/doctor/finding.h"
#include "director/doctor/wire_facts.h"
#include "director/doctor/wire_tcp_uv.h"
#include "director/doctor/wire_uv.h"

struct wire_link {
	char name[INTERFACE_NAME];
	uint32_t ifindex;
	struct mac mac;
	uint16_t mtu;
	bool peer_seen; /* the other director answers there */
};

struct wire {
	uv_loop_t loop;
	struct wire_facts facts;
	struct wire_tcp *tcp;
	struct wire_link *links; /* those that are up */
	size_t n_links;
	const struct doctor_wire_known *known; /* NULL: no daemon */
	struct findings *findings;
};

/* NULL: it is not there, or down. */
const struct wire_link *wire_link_find(const struct wire *w, const char *name);
/* So many backends were not asked. */
void wire_say_left_out(struct wire *w, size_t n);

/* wire_probe_uv.c: every judged backend is asked for connections, then for packets of full size. */
void wire_probe_ports(struct wire *w);
void wire_probe_sizes(struct wire *w);

#endif
