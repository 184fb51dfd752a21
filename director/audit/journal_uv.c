/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/audit/journal_uv.h"

#include "director/service/state_file_uv.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct journal_store {
	struct journal book;
	char path[STATE_FILE_PATH];
	bool unsaved;
	bool failing;		       /* it cannot be written, and that was said */
	uint64_t number;	       /* of the change that was looked at last, ... */
	struct ruleset_change counted; /* ... and what of it is in the book */
};

/* --- the file --------------------------------------------------------------------------------- */

static void load(struct journal_store *s)
{
	char bad[STATE_FILE_PATH + 4];
	uint8_t *bytes;
	size_t len = 0;
	int line = 0, code = state_file_read(s->path, JOURNAL_FILE_MAX, &bytes, &len);

	if (code == 0 && bytes)
		code = journal_parse(bytes, len, &s->book, &line);
	free(bytes);
	if (code == -EBADMSG)
		log_error("%s:%d is not as directord writes it: the journal of the ruleset begins "
			  "anew; the file is %s now",
			  s->path, line, state_file_set_aside(s->path, bad));
	else if (code < 0)
		log_error("cannot read %s: %s; the journal of the ruleset begins anew", s->path,
			  strerror(-code));
}

static void print(const void *what, FILE *out)
{
	journal_print(what, out);
}

void journal_store_keep(struct journal_store *s)
{
	int code;

	if (!s->unsaved)
		return;
	code = state_file_write(s->path, print, &s->book);
	if (code < 0 && !s->failing)
		log_warning("a restart of the daemon will not know what was done to the ruleset: "
			    "cannot write %s: %s",
			    s->path, strerror(-code));
	s->failing = code < 0;
	s->unsaved = code < 0;
}

/* --- entries ---------------------------------------------------------------------------------- */

void journal_store_add(struct journal_store *s, struct journal_entry *e)
{
	e->at_ms = clock_wall_ms();
	journal_add(&s->book, e);
	s->unsaved = true;
	if (journal_is_asked(e->cause))
		journal_store_keep(s);
}

static struct ruleset_change minus(const struct ruleset_change *a, const struct ruleset_change *b)
{
	struct ruleset_change ret = *a;

	ret.chains_added -= b->chains_added;
	ret.chains_deleted -= b->chains_deleted;
	ret.chains_rewritten -= b->chains_rewritten;
	ret.sets_added -= b->sets_added;
	ret.sets_deleted -= b->sets_deleted;
	ret.elements_added -= b->elements_added;
	ret.elements_deleted -= b->elements_deleted;
	ret.table_added = a->table_added && !b->table_added;
	return ret;
}

/* What nothing leads to any more goes a moment after the change that has left it behind. */
static bool only_removes(const struct ruleset_change *c)
{
	return !c->chains_added && !c->chains_rewritten && !c->sets_added && !c->elements_added &&
	       !c->elements_deleted && !c->table_added;
}

bool journal_store_look(struct journal_store *s, uint64_t number,
			const struct ruleset_change *change, struct journal_entry *e)
{
	struct ruleset_change more;

	if (number != s->number)
		s->counted = (struct ruleset_change){0};
	s->number = number;
	more = minus(change, &s->counted);
	s->counted = *change;
	if (ruleset_change_is_empty(&more))
		return false;
	if (only_removes(&more) && journal_grow(&s->book, &more)) {
		s->unsaved = true;
		return false;
	}
	journal_take_change(e, &more);
	return true;
}

const struct journal *journal_store_book(const struct journal_store *s)
{
	return &s->book;
}

/* --- start, end ------------------------------------------------------------------------------- */

int journal_store_new(const char *state_dir, struct journal_store **ret, struct err *err)
{
	struct journal_store *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	snprintf(s->path, sizeof(s->path), "%s/journal.state", state_dir);
	load(s);
	*ret = s;
	return 0;
}

void journal_store_free(struct journal_store *s)
{
	if (!s)
		return;
	journal_store_keep(s);
	free(s);
}
