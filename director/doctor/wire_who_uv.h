/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has an address, asked on the wire instead of the kernel's table, since all answers are wanted:
 * a second one is what is looked for.
 */
#ifndef DIRECTOR_DOCTOR_WIRE_WHO_UV_H
#define DIRECTOR_DOCTOR_WIRE_WHO_UV_H

#include "director/doctor/wire_facts.h"
#include "include/err.h"

#include <uv.h>

struct wire_who {
	uint32_t ifindex;
	struct addr address;
	struct addr from; /* this host's address there; family 0: it has none, and asks without */
	struct mac own;
	bool twice; /* all answers are wanted, not only one */
	struct wire_macs answers;
};

/*
 * Asks for all and waits for the answers, a second or little more. 0, or a negative errno with the
 * sentence.
 */
int wire_who_ask(uv_loop_t *loop, struct wire_who *list, size_t n, struct err *err);

#endif
