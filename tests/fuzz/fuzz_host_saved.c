/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file is read within its bounds, and what is told of it is in it. tests/unit/t_host_saved.c replays
 * the corpus. */
#include "director/doctor/host_saved.h"

#include <stdint.h>
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
	static struct host_saved saved;
	int lines = 1;

	host_saved_read((const char *)data, size, &saved);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	check(saved.line >= 0 && saved.line <= lines);
	check(!saved.line || memmem(data, size, "director", strlen("director")));
	check(saved.n_includes <= HOST_INCLUDES_MAX);
	for (size_t i = 0; i < saved.n_includes; i++) {
		size_t len = strlen(saved.includes[i]);

		check(len < HOST_PATH && (len == 0 || memmem(data, size, saved.includes[i], len)));
	}
	return 0;
}
