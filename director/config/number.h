/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DIRECTOR_CONFIG_NUMBER_H
#define DIRECTOR_CONFIG_NUMBER_H

#include <stdint.h>

enum { DURATION_TEXT = 24 }; /* longest text of a duration and its NUL */

/* All three: 0, or -EINVAL with nothing stored. */

/* "1.5s" -> milliseconds. Exact: nothing finer than a millisecond is taken. */
int duration_parse(const char *text, uint64_t *ret_ms);
/* Decimal, or hexadecimal after 0x; never octal. */
int number_parse(const char *text, int64_t *ret);
/* "8000-8010", or "80" for a range of one. */
int range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last);

/* In the largest unit that needs no more than milliseconds behind the point. Returns buf. */
const char *duration_format(uint64_t ms, char buf[static DURATION_TEXT]);

#endif
