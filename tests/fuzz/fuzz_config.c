/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes are a configuration or one sentence; the same bytes give the same digest again. */
#include "director/config/digest.h"
#include "director/config/load.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Relative includes find nothing there. */
#define NAME "/nonexistent/fuzz.conf"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char first[CONFIG_DIGEST_TEXT], again[CONFIG_DIGEST_TEXT];
	struct config *c = NULL, *d = NULL;
	struct err err = {.text = ""};

	if (config_load_text(NAME, (const char *)data, size, &c, &err) < 0) {
		if (c || !err.text[0])
			abort();
		return 0;
	}
	if (config_load_text(NAME, (const char *)data, size, &d, &err) < 0 ||
	    strcmp(config_digest(c, first), config_digest(d, again)) != 0)
		abort();
	config_free(c);
	config_free(d);
	return 0;
}
