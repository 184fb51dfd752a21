/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found on the wire, in the farms of a configuration: who speaks for the virtual addresses, and
 * what backends do with frames to them. Needs root; works beside a daemon, on either director, and
 * without one.
 *
 * A loop of its own, for two or three seconds: addresses are asked for first, then connections of those
 * that are there, then packets of full size.
 */
#ifndef DIRECTOR_DOCTOR_WIRE_UV_H
#define DIRECTOR_DOCTOR_WIRE_UV_H

#include "director/doctor/finding.h"
#include "include/addr.h"
#include "include/config.h"

/* What a daemon has told. */
struct doctor_wire_known {
	/* MACs that may answer for a virtual address, beside this host's, the peer's own and virtual ones. */
	const struct mac *macs;
	size_t n_macs;
	/* Virtual addresses for which one of the pair is master. */
	const struct addr *held;
	size_t n_held;
	doctor_in_service *in_service; /* NULL: as the configuration says */
	/* Is told each virtual address of which it is known now who answers for it; may be NULL. */
	void (*judged)(void *owner, const struct addr *address);
	void *owner; /* of both */
};

/* only: of one farm; NULL: of all. known: NULL without a daemon. 0 or -ENOMEM; whatever could not be asked is told as skipped. */
int doctor_wire(const struct config *c, const struct config_farm *only,
		const struct doctor_wire_known *known, struct findings *f);

#endif
