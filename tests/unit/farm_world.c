/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/farm_world.h"

#include <stdio.h>
#include <sys/socket.h>

void farm_world_init(struct farm_world *w, enum config_scheduler scheduler, size_t n)
{
	static char www[] = "www";

	*w = (struct farm_world){
		.address = {.family = AF_INET, .bytes = {10, 77, 0, 100}},
		.ports = {.first = 80, .last = 80},
		.interface = {.name = "eth0", .ifindex = 2, .mac = {{2, 0, 0, 0, 0, 0x0a}}},
	};
	for (size_t i = 0; i < WORLD_BACKENDS; i++) {
		snprintf(w->names[i], sizeof(w->names[i]), "web%zu", i + 1);
		w->backends[i] = (struct config_backend){.name = w->names[i], .weight = 1};
		w->states[i] = (struct plan_backend){
			.usable = true, .weight = 1, .mac = {{2, 0, 0, 0, 1, (uint8_t)i}}};
	}
	w->farm = (struct config_farm){
		.name = www,
		.addresses = &w->address,
		.n_addresses = 1,
		.interface = w->interface.name,
		.protocol = PROTOCOL_TCP,
		.ports = &w->ports,
		.n_ports = 1,
		.scheduler = scheduler,
		.seed = 0x1234,
		.max_connections = 1000,
		.tcp_timeout_ms = 900000,
		.tcp_close_timeout_ms = 30000,
		.transition_time_ms = 3000,
		.minimum_backends = 1,
		.backends = w->backends,
		.n_backends = n,
	};
	w->config = (struct config){.farms = &w->farm, .n_farms = 1};
	w->farms[0] = w->states;
	w->facts = (struct plan_facts){.config = &w->config,
				       .interfaces = &w->interface,
				       .n_interfaces = 1,
				       .backends = w->farms};
}
