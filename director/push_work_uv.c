/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `config push`, on a thread: the file as a text that is pushed; or such a text put into the file, looked at as a
 * reload looks at it, and written beside it. Touches nothing but files and its struct push_work.
 *
 * Shell.
 */
#include "director/push_work_uv.h"

#include "director/config/check.h"
#include "director/config/config_compare.h"
#include "director/config/config_copy.h"
#include "director/config/load.h"
#include "director/config/push_text.h"
#include "director/control/access_uv.h"
#include "director/service/running_uv.h"
#include "include/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the own file, to be pushed ---------------------------------------------------------------- */

static void read_own(struct push_work *w)
{
	struct config *file = NULL, *again = NULL;
	struct access_rules access;
	char digest[CONFIG_DIGEST_TEXT], *kept;
	size_t kept_len;

	w->code = config_load_kept(w->path, &file, &kept, &kept_len, &w->err);
	w->differs = w->code == 0 && !running_is(w->runtime_dir, kept, kept_len);
	free(kept);
	if (w->code == 0)
		w->code = config_check_files(file, &w->err);
	if (w->code == 0)
		w->code = access_find(file, &access, &w->err);
	if (w->code == 0)
		w->code = push_text_make(w->path, &w->text, &w->len, &w->err);
	if (w->code == 0 && w->len > SYNC_COPY_MAX)
		w->code = err_set(&w->err, -EFBIG, "%s is longer than 4 MiB in this form", w->path);
	if (w->code == 0)
		w->code = config_load_text(w->path, w->text, w->len, &again, &w->err);
	if (w->code == 0 &&
	    strcmp(config_digest(file, digest), config_digest(again, w->digest)) != 0)
		w->code =
			err_set(&w->err, -ESTALE, "%s has changed since it was looked at", w->path);
	config_free(file);
	config_free(again);
}

/* --- theirs, into the own file ----------------------------------------------------------------- */

static void take_first(void *owner, const char *sentence)
{
	char *first = owner;

	if (!first[0])
		snprintf(first, ERR_TEXT / 2, "%s", sentence);
}

/* What no push brings, and is not the same. */
static int say_difference(struct push_work *w, const struct config *own,
			  const struct config *theirs)
{
	struct config_compare compare = {0};
	size_t len, ours_len, theirs_len;
	char *ours = config_copy_text(own, &ours_len),
	     *other = config_copy_text(theirs, &theirs_len);
	char *both = NULL, first[ERR_TEXT / 2] = "";
	FILE *out = ours && other ? open_memstream(&both, &len) : NULL;

	if (out) {
		config_compare_print(out, false, w->node, ours, w->peer, other);
		if (fclose(out) == 0 && config_compare_read(both, &compare) == 0)
			config_compare_tell(&compare, false, take_first, first);
	}
	config_compare_clear(&compare);
	free(both);
	free(ours);
	free(other);
	return err_set(&w->err, -EPERM,
		       "this differs, and a push brings the sections vrrp and farm alone: %s; make "
		       "it alike in both files first",
		       first[0] ? first : "it is not known what");
}

/* The file as it shall be, from beside it: its names are as good as there. */
static int load_merged(struct push_work *w, const struct push_merge *m, struct config **ret)
{
	struct access_rules access;
	char name[STATE_FILE_PATH];
	int code;

	snprintf(name, sizeof(name), "%s" PUSHED_FILE_NEW, w->path);
	code = config_load_text(name, m->merged, m->merged_len, ret, &w->err);
	if (code == 0)
		code = config_check_files(*ret, &w->err);
	return code == 0 ? access_find(*ret, &access, &w->err) : code;
}

/* The file as it shall be is good, and comes to what was offered. */
static int judge(struct push_work *w, const struct push_merge *m)
{
	struct config *merged = NULL, *theirs = NULL;
	char theirs_digest[CONFIG_DIGEST_TEXT];
	int code = config_load_text("what is pushed", w->text, w->len, &theirs, &w->err);

	if (code == 0)
		code = load_merged(w, m, &merged);
	if (code == 0 &&
	    strcmp(config_digest(merged, w->digest), config_digest(theirs, theirs_digest)) != 0)
		code = say_difference(w, merged, theirs);
	config_free(merged);
	config_free(theirs);
	return code;
}

/* What is in the file would come to run unnoticed; of what was taken back once that is told. */
static int refuse_stale(struct push_work *w)
{
	if (w->given_up)
		return err_set(&w->err, -ESTALE,
			       "%.120s is not what runs there since a reload of it was not "
			       "confirmed: put back what runs, or `directorctl config reload` on "
			       "node %s, which loads it all the same",
			       w->path, w->node);
	return err_set(&w->err, -ESTALE,
		       "%.120s is not what runs there; `directorctl config reload` on node %s "
		       "first",
		       w->path, w->node);
}

static void put_into_own(struct push_work *w)
{
	struct push_merge m = {0};

	w->code = push_merge(w->path, w->text, w->len, &m, &w->err);
	if (w->code == 0 && !running_is(w->runtime_dir, m.kept, m.kept_len))
		w->code = refuse_stale(w);
	if (w->code == 0)
		w->code = judge(w, &m);
	if (w->code == 0)
		w->code = pushed_file_write(&w->file, w->path, m.own, m.own_len, m.merged,
					    m.merged_len, &w->err);
	push_merge_clear(&m);
	free(w->text);
	w->text = NULL;
}

void push_work_run(uv_work_t *work)
{
	struct push_work *w = work->data;

	w->err = (struct err){0};
	if (w->takes)
		put_into_own(w);
	else
		read_own(w);
	memory_give_back();
}
