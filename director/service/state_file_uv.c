/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/service/state_file_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int state_file_read(const char *path, size_t max, uint8_t **ret, size_t *ret_len)
{
	FILE *in = fopen(path, "re");
	int code = 0;

	*ret = NULL;
	if (!in)
		return errno == ENOENT ? 0 : -errno;
	*ret = malloc(max + 1);
	if (*ret)
		*ret_len = fread(*ret, 1, max + 1, in);
	else
		code = -ENOMEM;
	if (*ret && ferror(in))
		code = -EIO;
	fclose(in);
	return code;
}

static int write_all(const char *path, void (*print)(const void *what, FILE *out), const void *what)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int code;

	if (!out) {
		code = -errno;
		if (fd >= 0)
			close(fd);
		return code;
	}
	print(what, out);
	code = fflush(out) == 0 ? 0 : -errno;
	if (fclose(out) != 0 && code == 0)
		code = -errno;
	return code;
}

int state_file_write(const char *path, void (*print)(const void *what, FILE *out), const void *what)
{
	char temporary[STATE_FILE_PATH + 4];
	int code;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	code = write_all(temporary, print, what);
	if (code == 0 && rename(temporary, path) < 0)
		code = -errno;
	if (code < 0)
		unlink(temporary);
	return code;
}

struct octets {
	const void *bytes;
	size_t len;
};

static void print_octets(const void *what, FILE *out)
{
	const struct octets *o = what;

	fwrite(o->bytes, 1, o->len, out);
}

int state_file_write_bytes(const char *path, const void *bytes, size_t len)
{
	struct octets o = {bytes, len};

	return state_file_write(path, print_octets, &o);
}

const char *state_file_set_aside(const char *path, char buf[static STATE_FILE_PATH + 4])
{
	snprintf(buf, STATE_FILE_PATH + 4, "%s.bad", path);
	if (rename(path, buf) < 0)
		snprintf(buf, STATE_FILE_PATH + 4, "%s", path);
	return buf;
}
