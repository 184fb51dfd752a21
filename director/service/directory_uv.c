/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/service/directory_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

int directory_make(const char *dir, const char *what, mode_t mode, struct err *err)
{
	if (mkdir(dir, mode) < 0 && errno != EEXIST)
		return err_set(err, -errno, "cannot make the %s directory %s: %s", what, dir,
			       strerror(errno));
	return 0;
}

int directory_lock(const char *dir, int *ret_fd, struct err *err)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/directord.lock", dir);
	*ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*ret_fd < 0)
		return err_set(err, -errno, "cannot write into the runtime directory %s: %s", dir,
			       strerror(errno));
	if (flock(*ret_fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, -EBUSY,
			       "another directord is running with the runtime directory %s", dir);
	return 0;
}
