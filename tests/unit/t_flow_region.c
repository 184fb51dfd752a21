/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions as they come from outside: whole, of others, damaged, and left behind by a killed process. */
#include "director/flow/flow_index.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define CORPUS "tests/fuzz/corpus/fuzz_flow_region"

enum { FLOWS = 60, TOUCHED = 2, HEADER = 80, EXPIRES = 5000 };

static const struct flow_geometry geometry = {.slots = {64, 64}, .farms = 2, .backends = 4};
static const struct flow_identity identity = {
	.boot_id = "sixteen octets.", .hash_key = "0123456789abcdef", .epoch = 7};

/* Half of them IPv6. The expiry says which backend belongs to it. */
static struct flow_key key_of(uint32_t i)
{
	struct flow_key key = {.client = addr_v4(i / 2 << 8),
			       .vip = addr_v4(0x0a4d0064),
			       .client_port = (uint16_t)i,
			       .vip_port = 443,
			       .protocol = IPPROTO_TCP};

	if (i % 2) {
		key.client.family = key.vip.family = AF_INET6;
		key.client.bytes[15] = key.vip.bytes[15] = (uint8_t)i;
	}
	return key;
}

static uint32_t expiry_of(uint32_t i, uint16_t backend)
{
	return EXPIRES + 10 * i + backend;
}

/* As the flow has them from the beginning, whatever becomes of it. */
static uint8_t flags_of(uint32_t i)
{
	return i / 2 % (FLOW_FLAGS_ALL + 1);
}

static void fill(struct flow_index *x, void *memory, uint32_t flows)
{
	struct flow_region r;
	uint16_t a, b;

	flow_region_create(&r, memory, &geometry, &identity);
	flow_region_publish(&r);
	flow_index_init(x, &r);
	EXPECT_INT(flow_index_name(x, "www", "a", &a), 0);
	EXPECT_INT(flow_index_name(x, "www", "b", &b), 0);
	EXPECT_INT(b, 1);
	for (uint32_t i = 0; i < flows; i++) {
		struct flow_key key = key_of(i);

		EXPECT_INT(flow_index_put(x, &key, a, expiry_of(i, a), flags_of(i), NULL),
			   FLOW_PUT_NEW);
	}
}

/* What a new daemon makes of it. False when it is refused. */
static bool take_in(struct flow_index *x, void *memory, void *source, uint32_t *ret_torn)
{
	struct flow_region from, r;
	struct flow_identity id;
	uint64_t slot = 0;

	*ret_torn = 0;
	if (flow_region_open(&from, source, flow_region_size(&geometry), identity.boot_id))
		return false;
	id = from.identity;
	memset(memory, 0, flow_region_size(&geometry));
	flow_region_create(&r, memory, &geometry, &id);
	flow_region_copy_names(&r, &from, false);
	flow_region_publish(&r);
	flow_index_init(x, &r);
	while (!flow_index_import(x, &from, &slot, 100, EXPIRES - 1, ret_torn))
		;
	return true;
}

static const char *verdict(void *memory, size_t size)
{
	struct flow_region r = {.header = NULL};
	enum flow_region_reject reject = flow_region_open(&r, memory, size, identity.boot_id);

	CU_ASSERT(reject == FLOW_REGION_REJECT_NONE || !r.header);
	return flow_region_reject_name(reject);
}

static void sizes(void)
{
	struct flow_geometry g = {.slots = {1000000, 1}, .farms = 4096, .backends = 8192};

	CU_ASSERT(flow_region_size(&g) < 25u * 1000 * 1000);
	g.slots[FLOW_IPV6] = 0;
	EXPECT_INT(flow_region_size(&g), 0);
	g.slots[FLOW_IPV6] = 0x80000000;
	EXPECT_INT(flow_region_size(&g), 0);
	g.slots[FLOW_IPV6] = 0x7fffffff;
	CU_ASSERT(flow_region_size(&g) > 100ull * 1000 * 1000 * 1000);
	g.farms = 0;
	EXPECT_INT(flow_region_size(&g), 0);
	g.farms = FLOW_ROWS_MAX + 1;
	EXPECT_INT(flow_region_size(&g), 0);
	g.farms = FLOW_ROWS_MAX;
	g.backends = 0;
	EXPECT_INT(flow_region_size(&g), 0);
}

static void refusals(void)
{
	size_t size = flow_region_size(&geometry);
	uint8_t *memory = calloc(1, size), *small;
	struct flow_index x;

	EXPECT_TEXT(verdict(memory, size), "foreign");
	fill(&x, memory, 3);
	EXPECT_TEXT(verdict(memory, size), "none");
	EXPECT_TEXT(verdict(memory, size - 1), "size");
	small = malloc(HEADER - 1);
	memcpy(small, memory, HEADER - 1);
	for (size_t n = 0; n < HEADER; n++)
		EXPECT_TEXT(verdict(small, n), "foreign");
	free(small);
	for (size_t bit = 0; bit < HEADER * 8; bit++) {
		const char *want = bit < 64			   ? "foreign"
				   : bit >= 16 * 8 && bit < 20 * 8 ? "version"
								   : "corrupt";

		memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
		EXPECT_TEXT(verdict(memory, size), want);
		memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	EXPECT_TEXT(verdict(memory, size), "none");
	memory[16] = 2; /* where pins were not counted */
	EXPECT_TEXT(verdict(memory, size), "version");
	memory[16] = 3;
	EXPECT_TEXT(verdict(memory, size), "none");
	EXPECT_TEXT(flow_region_reject_name(flow_region_open(&x.old, memory, size,
							     (const uint8_t *)"another boot id")),
		    "boot");
	for (int r = 0; r < FLOW_REGION_REJECT_COUNT; r++)
		CU_ASSERT_PTR_NOT_NULL(flow_region_reject_text((enum flow_region_reject)r));
	free(memory);
}

static bool in_use(const uint8_t *word)
{
	return memcmp(word, (uint8_t[8]){0}, 8) != 0;
}

/* One flipped bit anywhere behind the header costs one flow or one name, and nothing else goes wrong. */
static void every_flipped_bit(void)
{
	size_t size = flow_region_size(&geometry);
	uint8_t *memory = calloc(1, size), *copy = calloc(1, size);
	uint32_t torn, wrong = 0;
	struct flow_index x, y;

	fill(&x, memory, 40);
	for (size_t bit = HEADER * 8; bit < size * 8; bit++) {
		bool in_names = bit / 8 < (size_t)((uint8_t *)x.now.tables[0].slots - memory);

		if (bit % 64 == 0 && !in_names && !in_use(memory + bit / 8)) {
			bit += 63; /* a word of zeros in the middle of others is an empty slot's */
			continue;
		}
		memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_FATAL(take_in(&y, copy, memory, &torn));
		memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (in_names)
			continue;
		CU_ASSERT(torn <= 1 && flow_index_count(&y, 0) + flow_index_count(&y, 1) >= 39);
		for (uint32_t i = 0; i < 40; i++) {
			struct flow_key key = key_of(i);
			struct flow_record r;

			if (flow_index_find(&y, &key, &r) &&
			    (r.backend != 0 || r.expires_s != expiry_of(i, 0) ||
			     r.flags != flags_of(i)))
				wrong++;
		}
	}
	EXPECT_INT(wrong, 0);
	free(memory);
	free(copy);
}

struct corpus_memory {
	size_t size;
	uint8_t *region, *copy;
};

static void lay_over(void *data, const char *name, const uint8_t *bytes, size_t len)
{
	struct corpus_memory *m = data;
	struct flow_index x, y;
	uint32_t torn;
	size_t at;

	(void)name;
	memset(m->region, 0, m->size);
	fill(&x, m->region, 40);
	CU_ASSERT_FATAL(len >= 2);
	at = HEADER + (size_t)(bytes[0] << 8 | bytes[1]);
	CU_ASSERT_FATAL(at + len - 2 <= m->size);
	memcpy(m->region + at, bytes + 2, len - 2);
	CU_ASSERT_FATAL(take_in(&y, m->copy, m->region, &torn));
	CU_ASSERT(flow_index_total(&y, FLOW_IPV4) + flow_index_total(&y, FLOW_IPV6) + torn <=
		  40 + len / 24);
}

/* The corpus of fuzz_flow_region: an offset and what is laid over the region there. */
static void corpus(void)
{
	size_t size = flow_region_size(&geometry);
	struct corpus_memory m = {.size = size, .region = calloc(1, size), .copy = calloc(1, size)};

	CU_ASSERT(unit_each_file(CORPUS, lay_over, &m) > 0);
	free(m.region);
	free(m.copy);
}

static void names_from_outside(void)
{
	size_t size = flow_region_size(&geometry);
	void *memory = calloc(1, size), *copy = calloc(1, size);
	struct flow_index x, y;
	uint32_t torn;
	uint16_t n;

	fill(&x, memory, 10);
	memset(x.now.backends[1].name, 'x', FLOW_NAME); /* no end */
	CU_ASSERT_FATAL(take_in(&y, copy, memory, &torn));
	EXPECT_INT(torn, 0);
	EXPECT_TEXT(flow_index_backend_name(&y, 0), "a");
	EXPECT_TEXT(flow_index_backend_name(&y, 1), "");
	EXPECT_INT(flow_index_farm_count(&y, 0), 10);
	EXPECT_INT(flow_index_name(&y, "www", "c", &n), 0);
	EXPECT_INT(n, 1);
	x.now.backends[0].farm = 60000;
	CU_ASSERT_FATAL(take_in(&y, copy, memory, &torn));
	EXPECT_INT(torn, 10);
	EXPECT_TEXT(flow_index_farm_name(&y, 0), ""); /* it has no backends */
	EXPECT_INT(flow_index_total(&y, 0), 0);
	free(memory);
	free(copy);
}

static void flags_are_taken_in(void)
{
	size_t size = flow_region_size(&geometry);
	void *memory = calloc(1, size), *copy = calloc(1, size);
	struct flow_index x, y;
	uint32_t torn;

	fill(&x, memory, 40);
	CU_ASSERT_FATAL(take_in(&y, copy, memory, &torn));
	EXPECT_INT(torn, 0);
	for (uint32_t i = 0; i < 40; i++) {
		struct flow_key key = key_of(i);
		struct flow_record r;

		CU_ASSERT_FATAL(flow_index_find(&y, &key, &r));
		EXPECT_INT(r.flags, flags_of(i));
		EXPECT_INT(r.expires_s, expiry_of(i, 0));
	}
	free(memory);
	free(copy);
}

static void what_expired_is_left_out(void)
{
	size_t size = flow_region_size(&geometry);
	void *memory = calloc(1, size), *copy = calloc(1, size);
	struct flow_key key = key_of(0);
	struct flow_index x, y;
	uint32_t torn;

	fill(&x, memory, 10);
	flow_index_put(&x, &key, 0, EXPIRES - 1, FLOW_FLAGS_ALL, NULL);
	CU_ASSERT_FATAL(take_in(&y, copy, memory, &torn));
	EXPECT_INT(torn, 0);
	EXPECT_INT(flow_index_count(&y, 0), 9);
	free(memory);
	free(copy);
}

/* --- a process killed between any two instructions --------------------------------------------- */

/* The flows that the story below does not touch are all there; the others are whole or not there. */
static void expect_sane(void *copy, void *left, bool *ret_ready)
{
	struct flow_index x;
	uint32_t torn;

	if (!take_in(&x, copy, left, &torn))
		return;
	*ret_ready = true;
	EXPECT_INT(torn, 0);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct flow_key key = key_of(i);
		struct flow_record r;
		bool found = flow_index_find(&x, &key, &r);

		if (i >= 2 * TOUCHED && i < FLOWS - TOUCHED)
			CU_ASSERT(found);
		if (!found)
			continue;
		EXPECT_INT(r.expires_s, expiry_of(i, r.backend));
		EXPECT_INT(r.flags, flags_of(i));
	}
}

/* Takes out, changes the backend, puts in. */
static void change(struct flow_index *x)
{
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct flow_key key = key_of(i);

		if (i < TOUCHED)
			flow_index_remove(x, &key, NULL);
		else if (i < 2 * TOUCHED)
			flow_index_put(x, &key, 1, expiry_of(i, 1), flags_of(i), NULL);
		else if (i >= FLOWS - TOUCHED)
			flow_index_put(x, &key, 1, expiry_of(i, 1), flags_of(i), NULL);
	}
}

/*
 * The child changes the shared memory one instruction at a time; the parent looks at it whenever it
 * has changed, with the eyes of a new daemon. The kernel writes back nothing later than that: what
 * a process has stored when it is killed is in the file.
 */
static void killed_between_any_two_instructions(void)
{
	size_t size = flow_region_size(&geometry), looks = 0;
	uint8_t *shared =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint8_t *before = malloc(size), *copy = malloc(size);
	struct flow_index x;
	bool ready = false;
	int status;
	pid_t child;

	CU_ASSERT_FATAL(shared != MAP_FAILED);
	fill(&x, shared, FLOWS - TOUCHED);
	child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		change(&x);
		_exit(0);
	}
	memcpy(before, shared, size);
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		if (memcmp(before, shared, size) != 0) {
			memcpy(before, shared, size);
			expect_sane(copy, before, &ready);
			looks++;
		}
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) < 0)
			break;
	}
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT(ready);
	CU_ASSERT(looks > 20); /* it does see the steps */
	munmap(shared, size);
	free(before);
	free(copy);
}

UNIT_TESTS(flow_region) = {
	{"sizes", sizes},
	{"refusals", refusals},
	{"every flipped bit", every_flipped_bit},
	{"corpus", corpus},
	{"names from outside", names_from_outside},
	{"flags are taken in", flags_are_taken_in},
	{"what expired is left out", what_expired_is_left_out},
	{"killed between any two instructions", killed_between_any_two_instructions},
	UNIT_TESTS_END,
};
