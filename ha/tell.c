/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/tell.h"

bool tell_pass(struct tell *t, const struct mac *to, const struct addr *address, uint64_t now_us)
{
	struct told *place = NULL;

	for (size_t i = 0; i < TELL_MAX; i++) {
		struct told *told = &t->told[i];
		bool recent = told->address.family && now_us < told->at_us + TELL_EVERY_US;

		if (recent && mac_equal(&told->to, to) && addr_equal(&told->address, address))
			return false;
		if (!recent && !place)
			place = told;
	}
	if (!place)
		return false;
	*place = (struct told){.to = *to, .address = *address, .at_us = now_us};
	return true;
}
