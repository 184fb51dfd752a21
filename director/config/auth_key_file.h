/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that hold the keys of adverts. Whoever gets keys from here wipes them in the end. */
#ifndef DIRECTOR_CONFIG_AUTH_KEY_FILE_H
#define DIRECTOR_CONFIG_AUTH_KEY_FILE_H

#include "ha/vrrp_auth.h"
#include "include/config.h"
#include "include/err.h"

/*
 * The keys of a vrrp section; none (n = 0) when its auth-mode is off. The key that auth-key-id names
 * is one of them. 0, or a negative errno and the sentence with its place.
 */
int config_read_auth_keys(const struct config_vrrp *v, struct vrrp_auth_keys *ret, struct err *err);

#endif
