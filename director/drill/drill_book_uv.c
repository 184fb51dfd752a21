/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_book_uv.h"

#include "director/service/state_file_uv.h"
#include "include/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Not more often for one that is refused over and over. */
enum { WRITE_AGAIN_MS = 60000 };

struct drill_store {
	struct drill_book book;
	uint64_t written_ms; /* when a drill was written last, by its own time */
	bool behind;	     /* the file is */
	char path[STATE_FILE_PATH];
};

static void load(struct drill_store *s)
{
	char bad[STATE_FILE_PATH + 4];
	uint8_t *bytes;
	size_t len = 0;
	int code = state_file_read(s->path, DRILL_BOOK_FILE_MAX, &bytes, &len);

	if (code == 0 && bytes)
		code = drill_book_take(bytes, len, &s->book);
	free(bytes);
	if (code == -EBADMSG)
		log_error("%s is not as directord writes it: the history of drills begins anew; "
			  "the file "
			  "is %s now",
			  s->path, state_file_set_aside(s->path, bad));
	else if (code < 0)
		log_error("cannot read %s: %s; the history of drills begins anew", s->path,
			  strerror(-code));
}

static void save(struct drill_store *s)
{
	size_t len = 0;
	uint8_t *bytes;
	int code = -ENOMEM;

	s->behind = false;
	bytes = drill_book_pack(&s->book, &len);
	if (bytes)
		code = state_file_write_bytes(s->path, bytes, len);
	free(bytes);
	if (code < 0)
		log_warning(
			"a restart of the daemon will not know of this drill: cannot write %s: %s",
			s->path, strerror(-code));
}

void drill_store_add(struct drill_store *s, const struct control_drill *d)
{
	/* A clock that went back makes it write. */
	s->behind = drill_book_add(&s->book, d);
	if (s->behind && d->about.at_ms - s->written_ms < WRITE_AGAIN_MS)
		return;
	s->written_ms = d->about.at_ms;
	save(s);
}

bool drill_store_goes_back(const struct drill_store *s, uint64_t id)
{
	return drill_book_goes_back(&s->book, id);
}

void drill_store_keep(struct drill_store *s, uint64_t wall_ms)
{
	if (!s->behind || wall_ms - s->written_ms < WRITE_AGAIN_MS)
		return;
	s->written_ms = wall_ms;
	save(s);
}

const struct control_drill *drill_store_back(struct drill_store *s, uint64_t id,
					     const struct control_drill *from)
{
	const struct control_drill *d = drill_book_back(&s->book, id, from);

	if (d)
		save(s);
	return d;
}

void drill_store_answer(const struct drill_store *s, struct control_reply *reply)
{
	size_t n = s->book.n;

	reply->drills = calloc(n + 1, sizeof(*reply->drills));
	if (!reply->drills) {
		reply->code = CONTROL_FAILED;
		reply->text = strdup("directord has no memory for the drills");
		return;
	}
	memcpy(reply->drills, s->book.drills, n * sizeof(*reply->drills));
	reply->n_drills = n;
}

int drill_store_new(const char *state_dir, struct drill_store **ret, struct err *err)
{
	struct drill_store *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	snprintf(s->path, sizeof(s->path), "%s/drills.state", state_dir);
	load(s);
	*ret = s;
	return 0;
}

void drill_store_free(struct drill_store *s)
{
	if (s && s->behind)
		save(s);
	free(s);
}
