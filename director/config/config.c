/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that everybody asks of a configuration, and its end. */
#include "include/config.h"

#include "director/config/keywords.h"
#include "director/config/load.h"

#include <stdlib.h>
#include <string.h>

const char *config_scheduler_name(enum config_scheduler s)
{
	return keyword_word_name(keyword_schedulers, (int)s);
}

const char *config_protocol_name(enum config_protocol p)
{
	return keyword_word_name(keyword_protocols, (int)p);
}

const char *config_auth_mode_name(enum config_auth_mode m)
{
	return keyword_word_name(keyword_auth_modes, (int)m);
}

const char *config_check_type_name(enum config_check_type t)
{
	return keyword_word_name(keyword_check_types, (int)t);
}

uint16_t config_farm_check_port(const struct config_farm *f)
{
	for (size_t i = 0; i < f->n_ports; i++)
		if (f->ports[i].first == f->ports[i].last)
			return f->ports[i].first;
	return f->n_ports ? f->ports[0].first : 0;
}

bool config_check_uses_vip(const struct config_check *k)
{
	switch (k->type) {
	case CHECK_DSR: return true;
	case CHECK_TCP:
	case CHECK_HTTP:
	case CHECK_HTTPS: return k->through == THROUGH_VIP;
	case CHECK_ICMP:
	case CHECK_COMMAND: return false;
	}
	return false;
}

const struct config_node *config_node_by_name(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->cluster.n_nodes; i++)
		if (strcmp(c->cluster.nodes[i].name, name) == 0)
			return &c->cluster.nodes[i];
	return NULL;
}

bool config_vrrp_has_family(const struct config_vrrp *v, uint8_t family)
{
	for (size_t i = 0; i < v->n_addresses; i++)
		if (v->addresses[i].addr.family == family)
			return true;
	return false;
}

/* The number that is looked at in the turn: near, one more, one less, two more, …; n: none in this turn. */
static size_t turn_near(size_t turn, size_t near, size_t n)
{
	size_t away = (turn + 1) / 2;

	if (turn % 2)
		return near < n && away < n - near ? near + away : n;
	return near >= away && near - away < n ? near - away : n;
}

/* In as many turns every number comes. */
static size_t turns_near(size_t near, size_t n)
{
	return 2 * (near > n ? near : n) + 1;
}

const struct config_farm *config_farm_near(const struct config *c, size_t near, const char *name)
{
	for (size_t t = 0; t < turns_near(near, c->n_farms); t++) {
		size_t i = turn_near(t, near, c->n_farms);

		if (i < c->n_farms && strcmp(c->farms[i].name, name) == 0)
			return &c->farms[i];
	}
	return NULL;
}

const struct config_backend *config_backend_near(const struct config_farm *farm, size_t near,
						 const char *name)
{
	for (size_t t = 0; t < turns_near(near, farm->n_backends); t++) {
		size_t i = turn_near(t, near, farm->n_backends);

		if (i < farm->n_backends && strcmp(farm->backends[i].name, name) == 0)
			return &farm->backends[i];
	}
	return NULL;
}

const struct config_farm *config_farm_by_name(const struct config *c, const char *name)
{
	return config_farm_near(c, 0, name);
}

const struct config_backend *config_backend_by_name(const struct config_farm *farm,
						    const char *name)
{
	return config_backend_near(farm, 0, name);
}

size_t config_count_backends(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_farms; i++)
		n += c->farms[i].n_backends;
	return n;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	pool_clear(&c->pool);
	free(c);
}
