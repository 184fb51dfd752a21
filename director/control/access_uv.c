/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/control/access_uv.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GROUP_LEAST = 1024, GROUP_MOST = 1 << 20 }; /* octets of one group with its members */

static int find_by_name(const char *name, gid_t *ret)
{
	int code = ERANGE;

	for (size_t size = GROUP_LEAST; code == ERANGE && size <= GROUP_MOST; size *= 4) {
		char *room = malloc(size);
		struct group group, *found = NULL;

		if (!room)
			return -ENOMEM;
		code = getgrnam_r(name, &group, room, size, &found);
		if (code == 0 && found)
			*ret = found->gr_gid;
		else if (code == 0)
			code = ENOENT;
		free(room);
	}
	return -code;
}

/* A name, or a number. */
static int find_group(const char *key, const char *name, bool *ret_has, uint32_t *ret_gid,
		      struct err *err)
{
	gid_t gid = 0;
	char *end;
	int code;

	*ret_has = name[0] != '\0';
	if (!*ret_has)
		return 0;
	code = find_by_name(name, &gid);
	if (code < 0 && name[strspn(name, "0123456789")] == '\0') {
		errno = 0;
		gid = (gid_t)strtoul(name, &end, 10);
		code = errno || strtoul(name, &end, 10) >= UINT32_MAX ? -ERANGE : 0;
	}
	if (code < 0)
		return err_set(err, -EINVAL, "control: %s: there is no group \"%s\" on this host",
			       key, name);
	*ret_gid = gid;
	return 0;
}

int access_find(const struct config *c, struct access_rules *ret, struct err *err)
{
	struct access_rules r = {.uid = geteuid()};
	int code;

	code = find_group("read-group", c->control_read_group, &r.has_read_group, &r.read_gid, err);
	if (code == 0)
		code = find_group("change-group", c->control_change_group, &r.has_change_group,
				  &r.change_gid, err);
	if (code < 0)
		return code;
	snprintf(r.read_group, sizeof(r.read_group), "%s", c->control_read_group);
	snprintf(r.change_group, sizeof(r.change_group), "%s", c->control_change_group);
	*ret = r;
	return 0;
}
