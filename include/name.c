/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/name.h"

#include "include/config.h"

#include <string.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool name_is_valid(const char *text, size_t len)
{
	if (len == 0 || len > CONFIG_NAME_MAX || !is_letter(text[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_letter(text[i]) && !is_digit(text[i]) && text[i] != '-' && text[i] != '_')
			return false;
	return true;
}

bool text_is_printable(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!text[i])
			return true;
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return false;
}

void text_make_printable(char *text, const char *but)
{
	for (; *text; text++)
		if ((*text < ' ' || *text > '~') && !strchr(but, *text))
			*text = '?';
}

size_t text_control(const char *at)
{
	const unsigned char *c = (const unsigned char *)at;

	if ((c[0] && c[0] < ' ') || c[0] == 0x7f)
		return 1;
	return c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0 ? 2 : 0;
}

void text_make_harmless(char *text)
{
	while (*text) {
		size_t n = text_control(text);

		memset(text, '?', n);
		text += n ? n : 1;
	}
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
