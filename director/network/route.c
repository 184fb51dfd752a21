/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/route.h"

#include "include/addr_index.h"

#include <stdio.h>

static bool take(struct route_target *t, const struct route *answer)
{
	struct route_target now = {.ifindex = answer->ifindex,
				   .gateway_hash = addr_hash(&answer->gateway),
				   .kind = (uint8_t)answer->kind,
				   .known = true,
				   .addr = t->addr};
	bool changed = !t->known || t->kind != now.kind || t->ifindex != now.ifindex ||
		       t->gateway_hash != now.gateway_hash;

	*t = now;
	return changed;
}

bool route_answer(struct route_target *t, const struct route *answer, bool link_down,
		  uint64_t now_ms)
{
	/* Another direct way is as good as the old one, and any way is better than a bad one. */
	if (!t->known || t->kind != ROUTE_DIRECT || answer->kind == ROUTE_DIRECT)
		return take(t, answer);
	if (!t->doubted || link_down) {
		t->doubted = true;
		t->doubted_ms = (uint32_t)now_ms;
		return false;
	}
	return (uint32_t)now_ms - t->doubted_ms >= ROUTE_DOUBT_MS && take(t, answer);
}

const char *route_trouble(const struct addr *addr, const struct route *route, const char *interface,
			  char buf[static ROUTE_TEXT])
{
	char text[ADDR_TEXT], gateway[ADDR_TEXT];

	addr_format(addr, text);
	switch (route->kind) {
	case ROUTE_DIRECT: buf[0] = '\0'; break;
	case ROUTE_NONE: snprintf(buf, ROUTE_TEXT, "there is no route to %s", text); break;
	case ROUTE_GATEWAY:
		snprintf(buf, ROUTE_TEXT,
			 "%s is behind the router %s%s%s, but a backend has to be in a network of "
			 "the director",
			 text, addr_format(&route->gateway, gateway), interface[0] ? " on " : "",
			 interface);
		break;
	case ROUTE_LOCAL:
		snprintf(buf, ROUTE_TEXT, "%s is an address of this host itself", text);
		break;
	}
	return buf;
}
