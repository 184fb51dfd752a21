/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/interface.h"

#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Kinds that look like an Ethernet interface and are none that frames of a network arrive at. */
static const struct {
	const char *kind, *why;
} useless[] = {
	{"macvtap", "hands its frames to the program behind its tap: use a macvlan"},
	{"ipvtap", "hands its frames to the program behind its tap: use a macvlan"},
	{"ifb", "is a queue for traffic control, not a network: use the interface whose frames it "
		"gets"},
	{"vrf", "is a routing table, not a network: use an interface in it"},
};

/* What takes the frames of its ports before or behind the ingress hook. */
static const char *const takers[] = {"bridge", "bond", "team", "openvswitch", "hsr"};

static const char *say(char buf[static INTERFACE_TEXT], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static const char *say(char buf[static INTERFACE_TEXT], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, INTERFACE_TEXT, fmt, ap);
	va_end(ap);
	return buf;
}

static bool is_taken(const struct interface_traits *t)
{
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		if (strcmp(t->port_kind, takers[i]) == 0)
			return true;
	return false;
}

static const char *port_trouble(const struct interface_traits *t, char buf[static INTERFACE_TEXT])
{
	if (t->master[0])
		return say(buf,
			   "is a port of the %s \"%s\", where the addresses and the frames are: "
			   "use \"%s\"",
			   t->port_kind, t->master, t->master);
	return say(buf, "is a port of a %s, where the addresses and the frames are: use that",
		   t->port_kind);
}

const char *interface_trouble(const struct interface_traits *t, char buf[static INTERFACE_TEXT])
{
	if (t->type == ARPHRD_LOOPBACK)
		return say(buf, "is the loopback interface, where no frames of a network arrive: "
				"use the interface of the network");
	if (t->type != ARPHRD_ETHER)
		return say(buf,
			   "%s%s%shas no Ethernet header, and that is what a director writes: use "
			   "an Ethernet interface",
			   t->kind[0] ? "(" : "", t->kind, t->kind[0] ? ") " : "");
	if (is_taken(t))
		return port_trouble(t, buf);
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++)
		if (strcmp(t->kind, useless[i].kind) == 0)
			return say(buf, "(%s) %s", t->kind, useless[i].why);
	if (!mac_is_unicast(&t->mac))
		return say(buf, "has no Ethernet address yet: give it one");
	buf[0] = '\0';
	return buf;
}

bool interface_lro_warns(enum interface_lro now, bool *said)
{
	bool warns = now == LRO_ON && !*said;

	if (now != LRO_UNKNOWN)
		*said = now == LRO_ON;
	return warns;
}
