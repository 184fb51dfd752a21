/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/evidence/claimant.h"

#include <string.h>
#include <sys/socket.h>

void claimant_book_begin(struct claimant_book *b)
{
	for (size_t i = 0; i < b->n; i++)
		b->list[i].seen = false;
	b->leaving_out = 0;
}

static struct claimant *find(struct claimant_book *b, const struct addr *address,
			     const struct mac *mac)
{
	for (size_t i = 0; i < b->n; i++)
		if (addr_equal(&b->list[i].address, address) && mac_equal(&b->list[i].mac, mac))
			return &b->list[i];
	return NULL;
}

/* A free place, or that of the one which stopped first. NULL: all go on. */
static struct claimant *take_place(struct claimant_book *b)
{
	struct claimant *oldest = NULL;

	if (b->n < CLAIMANTS_MAX)
		return &b->list[b->n++];
	for (size_t i = 0; i < b->n; i++)
		if (!b->list[i].goes_on && !b->list[i].seen &&
		    (!oldest || b->list[i].last_ms < oldest->last_ms))
			oldest = &b->list[i];
	return oldest;
}

/* The kernel counts anew when it has forgotten somebody, or its table was made anew. */
static void add_count(struct claimant *c, uint64_t packets)
{
	c->count += packets >= c->counted ? packets - c->counted : packets;
	c->counted = packets;
}

static enum claimant_news news_of(struct claimant *c, uint64_t now_ms)
{
	if (!c->goes_on) {
		c->goes_on = true;
		c->first_ms = c->last_ms;
		c->told_ms = now_ms;
		return CLAIMANT_NEW;
	}
	if (now_ms - c->told_ms < CLAIMANT_TELL_MS)
		return CLAIMANT_OLD;
	c->told_ms = now_ms;
	return CLAIMANT_STILL;
}

enum claimant_news claimant_book_see(struct claimant_book *b, bool ipv6, const uint8_t *key,
				     uint64_t packets, uint64_t last_ms, uint64_t now_ms,
				     struct claimant **ret)
{
	struct addr address = {.family = ipv6 ? AF_INET6 : AF_INET};
	enum claimant_news news;
	struct mac mac;

	memcpy(mac.bytes, key, MAC_LEN);
	memcpy(address.bytes, key + 8, addr_len(&address));
	*ret = find(b, &address, &mac);
	if (!*ret) {
		*ret = take_place(b);
		if (!*ret) {
			b->leaving_out++;
			return CLAIMANT_OLD;
		}
		**ret = (struct claimant){.address = address, .mac = mac};
	}
	(*ret)->seen = true;
	(*ret)->last_ms = last_ms;
	add_count(*ret, packets);
	news = news_of(*ret, now_ms);
	if (news != CLAIMANT_OLD)
		(*ret)->news = news;
	return news;
}

void claimant_book_end(struct claimant_book *b, void (*ended)(const struct claimant *c))
{
	b->left_out = b->leaving_out;
	for (size_t i = 0; i < b->n; i++) {
		struct claimant *c = &b->list[i];

		if (c->seen || !c->goes_on)
			continue;
		c->goes_on = false;
		c->counted = 0;
		if (ended)
			ended(c);
	}
}
