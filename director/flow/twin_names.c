/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/twin_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int grow(struct twin_names *t, size_t n)
{
	size_t room = 16;
	struct twin_name *list;

	while (room < n)
		room *= 2;
	list = realloc(t->list, room * sizeof(*list));
	if (!list)
		return -ENOMEM;
	memset(&list[t->n], 0, (room - t->n) * sizeof(*list));
	t->list = list;
	t->n = room;
	return 0;
}

int twin_names_set(struct twin_names *t, uint16_t number, const char *farm, const char *backend)
{
	if (number >= t->n && grow(t, (size_t)number + 1) < 0)
		return -ENOMEM;
	snprintf(t->list[number].farm, SYNC_NAME_LEN, "%s", farm);
	snprintf(t->list[number].backend, SYNC_NAME_LEN, "%s", backend);
	return 0;
}

const struct twin_name *twin_names_get(const struct twin_names *t, uint16_t number)
{
	return number < t->n && t->list[number].farm[0] ? &t->list[number] : NULL;
}

bool twin_names_has(const struct twin_names *t, uint16_t number, const char *farm,
		    const char *backend)
{
	const struct twin_name *name = twin_names_get(t, number);

	return name && strcmp(name->farm, farm) == 0 && strcmp(name->backend, backend) == 0;
}

void twin_names_clear(struct twin_names *t)
{
	free(t->list);
	*t = (struct twin_names){0};
}
