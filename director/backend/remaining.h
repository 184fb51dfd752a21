/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many connections a backend has yet, as far as that is known: what an order on it tells, and what
 * a drain waits for.
 *
 * Pure.
 */
#ifndef DIRECTOR_BACKEND_REMAINING_H
#define DIRECTOR_BACKEND_REMAINING_H

#include "include/status.h"

#include <stdio.h>

/* Buckets of the farm are on their way to other backends: a flow that is silent meanwhile is in no count. */
bool remaining_settles(const struct status_farm *f);
/* Connections of the backend; STATUS_UNKNOWN, also while buckets are on their way or are its own. */
uint64_t remaining_of(const struct status_farm *f, const struct status_backend *b);
/* "3 connections remain", or why that is not known. */
void remaining_print(FILE *out, const struct status_farm *f, const struct status_backend *b);

#endif
