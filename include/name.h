/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node, farm, backend or section may be called, and what a sentence about them is made of. */
#ifndef INCLUDE_NAME_H
#define INCLUDE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Letters, digits, "-" and "_", a letter in front, at most CONFIG_NAME_MAX; the same in every locale. */
bool name_is_valid(const char *text, size_t len);
/* What is not printable ASCII becomes "?", but for the characters of `but`. */
void text_make_printable(char *text, const char *but);
/*
 * The octets of the control character that begins there; 0: none does. Of a name that may be in any language:
 * UTF-8 has the controls beyond ASCII, which a terminal may obey, in two octets.
 */
size_t text_control(const char *at);
/* Each octet of a control character becomes "?": what a terminal gets to see of a name from outside. */
void text_make_harmless(char *text);
/* Printable ASCII and blanks, "" too, that ends within size octets; no more of them are read. */
bool text_is_printable(const char *text, size_t size);
/* Its value, or -1: it is none. */
int text_hex_digit(char c);

#endif
