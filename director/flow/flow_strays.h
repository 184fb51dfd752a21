/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows of the other director's addresses that the packet path of this one has announced. Most of them took
 * a wrong way. But while an address moves here, clients are faster than the word that it is ours: what
 * was announced shortly before that is ours, too.
 *
 * Of bounded length: the oldest goes first. Pure.
 */
#ifndef DIRECTOR_FLOW_FLOW_STRAYS_H
#define DIRECTOR_FLOW_FLOW_STRAYS_H

#include "director/flow/flow_index.h"

/* Of 20 ms at 200,000 a second; for so long one may still become ours. */
enum { FLOW_STRAYS = 4096, FLOW_STRAYS_S = 5 };

struct flow_stray {
	struct flow_key key;
	char farm[FLOW_NAME];
	uint32_t backend; /* its id, as the packet path has it */
	uint32_t heard_s;
	bool closing;
};

struct flow_strays {
	struct flow_stray list[FLOW_STRAYS];
	size_t first, n;
};

void flow_strays_add(struct flow_strays *s, const struct flow_stray *stray);
/* The oldest one that is not too old, which is taken out; false: there is none. */
bool flow_strays_next(struct flow_strays *s, uint32_t now_s, struct flow_stray *ret);

#endif
