/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/evidence/straggler_uv.h"

#include "director/ruleset/drift.h"
#include "director/ruleset/kernel_uv.h"
#include "director/ruleset/sequence.h"
#include "include/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stragglers {
	struct nft_socket socket;
	struct straggler_book book;
	struct ruleset made; /* what the kernel was given last; exists: there is a table */
	bool known;	     /* made is what the kernel holds, as far as we know */
	bool failing;	     /* and that was said */
	uint32_t generation; /* at which the table was looked at */
	uint64_t ifindexes;  /* sum: an interface that was made anew has a greater one */
	struct log_limit limit;
	/* While a set is read. */
	const char *interface;
	bool ipv6;
	uint64_t now_ms;
};

/* --- the table -------------------------------------------------------------------------------- */

/*
 * In one transaction: an old table, of whatever content, goes, and the new one comes. That a table is
 * there to be deleted is made sure by making it.
 */
static int replace_table(struct nft_socket *socket, const struct ruleset *want, struct err *err)
{
	struct nft_batch batch;
	int code;

	nft_batch_begin(&batch, nft_socket_next_seq(socket));
	batch.table = RULESET_STRAGGLERS;
	nft_put_table(&batch);
	nft_put_delete_table(&batch);
	if (want->exists)
		nft_put_whole(&batch, want);
	code = nft_batch_end(&batch);
	if (code < 0)
		err_set(err, code, "no memory for a transaction");
	else
		code = nft_socket_commit(socket, &batch, NULL, NULL, err);
	nft_batch_clear(&batch);
	return code;
}

/* Takes want over. */
static void make_table(struct stragglers *s, struct ruleset *want)
{
	struct err err = {0};
	int code = replace_table(&s->socket, want, &err);

	ruleset_clear(&s->made);
	s->made = *want;
	s->known = code == 0;
	s->generation = 0;
	if (code < 0 && !s->failing)
		log_warning("frames that hosts still send to this director are not noted: %s; "
			    "trying again until it works",
			    err.text);
	s->failing = code < 0;
}

/* True when the same elements, chains and sets are wanted. */
static bool is_same(const struct ruleset *a, const struct ruleset *b)
{
	struct ruleset_change change;
	struct nft_batch batch;
	bool same = a->exists == b->exists;

	if (!same || !a->exists)
		return same;
	nft_batch_begin(&batch, 1);
	same = ruleset_diff(a, b, &batch, &change) == 0 && ruleset_change_is_empty(&change);
	nft_batch_clear(&batch);
	return same;
}

/*
 * Somebody has changed something since: are the rules there? That they are all that was there is
 * not looked at: reading a whole table means to read the chains of all, which are many.
 */
static bool is_intact(struct stragglers *s)
{
	uint32_t generation = 0;
	size_t rules = 0, wanted = 0;

	if (nft_socket_generation(&s->socket, &generation) < 0 || generation == s->generation)
		return true;
	for (size_t i = 0; i < s->made.n_chains; i++)
		wanted += s->made.chains[i].n_rules;
	if (kernel_count_straggler_rules(&s->socket, &rules) < 0)
		return true; /* another second, another try */
	if (rules == wanted)
		s->generation = generation;
	return rules == wanted;
}

/*
 * An interface that was made anew has lost its chain in some kernels (before 6.16), without a
 * transaction.
 */
static void compare_interfaces(struct stragglers *s, const struct straggler_place *places, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += places[i].ifindex;
	s->known &= sum == s->ifindexes;
	s->ifindexes = sum;
}

/* The table follows the book. */
static void follow(struct stragglers *s)
{
	struct straggler_place *places = calloc(s->book.n_watched + 1, sizeof(*places));
	struct ruleset want;
	size_t n;
	int code = -ENOMEM;

	if (!places)
		return;
	n = straggler_book_active(&s->book, s->now_ms, places);
	compare_interfaces(s, places, n);
	if (plan_stragglers(places, n, &want) == 0) {
		code = nft_sign(&want);
		if (code == 0 && (!s->known || !is_same(&s->made, &want) || !is_intact(s)))
			make_table(s, &want);
		else
			ruleset_clear(&want);
	}
	free(places);
	if (code < 0)
		log_error("no memory to look for stragglers; trying again");
}

/* --- who sends -------------------------------------------------------------------------------- */

static void sender_seen(void *data, const struct kernel_sender *sender)
{
	struct stragglers *s = data;
	uint64_t age_ms =
		sender->expires_ms < STRAGGLER_KEPT_MS ? STRAGGLER_KEPT_MS - sender->expires_ms : 0;

	straggler_book_see(&s->book, s->interface, s->ipv6, sender->key,
			   s->now_ms > age_ms ? s->now_ms - age_ms : 0);
}

static int read_set(struct stragglers *s, const struct ruleset_set *set)
{
	s->ipv6 = set->kind == SET_SENDERS6;
	s->interface = strchr(set->name, '-') + 1; /* plan_straggler_set() */
	return kernel_read_senders(&s->socket, RULESET_STRAGGLERS, set->name, sender_seen, s);
}

static void say(struct stragglers *s, const struct straggler *who)
{
	char mac[MAC_TEXT], address[ADDR_TEXT], more[LOG_MORE];
	unsigned long suppressed;

	if (!log_limit_pass(&s->limit, s->now_ms, &suppressed))
		return;
	log_info("%s on %s still sends here what is for %s, which this director does not own; it "
		 "is forwarded%s",
		 mac_format(&who->mac, mac), who->interface, addr_format(&who->address, address),
		 log_more(suppressed, more));
}

static void say_new(struct stragglers *s)
{
	for (size_t i = 0; i < s->book.n; i++)
		if (straggler_book_is_new(&s->book, &s->book.list[i]))
			say(s, &s->book.list[i]);
}

static void read_senders(struct stragglers *s)
{
	int code = 0;

	straggler_book_begin(&s->book);
	for (size_t i = 0; code == 0 && s->made.exists && i < s->made.n_sets; i++)
		if (ruleset_kind_is_dynamic(s->made.sets[i].kind))
			code = read_set(s, &s->made.sets[i]);
	if (code < 0) {
		straggler_book_undo(&s->book);
		s->known &= code != -ENOENT; /* the set is gone */
		return;
	}
	straggler_book_end(&s->book);
	say_new(s);
}

/* --- for the program -------------------------------------------------------------------------- */

int stragglers_new(struct stragglers **ret, struct err *err)
{
	struct stragglers *s = calloc(1, sizeof(*s));
	int code = s ? straggler_book_init(&s->book) : -ENOMEM;

	if (code < 0) {
		free(s);
		return err_set(err, code, "no memory");
	}
	code = nft_socket_open(&s->socket, err);
	if (code < 0) {
		straggler_book_clear(&s->book);
		free(s);
		return code;
	}
	*ret = s;
	return 0;
}

void stragglers_free(struct stragglers *s)
{
	struct ruleset nothing = {0};
	struct err err = {0};

	if (!s)
		return;
	if (s->made.exists && replace_table(&s->socket, &nothing, &err) < 0)
		log_warning("the table %s stays until `directord --clean`: %s", RULESET_STRAGGLERS,
			    err.text);
	nft_socket_close(&s->socket);
	ruleset_clear(&s->made);
	straggler_book_clear(&s->book);
	free(s);
}

void stragglers_look(struct stragglers *s, const struct straggler_place *places, size_t n,
		     uint64_t now_ms)
{
	s->now_ms = now_ms;
	if (straggler_book_places(&s->book, places, n, now_ms) < 0) {
		log_error("no memory to look for stragglers; trying again");
		return;
	}
	follow(s);
	if (s->known)
		read_senders(s);
}

const struct straggler *stragglers_list(const struct stragglers *s, size_t *ret_n)
{
	*ret_n = s->book.n;
	return s->book.list;
}

const struct ruleset *stragglers_table(const struct stragglers *s)
{
	return &s->made;
}

int stragglers_verify(struct stragglers *s, FILE *out, struct err *err)
{
	struct ruleset have;
	int code = kernel_read_table(&s->socket, RULESET_STRAGGLERS, &have);

	if (code < 0)
		return err_set(err, code, "cannot read the nft table %s from the kernel: %s",
			       RULESET_STRAGGLERS, strerror(-code));
	code = !is_same(&have, &s->made);
	if (code) {
		fprintf(out, "the table %s differs:\n", RULESET_STRAGGLERS);
		drift_print(out, &have, &s->made);
	}
	ruleset_clear(&have);
	return code;
}

int stragglers_clean(struct err *err)
{
	struct ruleset nothing = {0};
	struct nft_socket socket;
	int code = nft_socket_open(&socket, err);

	if (code < 0)
		return code;
	code = replace_table(&socket, &nothing, err);
	nft_socket_close(&socket);
	return code;
}
