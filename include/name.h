/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node, farm, backend or section may be called. */
#ifndef INCLUDE_NAME_H
#define INCLUDE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Letters, digits, "-" and "_", a letter in front, at most CONFIG_NAME_MAX; the same in every locale. */
bool name_is_valid(const char *text, size_t len);

#endif
