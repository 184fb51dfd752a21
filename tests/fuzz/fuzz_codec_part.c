/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What directorctl may be sent as the farms of a status: refused, or farms that mean the same after they
 * were packed and read again. tests/unit/t_codec_part.c replays the corpus with the same expectations.
 */
#include "proto/codec_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

#define ENDS(text) check(memchr((text), '\0', sizeof(text)) != NULL)

static void check_farm(const struct status_farm *f)
{
	ENDS(f->name);
	ENDS(f->reason);
	ENDS(f->services);
	ENDS(f->transition.phase);
	check(f->n_backends <= CONFIG_BACKENDS_MAX && f->n_drops <= STATUS_DROPS_MAX &&
	      f->n_tables <= STATUS_TABLES_MAX);
	for (size_t i = 0; i < f->n_backends; i++) {
		ENDS(f->backends[i].name);
		ENDS(f->backends[i].reason);
		ENDS(f->backends[i].peer_reason);
		check(codec_is_load(f->backends[i].share, f->backends[i].effective_weight));
	}
}

/* Reads it into another part; 0, or why it is none. */
static int pass_on(const uint8_t *data, size_t size, struct control_part *ret)
{
	static struct status_backend backends[CONFIG_BACKENDS_MAX];
	struct status_farm farm = {.backends = backends};
	struct control_part_reader r;
	int code;

	control_part_begin(&r, data, size);
	while ((code = control_part_next(&r, &farm)) > 0) {
		check_farm(&farm);
		check(farm.backends == backends);
		if (control_part_add(ret, &farm) < 0)
			return -EMSGSIZE;
	}
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_part first = {0}, second = {0};
	uint8_t *bytes, *again;
	size_t len = 0, again_len = 0;
	int err = pass_on(data, size, &first);

	check(err == 0 || err == -EBADMSG || err == -EMSGSIZE);
	bytes = err ? NULL : control_part_take(&first, false, &len);
	control_part_clear(&first);
	if (!bytes)
		return 0;
	check(pass_on(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &second) == 0);
	again = control_part_take(&second, false, &again_len);
	check(again && len == again_len && memcmp(bytes, again, len) == 0);
	free(bytes);
	free(again);
	return 0;
}
