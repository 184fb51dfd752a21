/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any octets behind a good header: a new daemon takes in what is in order and leaves out the rest,
 * and the index that comes out of it agrees with itself. The input is laid over a region with flows,
 * from the offset in its first two octets on.
 */
#include "director/flow/flow_index.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLOWS = 24, HEADER = 80 };

static const struct flow_geometry geometry = {.slots = {16, 16}, .farms = 3, .backends = 5};
static const struct flow_identity identity = {.epoch = 1};

static void check(int good)
{
	if (!good)
		abort();
}

static void make(struct flow_index *x, void *memory)
{
	struct flow_region r;

	flow_region_create(&r, memory, &geometry, &identity);
	flow_region_publish(&r);
	flow_index_init(x, &r);
}

static void fill(struct flow_index *x)
{
	uint16_t b[2];

	check(flow_index_name(x, "www", "a", &b[0]) == 0 &&
	      flow_index_name(x, "dns", "b", &b[1]) == 0);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct flow_key key = {
			.client = addr_v4(i), .vip = addr_v4(1), .protocol = IPPROTO_UDP};

		if (i % 2)
			key.client.family = key.vip.family = AF_INET6;
		check(flow_index_put(x, &key, b[i / 2 % 2], 100, (uint8_t)i, NULL) == FLOW_PUT_NEW);
	}
}

static void agrees_with_itself(struct flow_index *x)
{
	const struct flow_filter any = {.farm = FLOW_ANY, .backend = FLOW_ANY};
	uint32_t total = flow_index_total(x, FLOW_IPV4) + flow_index_total(x, FLOW_IPV6), sum = 0;
	struct flow_cursor c = {0};
	struct flow_record r, again;

	for (uint16_t b = 0; b < geometry.backends; b++)
		sum += flow_index_count(x, b);
	check(sum == total);
	while (flow_index_walk(x, &c, &any, UINT32_MAX, &r, 1)) {
		check(flow_index_find(x, &r.key, &again) && again.backend == r.backend);
		check(again.flags == r.flags && r.flags <= FLOW_FLAGS_ALL);
		check(flow_index_farm_of(x, r.backend) == r.farm);
		total--;
	}
	check(total == 0);
	c = (struct flow_cursor){0};
	while (flow_index_walk(x, &c, &any, UINT32_MAX, &r, 1))
		check(flow_index_remove(x, &r.key, NULL));
	for (uint16_t b = 0; b < geometry.backends; b++)
		check(flow_index_forget(x, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t before[4096], after[4096];
	size_t whole = flow_region_size(&geometry), at;
	const uint8_t boot_id[FLOW_BOOT_ID] = {0};
	struct flow_region from;
	struct flow_index x;
	uint64_t slot = 0;
	uint32_t torn = 0;

	check(whole <= sizeof(before));
	if (size < 2)
		return 0;
	memset(before, 0, whole);
	memset(after, 0, whole);
	make(&x, before);
	fill(&x);
	at = HEADER + (size_t)(data[0] << 8 | data[1]) % (whole - HEADER);
	data += 2;
	size -= 2;
	memcpy((uint8_t *)before + at, data, size < whole - at ? size : whole - at);
	check(flow_region_open(&from, before, whole, boot_id) == FLOW_REGION_REJECT_NONE);
	make(&x, after);
	flow_region_copy_names(&x.now, &from, false);
	while (!flow_index_import(&x, &from, &slot, 64, 0, &torn))
		;
	agrees_with_itself(&x);
	return 0;
}
