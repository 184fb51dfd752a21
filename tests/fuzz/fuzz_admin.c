/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of the operator's overrides: refused, or printed again octet for octet.
 * tests/unit/t_admin_text.c replays the corpus.
 */
#include "director/backend/admin.h"

#include <errno.h>
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
	struct admin_entry expired;
	struct admin a = {0};
	int line = 0, err = admin_parse(data, size, &a, &line);
	char *text = NULL;
	size_t len = 0, drains = 0;
	FILE *out;

	check(err == 0 || (err == -EBADMSG && line > 0 && !a.entries));
	if (err)
		return 0;
	check(a.n <= ADMIN_MAX);
	out = open_memstream(&text, &len);
	check(out != NULL);
	admin_print(&a, out);
	fclose(out);
	check(len == size && memcmp(text, data, len) == 0);
	free(text);
	admin_resume(&a, 1000);
	while (admin_expire(&a, UINT64_MAX - 1, &expired))
		check(++drains <= ADMIN_MAX);
	check(admin_next_ms(&a) == ADMIN_NEVER);
	admin_clear(&a);
	return 0;
}
