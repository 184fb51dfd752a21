/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the counters of elements, and keeping those that go.
 *
 * Those of a few thousand elements are read when somebody asks, those of a large configuration little
 * by little. A set is read as a whole; its age is known.
 *
 * The last count of an element that is deleted comes from the kernel's own notification, made when
 * no packet finds the element any more (nf_tables_commit() in net/netfilter/nf_tables_api.c: the
 * generation has changed by then). Where so many go at once that the notifications would not fit
 * into the socket's buffer, and where whole sets go (the kernel notifies of the set alone), they are
 * read right before: what comes between that and the commit is not counted.
 */
#include "director/ruleset/keeper.h"
#include "include/log.h"

#include <string.h>

enum {
	AT_ONCE = 10000, /* elements that are read while somebody waits */
	ROLL = 5000,	 /* elements of one piece of the roll, which ends with a set */
	TOLD_MAX = 4096, /* deletions that the kernel is asked to tell of: 1 MiB of messages */
};

/* One counting set while its counters are read. */
struct count_reading {
	struct count_book *book;
	const struct ruleset_set *set;
	const struct ruleset_set *next; /* the set that it becomes, with the elements that stay */
	bool going;			/* only what goes is of interest, as gone */
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

static bool stays(const struct count_reading *c, const struct ruleset_element *e)
{
	struct ruleset_element next;

	return c->next && element_of(c->next, ruleset_key_number(e), &next) &&
	       memcmp(next.data, e->data, sizeof(e->data)) == 0;
}

static void count_seen(void *data, const struct kernel_count *count)
{
	struct count_reading *c = data;
	struct count numbers = {count->packets, count->bytes};
	struct ruleset_element e;

	if (!c->set || !element_of(c->set, count->key, &e))
		return;
	c->told++;
	if (!c->going)
		count_element(c->book, c->set, &e, numbers);
	else if (!stays(c, &e))
		count_gone(c->book, c->set, &e, numbers);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int read_set(struct keeper *k, const struct ruleset_set *set, uint64_t now_ms)
{
	struct count_reading c = {.book = &k->counts, .set = set};
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

const struct count_book *keeper_counts(struct keeper *k, const char *farm, uint64_t now_ms)
{
	size_t elements = 0;

	if (!k->trusted)
		return NULL;
	for (size_t i = 0; i < k->want.n_sets; i++)
		if (is_counted(&k->want.sets[i], farm))
			elements += ruleset_set_count(&k->want.sets[i]);
	for (size_t i = 0; elements <= AT_ONCE && i < k->want.n_sets; i++)
		if (is_counted(&k->want.sets[i], farm) && read_set(k, &k->want.sets[i], now_ms) < 0)
			return NULL;
	return &k->counts;
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

	for (size_t n = 0; k->trusted && n < k->want.n_sets && elements < ROLL; n++) {
		const struct ruleset_set *set = &k->want.sets[k->next_counted++ % k->want.n_sets];

		if (!is_counted(set, NULL))
			continue;
		elements += ruleset_set_count(set);
		if (read_set(k, set, now_ms) < 0)
			return;
	}
}

/* --- what goes -------------------------------------------------------------------------------- */

/* The set of the next ruleset that keeps the elements of this one: same name, same declaration. */
static const struct ruleset_set *next_set(const struct ruleset *next, const struct ruleset_set *set,
					  size_t near)
{
	int at = ruleset_find_set_near(next, set->name, near);

	return at >= 0 && strcmp(next->sets[at].signature, set->signature) == 0 ? &next->sets[at]
										: NULL;
}

/* What goes, into *ret: of the sets that go as a whole, or of all. */
static void read_what_goes(struct keeper *k, const struct ruleset *named,
			   const struct ruleset *want, bool all, struct count_book *ret)
{
	for (size_t i = 0; i < named->n_sets; i++) {
		const struct ruleset_set *set = &named->sets[i];
		struct count_reading c = {
			.book = ret, .set = set, .next = next_set(want, set, i), .going = true};

		if (!is_counted(set, NULL) ||
		    (c.next && (!all || ruleset_set_same_elements(c.next, set))))
			continue;
		if (kernel_read_counts(&k->socket, set->name, count_seen, &c) < 0)
			log_debug("the packet counters of %s could not be read before a change",
				  set->name);
	}
}

/* What the kernel tells of the elements that the transaction deleted. */
struct hearing {
	struct count_reading reading;
	const struct ruleset *named;
	char set[RULESET_NAME];
	size_t near;
};

static void told(void *data, const struct kernel_count *count)
{
	struct hearing *h = data;
	int at = ruleset_find_set_near(h->named, h->set, h->near);

	h->reading.set = at < 0 ? NULL : &h->named->sets[at];
	h->near = at < 0 ? 0 : (size_t)at;
	count_seen(&h->reading, count);
}

static void heard(void *data, const struct nlmsghdr *nlh)
{
	struct hearing *h = data;

	kernel_read_gone(nlh, h->set, told, h);
}

int keeper_counts_commit(struct keeper *k, const struct ruleset *have, const struct ruleset *want,
			 const struct ruleset_change *change, struct nft_batch *batch,
			 struct err *err)
{
	const struct ruleset *named = k->want.exists ? &k->want : have;
	struct hearing h = {.named = named};
	struct count_book told_now = {0}, before = {0};
	bool all = change->counters_deleted > TOLD_MAX;
	int code;

	h.reading = (struct count_reading){.book = &told_now, .going = true};
	if (all)
		nft_batch_ask_no_counts(batch);
	if (all || change->sets_deleted)
		read_what_goes(k, named, want, all, &before);
	code = nft_socket_commit(&k->socket, batch, heard, &h, err);
	if (code == 0) {
		count_gone_merge(&k->counts, &before);
		count_gone_merge(&k->counts, &told_now);
		for (size_t i = 0; change->sets_deleted && i < named->n_sets; i++)
			if (is_counted(&named->sets[i], NULL) &&
			    !next_set(want, &named->sets[i], i))
				count_set_gone(&k->counts, &named->sets[i]);
		if (!all && h.reading.told < change->counters_deleted)
			log_warning("the last packets of %zu elements were not told",
				    change->counters_deleted - h.reading.told);
	}
	count_book_clear(&before);
	count_book_clear(&told_now);
	return code;
}
