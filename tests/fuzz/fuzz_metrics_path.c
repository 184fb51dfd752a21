/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any path and any method over HTTP: a document is found by its whole path alone, and by GET and HEAD alone.
 * tests/unit/t_metrics_path.c replays the corpus.
 */
#include "tests/fuzz/metrics_path_case.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum metrics_path asked;

	if (!metrics_path_case(data, size, &asked))
		abort();
	return 0;
}
