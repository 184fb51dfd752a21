/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of the journal: refused, or printed again octet for octet. tests/unit/t_journal.c replays the
 * corpus.
 */
#include "director/audit/journal.h"

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
	static struct journal j;
	struct journal_entry e = {.cause = JOURNAL_CHECKS, .steps = 1};
	int line = 0, err;
	char *text = NULL;
	size_t len = 0, n;
	FILE *out;

	j = (struct journal){0};
	err = journal_parse(data, size, &j, &line);
	check(err == 0 || (err == -EBADMSG && line > 0 && !j.n));
	if (err)
		return 0;
	check(j.n <= JOURNAL_MOST);
	out = open_memstream(&text, &len);
	check(out != NULL);
	journal_print(&j, out);
	fclose(out);
	check(len == size && memcmp(text, data, len) == 0);
	free(text);
	n = j.n;
	journal_add(&j, &e);
	check(j.n == (n < JOURNAL_MOST ? n + 1 : JOURNAL_MOST));
	check(j.entries[j.n - 1].number == j.last);
	return 0;
}
