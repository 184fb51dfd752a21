/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/track.h"

enum { LOWEST = 1, HIGHEST = 254, OWNER = 255 };

struct track_result track_judge(uint8_t base, const struct track_item *items, size_t n)
{
	struct track_result result = {.priority = base};
	long sum = base;

	for (size_t i = 0; i < n; i++) {
		const struct track_item *item = &items[i];

		if (item->weight == 0 && !item->well && !result.fault) {
			result.fault = true;
			result.culprit = i;
		}
		if ((item->weight > 0) == item->well)
			sum += item->weight;
	}
	if (base == OWNER)
		return result;
	result.priority = sum < LOWEST ? LOWEST : sum > HIGHEST ? HIGHEST : (uint8_t)sum;
	return result;
}

bool track_farms_are_well(const struct track_farms *own, const struct track_farms *peer)
{
	return !peer || peer->backends != own->backends || peer->healthy <= own->healthy ||
	       peer->lacking >= own->lacking;
}
