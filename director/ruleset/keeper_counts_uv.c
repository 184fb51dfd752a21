/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the counters of elements, and keeping those that go.
 *
 * Those of a few thousand elements are read when somebody asks, those of a large configuration little
 * by little. A set is read as a whole; its age is known.
 *
 * The last count of an element that is deleted comes from the kernel's own notification, made when
 * no packet finds the element any more (nf_tables_commit() in net/netfilter/nf_tables_api.c: the
 * generation has changed by then). Where whole sets go the kernel notifies of the set alone; they are
 * read right before. By then no rule has named them for SEQUENCE_SETTLE_MS, and nothing counts there
 * any more; only of one that is made anew under its name a few packets are not counted.
 */
#include "director/ruleset/keeper.h"
#include "include/log.h"

#include <string.h>

enum {
	AT_ONCE = 10000, /* elements that are read while somebody waits */
	ROLL = 5000,	 /* elements of one piece of the roll, which ends with a set */
	FIRST = 2000, /* the same of sets that were never read: there is a piece many times a second */
};

/* One counting set while its counters are read. */
struct count_reading {
	struct count_book *book;
	const struct ruleset_set *set;
	const struct ruleset_set *names; /* the set that knows the names; NULL: nobody does */
	bool gone;			 /* they go, and these are their last counts */
	size_t told;
};

/* The element of a number in a counting set; false when there is none. */
static bool element_of(const struct ruleset_set *set, uint32_t key, struct ruleset_element *ret)
{
	size_t low = 0, high = set->n_elements;

	if (set->owners) {
		if (key >= set->size || set->owners[key] == RULESET_NO_OWNER)
			return false;
		*ret = ruleset_bucket_element(set, key);
		return true;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;
		uint32_t number = ruleset_key_number(&set->elements[middle]);

		if (number == key) {
			*ret = set->elements[middle];
			return true;
		}
		if (number < key)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Of a set that was read from the kernel: whose MAC addresses these are, by another set. */
static uint16_t owner_of(const struct ruleset_set *names, const uint8_t *data)
{
	for (size_t i = 0; i < names->n_values; i++)
		if (memcmp(names->values[i], data, RULESET_DATA_MAX) == 0)
			return (uint16_t)i;
	for (size_t i = 0; i < names->n_elements; i++)
		if (memcmp(names->elements[i].data, data, RULESET_DATA_MAX) == 0)
			return names->elements[i].backend;
	return UINT16_MAX;
}

static void count_seen(void *data, const struct kernel_count *count)
{
	struct count_reading *c = data;
	struct count numbers = {count->packets, count->bytes};
	struct ruleset_element e;

	if (!c->set || !element_of(c->set, count->key, &e))
		return;
	c->told++;
	if (!c->names)
		return;
	if (c->names != c->set)
		e.backend = owner_of(c->names, e.data);
	(c->gone ? count_gone : count_element)(c->book, c->names, &e, numbers);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int read_set(struct keeper *k, const struct ruleset_set *set, uint64_t now_ms)
{
	struct count_reading c = {.book = &k->counts, .set = set, .names = set};
	int err;

	count_begin(&k->counts, set);
	err = kernel_read_counts(&k->socket, set->name, count_seen, &c);
	if (!err)
		count_end(&k->counts, set, now_ms);
	return err;
}

static bool is_counted(const struct ruleset_set *set, const char *farm)
{
	return ruleset_kind_counts(set->kind) && (!farm || strcmp(set->farm, farm) == 0);
}

const struct count_book *keeper_counts_known(const struct keeper *k)
{
	return k->trusted && k->counts_good ? &k->counts : NULL;
}

const struct count_book *keeper_counts(struct keeper *k, const char *farm, uint64_t now_ms)
{
	size_t elements = 0;

	k->counts_good = k->trusted;
	if (!k->trusted || keeper_is_busy(k)) /* not all sets are there */
		return keeper_counts_known(k);
	for (size_t i = 0; i < k->want.n_sets; i++)
		if (is_counted(&k->want.sets[i], farm))
			elements += ruleset_set_count(&k->want.sets[i]);
	for (size_t i = 0; elements <= AT_ONCE && i < k->want.n_sets; i++)
		if (is_counted(&k->want.sets[i], farm))
			k->counts_good &= read_set(k, &k->want.sets[i], now_ms) == 0;
	return keeper_counts_known(k);
}

uint64_t keeper_counts_age_ms(const struct keeper *k, const char *farm, uint64_t now_ms)
{
	uint64_t oldest = now_ms;

	for (size_t i = 0; i < k->want.n_sets; i++) {
		uint64_t read_ms;

		if (!is_counted(&k->want.sets[i], farm))
			continue;
		read_ms = count_read_ms(&k->counts, &k->want.sets[i]);
		if (!read_ms)
			return UINT64_MAX;
		oldest = read_ms < oldest ? read_ms : oldest;
	}
	return now_ms - oldest;
}

void keeper_counts_roll(struct keeper *k, uint64_t now_ms)
{
	size_t elements = 0;

	if (!k->trusted || keeper_is_busy(k))
		return;
	for (size_t n = 0; n < k->want.n_sets && elements < ROLL; n++) {
		const struct ruleset_set *set = &k->want.sets[k->next_counted++ % k->want.n_sets];

		if (!is_counted(set, NULL))
			continue;
		elements += ruleset_set_count(set);
		if (read_set(k, set, now_ms) < 0)
			return;
	}
}

bool keeper_counts_first(struct keeper *k, uint64_t now_ms)
{
	size_t elements = 0;

	if (!k->trusted || keeper_is_busy(k))
		return false;
	for (size_t n = 0; n < k->want.n_sets; n++) {
		const struct ruleset_set *set = &k->want.sets[k->next_first % k->want.n_sets];

		if (elements >= FIRST)
			return true;
		k->next_first = (k->next_first + 1) % k->want.n_sets;
		if (!is_counted(set, NULL) || count_read_ms(&k->counts, set))
			continue;
		elements += ruleset_set_count(set);
		if (read_set(k, set, now_ms) < 0)
			return false;
	}
	return false;
}

/* --- what goes -------------------------------------------------------------------------------- */

/* The set that knows the names of its backends: itself, or in the plan that made it; or NULL. */
static const struct ruleset_set *named_set(const struct keeper *k, const struct ruleset_set *set,
					   size_t near)
{
	const struct ruleset *plan = k->named.exists ? &k->named : &k->want;
	int at = set->names ? -1 : ruleset_find_set_near(plan, set->name, near);

	return set->names ? set : at >= 0 ? &plan->sets[at] : NULL;
}

/* Whole sets go with the next transaction: the kernel will tell of them, not of their elements. */
static void read_sets_that_go(struct keeper *k, struct count_book *ret)
{
	for (size_t i = k->sequence.gone_from; i < k->sequence.gone_to; i++) {
		const struct ruleset_set *set = &k->have.sets[i];
		struct count_reading c = {.book = ret, .set = set, .gone = true};

		if (!ruleset_kind_counts(set->kind) || !sequence_deletes(&k->sequence, i))
			continue;
		c.names = named_set(k, set, i);
		if (kernel_read_counts(&k->socket, set->name, count_seen, &c) < 0)
			log_debug("the packet counters of %s could not be read before a change",
				  set->name);
	}
}

static void forget_sets_that_went(struct keeper *k)
{
	for (size_t i = k->sequence.gone_from; i < k->sequence.gone_to; i++) {
		const struct ruleset_set *set = &k->have.sets[i];
		const struct ruleset_set *names = named_set(k, set, i);

		if (ruleset_kind_counts(set->kind) && names && sequence_deletes(&k->sequence, i))
			count_set_gone(&k->counts, names);
	}
}

/* What the kernel tells of the elements that the transaction deleted. */
struct hearing {
	struct count_reading reading;
	const struct keeper *keeper;
	char set[RULESET_NAME];
	size_t near;
};

static void told(void *data, const struct kernel_count *count)
{
	struct hearing *h = data;
	const struct ruleset *have = &h->keeper->have;
	int at = ruleset_find_set_near(have, h->set, h->near);

	h->near = at < 0 ? 0 : (size_t)at;
	h->reading.set = at < 0 ? NULL : &have->sets[at];
	h->reading.names = at < 0 ? NULL : named_set(h->keeper, h->reading.set, h->near);
	count_seen(&h->reading, count);
}

static void heard(void *data, const struct nlmsghdr *nlh)
{
	struct hearing *h = data;

	kernel_read_gone(nlh, h->set, told, h);
}

int keeper_counts_commit(struct keeper *k, size_t counters_deleted, struct nft_batch *batch,
			 struct err *err)
{
	struct count_book gone = {0};
	struct hearing h = {.keeper = k, .reading = {.book = &gone, .gone = true}};
	int code;

	read_sets_that_go(k, &gone);
	code = nft_socket_commit(&k->socket, batch, heard, &h, err);
	if (code == 0) {
		count_gone_merge(&k->counts, &gone);
		forget_sets_that_went(k);
		if (h.reading.told < counters_deleted)
			log_warning("the last packets of %zu elements were not told",
				    counters_deleted - h.reading.told);
	}
	count_book_clear(&gone);
	return code;
}
