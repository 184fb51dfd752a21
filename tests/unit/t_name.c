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

static void control_characters_are_made_harmless(void)
{
	char text[] = "a\x1b[31m\n\x7f caf\xc3\xa9 \xc2\x9b\xc2\xa9 \xe4\xb8\x80\xc2";

	text_make_harmless(text);
	EXPECT_TEXT(text, "a?[31m?? caf\xc3\xa9 ??\xc2\xa9 \xe4\xb8\x80\xc2");
}

UNIT_TESTS(name) = {
	{"control characters are made harmless", control_characters_are_made_harmless},
	{"signs", signs},
	{"lengths", lengths},
	UNIT_TESTS_END,
};
