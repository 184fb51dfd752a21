/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/service/running_uv.h"

#include "director/config/load.h"
#include "director/config/source.h"
#include "director/service/state_file_uv.h"
#include "include/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 4 * SOURCE_FILE_MAX }; /* files multiply */

#define CONFIRMED   "config.confirmed"
#define UNCONFIRMED "config.unconfirmed"
#define REFUSED	    "config.refused"
#define READ	    "config.read"
#define BEFORE	    "config.before"

static const char *path_of(const char *dir, const char *name, char buf[static STATE_FILE_PATH])
{
	snprintf(buf, STATE_FILE_PATH, "%s/%s", dir, name);
	return buf;
}

static bool there_is(const char *dir, const char *name)
{
	char path[STATE_FILE_PATH];

	return access(path_of(dir, name, path), F_OK) == 0;
}

static void drop(const char *dir, const char *name)
{
	char path[STATE_FILE_PATH];

	unlink(path_of(dir, name, path));
}

static int move(const char *dir, const char *from, const char *to)
{
	char a[STATE_FILE_PATH], b[STATE_FILE_PATH];

	return rename(path_of(dir, from, a), path_of(dir, to, b)) < 0 ? -errno : 0;
}

static int write_text(const char *dir, const char *name, const char *text, size_t len)
{
	char path[STATE_FILE_PATH];

	return state_file_write_bytes(path_of(dir, name, path), text, len);
}

/* The text of that file is this one. */
static bool holds(const char *dir, const char *name, const char *text, size_t len)
{
	char path[STATE_FILE_PATH];
	uint8_t *kept = NULL;
	size_t kept_len = 0;
	bool same;

	if (!text || state_file_read(path_of(dir, name, path), TEXT_MAX, &kept, &kept_len) < 0)
		return false;
	same = kept && kept_len == len && memcmp(kept, text, len) == 0;
	free(kept);
	return same;
}

bool running_is(const char *dir, const char *text, size_t len)
{
	return holds(dir, CONFIRMED, text, len);
}

bool running_is_same(const char *dir)
{
	char path[STATE_FILE_PATH];
	uint8_t *text = NULL;
	size_t len = 0;
	bool same = state_file_read(path_of(dir, UNCONFIRMED, path), TEXT_MAX, &text, &len) == 0 &&
		    holds(dir, CONFIRMED, (const char *)text, len);

	free(text);
	return same;
}

/* --- the daemon starts -------------------------------------------------------------------------- */

/* Its relative names are those of the file that it came from. */
static int load_confirmed(const char *dir, const char *path, struct config **ret, struct err *err)
{
	char kept[STATE_FILE_PATH];
	uint8_t *text = NULL;
	size_t len = 0;
	int code = state_file_read(path_of(dir, CONFIRMED, kept), TEXT_MAX, &text, &len);

	if (code == 0 && (!text || len > TEXT_MAX))
		code = text ? -EFBIG : -ENOENT;
	if (code < 0)
		code = err_set(err, code, "%s cannot be read: %s", kept, strerror(-code));
	else
		code = config_load_text(path, (const char *)text, len, ret, err);
	free(text);
	return code;
}

int running_load(const char *dir, const char *path, struct running_start *start,
		 struct config **ret, struct err *err)
{
	struct config *file = NULL, *confirmed = NULL;
	struct err why = {0};
	char line[ERR_LINE];
	int code = config_load_kept(path, &file, &start->text, &start->len, err);

	/* The file may be what was confirmed before: what waited was never in it (`config push`), or is not any
	 * more. */
	start->pending = there_is(dir, UNCONFIRMED) && !running_is(dir, start->text, start->len);
	start->held = start->pending || holds(dir, REFUSED, start->text, start->len);
	if (start->held && load_confirmed(dir, path, &confirmed, &why) < 0) {
		log_error("what was confirmed last is not there to start with: %s; starting with "
			  "%s",
			  err_format(&why, line), path);
		start->held = false;
	}
	if (start->held) {
		config_free(file);
		*ret = confirmed;
		return 0;
	}
	if (code == 0)
		*ret = file;
	return code;
}

int running_settle(const char *dir, struct running_start *start)
{
	int code = 0;

	if (!start->held) {
		code = start->text ? running_write(dir, start->text, start->len) : -ENODATA;
		if (code == 0)
			code = running_keep(dir);
		else
			drop(dir, CONFIRMED); /* it is that of another time */
	} else if (start->pending) {
		code = start->text ? write_text(dir, REFUSED, start->text, start->len)
				   : move(dir, UNCONFIRMED, REFUSED);
		drop(dir, UNCONFIRMED);
	}
	free(start->text);
	start->text = NULL;
	return code;
}

/* --- the daemon runs ---------------------------------------------------------------------------- */

int running_write(const char *dir, const char *text, size_t len)
{
	/* What was read before is never taken for this. */
	drop(dir, READ);
	return write_text(dir, READ, text, len);
}

/* What is in that file is there to stay. When it cannot be kept, nothing of before is taken for it. */
static int keep(const char *dir, const char *from)
{
	int code = move(dir, from, CONFIRMED);

	if (code < 0)
		drop(dir, CONFIRMED);
	drop(dir, UNCONFIRMED);
	drop(dir, REFUSED);
	return code;
}

int running_keep(const char *dir)
{
	return keep(dir, READ);
}

int running_try(const char *dir)
{
	return move(dir, READ, UNCONFIRMED);
}

void running_unmark(const char *dir)
{
	drop(dir, UNCONFIRMED);
}

int running_confirm(const char *dir)
{
	return keep(dir, UNCONFIRMED);
}

int running_set_aside(const char *dir)
{
	char a[STATE_FILE_PATH], b[STATE_FILE_PATH];

	drop(dir, BEFORE);
	if (link(path_of(dir, CONFIRMED, a), path_of(dir, BEFORE, b)) < 0)
		return -errno;
	return move(dir, UNCONFIRMED, CONFIRMED);
}

void running_set_aside_ended(const char *dir, bool well)
{
	if (well) {
		drop(dir, BEFORE);
		drop(dir, REFUSED); /* it may be what was taken */
	} else {
		move(dir, BEFORE, CONFIRMED);
	}
}

int running_give_up(const char *dir)
{
	return move(dir, UNCONFIRMED, REFUSED);
}

bool running_is_kept(const char *dir)
{
	return there_is(dir, CONFIRMED);
}

void running_remove(const char *dir)
{
	static const char *const names[] = {CONFIRMED, UNCONFIRMED, REFUSED, READ, BEFORE};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		drop(dir, names[i]);
}
