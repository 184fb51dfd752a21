/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/walk_key.h"

#include <string.h>
#include <sys/socket.h>

/* The kernel's headers stand aside for libc's when these come first. */
#include <linux/netfilter/nf_tables.h>

static bool is_ipv6(const struct walk_octets *w)
{
	return w->frame->vip.family == AF_INET6;
}

static void put_port(uint8_t *to, uint16_t port)
{
	to[0] = (uint8_t)(port >> 8);
	to[1] = (uint8_t)port;
}

/* RFC 791, 3.1; RFC 8200, 3; RFC 9293, 3.1. What no rule of ours reads is zero. */
void walk_octets_init(struct walk_octets *w, const struct walk_frame *f)
{
	*w = (struct walk_octets){.frame = f};
	if (is_ipv6(w)) {
		w->network[0] = 0x60;
		w->network[6] = f->protocol;
		memcpy(w->network + 8, f->client.bytes, 16);
		memcpy(w->network + 24, f->vip.bytes, 16);
	} else {
		w->network[0] = 0x45;
		w->network[9] = f->protocol;
		memcpy(w->network + 12, f->client.bytes, 4);
		memcpy(w->network + 16, f->vip.bytes, 4);
	}
	put_port(w->transport, f->client_port);
	put_port(w->transport + 2, f->port);
	w->transport[13] = f->flags;
}

static const uint8_t *field_of(const struct walk_octets *w, const struct ruleset_field *f)
{
	switch (f->base) {
	case FIELD_L4PROTO: return &w->frame->protocol;
	case NFT_PAYLOAD_LL_HEADER: return w->link + f->offset;
	case NFT_PAYLOAD_NETWORK_HEADER: return w->network + f->offset;
	default: return w->transport + f->offset;
	}
}

/* A rule with such a key matches frames of that kind alone. */
bool walk_reads(const struct walk_octets *w, enum ruleset_key key)
{
	switch (key) {
	case KEY_FROM: return true;
	case KEY_ARP:
	case KEY_CLAIM:
	case KEY_TARGET:
	case KEY_CLAIM6:
	case KEY_ERROR:
	case KEY_ERROR6:
	case KEY_ERROR_PEER:
	case KEY_ERROR_PEER6:
	case KEY_ERROR_SOURCE:
	case KEY_ERROR_SOURCE6: return false; /* ARP, neighbours, ICMP */
	case KEY_SERVICE:
	case KEY_SERVICE6:
	case KEY_FLOW:
	case KEY_FLOW6:
	case KEY_PEER:
	case KEY_PEER6:
	case KEY_SOURCE:
	case KEY_SOURCE6:
	case KEY_CLIENT:
	case KEY_CLIENT6:
	case KEY_STATIC:
	case KEY_STATIC6:
	case KEY_LATER:
	case KEY_LATER6:
	case KEY_VIP:
	case KEY_VIP6:
	case KEY_SENDER:
	case KEY_SENDER6:
	case KEY_SYN:
	case KEY_SYN6:
	case KEY_SERVED:
	case KEY_SERVED6:
	case KEY_FRAGMENT: break;
	}
	return ruleset_key_is_ipv6(key) == is_ipv6(w);
}

bool walk_needs_port(const struct walk_octets *w, enum ruleset_key key)
{
	const struct ruleset_key_parts *parts = ruleset_key_parts(key);

	for (size_t i = 0; !w->frame->client_port && i < parts->n; i++)
		if (parts->parts[i].base == NFT_PAYLOAD_TRANSPORT_HEADER &&
		    parts->parts[i].offset < 2)
			return true;
	return false;
}

/* As the registers hold it: every field is padded to four octets. */
size_t walk_key(const struct walk_octets *w, enum ruleset_key key, uint8_t prefix,
		uint8_t ret[static WALK_KEY])
{
	const struct ruleset_key_parts *parts = ruleset_key_parts(key);
	size_t len = 0;

	memset(ret, 0, WALK_KEY);
	for (size_t i = 0; i < parts->n; i++) {
		const struct ruleset_field *f = &parts->parts[i];

		memcpy(ret + len, field_of(w, f), f->len);
		len += (f->len + 3u) / 4 * 4;
	}
	for (size_t i = 0; prefix && i < len; i++) {
		unsigned int bits = prefix > 8 * i ? prefix - 8 * (unsigned int)i : 0;

		ret[i] &= (uint8_t)(bits >= 8 ? 0xff : 0xff00 >> bits);
	}
	return len;
}
