/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/keeper.h"

#include "director/ruleset/nft_netlink.h"
#include "director/ruleset/nft_socket_uv.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int keeper_new(struct keeper **ret, struct err *err)
{
	struct keeper *k = calloc(1, sizeof(*k));
	int code;

	if (!k)
		return err_set(err, -ENOMEM, "no memory");
	code = nft_socket_open(&k->socket, err);
	if (code < 0) {
		free(k);
		return code;
	}
	sequence_clear(&k->sequence);
	*ret = k;
	return 0;
}

uint32_t keeper_port(const struct keeper *k)
{
	return k->socket.portid;
}

void keeper_watch(struct keeper *k, struct nft_watch *watch)
{
	k->watch = watch;
}

uint64_t keeper_reads(const struct keeper *k)
{
	return k->reads;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	nft_socket_close(&k->socket);
	sequence_clear(&k->sequence);
	ruleset_clear(&k->want);
	ruleset_clear(&k->have);
	ruleset_clear(&k->named);
	count_book_clear(&k->counts);
	drop_book_clear(&k->drops);
	free(k);
}

/* --- drops ------------------------------------------------------------------------------------ */

const struct drop_book *keeper_drops_known(const struct keeper *k)
{
	return k->trusted && k->drops_good ? &k->drops : NULL;
}

/* One dump of all rules takes as long as those of a hundred chains. */
static int read_drops_of(struct keeper *k, const char *farm)
{
	int err = 0;

	drop_book_restart(&k->drops, farm);
	for (size_t i = 0; !err && i < k->want.n_chains; i++) {
		const struct ruleset_chain *chain = &k->want.chains[i];

		if (strcmp(chain->farm, farm) == 0)
			err = kernel_read_drops_of(&k->socket, &k->drops, chain->name, farm);
	}
	return err;
}

const struct drop_book *keeper_drops(struct keeper *k, const char *farm)
{
	k->drops_good =
		k->trusted && (farm ? read_drops_of(k, farm)
				    : kernel_read_drops(&k->socket, &k->drops, &k->want)) == 0;
	return keeper_drops_known(k);
}

/* --- from where ------------------------------------------------------------------------------- */

/* What the kernel holds becomes have; old: the plan before this one, for the names in it. */
static int read_kernel(struct keeper *k, struct ruleset *old, struct err *err)
{
	int code;

	sequence_clear(&k->sequence);
	if (old->exists) {
		ruleset_clear(&k->named);
		k->named = *old;
		ruleset_init(old);
	}
	ruleset_clear(&k->have);
	nft_socket_generation(&k->socket, &k->generation);
	k->stale = false;
	k->reads++;
	code = kernel_read(&k->socket, &k->have);
	if (code < 0)
		err_set(err, code, "cannot read the nft ruleset from the kernel: %s",
			strerror(-code));
	return code;
}

/* Since the generation that we know nobody has changed our table; then this one is known. */
static bool is_known(struct keeper *k, uint32_t generation)
{
	if (!nft_watch_is_harmless(k->watch, k->generation, generation))
		return false;
	k->generation = generation;
	return true;
}

/* The kernel holds what we have put there: nobody else was there since. */
static bool is_ours(struct keeper *k)
{
	uint32_t generation = 0;

	return k->trusted && !k->stale && nft_socket_generation(&k->socket, &generation) == 0 &&
	       is_known(k, generation);
}

/* What the kernel holds becomes have, from what we know or by reading; the plan is used up. */
static int present(struct keeper *k, struct err *err)
{
	int code = 0;

	if (is_ours(k) && sequence_settle(&k->sequence, &k->have, &k->want) == 0)
		return 0;
	code = read_kernel(k, &k->want, err);
	ruleset_clear(&k->want);
	return code;
}

/* --- one transaction -------------------------------------------------------------------------- */

/* The farm of a chain of the kernel's, "": none. */
static const char *farm_of(const struct keeper *k, const char *chain, size_t *near)
{
	int at = ruleset_find_chain_near(&k->have, chain, *near);

	if (at >= 0)
		*near = (size_t)at;
	if (at >= 0 && k->have.chains[at].farm[0])
		return k->have.chains[at].farm;
	at = ruleset_find_chain_near(&k->want, chain, *near);
	return at < 0 ? "" : k->want.chains[at].farm;
}

/* A rule that is made anew begins to count at 0: what those have counted that the batch deletes. */
static void read_drops_that_go(struct keeper *k, const struct nft_batch *b, struct drop_book *ret)
{
	size_t near = 0;

	for (uint32_t i = 0; i < b->n_messages; i++) {
		const struct nft_label *label = &b->labels[i];
		const char *farm;

		if (strcmp(label->what, NFT_LABEL_FLUSH) != 0)
			continue;
		farm = farm_of(k, label->name, &near);
		if (farm[0] && kernel_read_drops_of(&k->socket, ret, label->name, farm) < 0)
			log_debug("what %s has dropped could not be read before a change",
				  label->name);
	}
}

/* Also notes the number of its generation: the next one, or somebody else's came between. */
static int commit(struct keeper *k, size_t counters_deleted, struct nft_batch *batch,
		  struct err *err)
{
	uint32_t before = 0, after = 0;
	bool known = nft_socket_generation(&k->socket, &before) == 0;
	int code = keeper_counts_commit(k, counters_deleted, batch, err);

	known &= nft_socket_generation(&k->socket, &after) == 0;
	k->stale |= !known || !is_known(k, before) || after != before + 1;
	k->generation = after;
	return code;
}

/* The next transaction of the sequence. 1: it was made, 0: there is none. */
static int transact(struct keeper *k, struct err *err)
{
	size_t counters = k->change.counters_deleted;
	struct drop_book drops = {0};
	struct nft_batch batch;
	int code = 0;

	nft_batch_begin(&batch, nft_socket_next_seq(&k->socket));
	sequence_next(&k->sequence, SEQUENCE_MOST, &batch, &k->change);
	if (batch.failed || batch.n_messages > 1) {
		read_drops_that_go(k, &batch, &drops);
		code = nft_batch_end(&batch);
		if (!code)
			code = commit(k, k->change.counters_deleted - counters, &batch, err);
		else
			err_set(err, code, "no memory for a transaction");
		if (!code)
			drop_book_carry(&k->drops, &drops);
		code = code ? code : 1;
	}
	drop_book_clear(&drops);
	nft_batch_clear(&batch);
	return code;
}

/* --- the sequence ----------------------------------------------------------------------------- */

bool keeper_is_busy(const struct keeper *k)
{
	return !sequence_is_done(&k->sequence) && !sequence_waits(&k->sequence) &&
	       k->sequence.stage < SEQUENCE_DROP_RULES;
}

uint64_t keeper_wait_ms(const struct keeper *k)
{
	uint64_t now = clock_ms();

	if (sequence_is_done(&k->sequence))
		return KEEPER_NEVER;
	return sequence_waits(&k->sequence) && k->remains_until_ms > now ? k->remains_until_ms - now
									 : 0;
}

/* All that is wanted is there. */
static void arrived(struct keeper *k)
{
	char text[RULESET_CHANGE_TEXT];

	k->failing = false;
	if (!ruleset_change_is_empty(&k->change))
		log_line(k->quiet ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "ruleset applied: %s",
			 ruleset_change_format(&k->change, text));
	k->quiet = false;
	k->remains_until_ms = clock_ms() + SEQUENCE_SETTLE_MS;
}

/* The kernel holds want and nothing else: what it held before is of no use any more. */
static void ended(struct keeper *k)
{
	ruleset_clear(&k->have);
	ruleset_clear(&k->named);
	sequence_clear(&k->sequence);
}

/* Transactions for a while. */
static int run(struct keeper *k, uint64_t while_ms, struct err *err)
{
	uint64_t until_ms = clock_ms() + while_ms;
	int code;

	do {
		bool busy = keeper_is_busy(k);

		code = transact(k, err);
		if (code < 0) {
			k->trusted = false;
			return code;
		}
		if (busy && !keeper_is_busy(k))
			arrived(k);
		if (sequence_is_done(&k->sequence) || sequence_waits(&k->sequence))
			break;
	} while (clock_ms() < until_ms);
	if (sequence_is_done(&k->sequence))
		ended(k);
	return keeper_is_busy(k) ? KEEPER_GOES_ON : 0;
}

int keeper_go_on(struct keeper *k, struct err *err)
{
	if (keeper_wait_ms(k) > 0)
		return 0;
	sequence_resume(&k->sequence);
	return run(k, 0, err);
}

static void keep_flow_tables(struct keeper *k)
{
	bool kept = ruleset_keep_flow_tables(&k->have, &k->want) > 0;

	if (kept && !k->warned)
		log_warning(
			"a flow table cannot be resized while it is in use: max-connections stays "
			"as it was until `directord --clean`");
	k->warned = kept;
}

/* From have to want. */
static int set_out(struct keeper *k, struct err *err)
{
	int code;

	k->change = (struct ruleset_change){0};
	k->n_changes++;
	keep_flow_tables(k);
	code = nft_sign(&k->want);
	if (code == 0)
		code = sequence_begin(&k->sequence, &k->have, &k->want);
	if (code < 0)
		return err_set(err, code, "no memory for the ruleset");
	k->trusted = true;
	return run(k, KEEPER_AT_ONCE_MS, err);
}

/* Where a set is cut nothing new can begin: it is brought to its end, in some milliseconds. */
static void leave_no_cut(struct keeper *k)
{
	struct err why = {0};

	while (k->trusted && sequence_is_cut(&k->sequence))
		k->trusted = transact(k, &why) >= 0;
}

int keeper_set(struct keeper *k, struct ruleset *want, struct err *err)
{
	struct ruleset none = {0};
	int code;

	leave_no_cut(k);
	code = present(k, err);
	ruleset_clear(&k->want);
	k->want = *want;
	ruleset_init(want);
	if (code == 0)
		code = set_out(k, err);
	/* The first failure may be a table that is not what we thought: read it, then try again. */
	if (code < 0 && code != -EPERM && code != -ENOMEM &&
	    read_kernel(k, k->named.exists ? &none : &k->have, err) == 0)
		code = set_out(k, err);
	k->trusted &= code >= 0;
	return code;
}

/* --- the table as it is ----------------------------------------------------------------------- */

/* What our own change leaves behind for a moment is no difference. */
static void forgive_remains(const struct keeper *k, struct diff *d)
{
	const struct diff *ours = &k->sequence.diff;

	for (size_t i = 0; i < d->have->n_sets; i++) {
		int at = d->set_goes[i] ? ruleset_find_set(ours->have, d->have->sets[i].name) : -1;

		d->set_goes[i] &= at < 0 || !ours->set_goes[at];
	}
	for (size_t i = 0; i < d->have->n_chains; i++) {
		int at = d->chain_goes[i] ? ruleset_find_chain(ours->have, d->have->chains[i].name)
					  : -1;

		d->chain_goes[i] &= at < 0 || !ours->chain_goes[at];
	}
}

int keeper_compare(struct keeper *k, struct ruleset_change *ret, struct err *err)
{
	struct ruleset have;
	struct sequence s;
	struct nft_batch batch;
	int code = kernel_read(&k->socket, &have);

	k->reads++;
	*ret = (struct ruleset_change){0};
	if (code < 0)
		return err_set(err, code, "cannot read the nft ruleset from the kernel: %s",
			       strerror(-code));
	nft_batch_begin(&batch, 1);
	code = sequence_begin(&s, &have, &k->want);
	if (code == 0) {
		if (!sequence_is_done(&k->sequence))
			forgive_remains(k, &s.diff);
		sequence_all(&s, &batch, ret);
		sequence_clear(&s);
		code = batch.failed ? -ENOMEM : 0;
	}
	nft_batch_clear(&batch);
	ruleset_clear(&have);
	return code < 0 ? err_set(err, code, "no memory to compare rulesets") : 0;
}

static void mend(struct keeper *k)
{
	struct ruleset want = k->want;
	struct err err = {0};

	ruleset_init(&k->want);
	k->trusted = false;
	if (keeper_set(k, &want, &err) < 0 && !k->failing) {
		k->failing = true;
		log_error("%s; trying again until it works", err.text);
	}
}

void keeper_check(struct keeper *k)
{
	struct ruleset_change change;
	uint32_t generation = 0;
	struct err err = {0};
	char text[RULESET_CHANGE_TEXT];

	/* In a sequence the next transaction finds out (commit()), and its end is near. */
	if (!k->want.exists || (k->trusted && !sequence_is_done(&k->sequence)))
		return;
	if (nft_socket_generation(&k->socket, &generation) < 0 ||
	    (k->trusted && !k->stale && is_known(k, generation)))
		return;
	if (k->trusted) {
		if (keeper_compare(k, &change, &err) < 0)
			return;
		if (ruleset_change_is_empty(&change)) {
			k->generation = generation; /* it was another table, or as before */
			k->stale = false;
			k->blamed[0] = '\0';
			return;
		}
		log_warning("%s changed our nft table; mending it: %s",
			    k->blamed[0] ? k->blamed : "somebody",
			    ruleset_change_format(&change, text));
	}
	k->blamed[0] = '\0';
	mend(k);
}

void keeper_be_quiet(struct keeper *k)
{
	k->quiet = true;
}

void keeper_blame(struct keeper *k, const char *who)
{
	snprintf(k->blamed, sizeof(k->blamed), "%s", who);
}

void keeper_distrust(struct keeper *k)
{
	k->stale = true;
}

bool keeper_in_sync(const struct keeper *k)
{
	return k->trusted && !keeper_is_busy(k);
}

const struct ruleset_change *keeper_change(const struct keeper *k)
{
	return &k->change;
}

uint64_t keeper_change_number(const struct keeper *k)
{
	return k->n_changes;
}

uint32_t keeper_generation(const struct keeper *k)
{
	return k->generation;
}

const struct ruleset *keeper_planned(const struct keeper *k)
{
	return &k->want;
}

int keeper_remove(struct keeper *k, struct err *err)
{
	struct ruleset have;
	struct nft_batch batch;
	int code = kernel_read(&k->socket, &have);
	bool exists = code == 0 && have.exists;

	if (code < 0)
		return err_set(err, code, "cannot read the nft ruleset from the kernel: %s",
			       strerror(-code));
	ruleset_clear(&have);
	if (!exists)
		return 0;
	nft_batch_begin(&batch, nft_socket_next_seq(&k->socket));
	nft_put_delete_table(&batch);
	code = nft_batch_end(&batch);
	if (!code)
		code = nft_socket_commit(&k->socket, &batch, NULL, NULL, err);
	nft_batch_clear(&batch);
	return code;
}
