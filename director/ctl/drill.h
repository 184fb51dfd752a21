/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A drill for people and for programs: the one that has just ended, and those of the past. */
#ifndef DIRECTOR_CTL_DRILL_H
#define DIRECTOR_CTL_DRILL_H

#include "director/ctl/ctl.h"
#include "director/drill/drill.h"

bool drill_is(const struct control_drill *d, enum drill_result result);
/* The node that let go is master of all again, as --failback wanted it. */
bool drill_is_back(const struct control_drill *d);
void drill_print(const struct control_drill *d);
/* NULL without memory. */
struct json_t *drill_document(const struct control_drill *d);

#endif
