/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and durations: text <-> value, the same in every locale and never rounded. */
#include "director/config/number.h"

#include "include/name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Enough digits for every sensible value, few enough for 64 bits after any unit. */
enum { DIGITS_MAX = 9 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct {
	const char *name;
	uint64_t ms;
} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

enum { N_UNITS = sizeof(units) / sizeof(units[0]), SECONDS = 2, MILLISECONDS = 3 };

/* Takes up to DIGITS_MAX digits. Their number; 0 when there are none or too many. */
static size_t digits(const char **at, uint64_t *ret, uint64_t *ret_scale)
{
	size_t n = 0;

	*ret = 0;
	*ret_scale = 1;
	for (; is_digit(**at); ++*at, n++) {
		if (n == DIGITS_MAX)
			return 0;
		*ret = *ret * 10 + (uint64_t)(**at - '0');
		*ret_scale *= 10;
	}
	return n;
}

int duration_parse(const char *text, uint64_t *ret_ms)
{
	uint64_t whole, part = 0, scale = 1, unused;

	if (digits(&text, &whole, &unused) == 0)
		return -EINVAL;
	if (*text == '.') {
		text++;
		if (digits(&text, &part, &scale) == 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < N_UNITS; i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		/* Exact or not at all: nothing finer than a millisecond is rounded away. */
		if (part * units[i].ms % scale != 0)
			return -EINVAL;
		*ret_ms = whole * units[i].ms + part * units[i].ms / scale;
		return 0;
	}
	return -EINVAL;
}

const char *duration_format(uint64_t ms, char buf[static DURATION_TEXT])
{
	size_t i = 0;
	int n;

	while (i < MILLISECONDS && (ms % units[i].ms != 0 || ms < units[i].ms))
		i++;
	if (ms == 0) {
		memcpy(buf, "0s", 3);
	} else if (i < MILLISECONDS || ms < units[SECONDS].ms) {
		snprintf(buf, DURATION_TEXT, "%" PRIu64 "%s", ms / units[i].ms, units[i].name);
	} else {
		n = snprintf(buf, DURATION_TEXT - 1, "%" PRIu64 ".%03u", ms / 1000,
			     (unsigned int)(ms % 1000));
		while (buf[n - 1] == '0')
			n--;
		memcpy(buf + n, "s", 2);
	}
	return buf;
}

int number_parse(const char *text, int64_t *ret)
{
	bool negative = *text == '-';
	int64_t base = 10, value = 0;
	const char *at = text + negative;

	if (at[0] == '0' && at[1] == 'x') {
		base = 16;
		at += 2;
	}
	if (!*at || strlen(at) > 15)
		return -EINVAL;
	for (; *at; at++) {
		int digit = text_hex_digit(*at);

		if (digit < 0 || digit >= base)
			return -EINVAL;
		value = value * base + digit;
	}
	*ret = negative ? -value : value;
	return 0;
}

int range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t first, last, unused;

	if (digits(&text, &first, &unused) == 0)
		return -EINVAL;
	last = first;
	if (*text == '-') {
		text++;
		if (digits(&text, &last, &unused) == 0)
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	*ret_first = first;
	*ret_last = last;
	return 0;
}
