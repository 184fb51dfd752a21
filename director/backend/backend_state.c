/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/backend/backend_state.h"

enum backend_state backend_state(enum config_admin_state ordered, bool resolved, bool well,
				 bool slow)
{
	if (ordered == ADMIN_DISABLED)
		return BACKEND_DISABLED;
	if (!resolved)
		return BACKEND_UNRESOLVED;
	if (!well)
		return BACKEND_DOWN;
	if (ordered == ADMIN_DRAINING)
		return BACKEND_DRAINING;
	return slow ? BACKEND_SLOW_START : BACKEND_UP;
}

const char *backend_state_name(enum backend_state s)
{
	static const char *const names[BACKEND_STATES] = {
		[BACKEND_UNRESOLVED] = "unresolved", [BACKEND_UP] = "up",
		[BACKEND_SLOW_START] = "slow-start", [BACKEND_DOWN] = "down",
		[BACKEND_DRAINING] = "draining",     [BACKEND_DISABLED] = "disabled",
	};

	return names[s];
}
