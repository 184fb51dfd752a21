/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world of one farm "www" with as many backends as a test likes, web1 and so on, all of them up. */
#ifndef TESTS_FARM_WORLD_H
#define TESTS_FARM_WORLD_H

#include "director/ruleset/plan.h"

enum { WORLD_BACKENDS = 210 };

struct farm_world {
	struct config config;
	struct config_farm farm;
	struct config_backend backends[WORLD_BACKENDS];
	char names[WORLD_BACKENDS][16];
	struct addr address;
	struct config_ports ports;
	struct plan_interface interface;
	struct plan_backend states[WORLD_BACKENDS];
	const struct plan_backend *farms[1];
	struct plan_facts facts;
};

void farm_world_init(struct farm_world *w, enum config_scheduler scheduler, size_t n);

#endif
