/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our rules need of the kernel: one row each, with a small ruleset that uses nothing else of
 * interest. The kernel is asked whether it would accept that (nft_socket_try()).
 *
 * Pure.
 */
#ifndef DIRECTOR_DOCTOR_HOST_FEATURE_H
#define DIRECTOR_DOCTOR_HOST_FEATURE_H

#include "director/ruleset/ruleset.h"

enum host_feature {
	FEATURE_NETDEV,
	FEATURE_FWD,
	FEATURE_LOG,
	FEATURE_HASH,
	FEATURE_NUMGEN,
	FEATURE_FLOWS,
	FEATURE_COUNTS,
	FEATURE_LIMIT,
	FEATURE_REJECT,
	FEATURE_DUP,
	HOST_FEATURES,
};

struct host_feature_row {
	const char *name;   /* as nft calls it */
	const char *needed; /* what for */
	const char *option; /* of the kernel's configuration */
	const char *module;
};

const struct host_feature_row *host_feature_row(enum host_feature feature);
/* A table of its own name without a hook; ruleset_clear() it. 0 or -ENOMEM. */
int host_feature_ruleset(enum host_feature feature, struct ruleset *ret);

#endif
