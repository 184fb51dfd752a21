/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/keeper.h"

#include "director/ruleset/nft_netlink.h"
#include "director/ruleset/nft_socket_uv.h"
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
	*ret = k;
	return 0;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	nft_socket_close(&k->socket);
	ruleset_clear(&k->want);
	count_book_clear(&k->counts);
	drop_book_clear(&k->drops);
	free(k);
}

/* --- drops ------------------------------------------------------------------------------------ */

const struct drop_book *keeper_drops(struct keeper *k)
{
	return k->trusted && kernel_read_drops(&k->socket, &k->drops, &k->want, NULL) == 0
		       ? &k->drops
		       : NULL;
}

/* --- transactions ----------------------------------------------------------------------------- */

/* What the kernel holds: as we left it when nobody else was there, else read. */
static int present(struct keeper *k, struct ruleset *ret, struct err *err)
{
	uint32_t generation = 0;
	int code;

	if (k->trusted && !k->stale && nft_socket_generation(&k->socket, &generation) == 0 &&
	    generation == k->generation) {
		*ret = k->want;
		ruleset_init(&k->want);
		return 0;
	}
	code = kernel_read(&k->socket, ret);
	if (code < 0)
		err_set(err, code, "cannot read the nft ruleset from the kernel: %s",
			strerror(-code));
	return code;
}

/* A rule that is made anew begins to count at 0. True when the counts before that are known. */
static bool drops_before(struct keeper *k, const struct ruleset *have, const struct ruleset *want,
			 const struct ruleset_change *change)
{
	if (!have->exists || !(change->chains_rewritten || change->chains_deleted) ||
	    kernel_read_drops(&k->socket, &k->drops, want, have) < 0)
		return false;
	drop_book_before(&k->drops);
	return true;
}

static int transact(struct keeper *k, const struct ruleset *have, const struct ruleset *want,
		    struct ruleset_change *change, struct err *err)
{
	struct nft_batch batch;
	int code;

	nft_batch_begin(&batch, nft_socket_next_seq(&k->socket));
	code = ruleset_diff(have, want, &batch, change);
	if (!code && !ruleset_change_is_empty(change)) {
		bool known = drops_before(k, have, want, change);

		code = nft_batch_end(&batch);
		if (!code)
			code = keeper_counts_commit(k, have, want, change, &batch, err);
		if (!code && known && kernel_read_drops(&k->socket, &k->drops, want, NULL) == 0)
			drop_book_behind(&k->drops);
	}
	if (code == -ENOMEM)
		err_set(err, code, "no memory for a transaction");
	nft_batch_clear(&batch);
	return code;
}

static void keep_flow_tables(struct keeper *k, const struct ruleset *have, struct ruleset *want)
{
	bool kept = ruleset_keep_flow_tables(have, want) > 0;

	if (kept && !k->warned)
		log_warning(
			"a flow table cannot be resized while it is in use: max-connections stays "
			"as it was until `directord --clean`");
	k->warned = kept;
}

/*
 * The transaction and the number of its generation: the next one, or somebody else's came between
 * and the table has to be looked at again.
 */
static int transact_and_note(struct keeper *k, const struct ruleset *have,
			     const struct ruleset *want, struct ruleset_change *change,
			     struct err *err)
{
	uint32_t before = 0, after = 0;
	bool known = nft_socket_generation(&k->socket, &before) == 0;
	int code = transact(k, have, want, change, err);

	known &= nft_socket_generation(&k->socket, &after) == 0;
	k->trusted = code == 0;
	k->generation = after;
	k->stale = !known || after != before + (ruleset_change_is_empty(change) ? 0 : 1);
	return code;
}

static int set_once(struct keeper *k, struct ruleset *want, struct ruleset_change *change,
		    struct err *err)
{
	struct ruleset have;
	int code = present(k, &have, err);

	if (code == 0) {
		keep_flow_tables(k, &have, want);
		code = nft_sign(want);
		if (code < 0)
			err_set(err, code, "no memory for the ruleset");
		else
			code = transact_and_note(k, &have, want, change, err);
		ruleset_clear(&have);
	}
	k->trusted &= code == 0;
	return code;
}

int keeper_set(struct keeper *k, struct ruleset *want, struct err *err)
{
	struct ruleset_change change = {0};
	char text[RULESET_CHANGE_TEXT];
	int code = set_once(k, want, &change, err);

	/* The first failure may be a table that is not what we thought: read it, then try again. */
	if (code < 0 && code != -EPERM && code != -ENOMEM)
		code = set_once(k, want, &change, err);
	ruleset_clear(&k->want);
	k->want = *want;
	ruleset_init(want);
	if (code == 0) {
		k->failing = false;
		if (!ruleset_change_is_empty(&change))
			log_line(k->quiet ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "ruleset applied: %s",
				 ruleset_change_format(&change, text));
	}
	k->quiet = false;
	return code;
}

int keeper_compare(struct keeper *k, struct ruleset_change *ret, struct err *err)
{
	struct ruleset have;
	struct nft_batch batch;
	int code = kernel_read(&k->socket, &have);

	if (code < 0)
		return err_set(err, code, "cannot read the nft ruleset from the kernel: %s",
			       strerror(-code));
	nft_batch_begin(&batch, 1);
	code = ruleset_diff(&have, &k->want, &batch, ret);
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

	if (!k->want.exists)
		return;
	if (nft_socket_generation(&k->socket, &generation) < 0 ||
	    (k->trusted && !k->stale && generation == k->generation))
		return;
	if (k->trusted) {
		if (keeper_compare(k, &change, &err) < 0)
			return;
		if (ruleset_change_is_empty(&change)) {
			k->generation = generation; /* somebody changed another table */
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
	return k->trusted;
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
