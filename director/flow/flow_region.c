/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_region.h"

#include <sodium.h>
#include <string.h>

enum {
	VERSION = 3, /* any change of a layout or of the hash counts it up */
	ALIGNMENT = 64,
};

static const char magic[8] = {'d', 'i', 'r', 'f', 'l', 'o', 'w', '\n'};

struct flow_header {
	uint64_t magic; /* stored last */
	uint64_t check; /* of all that follows */
	uint32_t version;
	uint32_t slots[FLOW_TABLES];
	uint32_t farms, backends;
	uint32_t reserved;
	uint64_t epoch;
	uint8_t boot_id[FLOW_BOOT_ID];
	uint8_t hash_key[FLOW_HASH_KEY];
};

_Static_assert(sizeof(struct flow_farm_row) == 44 && sizeof(struct flow_backend_row) == 44,
	       "rows have no padding");

/* --- layout ------------------------------------------------------------------------------------ */

struct layout {
	size_t farms, backends, tables[FLOW_TABLES], size;
};

static size_t aligned(size_t n)
{
	return (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static struct layout layout_of(const struct flow_geometry *g)
{
	struct layout l;

	l.farms = aligned(sizeof(struct flow_header));
	l.backends = aligned(l.farms + g->farms * sizeof(struct flow_farm_row));
	l.tables[FLOW_IPV4] = aligned(l.backends + g->backends * sizeof(struct flow_backend_row));
	l.tables[FLOW_IPV6] = aligned(l.tables[FLOW_IPV4] +
				      flow_table_size(g->slots[FLOW_IPV4], FLOW_WORDS_IPV4));
	l.size = aligned(l.tables[FLOW_IPV6] +
			 flow_table_size(g->slots[FLOW_IPV6], FLOW_WORDS_IPV6));
	return l;
}

size_t flow_region_size(const struct flow_geometry *g)
{
	for (int t = 0; t < FLOW_TABLES; t++)
		if (g->slots[t] == 0 || g->slots[t] > INT32_MAX)
			return 0;
	if (g->farms == 0 || g->farms > FLOW_ROWS_MAX || g->backends == 0 ||
	    g->backends > FLOW_ROWS_MAX)
		return 0;
	return layout_of(g).size;
}

static void place(struct flow_region *r, void *memory)
{
	struct layout l = layout_of(&r->geometry);
	uint8_t *bytes = memory;

	r->header = memory;
	r->farms = (void *)(bytes + l.farms);
	r->backends = (void *)(bytes + l.backends);
	for (int t = 0; t < FLOW_TABLES; t++)
		r->tables[t] = (struct flow_table){
			.slots = (void *)(bytes + l.tables[t]),
			.n = r->geometry.slots[t],
			.words = t == FLOW_IPV4 ? FLOW_WORDS_IPV4 : FLOW_WORDS_IPV6,
			.hash_key = r->header->hash_key,
		};
}

/* --- header ------------------------------------------------------------------------------------ */

static uint64_t header_check(const struct flow_header *h)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES];
	const uint8_t *from = (const uint8_t *)&h->version;
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t check;

	crypto_shorthash(hash, from, sizeof(*h) - offsetof(struct flow_header, version), key);
	memcpy(&check, hash, sizeof(check));
	return check;
}

static uint64_t magic_word(void)
{
	uint64_t word;

	memcpy(&word, magic, sizeof(word));
	return word;
}

void flow_region_create(struct flow_region *r, void *memory, const struct flow_geometry *g,
			const struct flow_identity *id)
{
	*r = (struct flow_region){.geometry = *g, .identity = *id};
	place(r, memory);
	*r->header = (struct flow_header){
		.version = VERSION,
		.slots = {g->slots[FLOW_IPV4], g->slots[FLOW_IPV6]},
		.farms = g->farms,
		.backends = g->backends,
		.epoch = id->epoch,
	};
	memcpy(r->header->boot_id, id->boot_id, FLOW_BOOT_ID);
	memcpy(r->header->hash_key, id->hash_key, FLOW_HASH_KEY);
	r->header->check = header_check(r->header);
	for (uint32_t i = 0; i < g->farms; i++)
		r->farms[i].first_backend = FLOW_ANY;
}

void flow_region_publish(struct flow_region *r)
{
	__atomic_store_n(&r->header->magic, magic_word(), __ATOMIC_RELEASE);
}

enum flow_region_reject flow_region_open(struct flow_region *ret, void *memory, size_t size,
					 const uint8_t boot_id[static FLOW_BOOT_ID])
{
	struct flow_region r = {0};
	const struct flow_header *h = memory;

	if (size < sizeof(*h) || h->magic != magic_word())
		return FLOW_REGION_REJECT_FOREIGN;
	if (h->version != VERSION)
		return FLOW_REGION_REJECT_VERSION;
	if (h->check != header_check(h))
		return FLOW_REGION_REJECT_CORRUPT;
	r.geometry = (struct flow_geometry){
		.slots = {h->slots[FLOW_IPV4], h->slots[FLOW_IPV6]},
		.farms = h->farms,
		.backends = h->backends,
	};
	if (flow_region_size(&r.geometry) != size)
		return FLOW_REGION_REJECT_SIZE;
	if (memcmp(h->boot_id, boot_id, FLOW_BOOT_ID) != 0)
		return FLOW_REGION_REJECT_BOOT;
	r.identity.epoch = h->epoch;
	memcpy(r.identity.boot_id, h->boot_id, FLOW_BOOT_ID);
	memcpy(r.identity.hash_key, h->hash_key, FLOW_HASH_KEY);
	place(&r, memory);
	*ret = r;
	return FLOW_REGION_REJECT_NONE;
}

/* --- names ------------------------------------------------------------------------------------- */

/* The first octet makes the row one that is taken: it is stored behind the rest. */
static void set_name(char to[static FLOW_NAME], const char *name)
{
	size_t len = strlen(name);

	memset(to, 0, FLOW_NAME);
	memcpy(to + 1, name + 1, len - 1);
	__atomic_store_n(to, name[0], __ATOMIC_RELEASE);
}

static bool is_name(const char name[static FLOW_NAME])
{
	return name[0] && memchr(name, '\0', FLOW_NAME);
}

static void chain(struct flow_region *r, uint16_t backend)
{
	struct flow_backend_row *b = &r->backends[backend];

	b->next = r->farms[b->farm].first_backend;
	r->farms[b->farm].first_backend = backend;
}

void flow_region_drop_farm(struct flow_region *r, uint16_t farm)
{
	r->farms[farm].name[0] = '\0';
	r->n_farms--;
}

void flow_region_copy_names(struct flow_region *to, const struct flow_region *from,
			    bool with_counts)
{
	for (uint32_t i = 0; i < from->geometry.farms && i < to->geometry.farms; i++) {
		if (!is_name(from->farms[i].name))
			continue;
		set_name(to->farms[i].name, from->farms[i].name);
		to->n_farms++;
		to->farms[i].count = with_counts ? from->farms[i].count : 0;
		to->farms[i].pins = with_counts ? from->farms[i].pins : 0;
	}
	for (uint32_t i = 0; i < from->geometry.backends && i < to->geometry.backends; i++) {
		const struct flow_backend_row *b = &from->backends[i];

		if (!is_name(b->name) || !flow_region_has_farm(to, b->farm))
			continue;
		to->backends[i].count = with_counts ? b->count : 0;
		to->backends[i].pins = with_counts ? b->pins : 0;
		to->backends[i].farm = b->farm;
		set_name(to->backends[i].name, b->name);
		to->n_backends++;
		chain(to, (uint16_t)i);
	}
	for (uint32_t i = 0; i < to->geometry.farms; i++)
		if (to->farms[i].name[0] && to->farms[i].first_backend == FLOW_ANY)
			flow_region_drop_farm(to, (uint16_t)i);
}

uint16_t flow_region_find_farm(const struct flow_region *r, const char *name)
{
	for (uint32_t i = 0; i < r->geometry.farms; i++)
		if (r->farms[i].name[0] == name[0] && strcmp(r->farms[i].name, name) == 0)
			return (uint16_t)i;
	return FLOW_ANY;
}

uint16_t flow_region_find_backend(const struct flow_region *r, uint16_t farm, const char *name)
{
	uint16_t i = r->farms[farm].first_backend;

	while (i != FLOW_ANY && strcmp(r->backends[i].name, name) != 0)
		i = r->backends[i].next;
	return i;
}

uint16_t flow_region_add_farm(struct flow_region *r, const char *name)
{
	uint32_t i = 0;

	while (i < r->geometry.farms && r->farms[i].name[0])
		i++;
	if (i == r->geometry.farms)
		return FLOW_ANY;
	r->farms[i].count = r->farms[i].pins = 0;
	r->farms[i].first_backend = FLOW_ANY;
	set_name(r->farms[i].name, name);
	r->n_farms++;
	return (uint16_t)i;
}

uint16_t flow_region_add_backend(struct flow_region *r, uint16_t farm, const char *name)
{
	uint32_t i = 0;

	while (i < r->geometry.backends && r->backends[i].name[0])
		i++;
	if (i == r->geometry.backends)
		return FLOW_ANY;
	r->backends[i].count = r->backends[i].pins = 0;
	r->backends[i].farm = farm;
	set_name(r->backends[i].name, name);
	r->n_backends++;
	chain(r, (uint16_t)i);
	return (uint16_t)i;
}

void flow_region_drop_backend(struct flow_region *r, uint16_t backend)
{
	struct flow_farm_row *farm = &r->farms[r->backends[backend].farm];
	uint16_t *link = &farm->first_backend;

	while (*link != backend)
		link = &r->backends[*link].next;
	*link = r->backends[backend].next;
	r->backends[backend].name[0] = '\0';
	r->n_backends--;
	if (farm->first_backend == FLOW_ANY)
		flow_region_drop_farm(r, r->backends[backend].farm);
}

bool flow_region_has_farm(const struct flow_region *r, uint16_t farm)
{
	return farm < r->geometry.farms && r->farms[farm].name[0];
}

bool flow_region_has_backend(const struct flow_region *r, uint16_t backend)
{
	return backend < r->geometry.backends && r->backends[backend].name[0];
}

const char *flow_region_reject_name(enum flow_region_reject r)
{
	static const char *const names[] = {[FLOW_REGION_REJECT_NONE] = "none",
#define X(id, name, text) [FLOW_REGION_REJECT_##id] = name,
					    FLOW_REGION_REJECT_LIST(X)
#undef X
	};

	return names[r];
}

const char *flow_region_reject_text(enum flow_region_reject r)
{
	static const char *const texts[] = {[FLOW_REGION_REJECT_NONE] = "is good",
#define X(id, name, text) [FLOW_REGION_REJECT_##id] = text,
					    FLOW_REGION_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}
