/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/host_machine.h"

#include "director/doctor/host_uv.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

void host_machine_init(struct host_machine *m)
{
	*m = (struct host_machine){
		.port = {80, 80},
		.farm = {.name = "www",
			 .interface = "eth0",
			 .protocol = PROTOCOL_TCP,
			 .n_addresses = 1,
			 .n_ports = 1},
		.vrrp = {.name = "web", .interface = "eth0", .n_addresses = 1},
		.config = {.has_cluster = true, .n_farms = 1, .n_vrrps = 1},
	};
	EXPECT_INT(addr_parse("10.77.0.100", &m->address), 0);
	m->farm.addresses = &m->address;
	m->held = (struct prefix){.addr = m->address, .length = 32};
	m->vrrp.addresses = &m->held;
	m->farm.ports = &m->port;
	m->config.farms = &m->farm;
	m->config.vrrps = &m->vrrp;
	m->config.cluster.nodes[0].name = "a";
	m->config.cluster.nodes[1].name = "b";
	m->config.cluster.n_nodes = 2;
	EXPECT_INT(addr_parse("10.77.0.4", &m->config.cluster.nodes[0].address), 0);
	EXPECT_INT(addr_parse("10.77.0.3", &m->config.cluster.nodes[1].address), 0);
}

void host_machine_look(struct host_machine *m)
{
	findings_clear(&m->found);
	doctor_host(&m->config, NULL, &m->found);
}

size_t host_machine_count(const struct host_machine *m, enum finding_code code)
{
	size_t n = 0;

	for (size_t i = 0; i < m->found.n; i++)
		n += m->found.list[i].code == code;
	return n;
}

void host_machine_none(struct host_machine *m)
{
	host_machine_look(m);
	for (size_t i = 0; i < m->found.n; i++)
		if (m->found.list[i].code != FINDING_SAVED_TABLE)
			EXPECT_TEXT(m->found.list[i].sentence, "");
}

void host_machine_one(struct host_machine *m, enum finding_code code, const char *sentence)
{
	host_machine_look(m);
	EXPECT_INT(host_machine_count(m, code), 1);
	EXPECT_INT(m->found.n - host_machine_count(m, FINDING_SAVED_TABLE), 1);
	for (size_t i = 0; i < m->found.n; i++)
		if (m->found.list[i].code != FINDING_SAVED_TABLE)
			EXPECT_TEXT(m->found.list[i].sentence, sentence);
}

void host_machine_run(const char *command)
{
	EXPECT_INT(system(command), 0);
}
