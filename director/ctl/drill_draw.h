/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline of a drill as SVG: a lane for each director with its role as bars, its moments below it, and
 * between the two the gap in which nobody was master.
 *
 * Pure.
 */
#ifndef DIRECTOR_CTL_DRILL_DRAW_H
#define DIRECTOR_CTL_DRILL_DRAW_H

#include "proto/codec.h"

#include <stdio.h>

/* Text of HTML, in quotes, too. */
void drill_escape(FILE *out, const char *text);
/* Nothing when nobody let go: there is no time to count from. */
void drill_draw(const struct control_drill *d, FILE *out);

#endif
