/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/name.h"

#include "tests/unit/unit.h"

#include <ctype.h>
#include <string.h>

static void signs(void)
{
	for (int c = 0; c < 256; c++) {
		char first[] = {(char)c, 'a'}, inside[] = {'a', (char)c, 'a'};
		bool letter = c < 128 && isalpha(c);

		EXPECT_INT(name_is_valid(first, sizeof(first)), letter);
		EXPECT_INT(name_is_valid(inside, sizeof(inside)),
			   letter || (c < 128 && isdigit(c)) || c == '-' || c == '_');
	}
}

static void lengths(void)
{
	static const char longest[] = "a-name_of_thirty-one-characters1";

	EXPECT_INT(name_is_valid(longest, 0), false);
	for (size_t len = 1; len < sizeof(longest); len++)
		EXPECT_INT(name_is_valid(longest, len), len <= 31);
}

UNIT_TESTS(name) = {
	{"signs", signs},
	{"lengths", lengths},
	UNIT_TESTS_END,
};
