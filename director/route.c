/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/route.h"

#include <stdio.h>

bool route_equal(const struct route *a, const struct route *b)
{
	return a->kind == b->kind && a->ifindex == b->ifindex &&
	       addr_equal(&a->gateway, &b->gateway);
}

static bool take(struct route_target *t, const struct route *answer)
{
	bool changed = !t->known || !route_equal(&t->route, answer);

	t->known = true;
	t->doubted = false;
	t->route = *answer;
	return changed;
}

bool route_answer(struct route_target *t, const struct route *answer, bool link_down,
		  uint64_t now_ms)
{
	/* Another direct way is as good as the old one, and any way is better than a bad one. */
	if (!t->known || t->route.kind != ROUTE_DIRECT || answer->kind == ROUTE_DIRECT)
		return take(t, answer);
	if (!t->doubted || link_down) {
		t->doubted = true;
		t->doubted_ms = now_ms;
		return false;
	}
	return now_ms - t->doubted_ms >= ROUTE_DOUBT_MS && take(t, answer);
}

const char *route_trouble(const struct route_target *t, const char *interface,
			  char buf[static ROUTE_TEXT])
{
	char addr[ADDR_TEXT], gateway[ADDR_TEXT];

	addr_format(&t->addr, addr);
	switch (t->route.kind) {
	case ROUTE_DIRECT: buf[0] = '\0'; break;
	case ROUTE_NONE: snprintf(buf, ROUTE_TEXT, "there is no route to %s", addr); break;
	case ROUTE_GATEWAY:
		snprintf(buf, ROUTE_TEXT,
			 "%s is behind the router %s%s%s, but a backend has to be in a network of "
			 "the director",
			 addr, addr_format(&t->route.gateway, gateway), interface[0] ? " on " : "",
			 interface);
		break;
	case ROUTE_LOCAL:
		snprintf(buf, ROUTE_TEXT, "%s is an address of this host itself", addr);
		break;
	}
	return buf;
}
