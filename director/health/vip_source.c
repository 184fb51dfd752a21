/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which address a backend is asked from; see vip_source.h. */
#include "director/health/vip_source.h"

#include <sys/socket.h>

/* 0: not at all. */
static int worth(const struct vip_source *s, const struct addr *vip, const struct addr *backend)
{
	const struct addr_range network = prefix_range(&s->at);

	if (s->is_virtual || !s->usable || s->at.addr.family != vip->family ||
	    addr_equal(&s->at.addr, vip) || !addr_is_host(&s->at.addr) ||
	    addr_is_link_local(&s->at.addr) != addr_is_link_local(vip))
		return 0;
	if (s->at.length == addr_len(vip) * 8)
		return 1;
	if (backend->family == vip->family && addr_compare(&network.first, backend) <= 0 &&
	    addr_compare(backend, &network.last) <= 0)
		return 3;
	return 2;
}

bool vip_source_pick(const struct vip_source *sources, size_t n, const struct addr *vip,
		     const struct addr *backend, struct addr *ret)
{
	int best = 0;

	for (size_t i = 0; i < n; i++) {
		int w = worth(&sources[i], vip, backend);

		if (w > best) {
			best = w;
			*ret = sources[i].at.addr;
		}
	}
	return best > 0;
}
