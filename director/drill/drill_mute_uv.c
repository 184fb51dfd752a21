/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_mute_uv.h"

#include "director/drill/drill_mute.h"
#include "director/drill/drill_nft.h"
#include "director/ruleset/nft_lower.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BEFORE_ALL = -500,  /* the chains of director(8) are behind it */
	LONGER_MS = 500,    /* the daemon undoes it in order; the kernel only when that does not */
	INTERFACES_MAX = 64 /* a host with more is none that one rehearses on */
};

/* --- rules -------------------------------------------------------------------------------------- */

static void put_match(struct lowering *l, const struct mute_match *m)
{
	payload_load(l,
		     m->base == MUTE_NETWORK ? NFT_PAYLOAD_NETWORK_HEADER
					     : NFT_PAYLOAD_TRANSPORT_HEADER,
		     m->offset, m->len, REG_1);
	compare(l, NFT_CMP_EQ, m->bytes, m->len);
}

static void put_rule(struct nft_batch *b, const char *chain, const struct mute_rule *r)
{
	struct lowering l = lowering_begin(DRILL_TABLE, chain);

	ethertype_is(&l, r->ethertype);
	for (size_t i = 0; i < r->n; i++)
		put_match(&l, &r->matches[i]);
	verdict(&l, NF_DROP, NULL);
	nft_put_made_rule(b, chain, lowering_end(&l));
}

static void put_device(struct nft_batch *b, const char *device, const struct mute_rules *rules,
		       uint64_t until_ns)
{
	for (int out = 0; out <= 1; out++) {
		char name[IF_NAMESIZE + 8];

		snprintf(name, sizeof(name), "%s-%s", out ? "out" : "in", device);
		drill_nft_chain(b, DRILL_TABLE, name, out ? DRILL_HOOK_OUT : DRILL_HOOK_IN, device,
				BEFORE_ALL);
		drill_nft_until(b, DRILL_TABLE, name, until_ns);
		for (size_t i = 0; i < rules->n; i++)
			if (rules->list[i].out == (out != 0))
				put_rule(b, name, &rules->list[i]);
	}
}

/* --- interfaces --------------------------------------------------------------------------------- */

struct devices {
	char names[INTERFACES_MAX][IF_NAMESIZE];
	size_t n;
};

static int add_device(struct devices *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->names[i], name) == 0)
			return 0;
	if (d->n == INTERFACES_MAX)
		return -E2BIG;
	snprintf(d->names[d->n++], IF_NAMESIZE, "%s", name);
	return 0;
}

static int find_everywhere(struct devices *d)
{
	struct if_nameindex *all = if_nameindex();
	int code = 0;

	if (!all)
		return -errno;
	for (size_t i = 0; all[i].if_index && code == 0; i++)
		if (strcmp(all[i].if_name, "lo") != 0)
			code = add_device(d, all[i].if_name);
	if_freenameindex(all);
	return code;
}

static int find_devices(struct devices *d, uint8_t kind, const struct config *c)
{
	int code = 0;

	if (mute_is_everywhere(kind))
		return find_everywhere(d);
	for (size_t i = 0; i < c->n_vrrps && code == 0; i++)
		code = add_device(d, c->vrrps[i].interface);
	return code;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static uint64_t end_ns(uint32_t limit_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec +
	       ((uint64_t)limit_ms + LONGER_MS) * 1000000;
}

static int commit(struct nft_socket *s, const struct devices *d, const struct mute_rules *rules,
		  uint32_t limit_ms, struct err *err)
{
	uint64_t until_ns = end_ns(limit_ms);
	struct nft_batch b;
	int code;

	nft_batch_begin(&b, nft_socket_next_seq(s));
	drill_nft_table(&b, DRILL_TABLE);
	for (size_t i = 0; i < d->n; i++)
		put_device(&b, d->names[i], rules, until_ns);
	code = nft_batch_end(&b);
	if (code == 0 && b.failed)
		code = -ENOMEM;
	if (code == 0)
		code = nft_socket_commit(s, &b, NULL, NULL, err);
	else
		snprintf(err->text, sizeof(err->text), "no memory for the rules of a drill");
	nft_batch_clear(&b);
	return code;
}

int drill_mute_begin(struct drill_mute *m, uint8_t kind, const struct config *c, uint32_t limit_ms,
		     struct err *err)
{
	struct mute_rules rules = {0};
	struct devices devices = {0};
	int code = find_devices(&devices, kind, c);

	if (code == 0)
		code = mute_rules_make(&rules, kind, c);
	if (code < 0) {
		snprintf(err->text, sizeof(err->text), "the rules of a drill cannot be made: %s",
			 strerror(-code));
		return code;
	}
	code = nft_socket_open(&m->socket, err);
	if (code == 0)
		code = commit(&m->socket, &devices, &rules, limit_ms, err);
	m->on = code == 0;
	if (code < 0)
		nft_socket_close(&m->socket); /* and the table, if there is one, with it */
	mute_rules_clear(&rules);
	return code;
}

void drill_mute_end(struct drill_mute *m)
{
	if (m->on)
		nft_socket_close(&m->socket);
	*m = (struct drill_mute){0};
}
