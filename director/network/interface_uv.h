/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only a driver knows of an interface. Shell. */
#ifndef DIRECTOR_NETWORK_INTERFACE_UV_H
#define DIRECTOR_NETWORK_INTERFACE_UV_H

#include "director/network/interface.h"

/* LRO_UNKNOWN when the interface is not there, or its driver does not tell. */
enum interface_lro interface_ask_lro(const char *name);

#endif
