/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What it says of a backend that a connection to it did not come about: the errno of the kernel's TCP as
 * an outcome, the same for every kind of check.
 *
 * Pure.
 */
#ifndef DIRECTOR_HEALTH_CONNECT_ERROR_H
#define DIRECTOR_HEALTH_CONNECT_ERROR_H

#include "director/health/outcome.h"
#include "include/addr.h"

/* error: a positive errno. ETIMEDOUT is also what is said when the time of the probe is over. */
void connect_error_judge(int error, const struct addr *address, uint16_t port, struct outcome *o);

#endif
