/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any answer, in any pieces, is decided once and for good, by its end at the latest, with bounded memory.
 * tests/fuzz/http_answer_case.h says what the octets stand for; tests/unit/t_http_answer.c replays the
 * corpus.
 */
#include "tests/fuzz/http_answer_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	http_answer_case(data, size);
	return 0;
}
