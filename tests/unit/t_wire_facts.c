/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is looked at of a configuration, and what is left out. */
#include "director/doctor/wire_facts.h"
#include "tests/unit/unit.h"

/* Those above the limits are counted, and nothing else is said of them. */
static void too_many(void)
{
	enum { FARMS = 2, MANY = WIRE_BACKENDS_MAX - 1, VIPS = WIRE_VIPS_MAX };
	static struct config_backend many[MANY];
	static struct config_ports port = {80, 80};
	static struct addr vips[FARMS][VIPS];
	struct config_farm farms[FARMS];
	const struct config c = {.farms = farms, .n_farms = FARMS};
	struct wire_facts w;

	for (uint32_t i = 0; i < MANY; i++)
		many[i] =
			(struct config_backend){.name = "web", .address = addr_v4(0x0a000000 + i)};
	for (uint32_t i = 0; i < FARMS; i++) {
		farms[i] = (struct config_farm){
			.name = "www",
			.interface = "eth0",
			.addresses = vips[i],
			.n_addresses = VIPS,
			.protocol = PROTOCOL_TCP,
			.ports = &port,
			.n_ports = 1,
			.backends = many,
			.n_backends = MANY,
		};
		for (uint32_t k = 0; k < VIPS; k++)
			vips[i][k] = addr_v4(0x0b000000 + k);
	}
	CU_ASSERT_EQUAL_FATAL(wire_facts_init(&w, &c, NULL), 0);
	EXPECT_INT(w.n_backends, WIRE_BACKENDS_MAX);
	EXPECT_INT(w.left_out, MANY - 1);
	EXPECT_INT(w.n_vips, WIRE_VIPS_MAX);
	EXPECT_INT(w.vips_left_out, false);
	wire_facts_clear(&w);
	vips[1][0] = addr_v4(0x0c000000);
	CU_ASSERT_EQUAL_FATAL(wire_facts_init(&w, &c, &farms[1]), 0);
	EXPECT_INT(w.left_out, 0);
	EXPECT_INT(w.vips_left_out, false);
	wire_facts_clear(&w);
	CU_ASSERT_EQUAL_FATAL(wire_facts_init(&w, &c, NULL), 0);
	EXPECT_INT(w.n_vips, WIRE_VIPS_MAX);
	EXPECT_INT(w.vips_left_out, true);
	wire_facts_clear(&w);
}

UNIT_TESTS(wire_facts) = {
	{"too many", too_many},
	UNIT_TESTS_END,
};
