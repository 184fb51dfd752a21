/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any file is refused with a line and a reason, or holds keys that can be used. The corpus is
 * replayed by tests/unit/t_vrrp_auth.c.
 */
#include "ha/vrrp_auth.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vrrp_auth_keys keys;
	const char *why = NULL;
	size_t line = vrrp_auth_keys_parse(data, size, 1, &keys, &why);

	if (line > 0) {
		check(why && line <= size + 1);
		return 0;
	}
	check(keys.n >= 1 && keys.n <= VRRP_AUTH_KEYS_MAX);
	for (size_t i = 0; i < keys.n; i++)
		check(keys.at[i].id >= 1 && keys.at[i].len >= VRRP_AUTH_KEY_MIN &&
		      keys.at[i].len <= VRRP_AUTH_KEY_MAX &&
		      vrrp_auth_key_find(&keys, keys.at[i].id) == &keys.at[i]);
	return 0;
}
