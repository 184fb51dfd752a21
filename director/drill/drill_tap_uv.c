/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_tap_uv.h"

#include "director/drill/drill_nft.h"
#include "director/ruleset/kernel_attr.h"
#include "director/ruleset/kernel_set_uv.h"
#include "director/ruleset/nft_guard.h"
#include "director/ruleset/nft_lower.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <ifaddrs.h>
#include <libnftnl/set.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BEHIND_ALL = 500, /* what others drop at the way out has not gone out */
	LONGER_MS = 500,  /* the daemon ends it in order; the kernel only when that does not */
	TRIES = 5,
	SET_US = 1000,	  /* the date is set when the two clocks go so far apart */
	TYPE_INTEGER = 4, /* nft's (include/datatype.h) */
	/* Where a header has what. */
	IP4_TTL = 8,
	IP4_SOURCE = 12,
	IP4_DESTINATION = 16,
	IP6_HOP_LIMIT = 7,
	IP6_SOURCE = 8,
	IP6_DESTINATION = 24,
};

#define SET "frames"

/* --- rules -------------------------------------------------------------------------------------- */

static const char *chain_of(uint8_t family)
{
	return family == AF_INET ? "ip" : "ip6";
}

static void match_address(struct lowering *l, uint32_t offset, const struct addr *a)
{
	payload_load(l, NFT_PAYLOAD_NETWORK_HEADER, offset, (uint32_t)addr_len(a), REG_1);
	compare(l, NFT_CMP_EQ, a->bytes, (uint32_t)addr_len(a));
}

static void put_set(struct nft_batch *b)
{
	struct nlmsghdr *nlh = nft_batch_put(b, NFT_MSG_NEWSET, NLM_F_CREATE, "set", SET);
	struct nftnl_set *s = nftnl_set_alloc();

	if (nlh && s) {
		nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_NETDEV);
		nftnl_set_set_str(s, NFTNL_SET_TABLE, DRILL_TAP_TABLE);
		nftnl_set_set_str(s, NFTNL_SET_NAME, SET);
		nftnl_set_set_u32(s, NFTNL_SET_ID, 1);
		nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_EVAL);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, TYPE_INTEGER);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, sizeof(uint64_t));
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, DRILL_TAP_SLOTS_MAX);
		nftnl_set_nlmsg_build_payload(nlh, s);
		nft_batch_took(b, nlh);
	} else {
		b->failed = true;
	}
	if (s)
		nftnl_set_free(s);
}

static bool take_address(const struct sockaddr *from, uint8_t family, struct addr *ret)
{
	if (!from || from->sa_family != family)
		return false;
	*ret = (struct addr){.family = family};
	if (family == AF_INET)
		memcpy(ret->bytes, &((const struct sockaddr_in *)from)->sin_addr, addr_len(ret));
	else
		memcpy(ret->bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, addr_len(ret));
	return true;
}

/* One of our own is no forwarded one. */
static void put_own(struct nft_batch *b, const struct addr *own)
{
	const char *chain = chain_of(own->family);
	struct lowering l = lowering_begin(DRILL_TAP_TABLE, chain);

	match_address(&l, own->family == AF_INET ? IP4_SOURCE : IP6_SOURCE, own);
	verdict(&l, NF_ACCEPT, NULL);
	nft_put_made_rule(b, chain, lowering_end(&l));
}

static void put_checks(struct nft_batch *b, uint8_t family)
{
	const uint8_t ttl = DRILL_TAP_TTL;
	struct lowering l = lowering_begin(DRILL_TAP_TABLE, chain_of(family));

	payload_load(&l, NFT_PAYLOAD_NETWORK_HEADER, family == AF_INET ? IP4_TTL : IP6_HOP_LIMIT, 1,
		     REG_1);
	compare(&l, NFT_CMP_LTE, &ttl, 1);
	verdict(&l, NF_ACCEPT, NULL);
	nft_put_made_rule(b, chain_of(family), lowering_end(&l));
}

/* update @frames { meta time & slot counter }, in the machine's order of octets. */
static void put_count(struct nft_batch *b, uint8_t family)
{
	const uint64_t slot = ~((UINT64_C(1) << DRILL_TAP_SLOT_BITS) - 1);
	struct lowering l = lowering_begin(DRILL_TAP_TABLE, chain_of(family));

	meta_load(&l, NFT_META_TIME_NS, REG_1);
	mask(&l, &slot, sizeof(slot), REG_1);
	expr_take(&l, nft_guard_count(SET, REG_1, 0));
	nft_put_made_rule(b, chain_of(family), lowering_end(&l));
}

/* What comes to these chains is for a virtual address of that family. */
static int put_families(struct nft_batch *b)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct ifaddrs *own;

	if (getifaddrs(&own) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(families); i++) {
		drill_nft_chain(b, DRILL_TAP_TABLE, chain_of(families[i]), DRILL_HOOK_NONE, NULL,
				0);
		for (const struct ifaddrs *at = own; at; at = at->ifa_next) {
			struct addr a;

			if (take_address(at->ifa_addr, families[i], &a))
				put_own(b, &a);
		}
		put_checks(b, families[i]);
		put_count(b, families[i]);
	}
	freeifaddrs(own);
	return 0;
}

static void put_virtual(struct nft_batch *b, const char *chain, const struct addr *vip)
{
	bool v4 = vip->family == AF_INET;
	struct lowering l = lowering_begin(DRILL_TAP_TABLE, chain);

	ethertype_is(&l, v4 ? ETH_P_IP : ETH_P_IPV6);
	match_address(&l, v4 ? IP4_DESTINATION : IP6_DESTINATION, vip);
	verdict(&l, NFT_GOTO, chain_of(vip->family));
	nft_put_made_rule(b, chain, lowering_end(&l));
}

static void put_device(struct nft_batch *b, const struct config *c, const char *device,
		       uint64_t until_ns)
{
	char name[IF_NAMESIZE + 8];

	snprintf(name, sizeof(name), "out-%s", device);
	drill_nft_chain(b, DRILL_TAP_TABLE, name, DRILL_HOOK_OUT, device, BEHIND_ALL);
	drill_nft_until(b, DRILL_TAP_TABLE, name, until_ns);
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_addresses; k++)
			put_virtual(b, name, &c->vrrps[i].addresses[k].addr);
}

/* --- its beginning and its end ------------------------------------------------------------------ */

bool drill_tap_add_device(struct drill_tap_devices *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->names[i], name) == 0)
			return true;
	if (d->n == DRILL_TAP_DEVICES_MAX)
		return false;
	snprintf(d->names[d->n++], IF_NAMESIZE, "%s", name);
	return true;
}

static int commit(struct drill_tap *t, const struct config *c,
		  const struct drill_tap_devices *devices, uint32_t limit_ms, struct err *err)
{
	uint64_t until_ns = (clock_wall_us() + ((uint64_t)limit_ms + LONGER_MS) * 1000) * 1000;
	struct nft_batch b;
	int code;

	nft_batch_begin(&b, nft_socket_next_seq(&t->socket));
	drill_nft_table(&b, DRILL_TAP_TABLE);
	put_set(&b);
	code = put_families(&b);
	for (size_t i = 0; i < devices->n; i++)
		put_device(&b, c, devices->names[i], until_ns);
	if (code == 0)
		code = nft_batch_end(&b);
	if (code == 0 && b.failed)
		code = -ENOMEM;
	if (code == 0)
		code = nft_socket_commit(&t->socket, &b, NULL, NULL, err);
	else
		err_set(err, code, "the rules that count frames cannot be made: %s",
			strerrordesc_np(-code));
	nft_batch_clear(&b);
	return code;
}

int drill_tap_begin(struct drill_tap *t, const struct config *c,
		    const struct drill_tap_devices *devices, uint32_t limit_ms, struct err *err)
{
	int code = nft_socket_open(&t->socket, err);

	if (code == 0)
		code = commit(t, c, devices, limit_ms, err);
	t->on = code == 0;
	t->wall_ahead_us = clock_wall_us() - clock_us();
	if (code < 0)
		nft_socket_close(&t->socket); /* and the table, if there is one, with it */
	return code;
}

void drill_tap_end(struct drill_tap *t)
{
	if (t->on)
		nft_socket_close(&t->socket);
	*t = (struct drill_tap){0};
}

/* --- what it has counted ------------------------------------------------------------------------ */

struct reading {
	struct tap_slot *slots; /* room for DRILL_TAP_SLOTS_MAX */
	size_t n;
	uint64_t wall_ahead_us;
};

static int slot_seen(const struct nlattr *element, void *data)
{
	struct reading *r = data;
	uint64_t wall_ns = 0;

	element_key((uint8_t *)&wall_ns, sizeof(wall_ns), element);
	if (r->n < DRILL_TAP_SLOTS_MAX)
		r->slots[r->n++] =
			(struct tap_slot){wall_ns / 1000 + DRILL_TAP_HALF_US - r->wall_ahead_us,
					  element_counter(element, NFTA_COUNTER_PACKETS)};
	return MNL_CB_OK;
}

int drill_tap_read(struct drill_tap *t, struct tap_slot **ret, size_t *ret_n)
{
	struct reading r = {.wall_ahead_us = t->wall_ahead_us};
	uint64_t apart_us = clock_wall_us() - clock_us() - t->wall_ahead_us + SET_US;
	int code = -EINTR; /* a transaction of somebody else's came between */

	if (apart_us > 2 * SET_US)
		return -ESTALE;
	r.slots = calloc(DRILL_TAP_SLOTS_MAX, sizeof(*r.slots));
	if (!r.slots)
		return -ENOMEM;
	for (int tries = 0; tries < TRIES && code == -EINTR; tries++) {
		r.n = 0;
		code = kernel_read_elements(&t->socket, DRILL_TAP_TABLE, SET, slot_seen, &r);
	}
	if (code == 0 && r.n == DRILL_TAP_SLOTS_MAX)
		code = -E2BIG;
	if (code < 0) {
		free(r.slots);
		return code;
	}
	*ret = r.slots;
	*ret_n = r.n;
	return 0;
}
