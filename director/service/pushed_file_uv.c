/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/service/pushed_file_uv.h"

#include "director/config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void hash(const void *text, size_t len, uint8_t ret[static PUSHED_FILE_HASH])
{
	crypto_generichash(ret, PUSHED_FILE_HASH, text, len, NULL, 0);
}

/* Whatever the umask. 0 or negative errno. */
static int fill(int fd, const struct stat *like, const char *text, size_t len)
{
	struct stat st;

	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
	    fchown(fd, like->st_uid, like->st_gid) < 0)
		return -errno;
	if (fchmod(fd, like->st_mode & 0777) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

/* The names in the directory are on the disk. */
static int sync_names(const char *path)
{
	char dir[STATE_FILE_PATH];
	char *slash;
	int fd, code;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	code = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return code;
}

static int write_beside(const char *path, const struct stat *like, const char *text, size_t len)
{
	int fd, code;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	code = fill(fd, like, text, len);
	if (close(fd) < 0 && code == 0)
		code = -errno;
	return code < 0 ? code : sync_names(path);
}

int pushed_file_write(struct pushed_file *f, const char *name, const char *own, size_t own_len,
		      const char *text, size_t len, struct err *err)
{
	struct stat st;
	int code;

	if (lstat(name, &st) < 0)
		return err_set(err, -errno, "%.120s cannot be looked at: %s", name,
			       strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL,
			       "%.120s is not a regular file, which could be replaced", name);
	if ((size_t)snprintf(f->path, sizeof(f->path), "%s" PUSHED_FILE_NEW, name) >=
	    sizeof(f->path)) {
		f->path[0] = '\0';
		return err_set(err, -ENAMETOOLONG, "the name of its file is too long");
	}
	hash(own, own_len, f->own);
	f->same = own_len == len && memcmp(own, text, len) == 0;
	code = write_beside(f->path, &st, text, len);
	if (code == 0)
		return 0;
	err_set(err, code, "%.120s cannot be written: %s", f->path, strerror(-code));
	pushed_file_drop(f);
	return code;
}

static bool is_unchanged(const struct pushed_file *f, const char *name)
{
	uint8_t now[PUSHED_FILE_HASH], *text = NULL;
	size_t len = 0;
	bool same = false;

	if (state_file_read(name, SOURCE_FILE_MAX, &text, &len) == 0 && text) {
		hash(text, len, now);
		same = memcmp(now, f->own, sizeof(now)) == 0;
	}
	free(text);
	return same;
}

/* The file has a second name. */
static int keep_before(const char *name)
{
	char before[STATE_FILE_PATH + 16], temporary[STATE_FILE_PATH + 24];

	snprintf(before, sizeof(before), "%s" PUSHED_FILE_BEFORE, name);
	snprintf(temporary, sizeof(temporary), "%s.new", before);
	unlink(temporary);
	if (link(name, temporary) < 0)
		return -errno;
	return rename(temporary, before) < 0 ? -errno : 0;
}

int pushed_file_commit(struct pushed_file *f, const char *name, struct err *err)
{
	int code;

	if (!f->path[0] || !is_unchanged(f, name))
		return err_set(err, -ESTALE, "its file was changed meanwhile");
	if (f->same) {
		pushed_file_drop(f);
		return 0;
	}
	code = keep_before(name);
	if (code < 0)
		return err_set(err, code, "its file cannot be kept beside the new one: %s",
			       strerror(-code));
	if (rename(f->path, name) < 0)
		return err_set(err, -errno, "its file cannot be replaced: %s", strerror(errno));
	f->path[0] = '\0';
	return 0;
}

struct settling {
	uv_work_t work;
	char name[STATE_FILE_PATH];
};

static void settle(uv_work_t *work)
{
	struct settling *s = work->data;

	sync_names(s->name);
}

static void settled(uv_work_t *work, int status)
{
	(void)status;
	free(work->data);
}

void pushed_file_settle(uv_loop_t *loop, const char *name)
{
	struct settling *s = calloc(1, sizeof(*s));

	if (!s)
		return;
	s->work.data = s;
	snprintf(s->name, sizeof(s->name), "%s", name);
	if (uv_queue_work(loop, &s->work, settle, settled) < 0)
		free(s);
}

void pushed_file_drop(struct pushed_file *f)
{
	if (f->path[0])
		unlink(f->path);
	f->path[0] = '\0';
}
