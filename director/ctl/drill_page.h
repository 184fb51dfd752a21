/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a drill as one page of HTML, which needs nothing else: its style is in it, its timeline is
 * drawn in it, and no script runs. All text goes in escaped: names come from the configuration and
 * from the other director, and are never markup.
 *
 * Pure.
 */
#ifndef DIRECTOR_CTL_DRILL_PAGE_H
#define DIRECTOR_CTL_DRILL_PAGE_H

#include "proto/codec.h"

#include <stdio.h>

void drill_page(const struct control_drill *d, FILE *out);

#endif
