/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One region of memory, or a file: header, names, two tables of flows. Used by flow_index.c, which
 * is the face of it.
 *
 *	header		what it is, of which boot, how big, the key of the hash
 *	farms		one row per farm number
 *	backends	one row per backend number: its farm, its name
 *	tables		IPv4, IPv6 (flow_table.h)
 *
 * Pure over the memory that it is given. Everything is in the order of this machine: a region never
 * leaves it.
 */
#ifndef DIRECTOR_FLOW_FLOW_REGION_H
#define DIRECTOR_FLOW_FLOW_REGION_H

#include "director/flow/flow_table.h"

enum {
	FLOW_NAME = 32,	       /* of a farm or backend, with its NUL (CONFIG_NAME_MAX) */
	FLOW_ANY = 0xffff,     /* no number, and every number in a filter */
	FLOW_ROWS_MAX = 65535, /* so numbers stay below FLOW_ANY */
	FLOW_BOOT_ID = 16,
};

/* How much there is room for. */
struct flow_geometry {
	uint32_t slots[FLOW_TABLES]; /* at least 1, below 2^31 */
	uint32_t farms, backends;    /* 1..FLOW_ROWS_MAX */
};

struct flow_identity {
	uint8_t boot_id
		[FLOW_BOOT_ID]; /* expiries count from a boot: after another they mean nothing */
	uint8_t hash_key[FLOW_HASH_KEY]; /* random */
	uint64_t epoch;			 /* of several regions the highest is the newest */
};

struct flow_farm_row {
	char name[FLOW_NAME];	/* "": the row is free */
	uint32_t count;		/* flows; counted anew when a region is opened */
	uint32_t pins;		/* the same of pins */
	uint16_t first_backend; /* a chain through the rows of its backends, FLOW_ANY at its end */
	uint16_t reserved;
};

struct flow_backend_row {
	char name[FLOW_NAME];
	uint32_t count, pins;
	uint16_t farm;
	uint16_t next; /* of the farm's chain */
};

struct flow_header;

struct flow_region {
	struct flow_header *header; /* NULL: no region */
	struct flow_farm_row *farms;
	struct flow_backend_row *backends;
	struct flow_table tables[FLOW_TABLES];
	struct flow_geometry geometry;
	struct flow_identity identity;
	uint32_t n_farms, n_backends; /* rows that are taken */
};

/* Why memory from outside is no region that can be used; "it …". */
#define FLOW_REGION_REJECT_LIST(X)                                                                 \
	X(SIZE, "size", "has not the length that its header says")                                 \
	X(FOREIGN, "foreign", "is no flow index")                                                  \
	X(VERSION, "version", "was written by another version")                                    \
	X(CORRUPT, "corrupt", "has a damaged header")                                              \
	X(BOOT, "boot", "is from before the last boot")

enum flow_region_reject {
	FLOW_REGION_REJECT_NONE,
#define X(id, name, text) FLOW_REGION_REJECT_##id,
	FLOW_REGION_REJECT_LIST(X)
#undef X
		FLOW_REGION_REJECT_COUNT
};

/* Octets of a region of that geometry; 0 when it is out of its bounds. */
size_t flow_region_size(const struct flow_geometry *g);
/*
 * Makes an empty region of flow_region_size(g) octets that are all zero (a sparse file is), aligned
 * to 8. It is not one to flow_region_open() before flow_region_publish().
 */
void flow_region_create(struct flow_region *r, void *memory, const struct flow_geometry *g,
			const struct flow_identity *id);
void flow_region_publish(struct flow_region *r);
/*
 * Looks at memory from outside, changing nothing: *ret then serves as source of
 * flow_region_copy_names() and of flow_index_import(). FLOW_REGION_REJECT_NONE, or why not.
 */
enum flow_region_reject flow_region_open(struct flow_region *ret, void *memory, size_t size,
					 const uint8_t boot_id[static FLOW_BOOT_ID]);

/*
 * Takes over the names with their numbers, into a region that has none and no fewer rows. With
 * counts, or with all counts 0. Left out: rows that are no names, farms without a backend.
 */
void flow_region_copy_names(struct flow_region *to, const struct flow_region *from,
			    bool with_counts);
/* The row's number or FLOW_ANY. */
uint16_t flow_region_find_farm(const struct flow_region *r, const char *name);
uint16_t flow_region_find_backend(const struct flow_region *r, uint16_t farm, const char *name);
/* A new row of that name, which is in no row yet and fits; FLOW_ANY when all rows are taken. */
uint16_t flow_region_add_farm(struct flow_region *r, const char *name);
uint16_t flow_region_add_backend(struct flow_region *r, uint16_t farm, const char *name);
/* Frees the row of a farm that has no backends. */
void flow_region_drop_farm(struct flow_region *r, uint16_t farm);
/* Frees a row that has no flows; the farm's with its last backend. */
void flow_region_drop_backend(struct flow_region *r, uint16_t backend);
bool flow_region_has_farm(const struct flow_region *r, uint16_t farm);
bool flow_region_has_backend(const struct flow_region *r, uint16_t backend);

const char *flow_region_reject_name(enum flow_region_reject r);
const char *flow_region_reject_text(enum flow_region_reject r); /* "it …" */

#endif
