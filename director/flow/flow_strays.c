/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_strays.h"

void flow_strays_add(struct flow_strays *s, const struct flow_stray *stray)
{
	s->list[(s->first + s->n) % FLOW_STRAYS] = *stray;
	if (s->n < FLOW_STRAYS)
		s->n++;
	else
		s->first = (s->first + 1) % FLOW_STRAYS;
}

bool flow_strays_next(struct flow_strays *s, uint32_t now_s, struct flow_stray *ret)
{
	while (s->n > 0) {
		*ret = s->list[s->first];
		s->first = (s->first + 1) % FLOW_STRAYS;
		s->n--;
		if (now_s - ret->heard_s <= FLOW_STRAYS_S)
			return true;
	}
	return false;
}
