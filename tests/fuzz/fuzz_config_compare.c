/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon tells of two whole configurations, of which one is the other director's word: refused, or
 * compared. tests/unit/t_config_compare.c replays the corpus.
 */
#include "director/config/config_compare.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void count(void *owner, const char *sentence)
{
	check(sentence[0] != '\0');
	++*(size_t *)owner;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *here, *there;
	struct config_compare c;
	size_t n = 0;
	int code;

	check(text != NULL);
	code = config_compare_read(text, &c);
	check(code == 0 || code == -EBADMSG || code == -E2BIG);
	if (code == 0) {
		config_compare_tell(&c, true, count, &n);
		n = 0;
		config_compare_tell(&c, false, count, &n);
		here = config_compare_text(&c, 0);
		there = config_compare_text(&c, 1);
		check(here && there);
		free(here);
		free(there);
	}
	config_compare_clear(&c);
	free(text);
	return 0;
}
