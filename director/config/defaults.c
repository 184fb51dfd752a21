/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/defaults.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A function of the name alone: both directors must come to the same. */
static uint32_t seed_from_name(const char *name)
{
	static const unsigned char context[] = "director farm seed";
	unsigned char hash[crypto_generichash_BYTES_MIN];
	uint32_t seed;

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)name, strlen(name), context,
			   sizeof(context) - 1);
	seed = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
	/* To the kernel, 0 is as good as no seed in some versions of its tools. */
	return seed ? seed : 1;
}

static bool holds(const struct config_vrrp *v, const struct config_farm *f)
{
	for (size_t i = 0; i < v->n_addresses; i++)
		for (size_t j = 0; j < f->n_addresses; j++)
			if (addr_equal(&v->addresses[i].addr, &f->addresses[j]))
				return true;
	return false;
}

/* The interface of the first vrrp section that holds one of its addresses; "" for none. */
static void set_interface(const struct config *c, struct config_farm *f)
{
	for (size_t i = 0; i < c->n_vrrps && !f->interface[0]; i++)
		if (holds(&c->vrrps[i], f))
			f->interface = c->vrrps[i].interface;
}

/* Ports of a range come and go with what needs them: that nobody listens there says nothing. */
static bool has_single_port(const struct config_farm *f)
{
	for (size_t i = 0; i < f->n_ports; i++)
		if (f->ports[i].first == f->ports[i].last)
			return true;
	return false;
}

/* UDP has no handshake: a backend of such a farm counts as up while its MAC address is known. */
static bool wants_default(const struct config_farm *f)
{
	return f->default_checks && !f->n_checks && f->protocol & PROTOCOL_TCP && f->n_backends &&
	       f->n_addresses && has_single_port(f);
}

/*
 * What a farm is checked for that names no check: the way of its clients' packets, to their address at
 * the backend's Ethernet address, where somebody has to listen. One for all such farms; their backends
 * together are asked a thousand times a second at most, so that a hundred thousand of them do not keep
 * the daemon from its other work.
 */
static struct config_check *default_check(const struct config *c, struct pool *pool)
{
	enum { INTERVAL_MS = 2000, TIMEOUT_MS = 1000, MOST = 2000 /* in an interval */ };
	struct config_check *k = pool_take(pool, 1, sizeof(*k));
	size_t asked = 0;

	for (size_t i = 0; i < c->n_farms; i++)
		if (wants_default(&c->farms[i]))
			asked += c->farms[i].n_backends * c->farms[i].n_addresses;
	if (k)
		*k = (struct config_check){
			.name = "dsr",
			.type = CHECK_DSR,
			.method = "GET",
			.host = "",
			.path = "/",
			.expect_body = "",
			.sni = "",
			.ca_file = "",
			.verify = true,
			.command = "",
			.interval_ms = INTERVAL_MS * (uint32_t)((asked + MOST - 1) / MOST),
			.timeout_ms = TIMEOUT_MS,
			.rise = 2,
			.fall = 3,
		};
	return k;
}

int config_set_derived(struct config *c, struct pool *pool)
{
	struct config_check *check = NULL;

	for (size_t i = 0; i < c->n_farms; i++) {
		struct config_farm *f = &c->farms[i];

		if (f->seed == 0)
			f->seed = seed_from_name(f->name);
		for (size_t j = 0; j < f->n_backends; j++)
			f->backends[j].has_mac = mac_is_unicast(&f->backends[j].mac);
		if (wants_default(f)) {
			check = check ? check : default_check(c, pool);
			if (!check)
				return -ENOMEM;
			f->checks = check;
			f->n_checks = 1;
		}
		for (size_t j = 0; j < f->n_checks; j++)
			if (f->checks[j].fast_interval_ms == 0)
				f->checks[j].fast_interval_ms = f->checks[j].interval_ms;
		set_interface(c, f);
	}
	return 0;
}

static int by_first(const void *a, const void *b)
{
	const struct config_ports *x = a, *y = b;

	return (int)x->first - (int)y->first;
}

void config_sort(struct config *c)
{
	for (size_t i = 0; i < c->n_farms; i++)
		if (c->farms[i].n_ports > 0)
			qsort(c->farms[i].ports, c->farms[i].n_ports, sizeof(*c->farms[i].ports),
			      by_first);
}
