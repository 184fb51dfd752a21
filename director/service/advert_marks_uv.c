/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/service/advert_marks_uv.h"

#include "director/service/boot_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "adverts.seen"
#define MAGIC	  "director adverts 1\n"

enum {
	PATH_TEXT = 512,
	/* Both families of all sections, and as many again that an earlier configuration had. */
	ROUTERS = 4 * CONFIG_VRRPS_MAX,
};

struct marks {
	char interface[CONFIG_IFNAME_MAX + 1]; /* "": free */
	uint8_t virtual_router_id;
	uint8_t family;
	struct vrrp_auth_seen seen;
};

struct contents {
	char magic[sizeof(MAGIC)];
	char boot_id[BOOT_ID_TEXT];
	uint32_t size; /* of all this: another build may lay it out otherwise */
	struct marks routers[ROUTERS];
};

struct advert_marks {
	struct contents *contents;
};

static void path_of(const char *dir, char path[static PATH_TEXT])
{
	snprintf(path, PATH_TEXT, "%s/" FILE_NAME, dir);
}

/* A text of the mapping ends somewhere, whatever wrote it. */
static bool is_sound(const struct contents *c)
{
	for (size_t i = 0; i < ROUTERS; i++)
		if (!memchr(c->routers[i].interface, '\0', sizeof(c->routers[i].interface)))
			return false;
	return true;
}

static void take_over(struct contents *c)
{
	struct contents head = {.magic = MAGIC, .size = sizeof(*c)};

	boot_id_read(head.boot_id);
	if (memcmp(c->magic, head.magic, sizeof(head.magic)) == 0 && c->size == head.size &&
	    memcmp(c->boot_id, head.boot_id, sizeof(head.boot_id)) == 0 && is_sound(c))
		return;
	memset(c, 0, sizeof(*c));
	memcpy(c, &head, offsetof(struct contents, routers));
}

/* Takes its room now: a page that cannot be had later would kill the process. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    ftruncate(fd, sizeof(struct contents)) == 0 &&
	    (errno = posix_fallocate(fd, 0, sizeof(struct contents))) == 0)
		return fd;
	close(fd);
	return errno ? -errno : -EINVAL;
}

int advert_marks_open(const char *runtime_dir, struct advert_marks **ret, struct err *err)
{
	struct advert_marks *m = calloc(1, sizeof(*m));
	char path[PATH_TEXT];
	int fd;

	if (!m)
		return err_set(err, -ENOMEM, "no memory");
	path_of(runtime_dir, path);
	errno = 0;
	fd = open_file(path);
	if (fd < 0) {
		free(m);
		return err_set(err, fd, "cannot keep the marks of adverts in %s: %s", path,
			       strerror(-fd));
	}
	m->contents = mmap(NULL, sizeof(*m->contents), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (m->contents == MAP_FAILED) {
		int code = -errno;

		free(m);
		return err_set(err, code, "cannot map %s: %s", path, strerror(-code));
	}
	take_over(m->contents);
	*ret = m;
	return 0;
}

struct vrrp_auth_seen *advert_marks_of(struct advert_marks *m, const char *interface,
				       uint8_t virtual_router_id, uint8_t family)
{
	for (size_t i = 0; i < ROUTERS; i++) {
		struct marks *r = &m->contents->routers[i];

		if (r->interface[0] == '\0') {
			r->virtual_router_id = virtual_router_id;
			r->family = family;
			snprintf(r->interface, sizeof(r->interface), "%s", interface);
		}
		if (r->virtual_router_id == virtual_router_id && r->family == family &&
		    strcmp(r->interface, interface) == 0)
			return &r->seen;
	}
	return NULL;
}

void advert_marks_close(struct advert_marks *m)
{
	if (!m)
		return;
	munmap(m->contents, sizeof(*m->contents));
	free(m);
}

int advert_marks_remove(const char *runtime_dir)
{
	char path[PATH_TEXT];

	path_of(runtime_dir, path);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
