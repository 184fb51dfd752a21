/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever is told of a transaction, its maker's name is printable and ends. */
#include "director/ruleset/nft_watch.h"

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
	struct nft_generation g;
	bool ours = nft_message_is_ours(data, size);

	if (!nft_generation_parse(data, size, &g))
		return 0;
	check(!ours);
	check(memchr(g.process, '\0', sizeof(g.process)) != NULL);
	for (const char *c = g.process; *c; c++)
		check(*c >= ' ' && *c <= '~');
	return 0;
}
