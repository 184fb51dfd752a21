/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/defaults.h"

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

void config_set_derived(struct config *c)
{
	for (size_t i = 0; i < c->n_farms; i++) {
		struct config_farm *f = &c->farms[i];

		if (f->seed == 0)
			f->seed = seed_from_name(f->name);
		for (size_t j = 0; j < f->n_backends; j++)
			f->backends[j].has_mac = mac_is_unicast(&f->backends[j].mac);
		for (size_t j = 0; j < f->n_checks; j++)
			if (f->checks[j].fast_interval_ms == 0)
				f->checks[j].fast_interval_ms = f->checks[j].interval_ms;
		set_interface(c, f);
	}
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
