/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/auth_key_file.h"

#include "director/config/key_file.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

/* Eight keys of 128 digits, and as much again of comments. */
enum { TEXT_MAX = 4096 };

static int parse(const struct config_vrrp *v, const uint8_t *text, size_t len,
		 struct vrrp_auth_keys *ret, struct err *err)
{
	const char *why = NULL;
	size_t line;

	if (len > TEXT_MAX)
		return err_set(err, -EFBIG, "auth-key-file %s has more than %d octets",
			       v->auth_key_file, TEXT_MAX);
	line = vrrp_auth_keys_parse(text, len, v->auth_key_id ? v->auth_key_id : 1, ret, &why);
	if (line > 0)
		return err_set(err, -EINVAL, "auth-key-file %s, line %zu: %s", v->auth_key_file,
			       line, why);
	if (v->auth_key_id != 0 && !vrrp_auth_key_find(ret, v->auth_key_id))
		return err_set(err, -ENOENT, "auth-key-file %s has no key with the id %u",
			       v->auth_key_file, v->auth_key_id);
	return 0;
}

static int read_file(const struct config_vrrp *v, struct vrrp_auth_keys *ret, struct err *err)
{
	int fd = key_file_open("auth-key-file", v->auth_key_file, err), code;
	uint8_t text[TEXT_MAX + 1]; /* one more: a longer file is seen to be longer */
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		code = err_set(err, -errno, "auth-key-file %s: %s", v->auth_key_file,
			       strerrordesc_np(errno));
	else
		code = parse(v, text, (size_t)n, ret, err);
	sodium_memzero(text, sizeof(text));
	close(fd);
	return code;
}

int config_read_auth_keys(const struct config_vrrp *v, struct vrrp_auth_keys *ret, struct err *err)
{
	struct err found = {0};
	int code;

	*ret = (struct vrrp_auth_keys){0};
	if (v->auth_mode == AUTH_OFF)
		return 0;
	code = read_file(v, ret, &found);
	if (code < 0)
		return err_at(err, code, v->auth_key_file_at.file, v->auth_key_file_at.line, "%s",
			      found.text);
	return 0;
}
