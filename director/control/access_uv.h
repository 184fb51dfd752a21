/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups of section control, by the host's names. Shell. */
#ifndef DIRECTOR_CONTROL_ACCESS_UV_H
#define DIRECTOR_CONTROL_ACCESS_UV_H

#include "director/control/access.h"
#include "include/config.h"
#include "include/err.h"

/*
 * Asks the host (getgrnam(3)), which may take a while where groups come over the network. 0, or -EINVAL with
 * *err: there is no such group.
 */
int access_find(const struct config *c, struct access_rules *ret, struct err *err);

#endif
