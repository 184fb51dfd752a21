/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/backend_state.h"

enum backend_state backend_state(enum config_admin_state ordered, bool resolved, bool well)
{
	if (ordered == ADMIN_DISABLED)
		return BACKEND_DISABLED;
	if (!resolved)
		return BACKEND_UNRESOLVED;
	if (!well)
		return BACKEND_DOWN;
	return ordered == ADMIN_DRAINING ? BACKEND_DRAINING : BACKEND_UP;
}

const char *backend_state_name(enum backend_state s)
{
	static const char *const names[BACKEND_STATES] = {
		[BACKEND_UNRESOLVED] = "unresolved",
		[BACKEND_UP] = "up",
		[BACKEND_DOWN] = "down",
		[BACKEND_DRAINING] = "draining",
		[BACKEND_DISABLED] = "disabled",
	};

	return names[s];
}
