/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a key file: refused with a reason, or printed again as the same.
 * tests/unit/t_cluster_key.c replays the corpus.
 */
#include "proto/cluster_key.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cluster_key key;
	char text[CLUSTER_KEY_TEXT];
	enum cluster_key_reject r = cluster_key_parse((const char *)data, size, &key);

	check(r >= CLUSTER_KEY_GOOD && r < CLUSTER_KEY_REJECT_COUNT);
	check(strlen(cluster_key_reject_text(r)) > 0);
	if (r != CLUSTER_KEY_GOOD)
		return 0;
	cluster_key_print(&key, text);
	check(size <= sizeof(text) && memcmp(text, data, size) == 0);
	return 0;
}
