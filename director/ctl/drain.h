/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has become of a backend that drains, by one answer of the daemon.
 *
 * Pure.
 */
#ifndef DIRECTOR_CTL_DRAIN_H
#define DIRECTOR_CTL_DRAIN_H

#include "include/status.h"

enum drain_stand {
	DRAIN_GOES_ON,
	DRAIN_EMPTY,  /* it drains, and no connection is left, as far as one answer can tell */
	DRAIN_OVER,   /* it is disabled: its deadline has come, or somebody would not wait for it */
	DRAIN_UNDONE, /* it gets new connections again, by somebody's word */
	DRAIN_BLIND, /* nobody knows its connections, and it has no deadline: there is no end to wait for */
};

enum drain_stand drain_stand(const struct status_farm *f, const struct status_backend *b);

#endif
