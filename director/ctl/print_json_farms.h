/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a status that can be long, written value by value. */
#ifndef DIRECTOR_CTL_PRINT_JSON_FARMS_H
#define DIRECTOR_CTL_PRINT_JSON_FARMS_H

#include "director/ctl/json_writer.h"
#include "include/status.h"

void json_write_farm(struct json_writer *w, const struct status_farm *f, uint64_t counters_age_ms);
void json_write_farms(struct json_writer *w, const struct status *s);
/* What is in the object of a backend; it stays open. farm: its name, too; NULL: not. */
void json_write_backend(struct json_writer *w, const struct status_backend *b, const char *farm);
void json_write_backends(struct json_writer *w, const struct status *s);

#endif
