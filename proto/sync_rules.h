/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for every message of the sync channel, to be sent or received. Pure; private to proto/. */
#ifndef PROTO_SYNC_RULES_H
#define PROTO_SYNC_RULES_H

#include "proto/codec_sync.h"

/* SYNC_REJECT_NONE for a possible message. That it has not too many services is left to whoever
 * makes the list of them. */
enum sync_reject sync_rules_judge(const struct sync_message *message);

#endif
