/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_mute.h"

#include "include/sync.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	VRRP = 112, /* RFC 9568, 5.1.1.4 */
	/* Where a header has what. */
	IP_PROTOCOL = 9,
	IP_SOURCE = 12,
	IP_DESTINATION = 16,
	IP6_NEXT_HEADER = 6,
	IP6_SOURCE = 8,
	IP6_DESTINATION = 24,
	ARP_SENDER = 14,
	ARP_TARGET = 24,
	ND_TARGET = 8,
	SOURCE_PORT = 0,
	DESTINATION_PORT = 2,
	ND_SOLICITATION = 135, /* RFC 4861, 4.3 and 4.4 */
	ND_ADVERTISEMENT = 136,
};

bool mute_silences(uint8_t kind)
{
	return kind == SYNC_DRILL_CRASH || kind == SYNC_DRILL_LINK || kind == SYNC_DRILL_SPLIT;
}

bool mute_is_everywhere(uint8_t kind)
{
	return kind == SYNC_DRILL_CRASH;
}

void mute_rules_clear(struct mute_rules *r)
{
	free(r->list);
	*r = (struct mute_rules){0};
}

/* NULL: no memory. */
static struct mute_rule *add(struct mute_rules *r, bool out, uint16_t ethertype)
{
	if (r->n == r->size) {
		size_t size = r->size ? 2 * r->size : 32;
		struct mute_rule *list = reallocarray(r->list, size, sizeof(*list));

		if (!list)
			return NULL;
		r->list = list;
		r->size = size;
	}
	r->list[r->n] = (struct mute_rule){.out = out, .ethertype = ethertype};
	return &r->list[r->n++];
}

static void match(struct mute_rule *rule, enum mute_base base, uint8_t offset, const void *bytes,
		  size_t len)
{
	struct mute_match *m = &rule->matches[rule->n++];

	*m = (struct mute_match){.base = base, .offset = offset, .len = (uint8_t)len};
	memcpy(m->bytes, bytes, len);
}

static void match_protocol(struct mute_rule *rule, uint8_t protocol)
{
	match(rule, MUTE_NETWORK,
	      rule->ethertype == ETH_P_IP ? (uint8_t)IP_PROTOCOL : (uint8_t)IP6_NEXT_HEADER,
	      &protocol, 1);
}

static int add_protocol(struct mute_rules *r, bool out, uint16_t ethertype, uint8_t protocol)
{
	struct mute_rule *rule = add(r, out, ethertype);

	if (!rule)
		return -ENOMEM;
	match_protocol(rule, protocol);
	return 0;
}

/* Who connects to whom is not known: the port is that of either end. */
static int add_port(struct mute_rules *r, bool out, uint16_t ethertype, uint8_t protocol,
		    uint16_t port)
{
	const uint8_t bytes[2] = {(uint8_t)(port >> 8), (uint8_t)port};
	const uint8_t offsets[2] = {SOURCE_PORT, DESTINATION_PORT};

	for (size_t i = 0; i < 2; i++) {
		struct mute_rule *rule = add(r, out, ethertype);

		if (!rule)
			return -ENOMEM;
		match_protocol(rule, protocol);
		match(rule, MUTE_TRANSPORT, offsets[i], bytes, sizeof(bytes));
	}
	return 0;
}

static int add_address(struct mute_rules *r, bool out, uint16_t ethertype, uint8_t offset,
		       const struct addr *a)
{
	struct mute_rule *rule = add(r, out, ethertype);

	if (!rule)
		return -ENOMEM;
	match(rule, MUTE_NETWORK, offset, a->bytes, addr_len(a));
	return 0;
}

static int add_target(struct mute_rules *r, bool out, uint8_t type, const struct addr *a)
{
	struct mute_rule *rule = add(r, out, ETH_P_IPV6);

	if (!rule)
		return -ENOMEM;
	match_protocol(rule, IPPROTO_ICMPV6);
	match(rule, MUTE_TRANSPORT, 0, &type, 1);
	match(rule, MUTE_TRANSPORT, ND_TARGET, a->bytes, addr_len(a));
	return 0;
}

/* Nobody finds it here, nothing sent to it is forwarded, and nothing is said in its name. */
static int add_virtual(struct mute_rules *r, const struct addr *a)
{
	bool v4 = a->family == AF_INET;
	int code = v4 ? add_address(r, false, ETH_P_IP, IP_DESTINATION, a)
		      : add_address(r, false, ETH_P_IPV6, IP6_DESTINATION, a);

	if (code == 0)
		code = v4 ? add_address(r, true, ETH_P_IP, IP_SOURCE, a)
			  : add_address(r, true, ETH_P_IPV6, IP6_SOURCE, a);
	if (code == 0)
		code = v4 ? add_address(r, false, ETH_P_ARP, ARP_TARGET, a)
			  : add_target(r, false, ND_SOLICITATION, a);
	if (code == 0)
		code = v4 ? add_address(r, true, ETH_P_ARP, ARP_SENDER, a)
			  : add_target(r, true, ND_ADVERTISEMENT, a);
	return code;
}

static int add_each_virtual(struct mute_rules *r, const struct config *c)
{
	int code = 0;

	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_addresses && code == 0; k++)
			code = add_virtual(r, &c->vrrps[i].addresses[k].addr);
	return code;
}

/* Adverts; of what is more than a split the heartbeats and the channel, which share a port, too. */
static int add_talk(struct mute_rules *r, uint8_t kind, uint16_t port, bool out, uint16_t ethertype)
{
	int code = add_protocol(r, out, ethertype, VRRP);

	if (code == 0 && kind != SYNC_DRILL_SPLIT)
		code = add_port(r, out, ethertype, IPPROTO_UDP, port);
	if (code == 0 && kind != SYNC_DRILL_SPLIT)
		code = add_port(r, out, ethertype, IPPROTO_TCP, port);
	return code;
}

int mute_rules_make(struct mute_rules *ret, uint8_t kind, const struct config *c)
{
	int code = 0;

	*ret = (struct mute_rules){0};
	for (int i = 0; i < 4 && code == 0; i++)
		code = add_talk(ret, kind, c->cluster.sync_port, i & 1,
				i & 2 ? ETH_P_IPV6 : ETH_P_IP);
	if (code == 0 && kind != SYNC_DRILL_SPLIT)
		code = add_each_virtual(ret, c);
	if (code < 0)
		mute_rules_clear(ret);
	return code;
}
