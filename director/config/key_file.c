/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int judge(const char *what, const char *path, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "%s %s: %s", what, path, strerrordesc_np(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "%s %s is not a regular file", what, path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		/* Not -EACCES: that is of a file that cannot be read at all. */
		return err_set(err, -EPERM,
			       "%s %s has mode %04o, so others than its owner can use it: chmod "
			       "600 %s",
			       what, path, (unsigned int)st.st_mode & 07777U, path);
	return 0;
}

static int read_key(const char *what, const char *path, int fd, struct cluster_key *ret,
		    struct err *err)
{
	char text[CLUSTER_KEY_TEXT + 1]; /* one more: a longer file is seen to be longer */
	enum cluster_key_reject reject;
	ssize_t n = read(fd, text, sizeof(text));
	int code = 0;

	if (n < 0)
		return err_set(err, -errno, "%s %s: %s", what, path, strerrordesc_np(errno));
	reject = cluster_key_parse(text, (size_t)n, ret);
	sodium_memzero(text, sizeof(text));
	if (reject != CLUSTER_KEY_GOOD)
		code = err_set(err, -EINVAL, "%s %s %s; `directorctl key generate` makes one", what,
			       path, cluster_key_reject_text(reject));
	return code;
}

int key_file_open(const char *what, const char *path, struct err *err)
{
	/* O_NONBLOCK: a FIFO must not keep the daemon waiting. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), code;

	if (fd < 0)
		return err_set(err, -errno, "%s %s: %s", what, path, strerrordesc_np(errno));
	code = judge(what, path, fd, err);
	if (code == 0)
		return fd;
	close(fd);
	return code;
}

int key_file_read(const char *what, const char *path, struct cluster_key *ret, struct err *err)
{
	int fd = key_file_open(what, path, err), code;

	if (fd < 0)
		return fd;
	code = read_key(what, path, fd, ret, err);
	close(fd);
	return code;
}

int key_file_worse(int code, struct err *err, int next, const struct err *found)
{
	if (next == 0 || (code == -EACCES && next == -EACCES))
		return code;
	*err = *found;
	return next;
}

/* 0 or a negative errno. */
static int write_key(int fd, const struct cluster_key *key)
{
	char text[CLUSTER_KEY_TEXT];
	ssize_t n;
	int code = 0;

	cluster_key_print(key, text);
	if (fchmod(fd, S_IRUSR | S_IWUSR) < 0)
		code = -errno;
	if (code == 0) {
		n = write(fd, text, sizeof(text));
		if (n < 0)
			code = -errno;
		else if (n != sizeof(text))
			code = -ENOSPC;
	}
	if (code == 0 && fsync(fd) < 0)
		code = -errno;
	sodium_memzero(text, sizeof(text));
	return code;
}

int key_file_create(const char *path, const struct cluster_key *key, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR), code;

	if (fd < 0 && errno == EEXIST)
		return err_set(err, -EEXIST, "%s is there already, and a key is never overwritten",
			       path);
	if (fd < 0)
		return err_set(err, -errno, "cannot make %s: %s", path, strerrordesc_np(errno));
	code = write_key(fd, key);
	if (close(fd) < 0 && code == 0)
		code = -errno;
	if (code == 0)
		return 0;
	unlink(path);
	return err_set(err, code, "cannot write %s: %s", path, strerrordesc_np(-code));
}

static int read_configured(const char *what, const char *path, const struct config_place *at,
			   struct cluster_keys *keys, struct err *err)
{
	struct err found;
	int code;

	if (!path[0])
		return 0;
	code = key_file_read(what, path, &keys->keys[keys->n], &found);
	if (code < 0)
		return err_at(err, code, at->file, at->line, "%s", found.text);
	keys->n++;
	return 0;
}

int config_read_keys(const struct config *c, struct cluster_keys *ret, struct err *err)
{
	const struct config_cluster *cl = &c->cluster;
	struct err later = {0};
	int code;

	*ret = (struct cluster_keys){0};
	if (!c->has_cluster)
		return 0;
	if (cl->accept_key_file[0] && !cl->key_file[0])
		return err_at(err, -EINVAL, cl->accept_key_file_at.file,
			      cl->accept_key_file_at.line,
			      "accept-key-file is the second key beside key-file, which is not "
			      "given");
	code = read_configured("key-file", cl->key_file, &cl->key_file_at, ret, err);
	if (code == 0 || code == -EACCES)
		code = key_file_worse(code, err,
				      read_configured("accept-key-file", cl->accept_key_file,
						      &cl->accept_key_file_at, ret, &later),
				      &later);
	if (code < 0)
		cluster_keys_wipe(ret);
	return code;
}
